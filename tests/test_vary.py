"""``vary_header="always"``: which Vary header responses have, and what a cache may keep then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import flask_cors
import pytest
from flask import Flask, Response, session
from werkzeug.datastructures import MultiDict
from werkzeug.test import Client

import flask_cors_rs
from flask_cors_rs import CORS
from support import levels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.test import TestResponse

pytestmark = pytest.mark.usefixtures("engine")

A, B = "https://a.example", "https://b.example"
PREFLIGHT = "Access-Control-Request-Method, Access-Control-Request-Headers, Access-Control-Request-Private-Network"


def make_app(level: str = "CORS", view: Any = lambda: "hello", **options: Any) -> Flask:
    app = levels.make_app(level, view, vary_header="always", **options)
    app.secret_key = "secret"
    return app


def vary(app: Any, method: str = "GET", origin: str | None = A, **headers: str) -> list[str]:
    sent = {**({} if origin is None else {"Origin": origin}), **headers}
    return Client(app).open("/", method=method, headers=sent).headers.getlist("Vary")


ASK = {"Access-Control-Request-Method": "GET"}


@pytest.mark.parametrize("level", levels.LEVELS)
@pytest.mark.parametrize("origins", [A, [A, B], "*", r"https://.*\.example", [], lambda origin: origin == A])
def test_every_answer_says_what_it_depends_on(level: str, origins: Any) -> None:
    app = make_app(level, origins=origins)
    for origin in (A, "https://other.test", None, "a b"):
        assert vary(app, origin=origin) == ([] if origins == [] else ["Origin"])
        assert vary(app, "OPTIONS", origin) == ([] if origins == [] else [f"Origin, {PREFLIGHT}"])
        assert vary(app, "OPTIONS", origin, **ASK) == ([] if origins == [] else [f"Origin, {PREFLIGHT}"])
        refused = {"Access-Control-Request-Method": "NONE"}
        assert vary(app, "OPTIONS", origin, **refused) == ([] if origins == [] else [f"Origin, {PREFLIGHT}"])


def test_an_answer_that_is_the_same_for_all_does_not_vary() -> None:
    app = make_app(send_wildcard=True)
    assert vary(app) == vary(app, origin=None) == []
    assert vary(app, "OPTIONS", **ASK) == [PREFLIGHT]
    app = make_app(send_wildcard=True, always_send=False)
    assert vary(app) == vary(app, origin=None) == ["Origin"]


@pytest.mark.parametrize("level", levels.LEVELS)
@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (["Cookie"], ["Cookie, Origin"]),
        (["Accept-Encoding", "Cookie"], ["Accept-Encoding, Origin", "Cookie"]),
        (["accept , ORIGIN"], ["accept , ORIGIN"]),
        (["origin,Accept"], ["origin,Accept"]),
        (["Origin, Cookie"], ["Origin, Cookie"]),
        (["Cookie", "origin"], ["Cookie", "origin"]),
        (["*"], ["*"]),
        (["Cookie, *"], ["Cookie, *"]),
        ([""], ["Origin"]),
    ],
)
def test_it_is_merged_into_what_is_there(level: str, there: list[str], expected: list[str]) -> None:
    app = make_app(level, lambda: Response("hello", headers=[("vary", value) for value in there]), origins=[A, B])
    for origin in (A, None, "https://other.test"):
        assert vary(app, origin=origin) == expected


def test_headers_of_another_type() -> None:
    """Some libraries assign a plain mapping to a response."""
    app = make_app(origins=[A, B])

    @app.after_request
    def replace(response: Response) -> Response:
        response.headers = MultiDict([("Vary", "Cookie"), ("Content-Length", "5")])  # type: ignore[assignment]
        return response

    with app.test_request_context("/", headers={"Origin": A}):
        response = app.full_dispatch_request()
    assert response.headers.getlist("Vary") == ["Cookie, Origin"]


def test_a_session_keeps_it() -> None:
    """Flask's sessions read the first Vary header and replace it. Flask-CORS sends a second one, which gets lost."""

    def view() -> Response:
        session["visits"] = 1
        return Response("hello", headers={"Vary": "Accept"})

    assert vary(make_app(view=view, origins=[A, B])) == ["Accept, Origin, Cookie"]


def test_several_extensions_say_it_once() -> None:
    app = make_app(origins=A)
    CORS(app, origins=B, vary_header="always")
    assert vary(app, origin=B) == vary(app, origin=A) == ["Origin"]


def test_an_answer_of_the_application_s_own_is_left_alone() -> None:
    app = make_app(view=lambda: Response("hello", headers={"Access-Control-Allow-Origin": "*"}), origins=A)
    assert vary(app) == []


@pytest.mark.parametrize("value", [True, 1, "yes", "Always"])
def test_every_other_true_value_is_true(value: Any) -> None:
    app = Flask(__name__)
    CORS(app, origins=A, vary_header=value)
    assert vary(app) == vary(app, origin=None) == []


# --- a cache between the browser and the application ------------------------------------------------------------------


class Cache:
    """A shared cache for explicitly fresh responses.

    Source: `RFC 9111, sections 2, 4 and 4.1 <https://www.rfc-editor.org/rfc/rfc9111>`_.
    """

    def __init__(self, app: Flask) -> None:
        self._client = app.test_client()
        self._kept: list[tuple[str, dict[str, str | None], TestResponse]] = []

    def get(self, path: str, headers: Mapping[str, str]) -> TestResponse:
        for kept_path, selecting, response in self._kept:
            if kept_path == path and all(headers.get(name) == value for name, value in selecting.items()):
                return response
        response = self._client.get(path, headers=dict(headers))
        names = [name.strip().title() for value in response.headers.getlist("Vary") for name in value.split(",")]
        if "max-age" in response.headers.get("Cache-Control", "") and "*" not in names:
            self._kept.append((path, {name: headers.get(name) for name in names}, response))
        return response


def cached(cors: Any, **options: Any) -> Cache:
    app = Flask(__name__)

    @app.route("/")
    def index() -> Response:
        return Response("hello", headers={"Cache-Control": "max-age=600"})

    cors(app, **options)
    return Cache(app)


def is_poisoned(cache: Cache, first: dict[str, str], origin: str) -> bool:
    """Whether the request of a page fails because of an earlier request of someone else."""
    cache.get("/", first)
    return cache.get("/", {"Origin": origin}).headers.get("Access-Control-Allow-Origin") != origin


@pytest.mark.parametrize(
    ("options", "first"),
    [
        ({"origins": A}, {"Origin": B}),
        ({"origins": [A, B]}, {"Origin": "https://other.test"}),
        ({"origins": [A, B], "always_send": False}, {}),
        ({"origins": "*", "supports_credentials": True}, {}),
        ({"origins": r"https://.*\.example"}, {}),
    ],
)
def test_a_cache_cannot_be_poisoned(options: dict[str, Any], first: dict[str, str]) -> None:
    assert is_poisoned(cached(flask_cors.CORS, **options), first, A)
    assert is_poisoned(cached(flask_cors_rs.CORS, **options), first, A), "the default behaves as Flask-CORS does"
    for middleware in (False, True):
        cache = cached(flask_cors_rs.CORS, vary_header="always", middleware=middleware, **options)
        assert not is_poisoned(cache, first, A)
        assert not is_poisoned(cache, {"Origin": A}, A)
