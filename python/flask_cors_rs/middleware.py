"""CORS around any WSGI application."""

from __future__ import annotations

from functools import partial
from logging import WARNING
from typing import TYPE_CHECKING, Any, Final, Literal

from . import _log
from ._audit import audit_at_setup
from ._path import decoded
from .decision import Decision
from .resources import Resources, compile_resources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from _typeshed.wsgi import StartResponse, WSGIApplication
    from typing_extensions import Unpack

    from ._backend import Environ, HeaderList
    from .options import CORSOptions

EVALUATED: Final = "flask_cors_rs.evaluated"
"""The key that the decorator leaves in a request's environ, for middleware around it to see."""

INTERCEPTED: Final = "flask_cors_rs.intercepted"
"""The key that it leaves where it will add its headers to the response of an error handler."""

OWN_POLICIES: Final[list[str]] = []
"""What has a policy of its own inside an application: decorated views, and Blueprints. While there is none, no
preflight need be routed."""

ALLOW_ORIGIN: Final = "Access-Control-Allow-Origin"


class CORSMiddleware:
    """Cross-origin resource sharing around a WSGI application, of whatever framework.

    >>> from wsgiref.simple_server import demo_app
    >>> application = CORSMiddleware(demo_app, origins="https://app.example")

    A preflight for a path that has a rule is answered at once, and does not reach the application: 204 and
    the CORS headers where the policy allows what it asks, 403 and none where it does not. Every other
    response gets its headers when the application starts it, unless it has an Access-Control-Allow-Origin.

    The paths of ``resources`` are compared with PATH_INFO, so under a mount they are those of the
    application that is mounted.

    :param wsgi_app: the application (PEP 3333)
    :param debug: whether the answer to a refused preflight says why
    :param options: those of :class:`~flask_cors_rs.CORS`; see :class:`~flask_cors_rs.options.CORSOptions`.
        ``automatic_options``, ``intercept_exceptions`` and ``middleware`` have no meaning here
    :raises ValueError: an option is wrong: the message says which, and what to do
    :raises TypeError: the same, for a value of a type from which nothing can be made
    """

    debug: bool = False
    apply: Callable[[Environ, str, HeaderList], None]

    def __init__(self, wsgi_app: WSGIApplication, *, debug: bool = False, **options: Unpack[CORSOptions]) -> None:
        self.wsgi_app = wsgi_app
        self.debug = debug
        resources, _, _, audit = compile_resources(options)
        audit_at_setup(resources, "CORSMiddleware", audit)
        self.use([resources])

    def use(self, resources: Sequence[Resources]) -> None:
        """Replace the rules. Of several sets each is asked in turn, until one allows the origin."""
        self.resources = resources
        if len(resources) == 1:
            self._preflight = resources[0].rules.preflight
        else:
            self._preflight = self._preflight_in_turn
        self.apply = self._apply_first

    def _plain_apply(self) -> Callable[[Environ, str, HeaderList], None]:
        return self.resources[0].rules.apply_around if len(self.resources) == 1 else self._apply_in_turn

    def _apply_first(self, environ: Environ, path_info: str, headers: HeaderList) -> None:
        # Whether an application is in debug mode is known by its first request.
        self.apply = self._apply_and_explain if self.debug else self._plain_apply()
        self.apply(environ, path_info, headers)

    def _apply_and_explain(self, environ: Environ, path_info: str, headers: HeaderList) -> None:
        has_allow_origin = any(name.lower() == "access-control-allow-origin" for name, _ in headers)
        self._plain_apply()(environ, path_info, headers)
        if not has_allow_origin and len(self.resources) == 1:
            self.resources[0].log_blocked(environ, decoded(path_info), "CORSMiddleware")

    def _apply_in_turn(self, environ: Environ, path_info: str, headers: HeaderList) -> None:
        for resources in self.resources:
            resources.rules.apply_around(environ, path_info, headers)

    def _preflight_in_turn(self, environ: Environ, headers: HeaderList) -> str | None:
        first = None
        for resources in self.resources:
            reason = resources.rules.preflight(environ, headers)
            if any(name == ALLOW_ORIGIN for name, _ in headers):
                return reason
            first = first or reason
        return first

    def own_decision(self, environ: Environ) -> Decision | Literal[False] | None:
        """What the view that a preflight is for says to it; False where the application is to answer, None where
        the view has no policy of its own.
        """
        return None

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request, as PEP 3333 says."""
        if environ["REQUEST_METHOD"] == "OPTIONS":
            added: HeaderList = []
            reason = self._preflight(environ, added)
            if reason is not None:
                own = self.own_decision(environ) if OWN_POLICIES else None
                if own is not False:
                    if own is not None:
                        added, reason = [*own.headers], own.reason
                    # What `is_quiet` does stands in place of a call of it.
                    if _log.ROOT.level < WARNING or _log.LOG.level:
                        self.log(environ, environ.get("PATH_INFO", ""), own)
                    if reason != "allowed" and self.debug:
                        decision = Decision((), reason)
                        _log.log_blocked(decision, environ, "CORSMiddleware" if own is None else "@cross_origin")
                    if reason == "allowed":
                        start_response("204 No Content", added)
                        return []
                    return self._refuse(reason, added, start_response)
        # The path now, as the application may change it.
        return self.wsgi_app(environ, partial(_start, self, environ, environ.get("PATH_INFO", ""), start_response))

    def _refuse(self, reason: str, decided: HeaderList, start_response: StartResponse) -> Iterable[bytes]:
        body = f"CORS preflight refused: {reason}\n" if self.debug else "CORS preflight refused\n"
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
        headers += [header for header in decided if header[0] == "Vary"]
        start_response("403 Forbidden", headers)
        return [body.encode()]

    def log(self, environ: Environ, path_info: str, own: Decision | None) -> None:
        """Log what was decided of a request, by the policy of its view or by the rules."""
        if own:
            _log.log_decision(own, environ)
        else:
            for resources in self.resources:
                resources.log(environ, decoded(path_info))


def _start(
    middleware: CORSMiddleware,
    environ: Environ,
    path_info: str,
    start_response: StartResponse,
    status: str,
    headers: HeaderList,
    exc_info: Any = None,
) -> Callable[[bytes], object]:
    """The ``start_response`` that the application gets."""
    # A list of its own, as an application may start every response with the same one.
    headers = [*headers]
    if not (OWN_POLICIES and EVALUATED in environ):
        middleware.apply(environ, path_info, headers)
        if _log.ROOT.level < WARNING or _log.LOG.level:
            middleware.log(environ, path_info, None)
    return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)
