"""The extension: CORS for an application, or a Blueprint, by path."""

from __future__ import annotations

from logging import WARNING
from sys import modules
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from flask import current_app, request

from . import _log
from ._audit import audit_at_setup, ignored_ids
from ._flask_middleware import add_middleware
from ._response import ALLOW_ORIGIN, EVALUATED, HOOK, LIST_HEADERS, add_headers
from .middleware import INTERCEPTED, OWN_POLICIES
from .options import CORSOptions, config_layer
from .resources import Resources, compile_resources

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Blueprint, Flask, Request, Response
    from typing_extensions import Unpack

    from ._backend import Environ, HeaderList

    Apply = Callable[[Environ, str, HeaderList], None]
    AfterRequest = Callable[[Response], Response]

_current_request: Callable[[], Request] = request._get_current_object  # type: ignore[attr-defined]


class CORS:
    """Cross-origin resource sharing for the paths of a Flask application or Blueprint.

    >>> from flask import Flask
    >>> app = Flask(__name__)
    >>> cors = CORS(app, resources={"/api/*": {"origins": "https://app.example"}})

    Options come from four levels, the strongest first: the dict of a resource, the keywords of
    :meth:`init_app`, the keywords given here, and the ``CORS_*`` keys of ``app.config``. They are read
    when :meth:`init_app` runs; a later change of the configuration has no effect.

    With ``middleware=True`` the headers are added around ``app.wsgi_app``, and preflights are answered
    there, before Flask sees them: see :class:`~flask_cors_rs.CORSMiddleware`.

    :param app: the application or Blueprint, or None if :meth:`init_app` is called later, for one
        application or for several
    :param options: see :class:`~flask_cors_rs.options.CORSOptions`; the names, meanings and defaults are
        those of Flask-CORS
    :raises ValueError: an option is wrong: the message says which, and what to do
    :raises TypeError: the same, for a value of a type from which nothing can be made
    """

    def __init__(self, app: Flask | Blueprint | None = None, **options: Unpack[CORSOptions]) -> None:
        self._options = options
        self._registered: list[_Registered] = []
        self._lock = Lock()
        if app is not None:
            self.init_app(app, **options)

    def init_app(self, app: Flask | Blueprint, **options: Unpack[CORSOptions]) -> None:
        """Register the extension with an application or Blueprint.

        :param app: the application or Blueprint
        :param options: as for :class:`CORS`, and stronger than those given there
        :raises ValueError: an option is wrong
        :raises TypeError: the same, for a value of a type from which nothing can be made
        """
        app = cast("Flask", getattr(app, "_get_current_object", lambda: app)())  # current_app, perhaps
        config = config_layer(app)
        resources, common, middleware, audit = compile_resources(options, self._options, config=config)
        audit_at_setup(resources, "CORS(app)", audit, ignored_ids(getattr(app, "config", {})))
        after_request, use_in_hook = make_after_request(resources)
        uses = [use_in_hook]
        if middleware:
            uses.append(add_middleware(app, resources))
        else:
            if not hasattr(app, "wsgi_app"):
                OWN_POLICIES.append(app.name)
            app.after_request(after_request)
        if common.intercept_exceptions and hasattr(app, "handle_exception"):
            # Before the hooks of Blueprints, and of other extensions, see the response.
            _intercept(app, "handle_user_exception", after_request)
            if not middleware:
                _intercept(app, "handle_exception", after_request)
        with self._lock:
            self._registered.append(_Registered(app, uses))

    def reconfigure(self, **options: Unpack[CORSOptions]) -> None:
        """Change the policies of a running application, without a restart.

        The options take the place of those given to :class:`CORS` and :meth:`init_app`, for every application
        that this extension is registered with; the ``CORS_*`` keys of each are read again. All is checked first,
        then swapped: a request sees the old policies or the new ones, whole. A call that fails changes nothing.

        :param options: as for :class:`CORS`, but for ``intercept_exceptions`` and ``middleware``, which decide
            how the extension was registered and cannot change
        :raises ValueError: an option is wrong, or one of those two
        :raises TypeError: the same, for a value of a type from which nothing can be made
        """
        given: dict[str, Any] = dict(options)
        for name in ("intercept_exceptions", "middleware"):
            if name in given:
                raise ValueError(
                    f"{name}={given[name]!r}: it is read when the extension is registered: leave it out of"
                    " reconfigure(), and restart to change it"
                )
        with self._lock:
            compiled = [compile_resources(options, config=config_layer(app)) for app, _ in self._registered]
            for (app, _), (resources, _, _, audit) in zip(self._registered, compiled):
                audit_at_setup(resources, "CORS(app)", audit, ignored_ids(getattr(app, "config", {})))
            for (_, uses), (resources, *_) in zip(self._registered, compiled):
                for use in uses:
                    use(resources)
            self._options = options


class _Registered(NamedTuple):
    """An application, and the functions that give new rules to what was registered with it."""

    app: Flask | Blueprint
    uses: list[Callable[[Resources], None]]


def _intercept(app: Any, name: str, after_request: AfterRequest) -> None:
    """Pass what an exception handler of the application returns through the hook as well."""
    handler = getattr(app, name)

    def handle(*args: Any, **kwargs: Any) -> Response:
        response: Response = app.make_response(handler(*args, **kwargs))
        return response if INTERCEPTED in _current_request().environ else after_request(response)

    setattr(app, name, handle)


def make_after_request(resources: Resources) -> tuple[AfterRequest, Callable[[Resources], None]]:
    """A function for ``Flask.after_request`` that applies the first rule that matches the path.

    :param resources: the rules
    :returns: the function, and another that gives it other rules
    """
    apply: Apply

    def apply_first(environ: Environ, path: str, headers: HeaderList) -> None:
        # Whether the application is in debug mode is known by its first request.
        nonlocal apply
        apply = apply_and_explain if current_app.debug else resources.rules.apply
        apply(environ, path, headers)

    def apply_and_explain(environ: Environ, path: str, headers: HeaderList) -> None:
        before = len(headers)
        resources.rules.apply(environ, path, headers)
        if not any(name.lower() == ALLOW_ORIGIN.lower() for name, _ in headers[:before]):
            resources.log_blocked(environ, path, "CORS(app)")

    apply = apply_first

    def after_request(response: Response) -> Response:
        # Every call counts here: what `is_quiet` does stands in place of a call of it.
        headers: Any = response.headers
        if (
            type(headers) is LIST_HEADERS
            and _log.ROOT.level >= WARNING
            and not _log.LOG.level
            # Looked for only where something may have left it: to find nothing takes long.
            and not ((OWN_POLICIES or "flask_cors" in modules) and hasattr(response, EVALUATED))
        ):
            request = _current_request()
            apply(request.environ, request.path, headers._list)
        else:
            apply_with_care(response, _current_request())
        return response

    def apply_with_care(response: Response, request: Request) -> None:
        current = resources
        if response.headers is not None and response.headers.get(ALLOW_ORIGIN):
            _log.LOG.debug("The response has an Access-Control-Allow-Origin already, skipping")
            return
        number = current.log_match(request.path)
        if number is not None:
            add_headers(current.policies[number], response, request)

    def use(others: Resources) -> None:
        # A request reads one of the two names, once.
        nonlocal apply, resources
        resources = others
        apply = apply_first

    setattr(after_request, HOOK, lambda: resources)
    return after_request, use
