"""The ``resources`` of one extension or middleware, compiled to rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _backend, _log
from .options import DEFAULT_OPTIONS, CompiledRegex, Options, Pattern, parse, parse_resources, warn_of_unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ._backend import Environ


class Resources:
    """Path patterns, in the order in which they are tried, with their options and policies.

    :raises ValueError: options that make no policy
    """

    def __init__(self, resources: Sequence[tuple[Pattern, Options]]) -> None:
        engine = _backend.engine
        self._resources = resources
        self.policies = [engine.Policy(options) for _, options in resources]
        self.rules = engine.Rules([(path, policy) for (path, _), policy in zip(resources, self.policies)])

    @property
    def are_one(self) -> bool:
        """Whether the first rule matches every path."""
        first = self._resources[0][0] if self._resources else ""
        return isinstance(first, CompiledRegex) and first.matches_all

    def leads_elsewhere(self, path: str, target: str) -> bool:
        """Whether two paths have different rules."""
        return self.rules.match(path) != self.rules.match(target)

    def log_match(self, path: str) -> int | None:
        """Log which rule matches a path, and give its number."""
        number = self.rules.match(path)
        if number is None:
            _log.LOG.debug("No CORS rule matches %s", _log.escaped(path))
        else:
            pattern, options = self._resources[number]
            _log.LOG.debug(
                "Request to %s matches CORS resource %r. Using options: %s",
                _log.escaped(path),
                _text(pattern),
                options,
            )
        return number

    def log(self, environ: Environ, path: str) -> None:
        """Log which rule matches a path, and what it says to a request."""
        number = self.log_match(path)
        if number is not None:
            _log.log_decision(self.policies[number].decide(environ), environ)


def compile_resources(*given: Mapping[str, Any]) -> tuple[Resources, Options, bool]:
    """Merge options, parse and compile them.

    :param given: the layers above the defaults, the strongest first
    :returns: the resources, the options that stand above them, and whether they are for a middleware
    :raises ValueError: an option is wrong
    :raises TypeError: the same, for a value of a type from which nothing can be made
    """
    merge = _backend.engine.merge
    layers: list[Any] = [*given, DEFAULT_OPTIONS]
    merged = merge(layers)
    common = parse(merged)
    resources = parse_resources(merged["resources"])
    warn_of_unknown([*(own for _, own in resources), *layers])
    rules: list[tuple[Pattern, Options]] = [
        # Merged and parsed anew: as in Flask-CORS, an iterator is exhausted by now.
        (path, parse(merge([own, *layers])))
        for path, own in resources
    ]
    _log.LOG.debug("Configuring CORS with resources: %s", [(_text(path), rule) for path, rule in rules])
    return Resources(rules), common, bool(merged["middleware"])


def _text(path: Pattern) -> str:
    return path.pattern.pattern if isinstance(path, CompiledRegex) else path
