"""Policies that Flask-CORS cannot express. Run it with ``flask --app examples/tenants run``; see docs/policies.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, abort, jsonify

from flask_cors_rs import CORS, Cached, Origin, Regex, Subdomains, cross_origin

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

TENANTS = {"https://shop.customer.example": "customer"}
"""The origins of tenants, which a real application would read from its database."""


def is_tenant(origin: str) -> bool:
    """Whether a tenant has registered this origin."""
    return origin in TENANTS


def create_app() -> Flask:
    """Create the application: an API for our own pages, preview deployments and the pages of tenants."""
    app = Flask(__name__)
    CORS(
        app,
        # Answers preflights before Flask, also where Flask would redirect them to a path with a slash.
        middleware=True,
        # Lets a shared cache store responses for different origins.
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
    # The policy also covers the 404, so that partners can read it.
    @cross_origin(origins=Subdomains("https://partner.example", apex=True), intercept_exceptions=True)
    async def order(number: int) -> ResponseReturnValue:
        if number > 2:
            abort(404)
        return jsonify(id=number)

    return app
