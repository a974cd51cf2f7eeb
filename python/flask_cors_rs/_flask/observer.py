"""Who is told about the decisions for a Flask application."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .context import CONTEXT
from .routing import match
from .state import state_of

if TYPE_CHECKING:
    from flask import Flask

    from .._engine.contract import Environ
    from .._observation import Observer


def observer_of(app: Flask) -> Observer:
    """Return the observer of the decisions for an application."""
    from .._observation import Observer

    def request_of(environ: Environ) -> object:
        try:
            return CONTEXT.get().request
        except LookupError:  # A middleware decides before Flask.
            return app.request_class(environ, populate_request=False)

    def route_of(environ: Environ) -> str:
        request: Any = environ.get("werkzeug.request")
        if hasattr(request, "url_rule"):
            return getattr(request.url_rule, "rule", "")
        try:
            rule = match(app, environ).rule
        except Exception:  # A URL converter failed, perhaps because it needs the context of a request.
            return ""
        return getattr(rule, "rule", "")

    return Observer(app, recorder=state_of(app).recorder, request=request_of, route=route_of, debug=app.debug)
