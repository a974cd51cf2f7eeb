"""Which policies an application has, which of them apply to a path, and which resources no route reaches."""

from __future__ import annotations

import re
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from .._flask.hook import NAME, resources_of
from .._flask.middleware import FlaskMiddleware
from .._flask.routing import blueprints_of
from .._flask.state import extension_name
from .._flask.view_policies import policies_of
from .._options.patterns import RegexPattern, pattern_text
from ..middleware import CORSMiddleware
from .lazy import LazyProperty

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from flask import Flask
    from werkzeug.routing import Rule

    from .._flask.view_policies import ViewPolicies
    from .._options.parse import Options
    from .._options.patterns import Pattern
    from .._options.resources import Resources


class PolicySource(NamedTuple):
    """An extension or a middleware, which gives policies to paths."""

    name: str
    """As in the log: ``CORS(app)``, ``CORS(name of a Blueprint)`` or ``CORSMiddleware``."""
    blueprint: str | None
    """The registered name of the Blueprint to whose routes the source is limited, which includes those around it."""
    resources: Resources


class AppliedPolicy(NamedTuple):
    """A policy that applies to a path."""

    name: str
    """``@cross_origin``, or the name of its :class:`PolicySource`."""
    pattern: str | None
    """The path pattern of its resource; None for a decorator."""
    options: Options

    def __str__(self) -> str:
        return self.name if self.pattern is None else f"{self.pattern} of {self.name}"


def policy_sources(app: Flask) -> list[PolicySource]:
    """Return the extensions and middlewares of an application, in the order in which they handle a response."""
    found: list[PolicySource] = []
    # Flask calls the functions of the innermost Blueprint first, and among these the one registered last.
    names: list[Any] = [name for name in app.after_request_funcs if name is not None]
    names.sort(key=lambda name: -name.count("."))
    for name in (*names, None):
        for hook in reversed(app.after_request_funcs.get(name, [])):
            resources = resources_of(hook)
            if resources is not None:
                found.append(PolicySource(getattr(hook, NAME), name, resources))
    # The log knows the own name of a Blueprint only. Where Blueprints share it, or one is registered several times, the
    # names of their registrations tell them apart.
    uses = Counter(name for name, _ in {(source.name, source.blueprint) for source in found})
    found = [
        source if uses[source.name] == 1 else source._replace(name=extension_name(source.blueprint)) for source in found
    ]
    around: list[PolicySource] = []
    for middleware in wsgi_layers(app):
        if isinstance(middleware, CORSMiddleware):
            name = extension_name() if isinstance(middleware, FlaskMiddleware) else "CORSMiddleware"
            around[:0] = [PolicySource(name, None, resources) for resources in middleware.resources]
    return found + around


def wsgi_layers(app: Flask) -> Iterator[object]:
    """Yield what is around the WSGI application of a Flask application, from the outside in, as far as it shows."""
    wrapped: Any = app.wsgi_app
    while wrapped is not None:
        layer = getattr(wrapped, "__self__", wrapped)
        if layer is app:
            break
        yield layer
        # Most middleware has one of these attributes.
        wrapped = getattr(layer, "wsgi_app", None) or getattr(layer, "app", None)


def decorated_views(app: Flask) -> Iterator[tuple[str, ViewPolicies]]:
    """Yield the endpoints of decorated views, with their policies."""
    for endpoint, view in app.view_functions.items():
        policies = policies_of(view)
        if policies is not None:
            yield endpoint, policies


def policies_for(app: Flask, path: str, rule: Rule | None) -> list[AppliedPolicy]:
    """Return the policies for a path, the strongest first. Each adds headers only if those before it add none.

    :param path: the path as Flask decodes it
    :param rule: the URL rule of its route, if it has one
    :raises ValueError: the configuration does not make a valid policy for the view
    """
    if rule is not None:
        policies = policies_of(app.view_functions.get(rule.endpoint))
        if policies is not None:
            return [AppliedPolicy("@cross_origin", None, policies.options_for(app))]
    found: list[AppliedPolicy] = []
    for source in policy_sources(app):
        if source.blueprint is not None and (rule is None or not belongs_to(rule, source.blueprint)):
            continue
        number = source.resources.rules.match(path)
        if number is not None:
            pattern, options = source.resources.patterns[number]
            found.append(AppliedPolicy(source.name, pattern_text(pattern), options))
    return found


class RoutedResource:
    """A resource, with sample paths of the routes of its application.

    :param source: the extension or middleware that it belongs to
    :param number: its position among the resources of the source
    :param paths: the sample paths for which it is the first resource that matches
    :param route_paths: the sample paths of all routes to which the source applies
    """

    def __init__(self, source: PolicySource, number: int, paths: Sequence[str], route_paths: Sequence[str]) -> None:
        self.source = source
        self.number = number
        self.paths = paths
        self.route_paths = route_paths

    @property
    def pattern(self) -> Pattern:
        """The path pattern."""
        return self.source.resources.patterns[self.number][0]

    @property
    def text(self) -> str:
        """The path pattern as it was written."""
        return pattern_text(self.pattern)

    @LazyProperty
    def hidden_path(self) -> str | None:
        """A sample path that the pattern matches, if an earlier resource matches all of these."""
        if self.paths:
            return None
        return next((path for path in self.route_paths if matches_path(self.pattern, path)), None)

    def __str__(self) -> str:
        return f"{self.text} of {self.source.name}"


def routed_resources(app: Flask, *, decorated: bool) -> Iterator[RoutedResource]:
    """Yield all resources of an application. No route reaches a resource that has no ``paths``.

    :param decorated: whether routes to decorated views count, although the decorator decides about their requests
    """
    left_out: set[str] = set()
    if not decorated:
        left_out = {endpoint for endpoint, _ in decorated_views(app)}
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint not in left_out]
    routes = [(rule, path) for rule in rules for path in sample_paths(rule)]
    for source in policy_sources(app):
        patterns, match = source.resources.patterns, source.resources.rules.match
        route_paths = [path for rule, path in routes if source.blueprint is None or belongs_to(rule, source.blueprint)]
        paths: list[list[str]] = [[] for _ in patterns]
        for path in route_paths:
            number = match(path)
            if number is not None:
                paths[number].append(path)
        for number in range(len(patterns)):
            yield RoutedResource(source, number, paths[number], route_paths)


def matches_path(pattern: Pattern, path: str) -> bool:
    """Whether the pattern of a resource matches a path."""
    return pattern.match(path) is not None if isinstance(pattern, RegexPattern) else path == pattern


def belongs_to(rule: Rule, blueprint: str) -> bool:
    """Whether a route belongs to a Blueprint, or to a Blueprint nested in it."""
    return blueprint in blueprints_of(rule.endpoint)


_SAMPLES: Mapping[str, tuple[str, str]] = {
    "int": ("1", "20"),
    "float": ("1.5", "20.0"),
    "uuid": ("00000000-0000-4000-8000-000000000000", "123e4567-e89b-42d3-a456-426614174000"),
    "path": ("x", "x/y"),
}
"""Values for the URL converters of Werkzeug."""

_VARIABLE = re.compile(r"<(?:(?P<converter>\w+)(?:\((?P<arguments>.*?)\))?:)?\w+>")


def sample_paths(rule: Rule) -> list[str]:
    """Return paths of a route: its own path, or two with likely values if it has variables."""
    return list(dict.fromkeys(_VARIABLE.sub(partial(_sample, number), rule.rule) for number in range(2)))


def _sample(number: int, variable: re.Match[str]) -> str:
    if variable["converter"] == "any":
        items = [item.strip(" '\"") for item in variable["arguments"].split(",")]
        return items[min(number, len(items) - 1)]
    return _SAMPLES.get(variable["converter"], ("x", "y-2"))[number]
