"""The applications that the servers run, one for each placement of CORS."""

from __future__ import annotations

import io
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from wsgiref.validate import validator

from flask import Flask, Response, request, send_file

import flask_cors_rs
from flask_cors_rs import CORS, CORSMiddleware

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

OPTIONS: dict[str, Any] = {
    "origins": ["https://a.example", r"https://[a-z]+\.b\.example$"],
    "supports_credentials": True,
    "max_age": 600,
    "allow_headers": ["X-A"],
}
LARGE = 4_000_000


def make_app() -> Flask:
    app = Flask(__name__)

    @app.get("/")
    def index() -> str:
        return flask_cors_rs.BACKEND

    @app.post("/length")
    def length() -> str:
        return str(len(request.get_data()))

    @app.get("/large")
    def large() -> Response:
        return Response(b"x" * 1000 for _ in range(LARGE // 1000))

    @app.get("/broken")
    def broken() -> Response:
        def generate() -> Iterator[bytes]:
            yield b"beginning"
            raise RuntimeError("midway")

        return Response(generate())

    @app.get("/error")
    def error() -> str:
        raise RuntimeError("before the response")

    @app.get("/file")
    def file() -> Response:
        return send_file(io.BytesIO(b"contents"), mimetype="text/plain")

    return app


hook = make_app()
CORS(hook, **OPTIONS)

middleware = make_app()
CORS(middleware, middleware=True, **OPTIONS)


def written(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Send responses in the less usual ways of PEP 3333."""
    if environ["PATH_INFO"] == "/write":
        write = start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "12")])
        write(b"written ")
        return [b"text"]
    if environ["PATH_INFO"] == "/exc_info":
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
        try:
            raise RuntimeError("after start_response")
        except RuntimeError as error:
            exc_info: Any = (RuntimeError, error, error.__traceback__)
            start_response("500 Internal Server Error", [("Content-Type", "text/plain")], exc_info)
        return [b"error"]
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"plain"]


# The first validator judges what the server sends to the middleware, the second one what that sends to the application.
validated = validator(CORSMiddleware(validator(written), **OPTIONS))

if find_spec("a2wsgi"):
    # The package has types of its own for WSGI.
    as_asgi: Any = import_module("a2wsgi").WSGIMiddleware
    hook_asgi = as_asgi(hook)
    middleware_asgi = as_asgi(middleware)
    validated_asgi = as_asgi(validated)
