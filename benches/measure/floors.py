"""Count the instructions of prototypes that do nothing but what no implementation can leave out.

``python -m measure.floors`` prints them beside this package and Flask-CORS, counted in one run. The prototypes know the
headers of the response and look at nothing in the request: the least that each way of adding headers costs.
"""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial, update_wrapper
from typing import TYPE_CHECKING, Any

from tabulate import tabulate

from measure import candidates
from measure.instructions import LAYOUTS, count
from measure.scenarios import ORIGIN, REQUESTED_HEADERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask, Response

    from measure.scenarios import Policy

SIMPLE = [("Access-Control-Allow-Origin", ORIGIN), ("Vary", "Origin")]
PREFLIGHT = [
    ("Access-Control-Allow-Origin", ORIGIN),
    ("Access-Control-Allow-Headers", REQUESTED_HEADERS.replace(",", ", ")),
    ("Access-Control-Allow-Methods", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"),
    ("Vary", "Origin"),
]


def hook(added: list[tuple[str, str]], policy: Policy) -> Flask:
    """An ``after_request`` function that appends constant headers."""
    app: Flask = candidates.CANDIDATES["no CORS"](policy)

    @app.after_request
    def add(response: Response) -> Response:
        headers: Any = response.headers
        headers._list.extend(added)
        return response

    return app


def decorator(added: list[tuple[str, str]], policy: Policy) -> Flask:
    """A view that is decorated, with an answer to OPTIONS, and an after_request function that does nothing."""
    app = candidates.CANDIDATES["empty hook"](policy)
    view: Any = app.view_functions["index"]
    is_preflight = added is PREFLIGHT

    def decorated() -> Response:
        response = app.make_response(app.make_default_options_response() if is_preflight else view())
        headers: Any = response.headers
        headers._list.extend(added)
        return response

    app.view_functions["index"] = update_wrapper(decorated, view)
    for rule in app.url_map.iter_rules("index"):
        any_rule: Any = rule
        any_rule.provide_automatic_options = False
    return app


def middleware(added: list[tuple[str, str]], policy: Policy) -> Flask:
    """A WSGI application around that of Flask, which appends constant headers when the response starts."""
    app = candidates.CANDIDATES["no CORS"](policy)
    inner: Any = app.wsgi_app
    if added is PREFLIGHT:

        def call(environ: Any, start_response: Any) -> Any:
            start_response("204 No Content", [*added])
            return []

    else:

        def call(environ: Any, start_response: Any) -> Any:
            return inner(environ, partial(start, start_response))

        def start(start_response: Any, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            return start_response(status, [*headers, *added])

    flask: Any = app
    flask.wsgi_app = call
    return app


FLOORS: dict[str, Callable[[list[tuple[str, str]], Policy], Flask]] = {
    "hook": hook,
    "@cross_origin": decorator,
    "middleware": middleware,
}
REQUESTS = {"simple": SIMPLE, "preflight": PREFLIGHT}


def floor(way: str, request: str) -> str:
    """Return the name of a prototype among the candidates."""
    return f"{way} floor for the {request} request"


for _way, _make in FLOORS.items():
    for _request, _added in REQUESTS.items():
        candidates.CANDIDATES[floor(_way, _request)] = partial(_make, _added)


def main() -> None:
    """Print the counts."""
    cases: list[tuple[str, str]] = []
    for way in FLOORS:
        for request in REQUESTS:
            scenario = f"{'@cross_origin' if way == '@cross_origin' else 'defaults'}, {request}"
            ours = "middleware, Rust" if way == "middleware" else "hook, Rust"
            cases += [(scenario, name) for name in ("empty hook", "Flask-CORS", ours, floor(way, request))]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = list(pool.map(partial(count, cases=cases, module="measure.floors"), LAYOUTS))
    # The least of the layouts, as collisions in the method cache only add to it.
    least = dict(zip(cases, map(min, zip(*runs))))
    rows = []
    for (scenario, _), *rest in zip(*[iter(cases)] * 4):
        names = [name for _, name in rest]
        # A preflight that the middleware answers does not reach Flask at all.
        base = 0 if names[2] == floor("middleware", "preflight") else least[scenario, "empty hook"]
        theirs, ours_, prototype = (least[scenario, name] - base for name in names)
        ratios = [f"{theirs / value:.1f}x" if value > 0 else "" for value in (ours_, prototype)]
        rows.append([names[2], theirs, ours_, ratios[0], prototype, ratios[1]])
    headers = ["instructions added", "Flask-CORS", "Rust engine", "", "prototype", ""]
    print(tabulate(rows, headers, tablefmt="github", intfmt=","))


if __name__ == "__main__":
    if sys.argv[1:2] == ["count"]:
        candidates.count(int(sys.argv[2]), int(sys.argv[3]), map(tuple, map(json.loads, sys.stdin)))
    else:
        main()
