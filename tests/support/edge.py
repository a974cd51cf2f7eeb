"""Random applications and requests of pages, to compare what a proxy decides with what the application decides."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote_to_bytes

from hypothesis import HealthCheck, Phase, given, settings, strategies as st
from werkzeug.test import EnvironBuilder, run_wsgi_app

import flask_cors_rs
from flask_cors_rs import Origin, Regex, Subdomains
from flask_cors_rs._diagnostics.browser import Outcome, Request, Response
from support.differential import CASES, OPTIONS, ORIGINS, RESOURCES, Case, make_app, without_generators

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from flask import Flask


def no_origin(origin: str) -> bool:
    return origin == "https://function.example"


OWN_ORIGINS = st.lists(
    st.sampled_from(
        [
            Origin("https://a.example"),
            Origin("https://x.example:8443"),
            Subdomains("https://b.example"),
            Subdomains("https://c.example", apex=True, any_port=True),
            Regex(r"https://pr-[0-9]+\.c\.example"),
            r"https://(?:[a-z0-9]+-?){20,}\.example$",
            "https://[abc].example",
            "https://quotes'\"`$#{}%;example",
            no_origin,
        ]
    ),
    max_size=4,
)
KEYWORDS = st.fixed_dictionaries(
    {},
    optional={
        **{name: values for name, values in OPTIONS.items() if name.islower() and name != "unknown"},
        "origins": st.one_of(ORIGINS, OWN_ORIGINS, OWN_ORIGINS),
        "vary_header": st.sampled_from([True, False, "always"]),
    },
)
LEVEL = st.one_of(
    KEYWORDS,
    st.builds(
        lambda keywords, resources, middleware: {**keywords, "resources": resources, "middleware": middleware},
        KEYWORDS,
        RESOURCES,
        st.booleans(),
    ),
)
EDGE_CASES = st.builds(
    lambda case, extensions, decorators: case._replace(extensions=extensions, decorators=decorators),
    CASES,
    st.lists(st.tuples(LEVEL, st.none()), min_size=1, max_size=2),
    st.lists(KEYWORDS, min_size=3, max_size=3),
)
PATHS = (
    "/plain",
    "/api/v1/x",
    "/api/v2",
    "/A",
    "/strict",
    "/strict/",
    "/missing",
    "/own",
    "/abort",
    "/api/blue",
    "/d0",
    "/d1",
    "/nested",
    "/items/7",
    "/items/new",
    "/items/0x7",
    "/items/7/parts",
    "/any/a/b.c",
    "/other/d2",
    "/x/y",
)
RAW_PATHS = ("/a%20b", "/caf%C3%A9", "/%41", "//plain", "/api%2Fv2", "/x/../plain", "/./plain", "/plain%3F", "/plain;a")
"""Paths that a browser sends as they are, or that only other clients send."""
PAGES = (
    "https://a.example",
    "https://b.example",
    "https://x.b.example",
    "https://c.example",
    "https://c.example:8443",
    "https://pr-12.c.example",
    "https://x.example:8443",
    "https://function.example",
    "https://evil.example",
    "null",
)
METHODS = ("GET", "GET", "HEAD", "PUT", "PUT", "POST", "DELETE", "PATCH", "X-Y", "patch")
HEADERS = ((), (), ("x-a",), ("x-a", "X-B"), ("content-type",), ("x-c", "y"), ("authorization",))


def generated_apps(count: int) -> list[Flask]:
    """Return applications with random policies, those that can be set up."""
    found: list[Flask] = []

    @settings(
        max_examples=count * 4,
        deadline=None,
        derandomize="CI" in os.environ,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(EDGE_CASES)
    def generate(case: Case) -> None:
        if len(found) == count:
            return
        try:
            found.append(app_of(case))
        except (TypeError, ValueError):
            return

    generate()
    return found


def app_of(case: Case) -> Flask:
    # An iterator that a decorator reads at each request is empty at the second one.
    decorators = [without_generators(options) for options in case.decorators]
    case = case._replace(config=without_generators(case.config), decorators=decorators)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        app = make_app(case, flask_cors_rs)
    app.add_url_rule("/items/<int:number>", "item", lambda number: "item", methods=["GET", "PUT"])
    decorated = flask_cors_rs.cross_origin(**case.decorators[2])
    app.add_url_rule("/items/<name>", "named", decorated(lambda name: "named"), methods=["GET", "DELETE"])
    app.add_url_rule("/items/<int:number>/parts", "parts", lambda number: "parts", methods=["POST"])
    app.add_url_rule("/any/<path:rest>", "any", lambda rest: rest)
    app.add_url_rule("/<first>/y", "y", lambda first: first, methods=["GET", "PATCH"])
    app.add_url_rule("/other/<any(d1, d2):which>", "other", decorated(lambda which: which))
    return app


def ask_app(app: Flask, method: str, url: str, headers: Sequence[tuple[str, str]]) -> Response:
    path = url.removeprefix("http://site")
    builder = EnvironBuilder("/", "http://site", method=method, headers=list(headers))
    environ = builder.get_environ()
    builder.close()
    environ["PATH_INFO"] = percent_decoded(path)
    environ["QUERY_STRING"] = ""
    try:
        body, status, sent = run_wsgi_app(app, environ, buffered=True)
    except Exception:
        return Response(500, [])
    getattr(body, "close", lambda: None)()
    return Response(int(status.split()[0]), list(sent.items()))


def percent_decoded(path: str) -> str:
    return unquote_to_bytes(path).decode("latin-1")


CORS_NAMES = (
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "access-control-expose-headers",
)


def seen(outcome: Outcome) -> tuple[Any, ...]:
    """Return what a page sees of a request."""
    last = outcome.steps[-1].response if outcome.allowed else None
    headers = [last.get(name) for name in CORS_NAMES] if last else []
    return outcome.error, outcome.parameter, last and last.status, headers


class Question(NamedTuple):
    """A request of a page."""

    request: Request
    network: bool
    """Whether the browser asks for access to a private network."""


def question(choose: random.Random) -> Question:
    path = choose.choice(PATHS) if choose.random() < 0.9 else choose.choice(RAW_PATHS)
    headers = tuple((name, "1") for name in choose.choice(HEADERS))
    query = choose.choice(("", "", "?a=b//c&d=%2F.."))
    request = Request(
        choose.choice(PAGES), choose.choice(METHODS), f"http://site{path}{query}", headers, choose.random() < 0.3
    )
    return Question(request, choose.random() < 0.1)
