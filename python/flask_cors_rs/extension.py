"""The extension: CORS for an application, or a Blueprint, by path."""

from __future__ import annotations

from logging import WARNING
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from flask import request

from . import _backend, _log
from ._response import ALLOW_ORIGIN, EVALUATED, LIST_HEADERS, add_headers, normalized_path
from .options import (
    DEFAULT_OPTIONS,
    CORSOptions,
    Options,
    Pattern,
    Regex,
    config_layer,
    parse,
    parse_resources,
    warn_of_unknown,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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
        engine = _backend.engine
        layers: list[Any] = [options, self._options, config_layer(app), DEFAULT_OPTIONS]
        merged = engine.merge(layers)
        common = parse(merged)
        resources = parse_resources(merged["resources"])
        warn_of_unknown([*(own for _, own in resources), *layers])
        rules: list[tuple[Pattern, Options]] = [
            # Merged and parsed anew: as in Flask-CORS, an iterator is exhausted by now.
            (path, parse(engine.merge([own, *layers])))
            for path, own in resources
        ]
        _log.LOG.debug("Configuring CORS with resources: %s", [(_text(path), rule) for path, rule in rules])
        after_request = make_after_request(rules)
        app.after_request(after_request)
        if common.intercept_exceptions and hasattr(app, "handle_exception"):
            _intercept(app, "handle_exception", after_request)
            _intercept(app, "handle_user_exception", after_request)


def _intercept(app: Any, name: str, after_request: AfterRequest) -> None:
    """Pass what an exception handler of the application returns through the hook as well."""
    handler = getattr(app, name)

    def handle(*args: Any, **kwargs: Any) -> Response:
        return after_request(app.make_response(handler(*args, **kwargs)))

    setattr(app, name, handle)


def _text(path: Pattern) -> str:
    return path.pattern.pattern if isinstance(path, Regex) else path


def make_after_request(resources: Sequence[tuple[Pattern, Options]]) -> AfterRequest:
    """A function for ``Flask.after_request`` that applies the first rule that matches the path.

    :param resources: path patterns with their options, in the order in which they are tried
    :raises ValueError: options that make no policy
    """
    engine = _backend.engine
    policies = [engine.Policy(options) for _, options in resources]
    rules = engine.Rules([(path, policy) for (path, _), policy in zip(resources, policies)])
    apply = rules.apply

    def after_request(response: Response) -> Response:
        # Every call counts here: what `is_quiet` and `normalized_path` do stands in place of a call of them.
        headers: Any = response.headers
        if (
            type(headers) is LIST_HEADERS
            and _log.ROOT.level >= WARNING
            and not _log.LOG.level
            and not hasattr(response, EVALUATED)
        ):
            request = _current_request()
            path = request.path
            apply(request.environ, unquote(path) if "%" in path else path, headers._list)
        else:
            apply_with_care(response, _current_request())
        return response

    def apply_with_care(response: Response, request: Request) -> None:
        if response.headers is not None and response.headers.get(ALLOW_ORIGIN):
            _log.LOG.debug("The response has an Access-Control-Allow-Origin already, skipping")
            return
        number = rules.match(normalized_path(request.path))
        path = _log.escaped(request.path)
        if number is None:
            _log.LOG.debug("No CORS rule matches %s", path)
            return
        pattern, options = resources[number]
        _log.LOG.debug("Request to %s matches CORS resource %r. Using options: %s", path, _text(pattern), options)
        add_headers(policies[number], response, request)

    return after_request
