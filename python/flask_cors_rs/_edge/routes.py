"""The routes of an application, as expressions in the order in which Werkzeug tries them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from werkzeug.exceptions import HTTPException
from werkzeug.routing import (
    AnyConverter,
    FloatConverter,
    IntegerConverter,
    Map,
    PathConverter,
    UnicodeConverter,
    UUIDConverter,
)

from .._diagnostics.witness import shortest
from .._regex.linear import LinearMatcher
from .._regex.translation import translate
from .expressions import PATH, literal, portable, takes_linear_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
    from werkzeug.routing import Rule

_VARIABLE = re.compile(r"<(?:\w+(?:\(.*?\))?:)?(\w+)>")
_EXACT = {AnyConverter, FloatConverter, IntegerConverter, PathConverter, UnicodeConverter, UUIDConverter}
"""The converters that accept all that their expression matches, unless they have limits."""


_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})


class Route(NamedTuple):
    """Paths that the routing leads to an endpoint or redirects."""

    rule: Rule
    methods: frozenset[str]
    is_redirect: bool
    """Whether the routing answers with a redirect to the path with a slash at its end, or without one."""
    path: str | None
    """The only path, None if the route has variables."""
    expression: str
    """The expression for the whole path, in the syntax of proxies."""
    matcher: LinearMatcher | None
    """The automaton of the same expression; None if the route has no variables."""
    is_exact: bool
    """Whether all paths that the expression matches belong to the route."""

    def __str__(self) -> str:
        return f"{self.rule.rule} ({self.rule.endpoint})"


def routes_of(app: Flask) -> Iterator[Route]:
    """Yield the routes of an application, with the redirects that it makes for slashes at the end."""
    rules = [rule for rule in app.url_map.iter_rules() if not rule.websocket and not rule.build_only]
    # A rule without methods takes all of them.
    all_methods = _METHODS.union(*(rule.methods or () for rule in rules))
    # The other rules of an endpoint redirect to one with defaults.
    with_defaults = {rule.endpoint for rule in rules if rule.defaults}
    for rule in rules:
        methods = all_methods if rule.methods is None else frozenset(map(str, rule.methods))
        is_alias = bool(rule.redirect_to or rule.alias or rule.endpoint in with_defaults)
        yield _route(rule, rule.rule, methods, is_redirect=is_alias)
        other = rule.rule[:-1] if rule.rule.endswith("/") else f"{rule.rule}/"
        if other and (not rule.strict_slashes or rule.rule.endswith("/")):
            yield _route(rule, other, methods, is_redirect=True)


def _route(rule: Rule, text: str, methods: frozenset[str], *, is_redirect: bool) -> Route:
    pieces = _VARIABLE.split(text)
    if len(pieces) == 1:
        return Route(rule, methods, is_redirect, text, literal(text) if PATH.issuperset(text) else "", None, True)
    converters: dict[str, Any] = getattr(rule, "_converters", {})
    source, is_exact = "", True
    for static, name in zip(pieces[::2], [*pieces[1::2], None]):
        source += re.escape(static)
        if name is None:
            continue
        converter = converters.get(name)
        limits = [getattr(converter, limit, None) for limit in ("fixed_digits", "min", "max")]
        is_exact = is_exact and type(converter) in _EXACT and limits in ([None] * 3, [0, None, None])
        source += f"(?:{getattr(converter, 'regex', '.+')})"
    expression = translate(re.compile(source), whole=True).rust
    if expression is None or not takes_linear_time(expression):
        # Whatever it matches begins like this.
        is_exact, expression = False, rf"{_translated(pieces[0])}[\x{{21}}-\x{{7E}}]*\z"
    return Route(
        rule,
        methods,
        is_redirect,
        None,
        portable(expression, PATH).removesuffix("$"),
        LinearMatcher(expression),
        is_exact,
    )


def _translated(text: str) -> str:
    """Return a text in the syntax of translations."""
    return "".join(rf"\x{{{ord(letter):X}}}" for letter in text)


def comes_first(app: Flask, first: Route, second: Route) -> Route | None:
    """Return which of two routes gets the paths that belong to both, or None if there are none.

    Werkzeug prefers the same rule whatever the path is, so one path is tried.

    :raises TooManyStatesError: it is not known whether there are any
    """
    methods = first.methods & second.methods
    path = _common_path(first, second) if methods else None
    if path is None:
        return None
    if first.rule is second.rule:
        return second if first.is_redirect else first
    converters = dict(app.url_map.converters)
    rules = [route.rule.empty() for route in (first, second)]
    both = Map(rules, converters=converters, merge_slashes=app.url_map.merge_slashes).bind("localhost")
    try:
        found, _ = both.match(path, method=min(methods), return_rule=True)
    except HTTPException:
        # A redirect, or a converter that refuses the path.
        return first if first.is_redirect or not first.is_exact else second
    return first if found is rules[0] else second


_LIMIT = 20_000
_PATHS = LinearMatcher(f"[{_translated(''.join(sorted(PATH)))}]+")


def _common_path(first: Route, second: Route) -> str | None:
    """Return a path that belongs to two routes, or None if there is none."""
    if first.path is not None or second.path is not None:
        path, other = (first.path, second) if first.path is not None else (second.path, first)
        belongs = other.path == path if other.matcher is None else other.matcher.match(path or "")
        return path if belongs else None
    start, other_start = (route.rule.rule.partition("<")[0] for route in (first, second))
    if not start.startswith(other_start) and not other_start.startswith(start):
        return None
    matchers = [route.matcher for route in (first, second) if route.matcher is not None]
    return shortest([_PATHS, *matchers], limit=_LIMIT)
