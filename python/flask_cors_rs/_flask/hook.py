"""The ``after_request`` function of an extension."""

from __future__ import annotations

from functools import partial
from logging import WARNING
from sys import modules
from typing import TYPE_CHECKING, Any, Final

from .. import _log
from .._evaluation import note_outer_evaluation
from .._headers import ALLOW_ORIGIN, has_allow_origin
from .._process_state import ForkableLock, decorations, import_lock, is_observed, register
from .context import CONTEXT, refuse_outside_request
from .response import EVALUATED as RESPONSE_EVALUATED, LIST_HEADERS, add_headers
from .state import extension_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Blueprint, Flask, Request, Response

    from .._engine.contract import Environ, HeaderList
    from .._observation import Observer
    from .._options.resources import Resources

    Apply = Callable[[Environ, str, HeaderList], None]
    AfterRequest = Callable[[Response], Response]

RESOURCES: Final = "_flask_cors_rs_resources"
"""The attribute by which our ``after_request`` functions are known: a function that returns their resources."""
NAME: Final = "_flask_cors_rs_name"
"""The attribute of such a function that says what messages call its extension."""
OBSERVED: Final = "_flask_cors_rs_observed"
"""The attribute of a request that lists the resources whose decision about it has been observed. It is not a key of the
environ, because a program may use one environ for several requests."""


class Registration:
    """The rules of an extension in one application or Blueprint. The hook and the middleware find them here.

    It exists as long as something applies the rules. The extension must not keep it, as that would keep the application
    in existence.

    :param app: the application or Blueprint, if it is known
    :param resources: the rules
    """

    __slots__ = ("__weakref__", "app", "forget_plans", "name", "resources")

    def __init__(self, app: Flask | Blueprint | None, resources: Resources) -> None:
        self.app = app
        self.name = extension_name(None if hasattr(app, "wsgi_app") else getattr(app, "name", None))
        """What messages call the extension."""
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
    # The option is read here, as those of `reconfigure()` do not include it.
    apply_observed = partial(_apply_observed, registration.name, registration.resources.middleware)
    apply: Apply | None = None

    def choose_apply() -> Apply:
        """Choose what is done with the requests from now on."""
        # Not before the first request: whether the application is in debug mode is known only then.
        nonlocal apply
        with lock.current:
            while True:
                current = registration.resources
                chosen = apply_observed(current) or current.rules.apply
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
        observed = None if hasattr(response, RESPONSE_EVALUATED) else apply_observed(current)
        _add_by_rule(current, observed, response, request)

    def forget_plan() -> None:
        nonlocal apply
        # Not while a function is chosen, which would replace this.
        with lock.current:
            apply = None

    hook: Any = after_request
    setattr(hook, RESOURCES, lambda: registration.resources)
    setattr(hook, NAME, registration.name)
    hook.forget_plan = forget_plan
    registration.forget_plans.append(forget_plan)
    register(hook)
    return after_request


def _add_by_rule(resources: Resources, observed: Apply | None, response: Response, request: Request) -> None:
    """Add the headers of the first rule that matches the path with the public functions, and log that rule.

    :param observed: the function that adds the headers if somebody observes
    """
    path = request.path
    number = resources.log_match(path)
    if number is None:
        if observed is not None:
            # The headers of the response are left as they are, whatever their type.
            observed(request.environ, path, [])
        return
    policy = resources.policies[number]
    if observed is not None:
        with import_lock.current:
            from .observer import ObservedRule

        policy = ObservedRule(observed, path, policy)
    add_headers(policy, response, request)


def _apply_observed(name: str, in_middleware: bool, resources: Resources) -> Apply | None:
    """Return a function that adds the headers and tells the observer what was decided, or None if nobody observes.

    :param name: what messages call the extension
    :param in_middleware: whether a middleware of the same extension is around the application
    """
    app = CONTEXT.get().app
    if not (app.debug or is_observed(resources.report_only)):
        return None
    with import_lock.current:
        from .observer import observer_of

    return partial(_apply_and_observe, resources, in_middleware, observer_of(app, name))


def _apply_and_note(apply: Apply, environ: Environ, path: str, headers: HeaderList) -> None:
    """Add the headers to a response of an application that may be mounted in another one with a middleware."""
    apply(environ, path, headers)
    _note(environ)


def _note(environ: Environ) -> None:
    """Note for the middleware of another application that a policy has decided."""
    note_outer_evaluation(environ, CONTEXT.get().app)


def _apply_and_observe(
    resources: Resources, in_middleware: bool, observer: Observer, environ: Environ, path: str, headers: HeaderList
) -> None:
    """Add the headers to a response, and tell the observer what was decided."""
    if has_allow_origin(headers):
        return
    from .._observation import add, decide

    context = CONTEXT.get()
    app = context.app
    name = observer.name
    if observer.sender() is not app:
        # A Blueprint can be registered in several applications.
        from .observer import observer_of  # It is loaded, as it made the observer.

        observer = observer_of(app, name)

    decision, rule, options = decide(resources, environ, path, name)
    add(decision, options, headers)
    if in_middleware and not has_allow_origin(decision.headers):
        # The middleware decides about this response as well, and tells its observer.
        return
    # The response of an error handler passes the hook twice.
    observed: list[Resources] = vars(context.request).setdefault(OBSERVED, [])
    if resources in observed:
        return
    observed.append(resources)
    report_only = resources.report_only
    candidate = None if report_only is None else lambda: decide(report_only, environ, path, name)[:2]
    observer.observe(environ, decision, rule, candidate)


def resources_of(hook: object) -> Resources | None:
    """Return the resources of an ``after_request`` function, or None if it is not one of ours."""
    resources: Callable[[], Resources] | None = getattr(hook, RESOURCES, None)
    return None if resources is None else resources()
