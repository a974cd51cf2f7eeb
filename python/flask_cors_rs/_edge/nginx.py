"""The fragment for nginx."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from .._engine.python import LONGEST_ORIGIN
from .expressions import PATH, any_of, is_plain, literal, one_of
from .policies import MAX_PATH, list_names, name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .policies import Edge, EdgePolicy


def fragment(edge: Edge, name: str) -> Iterator[str]:
    """Yield the lines of the maps, which go into the http block.

    :param name: what the variables begin with
    """
    names = list_names(edge)
    yield "# The path, if all servers and proxies read it alike. Anything else is left to the application."
    yield from _map("$request_uri", f"{name}_path", _path_lines(name))
    yield "# Routes: the first line that matches decides."
    yield from _map(
        f'"$request_method ${name}_path"',
        f"{name}_route",
        (
            line
            for entry in edge.entries
            for line in (
                f"# {entry.comment}",
                _line(f"^{any_of(entry.methods)} {entry.expression}$", name_of(entry.target, names)),
            )
        ),
    )
    for paths, list_name in names.items():
        yield "# Resources: the first line that matches the path decides."
        lines = (
            line
            for rule in paths
            for line in (f"# {rule.pattern}", _line(f"^{rule.expression}", name_of(rule.policy, names)))
        )
        yield from _map(f"${name}_path", f"{name}_{list_name}", lines)
    targets = [f"{list_name} ${name}_{list_name};" for list_name in names.values()]
    targets += [f'policy_{policy.number} "policy_{policy.number}";' for policy in edge.policies]
    yield from _map(f"${name}_route", f"{name}_policy", targets)
    yield "# Origins."
    yield from _map("$http_origin", f"{name}_origin", [_line(f"^[\\x21-\\x7E]{{1,{LONGEST_ORIGIN}}}$", "$http_origin")])
    for policy in edge.policies:
        yield f"# {policy.name}"
        yield from _map(f"${name}_origin", f"{name}_origin_{policy.number}", _origin_lines(policy))
    yield from _by_policy(edge, name, "allow_origin", lambda policy: f"${name}_origin_{policy.number}")
    yield "# What a preflight asks for."
    yield from _map(
        f'"${name}_policy $http_access_control_request_method"',
        f"{name}_method",
        (
            _line(f"^policy_{policy.number} {any_of(policy.methods)}$", "allowed")
            for policy in edge.policies
            if policy.methods
        ),
    )
    yield from _map(
        f'"${name}_policy $http_access_control_request_headers"',
        f"{name}_headers",
        (_line(f"^policy_{policy.number} {policy.request_headers[1:]}", "allowed") for policy in edge.policies),
    )
    yield from _map(
        f'"${name}_policy $http_access_control_request_private_network"',
        f"{name}_network",
        (
            _line(rf"^policy_{policy.number} {'(?:true)?' if policy.private_network else ''}$", "allowed")
            for policy in edge.policies
        ),
    )
    yield "# Whether the proxy answers a preflight."
    yield from _map(
        f'"$request_method ${name}_method ${name}_headers ${name}_network ${name}_allow_origin"',
        f"{name}_preflight",
        [_line("^OPTIONS allowed allowed allowed .", "1")],
        default="0",
    )
    yield "# The headers of the policies."
    for header in ("allow_methods", "allow_credentials", "max_age", "expose_headers", "preflight_vary"):
        yield from _by_policy(edge, name, header, partial(_value, header))
    if edge.scope == "all":
        yield "# Other responses get headers unless they have an Access-Control-Allow-Origin."
        yield from _map(
            '"$request_method:$upstream_http_access_control_allow_origin"',
            f"{name}_response",
            [_line("^OPTIONS:", ""), _line("^[^:]+:$", f"${name}_policy")],
        )
        yield from _by_policy(
            edge, name, "response_origin", lambda policy: f"${name}_origin_{policy.number}", "response"
        )
        for header in ("allow_credentials", "expose_headers", "vary"):
            yield from _map(
                f'"${name}_response:${name}_response_origin"',
                f"{name}_response_{header}",
                (
                    _line(f"^policy_{policy.number}:.", sent)
                    for policy in edge.policies
                    for sent in [_value(header, policy)]
                    if sent
                ),
            )


def location(edge: Edge, name: str) -> Iterator[str]:
    """Yield the lines for the location that leads to the application. They are the same for all policies."""
    yield f"if (${name}_preflight) {{"
    yield f"    add_header Access-Control-Allow-Origin ${name}_allow_origin always;"
    yield f"    add_header Access-Control-Allow-Methods ${name}_allow_methods always;"
    yield "    add_header Access-Control-Allow-Headers $http_access_control_request_headers always;"
    yield f"    add_header Access-Control-Allow-Credentials ${name}_allow_credentials always;"
    yield "    add_header Access-Control-Allow-Private-Network $http_access_control_request_private_network always;"
    yield f"    add_header Access-Control-Expose-Headers ${name}_expose_headers always;"
    yield f"    add_header Access-Control-Max-Age ${name}_max_age always;"
    yield f"    add_header Vary ${name}_preflight_vary always;"
    yield "    return 204;"
    yield "}"
    if edge.scope == "all":
        yield f"add_header Access-Control-Allow-Origin ${name}_response_origin always;"
        yield f"add_header Access-Control-Allow-Credentials ${name}_response_allow_credentials always;"
        yield f"add_header Access-Control-Expose-Headers ${name}_response_expose_headers always;"
        yield f"add_header Vary ${name}_response_vary always;"


def _value(header: str, policy: EdgePolicy) -> str | None:
    if header == "allow_methods":
        return ", ".join(policy.methods)
    if header == "allow_credentials":
        return "true" if policy.credentials else None
    value: str | None = getattr(policy, header)
    return value


def _map(source: str, variable: str, lines: Iterable[str], *, default: str = '""') -> Iterator[str]:
    yield f"map {source} ${variable} {{"
    yield f"    default {default};"
    yield from (f"    {line}" for line in lines)
    yield "}"
    yield ""


def _line(expression: str, value: str) -> str:
    # Within quotes, nginx reads a backslash before an x as it is.
    return f'"~{expression}" "{value}";'


def _by_policy(
    edge: Edge, name: str, variable: str, value: Callable[[EdgePolicy], str | None], source: str = "policy"
) -> Iterator[str]:
    lines = [f'policy_{policy.number} "{found}";' for policy in edge.policies for found in [value(policy)] if found]
    return _map(f"${name}_{source}", f"{name}_{variable}", lines)


def _path_lines(name: str) -> list[str]:
    return [
        _line(r"^[^?]*(?://|/\.\.?(?:[/?]|$))", ""),
        _line(rf"^(?<{name}_plain>/{one_of(PATH)}{{0,{MAX_PATH - 1}}})(?:\?|$)", f"${name}_plain"),
    ]


def _origin_lines(policy: EdgePolicy) -> Iterator[str]:
    allowed = "*" if policy.send_wildcard else "$http_origin"
    if policy.any_origin:
        yield _line("^.", allowed)
        return
    for origin in policy.literals:
        # nginx compares a text without case, in a hash table whose entries are short.
        if len(origin) <= 40 and is_plain(origin):
            yield f'"{origin}" "{allowed}";'
        else:
            yield _line(f"^{literal(origin, any_case=True)}$", allowed)
    for origin in policy.exact:
        yield _line(f"^{literal(origin)}$", allowed)
    for expression in policy.expressions:
        yield _line(f"^{expression}", allowed)
