"""The places that a policy can have, and applications with a policy there."""

from __future__ import annotations

from typing import Any

from flask import Flask
from werkzeug.test import Client

from flask_cors_rs import CORS, CORSMiddleware, cross_origin

RULES = {
    "hook": "/* of CORS(app)",
    "middleware": "/* of CORS(app)",
    "decorator": "@cross_origin",
    "decorator in middleware": "@cross_origin",
    "outer middleware": "/* of CORSMiddleware",
}
"""What the rule of each is called, where it applies to every path."""


def make_app(placement: str, vary: str | None = None, **options: Any) -> tuple[Client, Any]:
    """Return a client that sends no cookies of its own, and the application or the middleware around it.

    :param vary: the Vary that the view sets
    """
    app = Flask("placements")
    headers = {} if vary is None else {"Vary": vary}
    view: Any = lambda number: (f"item {number}", headers)  # noqa: E731
    if "decorator" in placement:
        view = cross_origin(**options)(view)
    app.add_url_rule("/items/<int:number>", "item", view, methods=["GET", "PUT"])
    if placement in {"hook", "middleware"}:
        CORS(app, middleware=placement == "middleware", **options)
    elif placement == "decorator in middleware":
        CORS(app, middleware=True, origins=[])
    elif placement == "outer middleware":
        outer = CORSMiddleware(app.wsgi_app, **options)
        return Client(outer, use_cookies=False), outer
    return app.test_client(use_cookies=False), app
