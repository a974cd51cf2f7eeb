"""The applications that are compared, and the requests that they get.

``python candidates.py NAME REQUEST`` serves one application in a process of its own, to be timed; with a number after
these it makes that many requests and ends, to be run under an instrument.
"""

from __future__ import annotations

import gc
import sys
import time
from typing import TYPE_CHECKING, Any

from flask import Flask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ORIGIN = "https://app.example"

HEADERS: dict[str, dict[str, str]] = {
    "simple": {"REQUEST_METHOD": "GET", "HTTP_ORIGIN": ORIGIN},
    "preflight": {
        "REQUEST_METHOD": "OPTIONS",
        "HTTP_ORIGIN": ORIGIN,
        "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT",
        "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "content-type,x-csrf-token,x-request-id",
    },
}


def _app() -> Flask:
    app = Flask(__name__)
    app.add_url_rule("/", endpoint="index", view_func=lambda: "hello", methods=["GET", "PUT"])
    return app


def no_cors() -> Flask:
    """An application without CORS."""
    return _app()


def empty_hook() -> Flask:
    """One whose only addition is a hook that returns its argument: the zero of the comparison."""
    app = _app()
    app.after_request(lambda response: response)
    return app


def flask_cors() -> Flask:
    """Flask-CORS with its defaults."""
    from flask_cors import CORS

    app = _app()
    CORS(app)
    return app


def flask_cors_rs() -> Flask:
    """Our own, with its defaults, on the engine that FLASK_CORS_RS_BACKEND names."""
    from flask_cors_rs import CORS

    app = _app()
    CORS(app)
    return app


CANDIDATES: dict[str, Callable[[], Flask]] = {
    candidate.__name__: candidate for candidate in (no_cors, empty_hook, flask_cors, flask_cors_rs)
}


def _caller(candidate: str, request: str) -> Callable[[], None]:
    app: Callable[..., Iterable[bytes]] = CANDIDATES[candidate]().wsgi_app
    environ: dict[str, Any] = {
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "SCRIPT_NAME": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.version": (1, 0),
        "wsgi.input": None,
        "wsgi.errors": sys.stderr,
        **HEADERS[request],
    }

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> None:
        assert status == "200 OK", status

    def call() -> None:
        body: Any = app(dict(environ), start_response)
        for _ in body:
            pass
        body.close()

    return call


def freeze() -> None:
    """Leave the objects of the imports out of every collection, whose moments would otherwise blur what is measured."""
    gc.collect()
    gc.freeze()


def serve(candidate: str, request: str) -> None:
    """For each line of standard input, a number of requests, print the seconds that they took."""
    call = _caller(candidate, request)
    for _ in range(1_000):
        call()
    freeze()
    for line in sys.stdin:
        count = range(int(line))
        start = time.perf_counter()
        for _ in count:
            call()
        print(time.perf_counter() - start, flush=True)


def repeat(candidate: str, request: str, count: int) -> None:
    """Make a number of requests."""
    call = _caller(candidate, request)
    call()
    freeze()
    for _ in range(count):
        call()


if __name__ == "__main__":
    if len(sys.argv) > 3:
        repeat(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    else:
        serve(*sys.argv[1:3])
