"""The paths of one extension or middleware, with their options, compiled to rules."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from importlib import import_module
from sys import modules
from typing import TYPE_CHECKING, Any, cast

from .. import _engine, _log, _process_state
from .parse import DEFAULT_OPTIONS, parse, parse_own, parse_resources, reads_the_same, warn_of_unknown
from .patterns import pattern_text

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterator, Sequence

    from .._engine.contract import Environ, Policy
    from .parse import Options
    from .patterns import Pattern


class Resources:
    """Path patterns with their options, in the order in which they are tried, compiled to rules.

    :param resources: the patterns and their options
    :raises ValueError: options that do not make a valid policy
    """

    config: Mapping[str, Any] | None = None
    """The options that came from the configuration, if there is one."""
    layers: Sequence[Mapping[str, Any]] = ()
    """The options that came from elsewhere, the strongest layer first."""
    overridden: Collection[str] = ()
    """The names of the options that the configuration could not have decided."""
    middleware: bool = False
    """Whether the option ``middleware`` is on."""
    intercept_exceptions: bool = True
    """Whether the option ``intercept_exceptions`` is on, apart from the resources."""
    audit: str = "log"
    """The option ``audit``: ``log``, ``raise`` or ``off``."""
    report_only: Resources | None = None
    """The policies that are only compared with these, from the option ``report_only``."""

    def __init__(self, resources: Sequence[tuple[Pattern, Options]]) -> None:
        engine = _engine.engine
        self.patterns = resources
        policies: dict[Options, Policy] = {}
        for _, options in resources:
            if options not in policies:
                policies[options] = engine.Policy(options)
        self.policies = [policies[options] for _, options in resources]
        self.rules = engine.Rules([(path, policy) for (path, _), policy in zip(resources, self.policies)])

    def __iter__(self) -> Iterator[tuple[str, Options]]:
        """Iterate over the patterns as they were written, with their options."""
        return ((pattern_text(pattern), options) for pattern, options in self.patterns)

    def rule_differs(self, path: str, target: str) -> bool:
        """Whether two paths have different rules."""
        return self.rules.match(path) != self.rules.match(target)

    def log_match(self, path: str) -> int | None:
        """Log which rule matches a path, and return its number."""
        number = self.rules.match(path)
        if number is None:
            _log.write(_log.DEBUG, "No CORS rule matches %s", _log.escaped(path))
        else:
            pattern, options = self.patterns[number]
            _log.write(
                _log.DEBUG,
                "Request to %s matches CORS resource %r. Using options: %s",
                _log.escaped(path),
                pattern_text(pattern),
                options,
            )
        return number

    def log_decision(self, environ: Environ, path: str) -> None:
        """Log which rule matches a path, and what it decides about a request."""
        number = self.log_match(path)
        if number is not None:
            with _process_state.import_lock.current:
                from .._decision_log import log_decision

            log_decision(self.policies[number].decide(environ), environ)

    def rule_for(self, path: str) -> str | None:
        """Return the pattern of the rule for a path, as it was written."""
        number = self.rules.match(path)
        return None if number is None else pattern_text(self.patterns[number][0])


def compile_resources(*given: Mapping[str, Any], config: Mapping[str, Any] | None = None) -> Resources:
    """Merge, parse and compile options.

    :param given: the layers above the configuration, the strongest first
    :param config: the options in the configuration, if there is one
    :raises ValueError: an option is wrong
    :raises TypeError: an option has the wrong type
    """
    merge = _engine.engine.merge
    layers = [*given, config or {}]
    written = merge(layers)
    common = parse_own(written)
    merged = merge([written, cast("Mapping[str, Any]", DEFAULT_OPTIONS)])
    resources = parse_resources(merged["resources"])
    for path, own in resources:
        _refuse_common_options(path, own)
    warn_of_unknown([*(own for _, own in resources), *layers])
    rules: list[tuple[Pattern, Options]]
    if all(reads_the_same(value) for layer in layers for value in layer.values()):
        rules = [(path, parse_own(own, common) if own else common) for path, own in resources]
    else:
        # As in Flask-CORS, an iterator among the common options is exhausted by now.
        rules = [(path, parse(merge([own, merged]))) for path, own in resources]
    if _log.LOG.isEnabledFor(_log.DEBUG):
        shown = [(pattern_text(path), options) for path, options in rules]
        _log.write(_log.DEBUG, "Configuring CORS with resources: %s", shown)
    if merged["audit"] not in ("log", "raise", "off"):
        raise ValueError(f"audit={merged['audit']!r} is not a valid value: give 'log', 'raise' or 'off'")
    compiled = Resources(rules)
    compiled.config, compiled.layers = config, [*(own for _, own in resources), *given]
    compiled.overridden = {name for layer in given for name in layer}
    compiled.middleware, compiled.audit = bool(merged["middleware"]), merged["audit"]
    compiled.intercept_exceptions = common.intercept_exceptions
    if merged["report_only"] is not None:
        others = {name: value for name, value in (config or {}).items() if name != "report_only"}
        with report_only_errors():
            compiled.report_only = compile_resources(check_report_only(merged["report_only"]), config=others)
    return compiled


def _refuse_common_options(path: Pattern, own: Mapping[str, Any]) -> None:
    """Refuse options in a resource that apply to all resources. Flask-CORS does not have them."""
    for name in ("audit", "middleware", "report_only"):
        if name in own:
            raise ValueError(
                f"resources: {name}={own[name]!r} has no effect in {pattern_text(path)!r}, because it applies to all"
                " resources: pass it to CORS() or CORSMiddleware()"
            )


def check_report_only(options: Any) -> Mapping[str, Any]:
    """Return the option ``report_only`` if it can be one.

    :raises ValueError: it contains an option that a policy does not have
    :raises TypeError: it is not a mapping
    """
    if not isinstance(options, Mapping):
        raise TypeError(f"{options!r} is not a mapping: give a dict of options, such as {{'origins': [...]}}")
    given = cast("Mapping[str, Any]", options)
    for name in ("audit", "intercept_exceptions", "middleware", "report_only"):
        if name in given:
            raise ValueError(f"{name}={given[name]!r} has no effect on what a policy allows: leave it out")
    # Here, because a request should not wait for it.
    with _process_state.import_lock.current:
        import_module("flask_cors_rs.report_only")
        import_module("flask_cors_rs._observation")
        # The recorded request is Flask's, or else Werkzeug's.
        import_module("flask_cors_rs._flask.observer" if "flask" in modules else "werkzeug.wrappers")
    return given


@contextmanager
def report_only_errors() -> Generator[None]:
    """Let errors say that they are about the option ``report_only``."""
    try:
        yield
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"report_only: {error}") from error
