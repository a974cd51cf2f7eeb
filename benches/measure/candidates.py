"""The applications that are compared.

``python -m measure.candidates serve SCENARIO CANDIDATE`` serves one application in a separate process, to be timed:
applications that share a process undo each other's specialised bytecode. ``python -m measure.candidates count WARM
REQUESTS`` makes that many requests to each candidate named on standard input, and is run under valgrind.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request

from measure.scenarios import ORIGIN, POLICIES, REQUESTS, SCENARIOS, Policy, Scenario

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    StartResponse = Callable[..., None]

BENCHES = str(Path(__file__).parent.parent)
"""The folder from which a new process imports the candidates."""

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


def _receive(sender: object, **_values: object) -> None:
    """Receive a signal."""


def _ours(engine: str, policy: Policy, **way: bool) -> Flask:
    os.environ["FLASK_CORS_RS_BACKEND"] = engine
    import flask_cors_rs

    assert engine == flask_cors_rs.BACKEND
    if policy.receiver:
        flask_cors_rs.cors_decided.connect(_receive)
    return _extended(flask_cors_rs, policy._replace(options={**policy.options, **policy.observed}), **way)


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
"""Functions that create an application with a policy. Added costs are relative to the empty hook."""


WITHOUT_CORS = ("no CORS", "empty hook")


def candidates_of(scenario: Scenario, *, rust: bool) -> list[str]:
    """Return the candidates that support a scenario, with or without the Rust engine."""
    policy = POLICIES[scenario.policy]
    return [
        name
        for name in CANDIDATES
        if (rust or "Rust" not in name)
        and (policy.literals or name != "hand-written")
        and not (policy.decorated and "middleware" in name)
    ]


def share(scenario: Scenario, candidate: str) -> float:
    """Return which fraction of the usual number of requests to make. It is small where a request is very slow."""
    return 0.02 if candidate == "Flask-CORS" and scenario.policy == "100,000 origins" else 1


def environ_of(policy: Policy, headers: dict[str, str]) -> dict[str, Any]:
    """Return the WSGI environ of a request."""
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
    """Return a function that makes one request, as a server would. The first response is checked."""
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
    """Exclude the objects that exist now from garbage collection, which would disturb the measurement."""
    gc.collect()
    gc.freeze()


def serve(scenario: str, candidate: str) -> None:
    """Read numbers of requests from standard input, make them, and print the seconds that they took."""
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
    """Make requests to each candidate in its scenario, each in a fork of this process, and print the process ids.

    The instrument starts to count at the call of ``getppid``, which nothing else here calls.
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
