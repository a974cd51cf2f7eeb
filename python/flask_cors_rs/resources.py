"""The ``resources`` of one extension or middleware, compiled to rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from . import _backend, _log
from .decision import Decision
from .options import DEFAULT_OPTIONS, CompiledRegex, Options, Pattern, parse, parse_resources, warn_of_unknown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from ._backend import Environ


class Resources:
    """Path patterns, in the order in which they are tried, with their options and policies.

    :raises ValueError: options that make no policy
    """

    config: Mapping[str, Any] | None = None
    """The options that the configuration had."""
    layers: Sequence[Mapping[str, Any]] = ()
    """The options that were given otherwise, the strongest first."""
    overridden: Collection[str] = ()
    """The options that the configuration could not have decided."""

    def __init__(self, resources: Sequence[tuple[Pattern, Options]]) -> None:
        engine = _backend.engine
        self.patterns = resources
        self.policies = [engine.Policy(options) for _, options in resources]
        self.rules = engine.Rules([(path, policy) for (path, _), policy in zip(resources, self.policies)])

    def __iter__(self) -> Iterator[tuple[str, Options]]:
        """The patterns as they were written, with their options."""
        return ((pattern_text(pattern), options) for pattern, options in self.patterns)

    @property
    def are_one(self) -> bool:
        """Whether the first rule matches every path."""
        first = self.patterns[0][0] if self.patterns else ""
        return isinstance(first, CompiledRegex) and first.matches_all

    def leads_elsewhere(self, path: str, target: str) -> bool:
        """Whether two paths have different rules."""
        return self.rules.match(path) != self.rules.match(target)

    def log_blocked(self, environ: Environ, path: str, name: str) -> None:
        """Log why a browser will block a request to a path, if it will."""
        number = self.rules.match(path)
        if number is None:
            _log.log_blocked(Decision((), "no rule for this path"), environ, name)
        else:
            where = f"{pattern_text(self.patterns[number][0])} of {name}"
            _log.log_blocked(self.policies[number].decide(environ), environ, where)

    def log_match(self, path: str) -> int | None:
        """Log which rule matches a path, and give its number."""
        number = self.rules.match(path)
        if number is None:
            _log.LOG.debug("No CORS rule matches %s", _log.escaped(path))
        else:
            pattern, options = self.patterns[number]
            _log.LOG.debug(
                "Request to %s matches CORS resource %r. Using options: %s",
                _log.escaped(path),
                pattern_text(pattern),
                options,
            )
        return number

    def log(self, environ: Environ, path: str) -> None:
        """Log which rule matches a path, and what it says to a request."""
        number = self.log_match(path)
        if number is not None:
            _log.log_decision(self.policies[number].decide(environ), environ)


class Compiled(NamedTuple):
    """The options of an extension or middleware, compiled."""

    resources: Resources
    common: Options
    """The options that stand above the resources."""
    middleware: bool
    """Whether they are for a middleware."""
    audit: str
    """What to do with the findings of an audit: ``log``, ``raise`` or ``off``."""


def compile_resources(*given: Mapping[str, Any], config: Mapping[str, Any] | None = None) -> Compiled:
    """Merge options, parse and compile them.

    :param given: the layers above the configuration, the strongest first
    :param config: the options in the configuration, if there is one
    :raises ValueError: an option is wrong
    :raises TypeError: the same, for a value of a type from which nothing can be made
    """
    merge = _backend.engine.merge
    layers: list[Any] = [*given, config or {}, DEFAULT_OPTIONS]
    merged = merge(layers)
    common = parse(merged)
    resources = parse_resources(merged["resources"])
    warn_of_unknown([*(own for _, own in resources), *layers])
    rules: list[tuple[Pattern, Options]] = [
        # Merged and parsed anew: as in Flask-CORS, an iterator is exhausted by now.
        (path, parse(merge([own, *layers])))
        for path, own in resources
    ]
    _log.LOG.debug("Configuring CORS with resources: %s", [(pattern_text(path), rule) for path, rule in rules])
    if merged["audit"] not in {"log", "raise", "off"}:
        raise ValueError(f"audit={merged['audit']!r} is unknown: give 'log', 'raise' or 'off'")
    compiled = Resources(rules)
    compiled.config, compiled.layers = config, [*(own for _, own in resources), *given]
    compiled.overridden = {name for layer in given for name in layer}
    return Compiled(compiled, common, bool(merged["middleware"]), merged["audit"])


def pattern_text(path: Pattern) -> str:
    """A pattern as it was written."""
    return path.pattern.pattern if isinstance(path, CompiledRegex) else path
