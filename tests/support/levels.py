"""Every place where a user can write an option."""

from __future__ import annotations

from typing import Any

from flask import Flask

from flask_cors_rs import CORS, CORSMiddleware, cross_origin

LEVELS = ("config", "CORS", "init_app", "resource", "decorator", "middleware", "outer middleware")
"""``middleware`` is the option of the extension, ``outer middleware`` a CORSMiddleware around the application."""


def make_app(level: str = "CORS", view: Any = lambda: "hello", **options: Any) -> Flask:
    """Return an application with a view at ``/`` and with options at one of the levels."""
    app = Flask(__name__, static_folder=None)
    if level == "decorator":
        view = cross_origin(**options)(view)
    app.add_url_rule("/", endpoint="view", view_func=view)
    if level == "config":
        app.config.update({f"CORS_{name.upper()}": value for name, value in options.items()})
        CORS(app)
    elif level in {"CORS", "middleware"}:
        CORS(app, middleware=level == "middleware", **options)
    elif level == "init_app":
        CORS().init_app(app, **options)
    elif level == "resource":
        CORS(app, resources={"/*": options})
    elif level == "outer middleware":
        app.wsgi_app = CORSMiddleware(app.wsgi_app, **options)  # type: ignore[method-assign]
    return app
