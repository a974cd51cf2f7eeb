"""Policies that Flask-CORS cannot express: docs/policies.md. Run it with ``flask --app examples/tenants run``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, abort, jsonify

from flask_cors_rs import CORS, Cached, Origin, Regex, Subdomains, cross_origin

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

TENANTS = {"https://shop.customer.example": "customer"}
"""As a table of a database would have it."""


def is_tenant(origin: str) -> bool:
    """Whether a tenant has registered this origin."""
    return origin in TENANTS


def create_app() -> Flask:
    """The application: an API for our own pages, preview deployments and the pages of tenants."""
    app = Flask(__name__)
    CORS(
        app,
        # Preflights are answered before Flask; one that a slash would redirect is answered for the target.
        middleware=True,
        # Behind a cache that all of them share.
        vary_header="always",
        resources={
            "/api/*": {
                "origins": [
                    Origin("https://app.example"),
                    Subdomains("https://tenants.example"),
                    Regex(r"https://pr-[0-9]+\.preview\.example"),
                    Cached(is_tenant, max_age=60),
                ],
                "supports_credentials": True,
            },
        },
    )

    @app.get("/api/orders/")
    def orders() -> ResponseReturnValue:
        return jsonify([{"id": 1}, {"id": 2}])

    @app.get("/api/orders/<int:number>")
    # Partners see why: the error has the view's policy too.
    @cross_origin(origins=Subdomains("https://partner.example", apex=True), intercept_exceptions=True)
    async def order(number: int) -> ResponseReturnValue:
        if number > 2:
            abort(404)
        return jsonify(id=number)

    return app
