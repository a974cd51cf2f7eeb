"""The fragment for Caddy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._engine.python import LONGEST_ORIGIN
from .expressions import PATH, any_of, literal, one_of
from .policies import MAX_PATH, list_names, name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .policies import Edge, EdgePolicy, PathList


def fragment(edge: Edge, name: str) -> Iterator[str]:
    """Yield the lines of the snippets.

    :param name: the name of the snippet, with which placeholders and matchers begin
    """
    lists = list_names(edge)
    yield f"({name}) {{"
    yield from _indented(_maps(edge, name, lists))
    for policy in edge.policies:
        if policy.methods:
            yield from _indented(_preflight(policy, name))
    yield "}"
    if edge.scope == "all":
        yield ""
        yield f"({name}_errors) {{"
        for policy in edge.policies:
            yield from _indented(_error(policy, name))
        yield "}"


def _maps(edge: Edge, name: str, lists: dict[PathList, str]) -> Iterator[str]:
    yield "# The path, if all servers and proxies read it alike. Anything else is left to the application."
    path = f"/{one_of(PATH)}{{0,{MAX_PATH - 1}}}"
    yield from _map(
        "{http.request.orig_uri}",
        f"{name}_path",
        [_line(r"^[^?]*(?://|/\.\.?(?:[/?]|$))", '""'), _line(rf"^({path})(?:\?.*)?$", '"${1}"')],
    )
    yield "# Routes: the first line that matches decides."
    yield from _map(
        f"{{http.request.method}} {{{name}_path}}",
        f"{name}_route",
        (
            line
            for entry in edge.entries
            for line in (
                f"# {entry.comment}",
                _line(f"^{any_of(entry.methods)} {entry.expression}$", name_of(entry.target, lists, otherwise='""')),
            )
        ),
    )
    for paths, list_name in lists.items():
        yield "# Resources: the first line that matches the path decides."
        lines = (
            line
            for rule in paths
            for line in (f"# {rule.pattern}", _line(f"^{rule.expression}", name_of(rule.policy, lists, otherwise='""')))
        )
        yield from _map(f"{{{name}_path}}", f"{name}_{list_name}", lines)
    # Caddy replaces no placeholders in the values of a map, so the names of all maps are compared at once.
    known = " ".join(f"{{{name}_{variable}}}" for variable in ("route", *lists.values()))
    targets = [_line(f"^policy_{policy.number}(?: |$)", f"policy_{policy.number}") for policy in edge.policies]
    for number, list_name in enumerate(lists.values()):
        before = "[^ ]* " * number
        numbers = dict.fromkeys(rule.policy for rule in [*lists][number] if rule.policy is not None)
        targets += [_line(f"^{list_name} {before}policy_{each}(?: |$)", f"policy_{each}") for each in numbers]
    yield from _map(known, f"{name}_policy", targets)
    yield "# Origins, for the policy that applies."
    for policy in edge.policies:
        yield f"# {policy.name}"
        lines = (_line(f"^policy_{policy.number} {expression}$", "allowed") for expression in _origins(policy))
        yield from _map(f"{{{name}_policy}} {{http.request.header.Origin}}", f"{name}_origin_{policy.number}", lines)


def _origins(policy: EdgePolicy) -> Iterator[str]:
    if policy.any_origin:
        yield rf"[\x21-\x7E]{{1,{LONGEST_ORIGIN}}}"
        return
    for origins, any_case in ((policy.literals, True), (policy.exact, False)):
        for origin in origins:
            yield literal(origin, any_case=any_case)
    for expression in policy.expressions:
        # What an expression leaves open has to be visible ASCII too.
        yield rf"{expression}[\x21-\x7E]*"


def _preflight(policy: EdgePolicy, name: str) -> Iterator[str]:
    number = policy.number
    conditions = [
        "method OPTIONS",
        f"vars {{{name}_origin_{number}}} allowed",
        f"header_regexp Access-Control-Request-Method `^{any_of(policy.methods)}$`",
    ]
    yield f"# Preflights that the policy allows: {policy.name}"
    headers = _headers(policy, vary=policy.preflight_vary)
    headers.append(f'Access-Control-Allow-Methods "{", ".join(policy.methods)}"')
    if policy.max_age:
        headers.append(f'Access-Control-Max-Age "{policy.max_age}"')
    requested = "Access-Control-Request-Headers"
    variants: list[tuple[str, list[str], list[str]]] = [
        ("", [f"!{requested}"], []),
        (
            "_headers",
            [f"{requested} *", f"_regexp {requested} `{policy.request_headers}`"],
            [f'Access-Control-Allow-Headers "{{http.request.header.{requested}}}"'],
        ),
    ]
    private = "Access-Control-Request-Private-Network"
    networks: list[tuple[str, str, list[str]]] = [("", f"!{private}", [])]
    if policy.private_network:
        networks.append(("_network", f"{private} true", ["Access-Control-Allow-Private-Network true"]))
    for suffix, asks, more in variants:
        for network, is_private, private_headers in networks:
            matcher = f"@{name}_{number}{suffix}{network}"
            yield f"{matcher} {{"
            yield from _indented(conditions)
            yield f"    header {is_private}"
            yield from (f"    header{ask if ask.startswith('_') else f' {ask}'}" for ask in asks)
            yield "}"
            yield f"header {matcher} {{"
            yield from _indented([*headers, *more, *private_headers])
            yield "}"
            yield f"respond {matcher} 204"


def _error(policy: EdgePolicy, name: str) -> Iterator[str]:
    number = policy.number
    yield f"# {policy.name}"
    yield f"@{name}_error_{number} {{"
    yield "    not method OPTIONS"
    yield f"    vars {{{name}_origin_{number}}} allowed"
    yield "}"
    yield f"header @{name}_error_{number} {{"
    yield from _indented(_headers(policy, vary=policy.vary))
    yield "}"


def _headers(policy: EdgePolicy, *, vary: str) -> list[str]:
    origin = "*" if policy.send_wildcard else "{http.request.header.Origin}"
    headers = [f'Access-Control-Allow-Origin "{origin}"']
    if policy.credentials:
        headers.append("Access-Control-Allow-Credentials true")
    if policy.expose_headers:
        headers.append(f'Access-Control-Expose-Headers "{policy.expose_headers}"')
    if vary:
        headers.append(f'Vary "{vary}"')
    return headers


def _map(source: str, placeholder: str, lines: Iterable[str]) -> Iterator[str]:
    yield f'map "{source}" {{{placeholder}}} {{'
    seen: set[str] = set()
    for line in lines:
        # Caddy refuses an expression that is there already, and would not reach it.
        expression = line.rpartition("` ")[0]
        if not expression or expression not in seen:
            yield f"    {line}"
        seen.add(expression)
    yield '    default ""'
    yield "}"


def _line(expression: str, value: str) -> str:
    return f"`~{expression}` {value}"


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"    {line}" for line in lines)
