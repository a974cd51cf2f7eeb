"""What a middleware does with requests."""

from __future__ import annotations

import os
from sys import modules
from threading import RLock
from typing import TYPE_CHECKING, Any
from weakref import ReferenceType, ref

from ._engine.path import decoded
from ._headers import EVALUATED, has_allow_origin

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Final, Literal, Protocol, Union

    from ._engine.contract import Environ, HeaderList
    from ._engine.decision import Decision, Reason
    from ._observation import Observer
    from ._options.resources import Resources
    from .report_only import Recorder

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
    """What a middleware knows about a request after passing it on.

    :param app: the application that the middleware belongs to, if it is known
    :param outer: that of a middleware around this one
    """

    __slots__ = ("app", "done", "environ", "is_handled", "outer", "path_info")

    def __init__(self, app: object, outer: Evaluation | None) -> None:
        self.app = app
        self.outer = outer
        self.is_handled = False
        """Whether the application is handling the request, if another middleware can change it."""
        self.done = False
        """Whether a policy has decided."""
        self.environ: Environ | None = None
        """The environ that has reached the application, if another middleware can change it."""
        self.path_info: str | None = None
        """The PATH_INFO in that environ."""


def note_evaluation(environ: Environ) -> None:
    """Note for all middlewares around a view that the view's own policy has decided."""
    evaluation: Evaluation | None = environ.get(EVALUATED)
    while evaluation is not None:
        evaluation.done = True
        evaluation = evaluation.outer


def note_request(environ: Environ, app: object) -> list[Evaluation]:
    """Note for the middleware of an application which request has reached the application.

    The request that a view is handling stays the same if the view makes another one.

    :returns: the evaluations in which the request is noted
    """
    noted: list[Evaluation] = []
    evaluation: Evaluation | None = environ.get(EVALUATED)
    while evaluation is not None:
        if evaluation.app is app and not evaluation.is_handled:
            evaluation.environ, evaluation.path_info = environ, environ.get("PATH_INFO") or ""
            # An application that was asked before may have decided, and what is in between dropped its response.
            evaluation.done = False
            evaluation.is_handled = True
            noted.append(evaluation)
        evaluation = evaluation.outer
    return noted


def note_outer_evaluation(environ: Environ, app: object) -> None:
    """Note for the middleware of another application, in which this one is mounted, that a policy has decided."""
    evaluation = outer_evaluation(environ, app)
    if evaluation is not None:
        evaluation.done = True


def outer_evaluation(environ: Environ, app: object) -> Evaluation | None:
    """Return the evaluation of the application in which another one is mounted, whose policy decides then."""
    evaluation: Evaluation | None = None if app is None else environ.get(EVALUATED)
    while evaluation is not None and (evaluation.app is None or evaluation.app is app):
        evaluation = evaluation.outer
    return evaluation


class _Decorations:
    """How many policies there are in this process beside that of one middleware."""

    __slots__ = ("count", "marks", "middlewares")

    def __init__(self) -> None:
        self.count = 0
        """How many views have been decorated, applications and Blueprints got a hook, and further middlewares made."""
        self.marks = False
        """Whether a response may be marked as decided about: a view has been decorated, or the mark imported."""
        self.middlewares = 0
        """How many middlewares of Flask applications have been made."""


def may_mark() -> None:
    """Note that from now on something may mark responses as decided about."""
    if not decorations.marks:
        decorations.marks = True
        forget_plans()


_observable: set[ReferenceType[Any]] = set()
"""Weak references to whatever has chosen what to do with requests. It chooses again if its method ``forget_plan`` is
called.
"""


def register(chooser: Any) -> None:
    """Register an object that has a method ``forget_plan``, for :func:`forget_plans`."""
    # This takes a third of the time of a WeakSet, and another thread can add a reference while the set is copied.
    _observable.add(ref(chooser, _observable.discard))


def is_observed(report_only: object) -> bool:
    """Whether anybody is told about decisions, apart from the log in debug mode."""
    signals = modules.get("flask_cors_rs.signals")
    return report_only is not None or (signals is not None and signals.have_receivers())


class LazyRecorder:
    """What records differences from report-only policies. It is made when it is first needed."""

    __slots__ = ("_made",)

    def __init__(self) -> None:
        self._made: list[Recorder] = []

    def __call__(self) -> Recorder:
        """Return the recorder."""
        if not self._made:
            from .report_only import Recorder

            # Two threads can do so at the same time. The first one counts.
            self._made.append(Recorder())
        return self._made[0]


def forget_plans() -> None:
    """Let everything that handles requests choose again what to do with them."""
    for reference in _observable.copy():
        chooser = reference()
        if chooser is not None:
            chooser.forget_plan()


class ForkableLock:
    """A reentrant lock that is free in a forked process, whichever thread of the parent held it at the fork.

    Use it as ``with lock.current:``. What is released is then what was acquired, also if the process forks meanwhile.
    """

    __slots__ = ("__weakref__", "current")

    def __init__(self) -> None:
        self.current = RLock()
        _locks.add(ref(self, _locks.discard))


_locks: set[ReferenceType[ForkableLock]] = set()


def _free_locks() -> None:
    for reference in _locks.copy():
        lock = reference()
        if lock is not None:
            lock.current = RLock()


def _begin_in_child() -> None:
    # Another thread of the parent may have been changing what the plans are made from.
    _free_locks()
    forget_plans()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_in_child)

# An object with a slot: reading it takes 100 instructions fewer than reading an attribute of a class.
decorations = _Decorations()


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
