"""What a middleware does with requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._engine.path import decoded
from ._headers import has_allow_origin
from ._process_state import decorations

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Final, Literal, Protocol, Union

    from ._engine.contract import Environ, HeaderList
    from ._engine.decision import Decision, Reason
    from ._observation import Observer
    from ._options.resources import Resources

    PreflightResult = Union[Reason, Literal["the application decides", "the views have changed"]]
    Preflight = Callable[[Environ, HeaderList], PreflightResult]

    class PreflightByRules(Protocol):
        """A function that decides about an OPTIONS request by rules, for its path or for another one."""

        def __call__(self, environ: Environ, headers: HeaderList, path_info: str | None = None, /) -> Reason:
            """Append the headers that answer the request, and return the reason."""
            ...


APPLICATION_DECIDES: Final = "the application decides"
VIEWS_HAVE_CHANGED: Final = "the views have changed"
"""The result for which a new plan must be made, because this one does not know all views of the application."""
PASSED_ON: Final = frozenset({"not a preflight", "no rule for this path", APPLICATION_DECIDES})
"""The results for which an OPTIONS request goes to the application."""


class Plan:
    """What a middleware does with requests. It never changes; the middleware replaces it as a whole.

    :param resources: the sets of rules, in the order in which they are asked
    :param observer: who is told about decisions
    """

    __slots__ = ("apply", "decoration_count", "needs_evaluation", "observer", "preflight", "resources")

    def __init__(self, resources: tuple[Resources, ...], observer: Observer | None) -> None:
        self.resources = resources
        self.observer = observer
        self.decoration_count = decorations.count
        """The count when the plan was made. A plan with another count may not know the policy of a view."""
        self.needs_evaluation = False
        """Whether a middleware in between can lead a request to a path with another policy, or a response can be marked
        as decided about.
        """
        self.preflight: Preflight = self.preflight_by_rules() if observer is None else self._preflight_and_observe
        """Append the headers that answer an OPTIONS request, and return the reason."""
        self.apply: Callable[[Environ, str, HeaderList], None] = self.apply_by_rules()
        """Append the headers to the response to a request for a PATH_INFO."""

    def preflight_by_rules(self) -> PreflightByRules:
        """Return the function that decides about preflights by the rules alone."""
        # Calling the engine directly saves about 400 instructions per request.
        return self.resources[0].rules.preflight if len(self.resources) == 1 else self._preflight_in_turn

    def apply_by_rules(self) -> Callable[[Environ, str, HeaderList], None]:
        """Return the function that adds headers by the rules alone."""
        if self.observer is not None:
            return self._apply_and_observe
        return self.resources[0].rules.apply_path_info if len(self.resources) == 1 else self._apply_in_turn

    def _preflight_in_turn(self, environ: Environ, headers: HeaderList, path_info: str | None = None) -> Reason:
        """Ask each set of rules until one allows the origin."""
        result: Reason = "no rule for this path"
        for resources in self.resources:
            reason = resources.rules.preflight(environ, headers, path_info)
            if has_allow_origin(headers):
                return reason
            if result == "no rule for this path":
                result = reason
        return result

    def _apply_in_turn(self, environ: Environ, path_info: str, headers: HeaderList) -> None:
        for resources in self.resources:
            resources.rules.apply_path_info(environ, path_info, headers)

    def _preflight_and_observe(self, environ: Environ, headers: HeaderList) -> PreflightResult:
        reason = self.preflight_by_rules()(environ, headers)
        return self.observe_preflight(environ, headers, reason)

    def observe_preflight(
        self, environ: Environ, headers: HeaderList, reason: Reason, path_info: str | None = None
    ) -> Reason:
        """Tell the observer what the rules have decided about a preflight, and return the reason.

        :param path_info: the path whose rule decides, by default that of the request
        """
        observer = self.observer
        if observer is not None and reason not in PASSED_ON:
            from ._engine.decision import Decision

            path = decoded(environ.get("PATH_INFO") if path_info is None else path_info)
            rule = next((rule for own in self.resources if (rule := own.rule_for(path))), "")
            decision = Decision(tuple(headers), reason)
            candidate = self._candidate(observer, environ, path)
            observer.observe(environ, decision, f"{rule} of {observer.name}", candidate)
        return reason

    def _apply_and_observe(self, environ: Environ, path_info: str, headers: HeaderList) -> None:
        observer = self.observer
        if has_allow_origin(headers) or observer is None:
            return
        path = decoded(path_info)
        decision, rule = observer.decide_in_turn(self.resources, environ, path, headers)
        observer.observe(environ, decision, rule, self._candidate(observer, environ, path))

    def _candidate(self, observer: Observer, environ: Environ, path: str) -> Callable[[], tuple[Decision, str]] | None:
        """Return a function that decides about a request by the report-only policies, if there are any."""
        if all(own.report_only is None for own in self.resources):
            return None
        return lambda: observer.decide_in_turn([own.report_only or own for own in self.resources], environ, path, [])

    def log(self, environ: Environ, path_info: str) -> None:
        """Log what the rules decide about a request."""
        for resources in self.resources:
            resources.log_decision(environ, decoded(path_info))

    def log_preflight(self, environ: Environ) -> None:
        """Log what is decided about a preflight."""
        self.log(environ, environ.get("PATH_INFO") or "")
