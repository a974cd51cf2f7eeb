"""The extension: CORS for an application, or a Blueprint, by path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from weakref import ref

from ._flask.context import CONTEXT
from ._flask.hook import Registration, make_after_request
from ._flask.state import state_of
from ._headers import INTERCEPTED
from ._options.parse import config_layer, resolved
from ._options.resources import compile_resources
from ._process_state import ForkableLock, decorations
from ._setup_audit import audit_at_setup

if TYPE_CHECKING:
    from flask import Blueprint, Flask, Response
    from typing_extensions import Unpack

    from ._flask.hook import AfterRequest
    from ._options.resources import Resources
    from .options import CORSOptions


class CORS:
    """Cross-origin resource sharing for the paths of a Flask application or Blueprint.

    >>> from flask import Flask
    >>> app = Flask(__name__)
    >>> cors = CORS(app, resources={r"/api/.*": {"origins": "https://app.example"}})

    Options come from four levels, the strongest first: the dict of a resource, the keywords of :meth:`init_app`, the
    keywords of this class, and the ``CORS_*`` keys of ``app.config``. They are read when :meth:`init_app` runs; a
    later change of the configuration has no effect.

    With ``middleware=True`` the headers are added around ``app.wsgi_app``, and preflights are answered there, before
    Flask sees them: see :class:`~flask_cors_rs.CORSMiddleware`.

    :param app: the application or Blueprint; leave it out to call :meth:`init_app` later, for one application or for
        several
    :param options: see :class:`~flask_cors_rs.options.CORSOptions`; the names, meanings and defaults are those of
        Flask-CORS
    :raises ValueError: an option is wrong; the message says which one and how to fix it
    :raises TypeError: an option has the wrong type
    """

    def __init__(self, app: Flask | Blueprint | None = None, **options: Unpack[CORSOptions]) -> None:
        self._options = options
        self._registrations: list[ref[Registration]] = []
        # Reentrant, as a signal handler may call reconfigure() while another call runs.
        self._lock = ForkableLock()
        self._calls = self._latest = 0
        """How many calls of ``reconfigure()`` have begun, and the number of the latest one whose rules are in use."""
        self._waiting: list[tuple[int, CORSOptions, list[tuple[Registration, Resources]]]] = []
        self._replacing: object = None
        """The lock under which a call replaces rules. In a forked process it is no longer the current one."""
        if app is not None:
            self.init_app(app, **options)

    def __getstate__(self) -> dict[str, Any]:
        """Return what :mod:`copy` and :mod:`pickle` copy. The copy is not registered with any application."""
        own = CORS().__dict__.keys() - {"_options"}
        return {name: value for name, value in self.__dict__.items() if name not in own}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Become a copy of another extension."""
        CORS.__init__(self)
        self.__dict__.update(state)

    def init_app(self, app: Flask | Blueprint, **options: Unpack[CORSOptions]) -> None:
        """Register the extension with an application or Blueprint.

        :param app: the application or Blueprint
        :param options: as for :class:`CORS`; they override those given there
        :raises ValueError: an option is wrong
        :raises TypeError: an option has the wrong type
        """
        app = cast("Flask", resolved(app))  # It may be current_app.
        resources = compile_resources(options, self._options, config=config_layer(app))
        registration = Registration(app, resources)
        _audit(registration, resources)
        is_blueprint = not hasattr(app, "wsgi_app")
        if is_blueprint or not resources.middleware:
            decorations.count += 1
        if not is_blueprint:
            state_of(app)  # Programs read it.
        after_request = make_after_request(registration)
        if resources.middleware:
            from ._flask.middleware import add_middleware

            add_middleware(app, registration)
        else:
            app.after_request(after_request)
        if resources.intercept_exceptions and hasattr(app, "handle_exception"):
            # The hook runs here before those of Blueprints and of other extensions, as in Flask-CORS.
            _intercept(app, "handle_user_exception", after_request, redirects=not resources.middleware)
            if not resources.middleware:
                _intercept(app, "handle_exception", after_request)
        with self._lock.current:
            self._registrations.append(ref(registration, self._registrations.remove))

    def reconfigure(self, **options: Unpack[CORSOptions]) -> None:
        """Change the policies of a running application, without a restart.

        The options replace those given to :class:`CORS` and :meth:`init_app`, for every application that this
        extension is registered with; the ``CORS_*`` keys of each application are read again. All options are checked
        before any policy changes. A request is then handled by the old policies or by the new ones, never by a
        mixture. A call that refuses its options changes nothing. If an exception of a signal handler interrupts a call,
        either all policies are changed or none.

        :param options: as for :class:`CORS`, except ``intercept_exceptions`` and ``middleware``, which are read only
            when the extension is registered
        :raises ValueError: an option is wrong, or is one of these two
        :raises TypeError: an option has the wrong type
        """
        given: dict[str, Any] = dict(options)
        for name in ("intercept_exceptions", "middleware"):
            if name in given:
                raise ValueError(
                    f"{name}={given[name]!r} is read only when the extension is registered: leave it out of"
                    " reconfigure(), and restart the application to change it"
                )
        lock = self._lock.current
        with lock:
            self._calls += 1
            call = self._calls
            # A copy, as the garbage collection can remove items at any time.
            registrations = [each for reference in self._registrations.copy() if (each := reference()) is not None]
            compiled = [(each, compile_resources(options, config=config_layer(each.app))) for each in registrations]
            for registration, resources in compiled:
                _audit(registration, resources)
            replacing = self._replacing
            try:
                self._waiting.append((call, options, compiled))
                self._replace_rules(lock)
            except BaseException:
                # A signal handler has raised it. By now some of the policies can have changed: change the others too.
                self._replacing = replacing
                try:
                    self._replace_rules(lock)
                finally:
                    # If another one raises, the next call changes them.
                    self._replacing = replacing
                raise

    def _replace_rules(self, lock: object) -> None:
        """Replace the rules by those of the latest call of ``reconfigure()``.

        A signal handler can interrupt one call by another. While a call replaces rules, the others leave theirs to it.
        """
        while self._waiting and self._replacing is not lock:
            self._replacing = lock
            while self._waiting:
                call, options, compiled = self._waiting[0]
                if call > self._latest:
                    for registration, resources in compiled:
                        registration.replace_rules(resources)
                    self._options, self._latest = options, call
                # Not before: what an exception interrupts is done again.
                self._waiting.pop(0)
            self._replacing = None


def _audit(registration: Registration, resources: Resources) -> None:
    """Audit new policies of an application. A Blueprint has no debug mode."""
    app = registration.app
    audit_at_setup(resources, registration.name, getattr(app, "config", None), debug=getattr(app, "debug", False))


def _intercept(app: Any, name: str, after_request: AfterRequest, *, redirects: bool = True) -> None:
    """Pass the response of an exception handler of the application through the hook as well.

    :param redirects: whether to do so with redirects of the routing, too; the middleware gives these the policy for
        their target
    """
    handler = getattr(app, name)

    def handle(*args: Any, **kwargs: Any) -> Response:
        response: Response = app.make_response(handler(*args, **kwargs))
        request = CONTEXT.get().request
        if INTERCEPTED in request.environ:
            return response
        if not redirects:
            from ._flask.routing import is_redirect

            if is_redirect(request.routing_exception, response.headers or ()):
                return response
        return after_request(response)

    setattr(app, name, handle)
