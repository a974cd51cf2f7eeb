"""The fragment for Apache httpd."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from .._engine.python import LONGEST_ORIGIN
from .expressions import PATH, any_of, literal, one_of
from .policies import MAX_PATH, list_names, name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .policies import Edge, EdgePolicy


def fragment(edge: Edge, name: str) -> Iterator[str]:
    """Yield the lines for the virtual host.

    :param name: what the environment variables begin with
    """
    lists = list_names(edge)
    # Where the application decides, the variable is set too, so that no later line sets it.
    target_name = partial(name_of, lists=lists, otherwise="application")
    path, route, policy_variable = (f"reqenv('{name}_{variable}')" for variable in ("path", "route", "policy"))
    yield "# The path, if all servers and proxies read it alike. Anything else is left to the application."
    plain = rf"^[A-Z]+ (/{one_of(PATH)}{{0,{MAX_PATH - 1}}})(?:\x3F[^ ]*)? HTTP"
    dots = r"^[A-Z]+ [^ \x3F]*(?://|/\x2E\x2E?[/ \x3F])"
    yield _set([f"%{{THE_REQUEST}} =~ m#{plain}#"], f"{name}_path=$1")
    yield _set([f"%{{THE_REQUEST}} =~ m#{dots}#"], f"!{name}_path")
    yield "# Routes: the first line that matches decides."
    for entry in edge.entries:
        yield f"# {entry.comment}"
        yield _set(
            [
                f"%{{REQUEST_METHOD}} =~ m#^{any_of(entry.methods)}$#",
                f"{path} =~ m#^{entry.expression}$#",
                f"-z {route}",
            ],
            f"{name}_route={target_name(entry.target)}",
        )
    for paths, list_name in lists.items():
        yield "# Resources: the first line that matches the path decides."
        for rule in paths:
            yield f"# {rule.pattern}"
            conditions = [f"{route} == '{list_name}'", f"-z {policy_variable}", f"{path} =~ m#^{rule.expression}#"]
            yield _set(conditions, f"{name}_policy={target_name(rule.policy)}")
    for policy in edge.policies:
        yield _set([f"{route} == 'policy_{policy.number}'"], f"{name}_policy=policy_{policy.number}")
    yield "# Origins."
    yield _set([f"{_header('Origin')} =~ m#^([\\x21-\\x7E]{{1,{LONGEST_ORIGIN}}})$#"], f"{name}_origin=$1")
    yield "RewriteEngine On"
    for policy in edge.policies:
        yield f"# {policy.name}"
        yield from _origins(policy, name)
        if policy.methods:
            yield from _preflight(policy, name)
    yield f"RewriteCond %{{ENV:{name}_preflight}} =allowed"
    yield "RewriteRule ^ - [R=204,L]"
    if edge.scope == "all":
        yield from _responses(edge, name)


def _origins(policy: EdgePolicy, name: str) -> Iterator[str]:
    origin = f"reqenv('{name}_origin')"
    is_policy = f"reqenv('{name}_policy') == 'policy_{policy.number}'"
    for expression in _origin_expressions(policy):
        yield _set([is_policy, f"{origin} =~ m#{expression}#"], f"{name}_allowed=policy_{policy.number}")


def _origin_expressions(policy: EdgePolicy) -> Iterator[str]:
    if policy.any_origin:
        yield "^."
        return
    for origins, any_case in ((policy.literals, True), (policy.exact, False)):
        for origin in origins:
            yield f"^{literal(origin, any_case=any_case)}$"
    for expression in policy.expressions:
        yield f"^{expression}"


def _preflight(policy: EdgePolicy, name: str) -> Iterator[str]:
    conditions = [
        "%{REQUEST_METHOD} == 'OPTIONS'",
        f"reqenv('{name}_allowed') == 'policy_{policy.number}'",
        f"{_header('Access-Control-Request-Method')} =~ m#^{any_of(policy.methods)}$#",
        f"{_header('Access-Control-Request-Headers')} =~ m#{policy.request_headers}#",
    ]
    private = _header("Access-Control-Request-Private-Network")
    conditions.append(f"{private} =~ m#^(?:true)?$#" if policy.private_network else f"-z {private}")
    yield _set(conditions, f"{name}_preflight=allowed")
    variable = f"{name}_preflight_{policy.number}"
    yield _set([f"reqenv('{name}_preflight') == 'allowed'", conditions[1]], f"{variable}=1")
    yield f"Header always set Access-Control-Allow-Origin {_allow_origin(policy)} env={variable}"
    yield f'Header always set Access-Control-Allow-Methods "{", ".join(policy.methods)}" env={variable}'
    yield _set(
        [f"reqenv('{variable}') == '1'", f"{_header('Access-Control-Request-Headers')} =~ m#^.#"],
        f"{variable}_headers=1",
    )
    requested = "expr=%{req_novary:Access-Control-Request-Headers}"
    yield f'Header always set Access-Control-Allow-Headers "{requested}" env={variable}_headers'
    if policy.private_network:
        yield _set([f"reqenv('{variable}') == '1'", f"{private} == 'true'"], f"{variable}_network=1")
        yield f'Header always set Access-Control-Allow-Private-Network "true" env={variable}_network'
    if policy.max_age:
        yield f'Header always set Access-Control-Max-Age "{policy.max_age}" env={variable}'
    yield from _common(policy, variable, policy.preflight_vary)


def _responses(edge: Edge, name: str) -> Iterator[str]:
    yield "# Other responses get headers unless they have an Access-Control-Allow-Origin, those of Apache too."
    for policy in edge.policies:
        variable = f"{name}_response_{policy.number}"
        yield f"# {policy.name}"
        yield _set(
            ["%{REQUEST_METHOD} != 'OPTIONS'", f"reqenv('{name}_allowed') == 'policy_{policy.number}'"], f"{variable}=1"
        )
        # The last line decides about the others, as it makes the condition false.
        lines = list(_common(policy, variable, policy.vary))
        lines.append(f"Header always set Access-Control-Allow-Origin {_allow_origin(policy)} env={variable}")
        missing = f"\"expr=reqenv('{variable}') == '1' && -z resp('Access-Control-Allow-Origin')\""
        yield from (line.replace(f"env={variable}", missing) for line in lines)


def _common(policy: EdgePolicy, variable: str, vary: str) -> Iterator[str]:
    if policy.credentials:
        yield f'Header always set Access-Control-Allow-Credentials "true" env={variable}'
    if policy.expose_headers:
        yield f'Header always set Access-Control-Expose-Headers "{policy.expose_headers}" env={variable}'
    if vary:
        yield f'Header always add Vary "{vary}" env={variable}'


def _allow_origin(policy: EdgePolicy) -> str:
    return '"*"' if policy.send_wildcard else '"expr=%{req_novary:Origin}"'


def _header(name: str) -> str:
    return f"req_novary('{name}')"


def _set(conditions: Iterable[str], variable: str) -> str:
    return f'SetEnvIfExpr "{" && ".join(conditions)}" {variable}'
