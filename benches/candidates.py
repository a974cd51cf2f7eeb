"""The applications that are compared.

``candidates.py serve SCENARIO CANDIDATE`` serves one application in a process of its own, to be timed, since
applications that share a process unspecialise each other's bytecode. ``candidates.py count WARM
REQUESTS`` makes as many requests to each candidate that a line of standard input names, to be run under valgrind.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request

from scenarios import ORIGIN, POLICIES, REQUESTS, SCENARIOS, Policy, Scenario

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    StartResponse = Callable[..., None]

ALLOW_ORIGIN = "Access-Control-Allow-Origin"


def _app(policy: Policy, decorator: Callable[[Any], Any] | None = None) -> Flask:
    app = Flask("benchmark")

    def index() -> str:
        return "hello"

    view = decorator(index) if decorator else index
    app.add_url_rule(policy.path, endpoint="index", view_func=view, methods=["GET", "PUT"])
    return app


def _empty_hook(policy: Policy) -> Flask:
    app = _app(policy)
    app.after_request(lambda response: response)
    return app


def _hand_written(policy: Policy) -> Flask:
    app = _app(policy)
    allowed = set(policy.literals or ())

    @app.after_request
    def add_headers(response: Response) -> Response:
        origin = request.headers.get("Origin")
        if origin in allowed:
            response.headers[ALLOW_ORIGIN] = origin
            response.headers["Vary"] = "Origin"
            if request.method == "OPTIONS":
                response.headers["Access-Control-Allow-Methods"] = "GET, POST, PUT"
                response.headers["Access-Control-Allow-Headers"] = "Content-Type, X-CSRF-Token, X-Request-ID"
        return response

    return app


def _extended(package: Any, policy: Policy, **way: bool) -> Flask:
    if policy.decorated:
        return _app(policy, package.cross_origin(**policy.options))
    app = _app(policy)
    package.CORS(app, **policy.options, **way)
    return app


def _flask_cors(policy: Policy) -> Flask:
    import flask_cors

    return _extended(flask_cors, policy)


def _ours(engine: str, policy: Policy, **way: bool) -> Flask:
    os.environ["FLASK_CORS_RS_BACKEND"] = engine
    import flask_cors_rs

    assert engine == flask_cors_rs.BACKEND
    return _extended(flask_cors_rs, policy, **way)


CANDIDATES: dict[str, Callable[[Policy], Flask]] = {
    "no CORS": _app,
    "empty hook": _empty_hook,
    "hand-written": _hand_written,
    "Flask-CORS": _flask_cors,
    "hook, Rust": partial(_ours, "rust"),
    "hook, Python": partial(_ours, "python"),
    "middleware, Rust": partial(_ours, "rust", middleware=True),
    "middleware, Python": partial(_ours, "python", middleware=True),
}
"""Makers of an application with a policy. What each adds counts from the empty hook."""


WITHOUT_CORS = ("no CORS", "empty hook")


def candidates_of(scenario: Scenario, *, rust: bool) -> list[str]:
    """Those that can do what a scenario asks for, with or without the Rust engine."""
    policy = POLICIES[scenario.policy]
    return [
        name
        for name in CANDIDATES
        if (rust or "Rust" not in name)
        and (policy.literals or name != "hand-written")
        and not (policy.decorated and "middleware" in name)
    ]


def share(scenario: Scenario, candidate: str) -> float:
    """How many of the usual requests are made: few where one takes as long as a thousand."""
    return 0.02 if candidate == "Flask-CORS" and scenario.policy == "100,000 origins" else 1


def environ_of(policy: Policy, headers: dict[str, str]) -> dict[str, Any]:
    """The WSGI environ of a request."""
    return {
        "PATH_INFO": policy.path,
        "QUERY_STRING": "",
        "SCRIPT_NAME": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.version": (1, 0),
        "wsgi.input": None,
        "wsgi.errors": sys.stderr,
        **headers,
    }


def caller(candidate: str, policy: Policy, environ: dict[str, Any]) -> Callable[[], None]:
    """A function that makes one request, as a server would; the first answer is checked."""
    app: Callable[..., Iterable[bytes]] = CANDIDATES[candidate](policy).wsgi_app

    def call(start_response: StartResponse) -> None:
        body = app(dict(environ), start_response)
        for _ in body:
            pass
        if hasattr(body, "close"):
            body.close()

    def check(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> None:
        early = "middleware" in candidate and environ["REQUEST_METHOD"] == "OPTIONS"
        assert status[:3] == ("204" if early else "200"), status
        if environ.get("HTTP_ORIGIN") == ORIGIN:
            assert (ALLOW_ORIGIN in dict(headers)) is (candidate not in WITHOUT_CORS), headers

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> None:
        pass

    call(check)
    return partial(call, start_response)


def _caller(scenario: str, candidate: str) -> Callable[[], None]:
    policy = POLICIES[SCENARIOS[scenario].policy]
    return caller(candidate, policy, environ_of(policy, REQUESTS[SCENARIOS[scenario].request]))


def freeze() -> None:
    """Leave the objects of the imports out of every collection, whose moments would otherwise blur what is measured."""
    gc.collect()
    gc.freeze()


def serve(scenario: str, candidate: str) -> None:
    """For each line of standard input, a number of requests, print the seconds that they took."""
    call = _caller(scenario, candidate)
    for _ in range(int(1_000 * share(SCENARIOS[scenario], candidate))):
        call()
    freeze()
    for line in sys.stdin:
        count = range(int(line))
        start = time.perf_counter()
        for _ in count:
            call()
        print(time.perf_counter() - start, flush=True)


def count(warm: int, requests: int, cases: Iterable[tuple[str, str]]) -> None:
    """Make requests to each candidate in its scenario, each in a new fork of this process, which has only imported so
    far; print the number of the fork.

    The call of ``getppid``, which nothing else makes here, tells the instrument where to begin.
    """
    for scenario, candidate in cases:
        some = share(SCENARIOS[scenario], candidate)
        pid = os.fork()
        if not pid:
            call = _caller(scenario, candidate)
            freeze()
            for _ in range(int(warm * some)):
                call()
            os.getppid()
            for _ in range(int(requests * some)):
                call()
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0, (scenario, candidate)
        print(pid, flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(*sys.argv[2:])
    else:
        count(int(sys.argv[2]), int(sys.argv[3]), map(tuple, map(json.loads, sys.stdin)))
