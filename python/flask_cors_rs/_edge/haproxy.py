"""The fragment for HAProxy."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from .._engine.python import LONGEST_ORIGIN
from .expressions import PATH, any_of, is_plain, literal, one_of
from .policies import MAX_PATH, list_names, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .policies import Edge, EdgePolicy

_VALUES_IN_A_LINE = 40
"""HAProxy reads at most 64 words in a line."""


def fragment(edge: Edge, name: str) -> Iterator[str]:
    """Yield the lines for the backend of the application.

    :param name: what variables and ACLs begin with
    """
    lists = list_names(edge)
    # Where the application decides, the variable is set too, so that no later line sets it.
    target_name = partial(name_of, lists=lists, otherwise="application")
    var = f"txn.{name}"
    yield "# The path, if all servers and proxies read it alike. Anything else is left to the application."
    yield f"acl {name}_is_plain path -m reg '^/{one_of(PATH)}{{0,{MAX_PATH - 1}}}$'"
    yield rf"acl {name}_has_dots path -m reg '//|/\x2E\x2E?(?:/|$)'"
    yield f"http-request set-var(txn.{name}_path) path if {name}_is_plain !{name}_has_dots"
    yield f'http-request set-var-fmt({var}_key) "%[method] %[var({var}_path)]"'
    yield ""
    yield "# Routes: the first line that matches decides."
    for entry in edge.entries:
        yield f"# {entry.comment}"
        key = f"{any_of(entry.methods)} {entry.expression}"
        found = f"{{ var({var}_key) -m reg '^{key}$' }} !{{ var({var}_route) -m found }}"
        yield f"http-request set-var({var}_route) str({target_name(entry.target)}) if {found}"
    yield f"http-request set-var({var}_policy) var({var}_route)"
    for paths, list_name in lists.items():
        yield "# Resources: the first line that matches the path decides."
        for rule in paths:
            yield f"# {rule.pattern}"
            matches = f"{{ var({var}_path) -m reg '^{rule.expression}' }}"
            is_list = f"{{ var({var}_policy) -m str {list_name} }}"
            yield f"http-request set-var({var}_policy) str({target_name(rule.policy)}) if {is_list} {matches}"
        yield f"http-request unset-var({var}_policy) if {{ var({var}_policy) -m str {list_name} }}"
    yield ""
    yield "# Origins."
    is_visible = rf"{{ req.fhdr(Origin) -m reg '^[\x21-\x7E]{{1,{LONGEST_ORIGIN}}}$' }}"
    yield f"http-request set-var({var}_origin) req.fhdr(Origin) if {is_visible}"
    yield f'http-request set-var-fmt({var}_headers) "%[req.fhdr(Access-Control-Request-Headers)]"'
    for policy in edge.policies:
        yield f"# {policy.name}"
        yield from _origin_acls(policy, name)
        allowed = "str(*)" if policy.send_wildcard else f"var({var}_origin)"
        is_policy = f"{{ var({var}_policy) -m str policy_{policy.number} }}"
        yield f"http-request set-var({var}_allow_origin) {allowed} if {is_policy} {name}_origin_{policy.number}"
        if policy.methods:
            yield from _preflight(policy, name, is_policy)
    if edge.scope == "all":
        yield ""
        yield "# Other responses get headers unless they have an Access-Control-Allow-Origin, those of HAProxy too."
        yield f"http-request unset-var({var}_allow_origin) if METH_OPTIONS"
        yield (
            f"http-after-response unset-var({var}_allow_origin) if {{ res.hdr(Access-Control-Allow-Origin) -m found }}"
        )
        sent = f"{{ var({var}_allow_origin) -m found }}"
        yield f"http-after-response set-header Access-Control-Allow-Origin %[var({var}_allow_origin)] if {sent}"
        for policy in edge.policies:
            when = f"if {sent} {{ var({var}_policy) -m str policy_{policy.number} }}"
            if policy.credentials:
                yield f"http-after-response set-header Access-Control-Allow-Credentials true {when}"
            if policy.expose_headers:
                yield f'http-after-response set-header Access-Control-Expose-Headers "{policy.expose_headers}" {when}'
            if policy.vary:
                yield f"http-after-response add-header Vary {policy.vary} {when}"


def _origin_acls(policy: EdgePolicy, name: str) -> Iterator[str]:
    acl, origin = f"acl {name}_origin_{policy.number}", f"var(txn.{name}_origin)"
    if policy.any_origin:
        yield f"{acl} {origin} -m found"
        return
    for values, fetch in ((policy.literals, f"{origin},lower"), (policy.exact, origin)):
        plain = [value for value in values if is_plain(value)]
        for start in range(0, len(plain), _VALUES_IN_A_LINE):
            yield f"{acl} {fetch} -m str {' '.join(plain[start : start + _VALUES_IN_A_LINE])}"
        for value in values:
            if not is_plain(value):
                yield f"{acl} {fetch} -m reg '^{literal(value)}$'"
    for expression in policy.expressions:
        yield f"{acl} {origin} -m reg '^{expression}'"


def _preflight(policy: EdgePolicy, name: str, is_policy: str) -> Iterator[str]:
    number, var = policy.number, f"txn.{name}"
    yield f"acl {name}_method_{number} req.fhdr(Access-Control-Request-Method) -m reg '^{any_of(policy.methods)}$'"
    yield f"acl {name}_headers_{number} var({var}_headers) -m reg '{policy.request_headers}'"
    private = "req.fhdr(Access-Control-Request-Private-Network)"
    answers: list[tuple[str, list[str]]] = [(f"!{{ {private} -m found }}", [])]
    if policy.private_network:
        answers.append((f"{{ {private} -m str true }}", ["hdr Access-Control-Allow-Private-Network true"]))
    for network, more in answers:
        for asks_for_headers in (True, False):
            headers = [
                f"hdr Access-Control-Allow-Origin %[var({var}_allow_origin)]",
                f'hdr Access-Control-Allow-Methods "{", ".join(policy.methods)}"',
                *more,
            ]
            if asks_for_headers:
                headers.append(f"hdr Access-Control-Allow-Headers %[var({var}_headers)]")
            if policy.credentials:
                headers.append("hdr Access-Control-Allow-Credentials true")
            if policy.expose_headers:
                headers.append(f'hdr Access-Control-Expose-Headers "{policy.expose_headers}"')
            if policy.max_age:
                headers.append(f'hdr Access-Control-Max-Age "{policy.max_age}"')
            if policy.preflight_vary:
                headers.append(f'hdr Vary "{policy.preflight_vary}"')
            length = "-m len 1:" if asks_for_headers else "-m len 0"
            yield (
                f"http-request return status 204 {' '.join(headers)} if METH_OPTIONS {is_policy}"
                f" {{ var({var}_allow_origin) -m found }} {name}_method_{number} {name}_headers_{number} {network}"
                f" {{ var({var}_headers) {length} }}"
            )
