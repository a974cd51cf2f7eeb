"""The extension: CORS for an application, or a Blueprint, by path."""

from __future__ import annotations

from logging import WARNING
from typing import TYPE_CHECKING, Any

from flask import request

from . import _log
from ._flask_middleware import add_middleware
from ._response import ALLOW_ORIGIN, EVALUATED, HOOK, LIST_HEADERS, add_headers
from .middleware import OWN_POLICIES
from .options import CORSOptions, config_layer
from .resources import Resources, compile_resources

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Blueprint, Flask, Request, Response
    from typing_extensions import Unpack

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
        if app is not None:
            self.init_app(app, **options)

    def init_app(self, app: Flask | Blueprint, **options: Unpack[CORSOptions]) -> None:
        """Register the extension with an application or Blueprint.

        :param app: the application or Blueprint
        :param options: as for :class:`CORS`, and stronger than those given there
        :raises ValueError: an option is wrong
        :raises TypeError: the same, for a value of a type from which nothing can be made
        """
        resources, common, middleware = compile_resources(options, self._options, config_layer(app))
        after_request = make_after_request(resources)
        if middleware:
            add_middleware(app, resources)
        else:
            if not hasattr(app, "wsgi_app"):
                OWN_POLICIES.append(app.name)
            app.after_request(after_request)
        if common.intercept_exceptions and hasattr(app, "handle_exception"):
            # Before the hooks of Blueprints, and of other extensions, see the response.
            _intercept(app, "handle_user_exception", after_request)
            if not middleware:
                _intercept(app, "handle_exception", after_request)


def _intercept(app: Any, name: str, after_request: AfterRequest) -> None:
    """Pass what an exception handler of the application returns through the hook as well."""
    handler = getattr(app, name)

    def handle(*args: Any, **kwargs: Any) -> Response:
        return after_request(app.make_response(handler(*args, **kwargs)))

    setattr(app, name, handle)


def make_after_request(resources: Resources) -> AfterRequest:
    """A function for ``Flask.after_request`` that applies the first rule that matches the path.

    :param resources: the rules
    """
    apply = resources.rules.apply

    def after_request(response: Response) -> Response:
        # Every call counts here: what `is_quiet` does stands in place of a call of it.
        headers: Any = response.headers
        if (
            type(headers) is LIST_HEADERS
            and _log.ROOT.level >= WARNING
            and not _log.LOG.level
            and not hasattr(response, EVALUATED)
        ):
            request = _current_request()
            apply(request.environ, request.path, headers._list)
        else:
            apply_with_care(response, _current_request())
        return response

    def apply_with_care(response: Response, request: Request) -> None:
        if response.headers is not None and response.headers.get(ALLOW_ORIGIN):
            _log.LOG.debug("The response has an Access-Control-Allow-Origin already, skipping")
            return
        number = resources.log_match(request.path)
        if number is not None:
            add_headers(resources.policies[number], response, request)

    setattr(after_request, HOOK, True)
    return after_request
