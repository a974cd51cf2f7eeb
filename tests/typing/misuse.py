"""Misuse that type checkers must report, each with the error code of mypy. test_typing.py reads this file."""

from __future__ import annotations

from flask import Flask

from flask_cors_rs import CORS, Cached, Subdomains, cross_origin

app = Flask(__name__)

CORS("app")  # error: arg-type
CORS(app, orgins="*")  # error: call-arg
CORS(app, origins=5)  # error: arg-type
CORS(app, origins=lambda: True)  # error: arg-type
CORS(app, vary_header="sometimes")  # error: arg-type
CORS(app, supports_credentials="yes")  # error: arg-type
CORS(app, resources=5)  # error: arg-type
CORS().init_app()  # error: call-arg
cross_origin(resources="/a")  # error: call-arg
cross_origin(max_age=[5])  # error: arg-type
Subdomains(5)  # error: arg-type
Cached(len)  # error: call-arg
cross_origin()(5)  # error: type-var


@cross_origin()
def view(number: int) -> str:
    """Return a text. The decorator must keep the type of this view."""
    return str(number)


view("x")  # error: arg-type
