"""CORS around any WSGI application."""

from __future__ import annotations

from functools import partial
from logging import WARNING
from typing import TYPE_CHECKING, Any
from weakref import ref

from . import _log
from ._evaluation import Evaluation, outer_evaluation
from ._headers import EVALUATED, VARY
from ._options.resources import compile_resources
from ._plan import PASSED_ON, VIEWS_HAVE_CHANGED, Plan
from ._process_state import ForkableLock, LazyRecorder, decorations, import_lock, is_observed, register
from ._setup_audit import audit_at_setup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication
    from typing_extensions import Unpack

    from ._engine.contract import Environ, HeaderList
    from ._observation import Observer
    from ._options.resources import Resources
    from .options import CORSOptions
    from .report_only import Report


class CORSMiddleware:
    """Cross-origin resource sharing around a WSGI application of any framework.

    >>> from wsgiref.simple_server import demo_app
    >>> application = CORSMiddleware(demo_app, origins="https://app.example")

    A preflight for a path that has a rule is answered at once and does not reach the application: with status 204
    and the CORS headers if the policy allows what it asks for, with status 403 and no CORS headers if not. Every other
    response gets its headers when the application starts it, unless it already has an Access-Control-Allow-Origin.

    The paths of ``resources`` are compared with PATH_INFO, so under a mount point they are relative to it.

    :param wsgi_app: the application (PEP 3333)
    :param debug: whether the answer to a refused preflight says why, blocked requests are logged, and all checks of the
        audit run at set-up
    :param options: those of :class:`~flask_cors_rs.CORS`; see :class:`~flask_cors_rs.options.CORSOptions`.
        ``automatic_options``, ``intercept_exceptions`` and ``middleware`` have no effect here
    :raises ValueError: an option is wrong; the message says which one and how to fix it
    :raises TypeError: an option has the wrong type
    """

    debug: bool = False
    """Whether the answer to a refused preflight says why."""

    _app: Any = None
    """The Flask application, if this middleware belongs to one."""

    def __init__(self, wsgi_app: WSGIApplication, *, debug: bool = False, **options: Unpack[CORSOptions]) -> None:
        resources = compile_resources(options)
        audit_at_setup(resources, "CORSMiddleware", debug=debug)
        self.debug = debug
        self._resources = (resources,)
        self._set_up(wsgi_app)

    def _set_up(self, wsgi_app: WSGIApplication) -> None:
        self.wsgi_app = wsgi_app
        self._lock = ForkableLock()
        self._plan: Plan | None = None
        self._recorder = LazyRecorder()
        register(self)

    @property
    def resources(self) -> tuple[Resources, ...]:
        """The sets of rules, in the order in which they are asked."""
        return self._resources

    def _new_plan(self) -> Plan:
        """Make the plan for the requests from now on."""
        # Not before the first request: whether a Flask application is in debug mode is known only then.
        with self._lock.current:
            while True:
                resources = self.resources
                plan = self._plan = self._make_plan(resources)
                # A signal handler that reconfigures can have interrupted this.
                if self.resources == resources:
                    return plan

    def _make_plan(self, resources: tuple[Resources, ...]) -> Plan:
        return Plan(resources, self._observer() if self._is_observed(resources) else None)

    def _is_observed(self, resources: tuple[Resources, ...]) -> bool:
        # One that has given its rules to another middleware decides nothing.
        return bool(resources) and (self.debug or any(is_observed(own.report_only) for own in resources))

    def _observer(self) -> Observer:
        with import_lock.current:
            from werkzeug.wrappers import Request

            from ._observation import Observer

        return Observer(
            ref(self),
            "CORSMiddleware",
            recorder=self._recorder,
            request=lambda environ: Request(environ, populate_request=False),
            route=lambda _: "",
            debug=self.debug,
        )

    def report(self) -> Report:
        """Return what the option ``report_only`` would change.

        The requests are those that this process has handled since it started.
        """
        return self._recorder().report()

    def forget_plan(self) -> None:
        """Choose again what to do with requests."""
        # Not while a plan is made, which would replace this.
        with self._lock.current:
            self._plan = None

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Handle a request (PEP 3333)."""
        plan = self._plan
        if plan is None:
            plan = self._new_plan()
        if environ["REQUEST_METHOD"] == "OPTIONS":
            # A view that is decorated later has a policy of its own.
            if plan.decoration_count != decorations.count:
                plan = self._new_plan()
            headers: HeaderList = []
            reason = plan.preflight(environ, headers)
            if reason is VIEWS_HAVE_CHANGED:
                plan = self._new_plan()
                reason = plan.preflight(environ, headers)
            if reason == "allowed":
                # `_log.is_quiet()`, inlined: that saves about 100 instructions per request.
                if _log.ROOT.level < WARNING or _log.LOG.level:
                    plan.log_preflight(environ)
                start_response("204 No Content", headers)
                return []
            if reason not in PASSED_ON:
                if not _log.is_quiet():
                    plan.log_preflight(environ)
                return _refuse(reason, headers, start_response, debug=self.debug)
        # A request without an Origin gets headers too, as caches and `always_send` need it. The application may change
        # the path, so it is read before.
        path_info = environ.get("PATH_INFO") or ""
        evaluation = None
        # One without rules has handed them over to another middleware around it.
        if plan.resources and (decorations.count or plan.needs_evaluation):
            evaluation, start_response = _begin_evaluation(self._app, environ, start_response)
        return self.wsgi_app(environ, partial(_start_response, plan, environ, path_info, evaluation, start_response))


def _begin_evaluation(app: object, environ: Environ, start_response: StartResponse) -> tuple[Evaluation, StartResponse]:
    """Give the policies inside of a middleware a place to note that they have decided."""
    outer = outer_evaluation(environ, app)
    evaluation = environ[EVALUATED] = Evaluation(app, environ.get(EVALUATED))
    if outer is not None:
        start_response = partial(_note_and_start_response, outer, start_response)
    return evaluation, start_response


def _note_and_start_response(outer: Evaluation, start_response: StartResponse, /, *args: Any) -> Any:
    outer.done = True
    return start_response(*args)


def _refuse(reason: str, decided: HeaderList, start_response: StartResponse, *, debug: bool) -> Iterable[bytes]:
    """Answer a preflight that the policy does not allow."""
    body = f"CORS preflight refused: {reason}\n" if debug else "CORS preflight refused\n"
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    headers += [header for header in decided if header[0] == VARY]
    start_response("403 Forbidden", headers)
    return [body.encode()]


def _start_response(
    plan: Plan,
    environ: Environ,
    path_info: str,
    evaluation: Evaluation | None,
    start_response: StartResponse,
    status: str,
    response_headers: HeaderList,
    exc_info: Any = None,
) -> Callable[[bytes], object]:
    """Add the headers to a response. The application gets this function as its ``start_response``."""
    # A copy, as an application may start every response with the same list.
    headers = [*response_headers]
    if evaluation is not None:
        if evaluation.path_info is not None:
            path_info = evaluation.path_info
        if evaluation.environ is not None:
            # They refer to each other, so that the environ would have to wait for the garbage collection.
            environ, evaluation.environ = evaluation.environ, None
    if evaluation is None or not evaluation.done:
        plan.apply(environ, path_info, headers)
        if _log.ROOT.level < WARNING or _log.LOG.level:
            plan.log(environ, path_info)
    return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)
