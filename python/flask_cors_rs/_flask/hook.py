"""The ``after_request`` function of an extension."""

from __future__ import annotations

from functools import partial
from logging import WARNING
from sys import modules
from typing import TYPE_CHECKING, Any, Final

from .. import _log
from .._evaluation import note_outer_evaluation
from .._headers import ALLOW_ORIGIN, has_allow_origin
from .._process_state import ForkableLock, decorations, imports, is_observed, register
from .context import CONTEXT, refuse_outside_request
from .response import EVALUATED as RESPONSE_EVALUATED, LIST_HEADERS, add_headers

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Blueprint, Flask, Request, Response

    from .._engine.contract import Environ, HeaderList
    from .._observation import Observer
    from .._options.resources import Resources

    Apply = Callable[[Environ, str, HeaderList], None]
    AfterRequest = Callable[[Response], Response]

NAME: Final = "CORS(app)"
RESOURCES: Final = "_flask_cors_rs_resources"
"""The attribute by which our ``after_request`` functions are known: a function that returns their resources."""


class Registration:
    """The rules of an extension in one application or Blueprint. The hook and the middleware find them here.

    It exists as long as something applies the rules. The extension must not keep it, as that would keep the application
    in existence.

    :param app: the application or Blueprint, if it is known
    :param resources: the rules
    """

    __slots__ = ("__weakref__", "app", "forget_plans", "resources")

    def __init__(self, app: Flask | Blueprint | None, resources: Resources) -> None:
        self.app = app
        self.resources = resources
        self.forget_plans: list[Callable[[], None]] = []
        """Functions that let the hook and the middleware choose again what to do with requests."""

    def replace_rules(self, resources: Resources) -> None:
        """Replace the rules. A request that has begun keeps those it began with."""
        # One assignment decides: a process that forks, or a signal handler that raises, can stop this at any line.
        self.resources = resources
        for forget_plan in self.forget_plans:
            forget_plan()


def make_after_request(registration: Registration) -> AfterRequest:
    """Make a function for ``Flask.after_request`` that applies the first rule that matches the path."""
    lock = ForkableLock()
    apply: Apply | None = None

    def choose_apply() -> Apply:
        """Choose what is done with the requests from now on."""
        # Not before the first request: whether the application is in debug mode is known only then.
        nonlocal apply
        with lock.current:
            while True:
                current = registration.resources
                app = CONTEXT.get().app
                chosen = current.rules.apply
                if app.debug or is_observed(current.report_only):
                    with imports.current:
                        from .observer import observer_of

                    chosen = partial(_apply_and_observe, current, observer_of(app))
                if decorations.middlewares:
                    chosen = partial(_apply_and_note, chosen)
                apply = chosen
                # A signal handler that reconfigures can have interrupted this.
                if registration.resources is current:
                    return chosen

    def after_request(response: Response) -> Response:
        try:
            request = CONTEXT.get().request
        except LookupError:
            refuse_outside_request()
        headers: Any = response.headers
        if (
            type(headers) is LIST_HEADERS
            # `_log.is_quiet()`, inlined: that saves about 100 instructions per request.
            and _log.ROOT.level >= WARNING
            and not _log.LOG.level
            # The attribute is looked for only where something can have set it: that saves about 300 instructions.
            and not ((decorations.marks or "flask_cors" in modules) and hasattr(response, RESPONSE_EVALUATED))
        ):
            (apply or choose_apply())(request.environ, request.path, headers._list)
        else:
            add_with_public_api(response, request)
        return response

    def add_with_public_api(response: Response, request: Request) -> None:
        _note(request.environ)
        current = registration.resources
        if response.headers is not None and response.headers.get(ALLOW_ORIGIN):
            _log.write(_log.DEBUG, "The response already has an Access-Control-Allow-Origin, skipping")
            return
        number = current.log_match(request.path)
        if number is not None:
            add_headers(current.policies[number], response, request)

    def forget_plan() -> None:
        nonlocal apply
        # Not while a function is chosen, which would replace this.
        with lock.current:
            apply = None

    hook: Any = after_request
    setattr(hook, RESOURCES, lambda: registration.resources)
    hook.forget_plan = forget_plan
    registration.forget_plans.append(forget_plan)
    register(hook)
    return after_request


def _apply_and_note(apply: Apply, environ: Environ, path: str, headers: HeaderList) -> None:
    """Add the headers to a response of an application that may be mounted in another one with a middleware."""
    apply(environ, path, headers)
    _note(environ)


def _note(environ: Environ) -> None:
    """Note for the middleware of another application that a policy has decided."""
    note_outer_evaluation(environ, CONTEXT.get().app)


def _apply_and_observe(
    resources: Resources, observer: Observer, environ: Environ, path: str, headers: HeaderList
) -> None:
    """Add the headers to a response, and tell the observer what was decided."""
    if has_allow_origin(headers):
        return
    from .._observation import add, decide

    app = CONTEXT.get().app
    if observer.sender() is not app:
        # A Blueprint can be registered in several applications.
        from .observer import observer_of

        observer = observer_of(app)

    decision, rule, options = decide(resources, environ, path, NAME)
    add(decision, options, headers)
    report_only = resources.report_only
    candidate = None if report_only is None else lambda: decide(report_only, environ, path, NAME)[:2]
    observer.observe(environ, decision, rule, candidate)


def resources_of(hook: object) -> Resources | None:
    """Return the resources of an ``after_request`` function, or None if it is not one of ours."""
    resources: Callable[[], Resources] | None = getattr(hook, RESOURCES, None)
    return None if resources is None else resources()
