"""What a proxy can decide as the application does."""

from __future__ import annotations

import re
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, NamedTuple, Union

from werkzeug.middleware.proxy_fix import ProxyFix

from .._diagnostics.applied import PolicySource, belongs_to, matches_path, policy_sources, wsgi_layers
from .._diagnostics.text import readable
from .._diagnostics.witness import TooManyStatesError
from .._engine.python import AllowOrigin, Vary
from .._flask.hook import resources_of
from .._flask.middleware import FlaskMiddleware
from .._flask.view_policies import blueprint_has_policy, has_decorated_error_handlers, hooks_of, policies_of
from .._headers import ORIGIN
from .._options.patterns import RegexPattern, pattern_text
from .._process_state import decorations
from .._regex.translation import translate
from ..middleware import CORSMiddleware
from ..origins import Regex, Subdomains
from .expressions import (
    NAME,
    PATH,
    VISIBLE,
    characters,
    literal,
    one_of,
    portable,
    repeats_too_often,
    takes_linear_time,
    translated,
)
from .hidden_policies import hides_policies
from .routes import Route, comes_first, routes_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any, Literal

    from flask import Flask

    from .._flask.view_policies import ViewPolicies
    from .._options.parse import Options

    Scope = Literal["preflights", "all"]

MAX_PATH = 1000
"""The length of the longest path that a proxy decides about, in characters."""

_PLAIN_VALUE = re.compile(r"[A-Za-z0-9_.*, -]+")
"""The header values that need no quoting in the language of any proxy."""

_PREFLIGHT_VARY = f"{ORIGIN}, Access-Control-Request-Method, Access-Control-Request-Headers"


class EdgePolicy(NamedTuple):
    """A policy, as far as a proxy can apply it. What it does not say is left to the application."""

    number: int
    name: str
    any_origin: bool
    send_wildcard: bool
    literals: tuple[str, ...]
    """Origins that are compared without case, in lower case."""
    exact: tuple[str, ...]
    expressions: tuple[str, ...]
    """Expressions that an origin has to match at its start."""
    methods: tuple[str, ...]
    request_headers: str
    """The expression for the whole of Access-Control-Request-Headers."""
    credentials: bool
    private_network: bool
    max_age: str | None
    expose_headers: str | None
    vary: str
    """The value of Vary, empty if it is not sent."""
    preflight_vary: str


class PathRule(NamedTuple):
    """A resource: an expression that a path has to match at its start, and the policy for it."""

    expression: str
    policy: int | None
    """None if the application decides."""
    pattern: str


PathList = tuple[PathRule, ...]
"""Resources. The first that matches a path decides."""

Target = Union[int, PathList, None]
"""The policy of a route; or the resources among which its paths are looked up; or None if the application decides."""


class Entry(NamedTuple):
    """A route and the policy for some methods of it."""

    methods: tuple[str, ...]
    expression: str
    """The expression for the whole path."""
    target: Target
    comment: str


class LeftOut(NamedTuple):
    """Something that is left to the application."""

    what: str
    why: str

    def __str__(self) -> str:
        return f"{self.what}: {self.why}"


class Edge(NamedTuple):
    """What a proxy can decide about an application."""

    scope: Scope
    entries: tuple[Entry, ...]
    """The routes. The first that matches a method and path decides."""
    policies: tuple[EdgePolicy, ...]
    lists: tuple[PathList, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
    """What works otherwise at the proxy, for people."""


def edge_of(app: Flask, scope: Scope) -> Edge:
    """Find out what a proxy can decide about an application.

    :param scope: ``preflights``, or ``all`` for all other responses too
    """
    return _Builder(app, scope).build()


def list_names(edge: Edge) -> dict[PathList, str]:
    """Return a name for each list of resources."""
    return {paths: f"paths_{number}" for number, paths in enumerate(edge.lists, 1)}


def name_of(target: Target, lists: dict[PathList, str], otherwise: str = "") -> str:
    """Return the name of a policy or of a list of resources.

    :param otherwise: what stands for the decision of the application
    """
    if target is None:
        return otherwise
    return lists[target] if isinstance(target, tuple) else f"policy_{target}"


class _Builder:
    def __init__(self, app: Flask, scope: Scope) -> None:
        self._app = app
        self._scope: Scope = scope
        self._sources = policy_sources(app)
        self._policies: dict[Options, EdgePolicy | None] = {}
        self._left_out: dict[LeftOut, None] = {}

    def build(self) -> Edge:
        entries = self._entries()
        used = {target for entry in entries for target in _policies_in(entry.target)}
        policies = tuple(policy for policy in self._policies.values() if policy is not None and policy.number in used)
        lists = dict.fromkeys(entry.target for entry in entries if isinstance(entry.target, tuple))
        if not policies:
            self._leave_out("the application", "it has no policy that a proxy can apply")
        left_out = tuple(sorted(self._left_out))
        return Edge(self._scope, tuple(entries), policies, tuple(lists), left_out, tuple(self._notes()))

    def _notes(self) -> Iterable[str]:
        app = self._app
        if all(each.resources.middleware or each.name == "CORSMiddleware" for each in self._sources):
            return
        config: Any = app.config
        hooks = [hook for hooks in app.after_request_funcs.values() for hook in hooks if resources_of(hook) is None]
        kinds = {
            "before_request functions": any(app.before_request_funcs.values()),
            "url_value_preprocessor functions": any(app.url_value_preprocessors.values()),
            "after_request functions": bool(hooks),
            "TRUSTED_HOSTS": bool(config.get("TRUSTED_HOSTS")),
        }
        found = ", ".join(kind for kind, exists in kinds.items() if exists)
        if found:
            yield f"The preflights that the proxy answers pass by the application, and so by these: {found}"

    def _leave_out(self, what: str, why: str) -> None:
        self._left_out[LeftOut(what, why)] = None

    # --- routes -------------------------------------------------------------------------------------------------------

    def _entries(self) -> list[Entry]:
        why = self._why_not()
        if why:
            self._leave_out("all routes", why)
            return []
        routes = list(routes_of(self._app))
        found: list[tuple[Route, Entry]] = []
        for route in routes:
            if route.path is not None and not PATH.issuperset(route.path):
                self._leave_out(str(route), "its path is percent-encoded in requests")
                continue
            comment = f"the redirect of {route}" if route.is_redirect else str(route)
            kinds = [(route.methods & {"OPTIONS"}, self._preflight_target)]
            if self._scope == "all":
                kinds.append((route.methods - {"OPTIONS"}, self._response_target))
            for methods, find in kinds:
                if methods:
                    target = None if route.is_redirect else find(route)
                    entry = Entry(tuple(sorted(methods)), route.expression, target, comment)
                    found.append((route._replace(methods=methods), entry))
        return self._in_order(found)

    def _why_not(self) -> str:
        """Return why a proxy cannot decide about any route, or an empty text."""
        app = self._app
        if (
            app.url_map.host_matching
            or app.subdomain_matching
            or any(rule.subdomain for rule in app.url_map.iter_rules())
        ):
            return "the routing depends on the host"
        layers = list(wsgi_layers(app))
        foreign = next((layer for layer in layers if not isinstance(layer, (CORSMiddleware, ProxyFix))), None)
        if foreign is not None:
            return f"{type(foreign).__name__} around the application can answer instead of it"
        ours = {isinstance(layer, FlaskMiddleware) for layer in layers if isinstance(layer, CORSMiddleware)}
        return "both CORSMiddleware and middleware=True decide about them" if len(ours) > 1 else ""

    def _in_order(self, found: Sequence[tuple[Route, Entry]]) -> list[Entry]:
        """Put entries in the order in which the routing tries the routes, where that makes a difference."""
        # Paths without variables come first.
        found = sorted(found, key=lambda pair: pair[0].path is None)
        sorter: TopologicalSorter[int] = TopologicalSorter()
        unknown: set[int] = set()
        for index, (route, entry) in enumerate(found):
            sorter.add(index)
            for earlier, (other, other_entry) in enumerate(found[:index]):
                if entry.target == other_entry.target or (other.path is not None) != (route.path is not None):
                    continue
                try:
                    winner = comes_first(self._app, route, other)
                except TooManyStatesError:
                    unknown |= {index, earlier}
                    continue
                if winner is route:
                    sorter.add(earlier, index)
                elif winner is other:
                    sorter.add(index, earlier)
        order = sorted(sorter.static_order(), key=lambda index: found[index][0].path is None)
        entries: list[Entry] = []
        for index in order:
            route, entry = found[index]
            if index in unknown and entry.target is not None:
                self._leave_out(str(route), "whether it shares paths with another route is not known")
                entry = entry._replace(target=None)
            entries.append(entry)
        while entries and entries[-1].target is None:
            entries.pop()
        return entries

    def _preflight_target(self, route: Route) -> Target:
        endpoint = route.rule.endpoint
        view = self._app.view_functions.get(endpoint)
        around = [source for source in self._sources if source.name == "CORSMiddleware"]
        own_middleware = [
            source for source in self._sources if source.resources.middleware and source.name != "CORSMiddleware"
        ]
        policies = policies_of(view)
        if around:
            # It answers before all others. Where it has no resource for the path, the application decides.
            return self._by_path(route, reversed(around))
        if hides_policies(view):
            return self._application(route, "its view may call a decorated view")
        if policies is not None:
            if policies_of(getattr(view, "__wrapped__", None)) is policies:
                return self._application(route, "another decorator is above @cross_origin")
            return self._decorated(route, policies)
        if own_middleware and blueprint_has_policy(self._app, endpoint):
            return self._application(route, "both the middleware and its Blueprint decide about it")
        if own_middleware and hooks_of(self._app, None):
            return self._application(route, "an extension without the middleware may decide about it first")
        if not getattr(route.rule, "provide_automatic_options", False):
            if not own_middleware or decorations.count:
                return self._application(route, "its view answers OPTIONS itself")
            return self._by_path(route, own_middleware)
        return self._by_path(route, [*own_middleware, *(each for each in self._sources if each not in own_middleware)])

    def _response_target(self, route: Route) -> Target:
        view = self._app.view_functions.get(route.rule.endpoint)
        methods = vars(getattr(view, "view_class", object)).values()
        if policies_of(view) is not None or hides_policies(view) or any(map(policies_of, methods)):
            self._leave_out(f"responses of {route}", "an exception in a decorated view takes its headers off")
            return None
        if has_decorated_error_handlers(self._app):
            self._leave_out(f"responses of {route}", "a decorated function handles errors")
            return None
        if not all(source.resources.intercept_exceptions for source in self._sources):
            self._leave_out(f"responses of {route}", "intercept_exceptions is off")
            return None
        return self._by_path(route, self._sources)

    def _application(self, route: Route, why: str) -> Target:
        """Leave a route to the application."""
        self._leave_out(str(route), why)
        return None

    def _decorated(self, route: Route, policies: ViewPolicies) -> Target:
        if not policies.is_stable(self._app):
            return self._application(route, "the options of its decorator are read at each request")
        try:
            options = policies.options_for(self._app)
        except (TypeError, ValueError) as error:
            return self._application(route, f"its policy is not valid ({error})")
        if not options.automatic_options:
            return self._application(route, "its view answers OPTIONS itself")
        if not route.is_exact:
            return self._application(route, "a converter of its path cannot be translated")
        return self._policy(options, f"@cross_origin of {route.rule.endpoint}")

    def _by_path(self, route: Route, sources: Iterable[PolicySource]) -> Target:
        """Return what decides about the paths of a route: the first resource of the sources that matches."""
        if not route.is_exact:
            return self._application(route, "a converter of its path cannot be translated")
        rules: list[PathRule] = []
        for source in sources:
            if source.blueprint is not None and not belongs_to(route.rule, source.blueprint):
                continue
            for pattern, options in source.resources.patterns:
                name = f"{pattern_text(pattern)} of {source.name}"
                if route.path is not None:
                    if matches_path(pattern, route.path):
                        return self._policy(options, name)
                    continue
                if isinstance(pattern, str) and not PATH.issuperset(pattern):
                    continue  # Its path is percent-encoded in requests.
                expression = _path_expression(pattern)
                if expression is None:
                    self._leave_out(name, "its path has no equal in the language of proxies, or could take too long")
                    return (*rules, PathRule("", None, name)) if rules else None
                rules.append(PathRule(expression, self._policy(options, name), name))
                if not isinstance(pattern, str) and pattern.matches_all:
                    return rules[0].policy if len(rules) == 1 else tuple(rules)
        return tuple(rules) if any(rule.policy is not None for rule in rules) else None

    # --- policies -----------------------------------------------------------------------------------------------------

    def _policy(self, options: Options, name: str) -> int | None:
        if options not in self._policies:
            self._policies[options] = self._make_policy(options, name)
        policy = self._policies[options]
        return None if policy is None else policy.number

    def _make_policy(self, options: Options, name: str) -> EdgePolicy | None:
        for option in ("methods", "expose_headers", "max_age"):
            value: str | None = getattr(options, option)
            if value and not _PLAIN_VALUE.fullmatch(value):
                self._leave_out(name, f"{option} would need quoting ({value!r})")
                return None
        methods = tuple(dict.fromkeys(filter(None, (method.strip() for method in options.methods.split(",")))))
        if not methods and self._scope == "preflights":
            self._leave_out(name, "it allows no method")
            return None
        literals: list[str] = []
        exact: list[str] = []
        expressions: list[str] = []
        for origin in (*options.origins, *options.origin_matchers):
            if isinstance(origin, str):
                if origin and VISIBLE.issuperset(origin):
                    (exact if getattr(origin, "case_sensitive", False) else literals).append(str(origin))
                continue
            if origin.is_wildcard:
                continue
            expression = _origin_expression(origin)
            if expression is None:
                self._leave_out(name, f"the origins that {readable(origin)} allows are known to the application only")
            else:
                expressions.append(expression)
        if not (options.any_origin or literals or exact or expressions):
            self._leave_out(name, "it allows no origin that a proxy can know")
            return None
        allow_origin = AllowOrigin(options)
        is_constant = options.any_origin and options.send_wildcard
        has_vary = bool(Vary(options, allow_origin).header) and not is_constant
        always = options.vary_header == "always"
        by_origin = ORIGIN if has_vary or (always and allow_origin.varies_by_origin) else ""
        return EdgePolicy(
            number=len(self._policies) + 1,
            name=name,
            any_origin=options.any_origin,
            send_wildcard=is_constant,
            literals=tuple(sorted({origin.lower() for origin in literals})),
            exact=tuple(sorted(set(exact))),
            expressions=tuple(sorted(set(expressions))),
            methods=methods,
            request_headers=self._request_headers(options, name),
            credentials=options.supports_credentials,
            private_network=options.allow_private_network,
            max_age=options.max_age or None,
            expose_headers=options.expose_headers or None,
            vary=by_origin,
            preflight_vary=f"{_PREFLIGHT_VARY}, Access-Control-Request-Private-Network" if always else by_origin,
        )

    def _request_headers(self, options: Options, name: str) -> str:
        items = options.allow_headers
        if any(not isinstance(item, str) and item.matches_all for item in items):
            return _list_of([f"{one_of(NAME)}+"])
        literals = {item.lower() for item in items if isinstance(item, str) and item and NAME.issuperset(item)}
        names = [literal(item, any_case=True) for item in sorted(literals)]
        expressions = [(readable(item), _name_expression(item)) for item in items if not isinstance(item, str)]
        for text, expression in sorted(expressions, key=lambda pair: pair[0]):
            if expression is not None and takes_linear_time(translated(_list_of([*names, expression]))):
                names.append(expression)
            else:
                self._leave_out(name, f"the headers that {text} allows are known to the application only")
        return _list_of(names) if names else "^$"


def _list_of(names: list[str]) -> str:
    """Return the expression for a list of names as browsers send it, without blanks, or an empty one."""
    each = names[0] if len(names) == 1 else f"(?:{'|'.join(names)})"
    return rf"^(?:{each}(?:\x2C{each})*)?$"


def _policies_in(target: Target) -> Iterable[int | None]:
    return (rule.policy for rule in target) if isinstance(target, tuple) else (target,)


def _path_expression(pattern: str | RegexPattern) -> str | None:
    """Return the expression that a path has to match at its start, or None if there is none."""
    if isinstance(pattern, str):
        return f"{literal(pattern)}$"
    return _expression(translate(pattern.pattern).rust, PATH)


def _origin_expression(origin: object) -> str | None:
    if isinstance(origin, RegexPattern):
        return _expression(translate(origin.pattern).rust, VISIBLE)
    if isinstance(origin, (Regex, Subdomains)):
        return _expression(origin.rust, VISIBLE)
    return None


def _expression(rust: str | None, alphabet: frozenset[str]) -> str | None:
    if rust is None or not takes_linear_time(rust) or repeats_too_often(rust):
        return None
    return f"(?:{portable(rust, alphabet)})"


_NAME_TAIL = one_of(NAME) + "*"


def _name_expression(item: RegexPattern) -> str | None:
    r"""Return an expression for a whole header name, inside of a list of names."""
    rust = translate(item.pattern).rust
    if rust is None:
        return None
    rust = rust.removeprefix(r"\A")
    is_whole = False
    for end in (r"(?:\x{A}?\z)", r"\z"):
        if rust.endswith(end):
            rust, is_whole = rust[: -len(end)], True
            break
    if re.search(r"\\A|\\z|\(\?m|\\b", rust):
        return None
    tail = r"[^\x{2C}]*"
    if not is_whole:
        # What `.*` and the rest of the name match is the same.
        rust = re.sub(r"\[\^?(?:\\x\{[0-9A-F]+\}-?)+\]\*\Z", _without_everything, rust) + tail
    return None if repeats_too_often(rust) else portable(rust, NAME)


def _without_everything(found: re.Match[str]) -> str:
    return "" if characters(found[0][:-1]) >= NAME else found[0]
