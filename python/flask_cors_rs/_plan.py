"""What a middleware does with requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._engine.path import decoded
from ._headers import EVALUATED, has_allow_origin

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Final, Literal, Protocol, Union

    from ._engine.contract import Environ, HeaderList
    from ._engine.decision import Reason
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


class Evaluation:
    """Whether a policy inside of a middleware has decided about a request.

    :param app: the application that the middleware belongs to, if it is known
    """

    __slots__ = ("app", "done")

    def __init__(self, app: object = None) -> None:
        self.app = app
        self.done = False


def note_evaluation(environ: Environ) -> None:
    """Note for a middleware around a view that the view's own policy has decided."""
    evaluation: Evaluation | None = environ.get(EVALUATED)
    if evaluation is not None:
        evaluation.done = True


def note_outer_evaluation(environ: Environ, app: object) -> None:
    """Note for the middleware of another application, in which this one is mounted, that a policy has decided."""
    evaluation = outer_evaluation(environ, app)
    if evaluation is not None:
        evaluation.done = True


def outer_evaluation(environ: Environ, app: object) -> Evaluation | None:
    """Return the evaluation of the application in which another one is mounted, whose policy decides then."""
    evaluation: Evaluation | None = environ.get(EVALUATED)
    if evaluation is None or app is None or evaluation.app is None or evaluation.app is app:
        return None
    return evaluation


class _Decorations:
    """How many policies there are in this process beside that of one middleware."""

    __slots__ = ("count", "middlewares")

    def __init__(self) -> None:
        self.count = 0
        """How many views have been decorated, applications and Blueprints got a hook, and further middlewares made."""
        self.middlewares = 0
        """How many middlewares of Flask applications have been made."""


# An object with a slot: reading it takes 100 instructions fewer than reading an attribute of a class.
decorations = _Decorations()


class Plan:
    """What a middleware does with requests. It never changes; the middleware replaces it as a whole.

    :param resources: the sets of rules, in the order in which they are asked
    :param debug: whether it is logged why a browser will block a request
    """

    __slots__ = ("apply", "debug", "decoration_count", "preflight", "resources")

    def __init__(self, resources: tuple[Resources, ...], *, debug: bool) -> None:
        self.resources = resources
        self.debug = debug
        self.decoration_count = decorations.count
        """The count when the plan was made. A plan with another count may not know the policy of a view."""
        self.preflight: Preflight = self.preflight_by_rules()
        """Append the headers that answer an OPTIONS request, and return the reason."""
        self.apply: Callable[[Environ, str, HeaderList], None] = self.apply_by_rules()
        """Append the headers to the response to a request for a PATH_INFO."""

    def preflight_by_rules(self) -> PreflightByRules:
        """Return the function that decides about preflights by the rules alone."""
        # Calling the engine directly saves about 400 instructions per request.
        return self.resources[0].rules.preflight if len(self.resources) == 1 else self._preflight_in_turn

    def apply_by_rules(self) -> Callable[[Environ, str, HeaderList], None]:
        """Return the function that adds headers by the rules alone."""
        if self.debug:
            return self._apply_and_explain
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

    def _apply_and_explain(self, environ: Environ, path_info: str, headers: HeaderList) -> None:
        is_ours = not has_allow_origin(headers)
        self._apply_in_turn(environ, path_info, headers)
        if is_ours and len(self.resources) == 1:
            self.resources[0].log_blocked(environ, decoded(path_info), "CORSMiddleware")

    def log(self, environ: Environ, path_info: str) -> None:
        """Log what the rules decide about a request."""
        for resources in self.resources:
            resources.log_decision(environ, decoded(path_info))

    def log_preflight(self, environ: Environ) -> None:
        """Log what is decided about a preflight."""
        self.log(environ, environ.get("PATH_INFO") or "")

    def explain_refusal(self, environ: Environ, reason: PreflightResult) -> None:
        """Log why a browser will block the request whose preflight is refused."""
        self._log_blocked(environ, reason, "CORSMiddleware")

    def _log_blocked(self, environ: Environ, reason: PreflightResult, where: str) -> None:
        from ._decision_log import log_blocked
        from ._engine.decision import Decision

        # mypy does not narrow the type with `not in`.
        if reason != APPLICATION_DECIDES and reason != VIEWS_HAVE_CHANGED:  # noqa: PLR1714
            log_blocked(Decision((), reason), environ, where)
