"""Who is told about decisions: the log in debug mode, the recorder of a report-only policy, and receivers of signals.

Loaded when there is one of them. Whatever they do, the response stays the same.
"""

from __future__ import annotations

from sys import modules
from typing import TYPE_CHECKING, Any

from . import _log
from ._engine.decision import Decision
from ._headers import ENVIRON_ORIGIN, VARY, has_allow_origin, merge_vary
from ._options.patterns import pattern_text
from ._process_state import import_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ._engine.contract import Environ, HeaderList, Policy
    from ._options.parse import Options
    from ._options.resources import Resources
    from .report_only import Recorder


class Observer:
    """Tells what was decided about the requests to one application.

    :param sender: a weak reference to the application, or to the middleware
    :param name: what the rules belong to: ``CORS(app)``, ``CORS(name of a Blueprint)`` or ``CORSMiddleware``
    :param recorder: a function that returns where differences from a report-only policy are recorded
    :param request: a function that returns the request for an environ
    :param route: a function that returns the URL rule of a request
    :param debug: whether it is logged why a browser will block a request
    """

    __slots__ = ("_debug", "_recorder", "_request", "_route", "name", "sender")

    def __init__(
        self,
        sender: Callable[[], object],
        name: str,
        *,
        recorder: Callable[[], Recorder],
        request: Callable[[Environ], object],
        route: Callable[[Environ], str],
        debug: bool,
    ) -> None:
        self._recorder, self._request, self._route = recorder, request, route
        self._debug = debug
        self.name = name
        self.sender = sender

    def observe(
        self,
        environ: Environ,
        decision: Decision,
        rule: str,
        candidate: Callable[[], tuple[Decision, str]] | None,
    ) -> None:
        """Tell what was decided about a request.

        :param rule: the policy that decided
        :param candidate: a function that returns the decision of the report-only policy, and what that is
        """
        try:
            self._observe(environ, decision, rule, candidate)
        except Exception:
            _log.warn("A CORS decision could not be observed", level=_log.ERROR, exc_info=True)

    def decide_in_turn(
        self, sets: Sequence[Resources], environ: Environ, path: str, headers: HeaderList
    ) -> tuple[Decision, str]:
        """Ask the sets of rules of a middleware until one allows the origin, and append the headers.

        :returns: the decision, and which policy it comes from
        """
        decided = Decision((), "no rule for this path"), self.name
        for resources in sets:
            decision, rule, options = decide(resources, environ, path, self.name)
            add(decision, options, headers)
            if has_allow_origin(headers):
                return decision, rule
            if decided[0].reason == "no rule for this path":
                decided = decision, rule
        return decided

    def _observe(
        self, environ: Environ, decision: Decision, rule: str, candidate: Callable[[], tuple[Decision, str]] | None
    ) -> None:
        if not environ.get(ENVIRON_ORIGIN):
            return
        if self._debug:
            with import_lock.current:
                from ._decision_log import log_blocked

            log_blocked(decision, environ, rule)
        if candidate is not None:
            other, other_rule = candidate()
            if other.reason != decision.reason or other.headers != decision.headers:
                where = self._route(environ), rule, other_rule
                self._recorder().compare(environ, decision, other, where)
        signals = modules.get("flask_cors_rs.signals")
        if signals is not None and signals.have_receivers():
            for error in signals.send(self.sender(), decision, rule, self._request(environ)):
                _log.warn("A receiver of a CORS signal failed: %s", _log.escaped(repr(error)), level=_log.ERROR)


def decide(resources: Resources, environ: Environ, path: str, name: str) -> tuple[Decision, str, Options | None]:
    """Decide about a request by the rule for a path.

    :param name: the name of the extension or middleware that the resources belong to
    :returns: the decision, which policy it comes from, and the options of that
    """
    number = resources.rules.match(path)
    if number is None:
        return Decision((), "no rule for this path"), name, None
    pattern, options = resources.patterns[number]
    return resources.policies[number].decide(environ), f"{pattern_text(pattern)} of {name}", options


def add(decision: Decision, options: Options | None, headers: HeaderList) -> None:
    """Append the headers of a decision, as the policy itself does."""
    if options is None or options.vary_header != "always":
        headers.extend(decision.headers)
        return
    for name, value in decision.headers:
        if name == VARY:
            merge_vary(headers, value.split(", "))
        else:
            headers.append((name, value))


class ObservedPolicy:
    """The policy of a decorated view, whose decisions are observed."""

    __slots__ = ("_candidate", "_observer", "_options", "_policy", "decide")

    def __init__(self, policy: Policy, options: Options, observer: Observer, candidate: Policy | None) -> None:
        self._policy, self._options, self._observer, self._candidate = policy, options, observer, candidate
        self.decide = policy.decide

    def apply(self, environ: Environ, headers: HeaderList, /) -> None:
        """Append the headers, and tell what was decided."""
        decision = self._policy.decide(environ)
        add(decision, self._options, headers)
        self.observe(environ, decision)

    def observe(self, environ: Environ, decision: Decision) -> None:
        """Tell what the policy has decided about a request."""
        policy, name = self._candidate, "@cross_origin"
        candidate: Any = None if policy is None else lambda: (policy.decide(environ), name)
        self._observer.observe(environ, decision, name, candidate)
