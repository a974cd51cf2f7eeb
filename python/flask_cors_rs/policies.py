"""Which policies an application has, and which of them governs a path."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from . import decorator
from ._response import HOOK
from .middleware import CORSMiddleware
from .resources import pattern_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flask import Flask
    from werkzeug.routing import Rule

    from .options import Options
    from .resources import Resources


class Source(NamedTuple):
    """What gives an application its rules: an extension, or a middleware."""

    name: str
    """As in a program: ``CORS(app)``, ``CORS(blueprint)`` with its name, ``CORSMiddleware``."""
    blueprint: str | None
    """The Blueprint for whose routes it is."""
    resources: Resources


class Governing(NamedTuple):
    """A policy that governs a path."""

    name: str
    """``@cross_origin``, or the name of its source."""
    pattern: str | None
    """The pattern of its rule; None for a decorator."""
    options: Options

    def __str__(self) -> str:
        return self.name if self.pattern is None else f"{self.pattern} of {self.name}"


def sources(app: Flask) -> list[Source]:
    """The extensions and middlewares of an application, in the order in which they come to a response."""
    found: list[Source] = []
    # Flask calls the functions of a Blueprint first, and of each the latest first.
    names: list[Any] = [name for name in app.after_request_funcs if name is not None]
    for name in (*names, None):
        for hook in reversed(app.after_request_funcs.get(name, [])):
            resources = getattr(hook, HOOK, None)
            if resources is not None:
                found.append(Source("CORS(app)" if name is None else f"CORS({name})", name, resources()))
    wrapped: Any = app.wsgi_app
    around: list[Source] = []
    while wrapped is not None:
        middleware = getattr(wrapped, "__self__", wrapped)
        if middleware is app:
            break
        if isinstance(middleware, CORSMiddleware):
            name = "CORSMiddleware" if type(middleware) is CORSMiddleware else "CORS(app)"
            around[:0] = [Source(name, None, resources) for resources in middleware.resources]
        # Most middleware keeps what it wraps under one of these names.
        wrapped = getattr(middleware, "wsgi_app", None) or getattr(middleware, "app", None)
    return found + around


def decorated(app: Flask) -> Iterator[tuple[str, decorator.Policies]]:
    """The endpoints of the views under a decorator, with their policies."""
    for endpoint, view in app.view_functions.items():
        policies = getattr(view, decorator.POLICIES, None)
        if policies is not None:
            yield endpoint, policies


def governing(app: Flask, path: str, rule: Rule | None) -> list[Governing]:
    """The policies for a path, the strongest first; the others add headers only where it adds none.

    :param path: as Flask decodes it
    :param rule: the rule of the route, if there is one
    :raises ValueError: the configuration makes no policy for the view
    """
    if rule is not None:
        policies = getattr(app.view_functions.get(rule.endpoint), decorator.POLICIES, None)
        if policies is not None:
            return [Governing("@cross_origin", None, policies.parsed(app))]
    found: list[Governing] = []
    for source in sources(app):
        if source.blueprint is not None and (rule is None or not belongs(rule, source.blueprint)):
            continue
        number = source.resources.rules.match(path)
        if number is not None:
            pattern, options = source.resources.patterns[number]
            found.append(Governing(source.name, pattern_text(pattern), options))
    return found


def belongs(rule: Rule, blueprint: str) -> bool:
    """Whether a route is of a Blueprint, or of one nested in it."""
    return blueprint in _blueprints(rule.endpoint.rpartition(".")[0])


def _blueprints(name: str) -> list[str]:
    """A Blueprint and those in which it is nested."""
    return [name, *_blueprints(name.rpartition(".")[0])] if name else []


_SAMPLES: Mapping[str, tuple[str, str]] = {
    "int": ("1", "20"),
    "float": ("1.5", "20.0"),
    "uuid": ("00000000-0000-4000-8000-000000000000", "123e4567-e89b-42d3-a456-426614174000"),
    "path": ("x", "x/y"),
}
"""Texts that the converters of werkzeug take."""

_VARIABLE = re.compile(r"<(?:(?P<converter>\w+)(?:\((?P<arguments>.*?)\))?:)?\w+>")


def sample_paths(rule: Rule) -> list[str]:
    """Paths that a route takes: its own where it has no variables. What is said of one with variables is a guess."""
    return list(dict.fromkeys(_VARIABLE.sub(partial(_sample, number), rule.rule) for number in range(2)))


def _sample(number: int, variable: re.Match[str]) -> str:
    if variable["converter"] == "any":
        items = [item.strip(" '\"") for item in variable["arguments"].split(",")]
        return items[min(number, len(items) - 1)]
    return _SAMPLES.get(variable["converter"], ("x", "y-2"))[number]
