"""A small API with several CORS policies. Run it with ``flask --app examples/api run``."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from flask import Blueprint, Flask, jsonify, request

from flask_cors_rs import CORS, cross_origin

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue


def create_app() -> Flask:
    """Create the application: public data for everyone, an account API for our own pages, and a widget for partners."""
    app = Flask(__name__)
    app.config["CORS_MAX_AGE"] = timedelta(minutes=10)

    CORS(
        app,
        resources={
            # Every page may read public data.
            "/public/*": {"origins": "*", "methods": ["GET"], "send_wildcard": True},
            # Our own pages and preview deployments may send cookies.
            r"/account/.*": {
                "origins": ["https://shop.example", re.compile(r"https://preview-\d+\.shop\.example$")],
                "methods": ["GET", "PUT", "DELETE"],
                "allow_headers": ["Content-Type", "X-CSRF-Token"],
                "expose_headers": ["X-Request-Id"],
                "supports_credentials": True,
            },
        },
    )

    @app.get("/public/products")
    def products() -> ResponseReturnValue:
        return jsonify([{"id": 1, "name": "teapot"}, {"id": 2, "name": "cup"}])

    account = Blueprint("account", __name__, url_prefix="/account")

    @account.route("/address", methods=["GET", "PUT", "DELETE"])
    def address() -> ResponseReturnValue:
        return jsonify(method=request.method, city="Utrecht"), {"X-Request-Id": "42"}

    app.register_blueprint(account)

    @app.post("/widget")
    @cross_origin(origins=[r"https://.*\.partner\.example$"], allow_headers="X-Widget-.*")
    def widget() -> ResponseReturnValue:
        return jsonify(accepted=True), 202

    @app.get("/internal")
    def internal() -> ResponseReturnValue:
        return jsonify(secret="no rule covers this path")

    return app
