"""The extension: levels of options, rules, Blueprints, several applications, logging."""

from __future__ import annotations

import copy
import logging
import pickle
import re
from enum import Enum
from typing import TYPE_CHECKING, Any

import flask_cors
import pytest
from flask import Blueprint, Flask, Response, abort, current_app
from werkzeug.datastructures import Headers, MultiDict

import flask_cors_rs
from flask_cors_rs import CORS, explain
from flask_cors_rs._flask import hook, response as flask_response

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("engine")
ORIGIN = {"Origin": "https://a.example"}


def app_with(*paths: str, **config: Any) -> Flask:
    app = Flask(__name__)
    app.config.update(config)
    for path in paths or ("/",):
        app.add_url_rule(path, endpoint=path, view_func=lambda: "hello")
    return app


def allowed(app: Flask, path: str = "/", origin: str = ORIGIN["Origin"]) -> str | None:
    value: str | None = (
        app.test_client().get(path, headers={"Origin": origin}).headers.get("Access-Control-Allow-Origin")
    )
    return value


def exposed(app: Flask, path: str = "/") -> str | None:
    value: str | None = app.test_client().get(path, headers=ORIGIN).headers.get("Access-Control-Expose-Headers")
    return value


def test_each_level_is_stronger_than_the_one_below() -> None:
    app = app_with(CORS_EXPOSE_HEADERS="config")
    CORS(app)
    assert exposed(app) == "config"
    app = app_with(CORS_EXPOSE_HEADERS="config")
    CORS(app, expose_headers="constructor")
    assert exposed(app) == "constructor"
    app = app_with(CORS_EXPOSE_HEADERS="config")
    CORS(expose_headers="constructor").init_app(app, expose_headers="init_app")
    assert exposed(app) == "init_app"
    app = app_with(CORS_EXPOSE_HEADERS="config")
    CORS(app, expose_headers="constructor", resources={"/": {"expose_headers": "resource"}})
    assert exposed(app) == "resource"


def test_none_in_the_configuration_is_absent_and_as_a_keyword_overrides() -> None:
    app = app_with(CORS_EXPOSE_HEADERS="config", CORS_ORIGINS=None)
    CORS(app, expose_headers=None)
    assert exposed(app) is None
    assert allowed(app) == ORIGIN["Origin"]


def test_rules_are_tried_literals_first_then_the_most_specific() -> None:
    app = app_with("/a/b", "/a/c", "/d", "/e")
    CORS(
        app,
        resources={
            r"/a.*": {"expose_headers": "string"},
            re.compile("/a/b"): {"expose_headers": "compiled"},
            "/a/c": {"expose_headers": "literal"},
            r"/.*": {"expose_headers": "short"},
            "/e": {"origins": "https://other.example"},
        },
    )
    assert [exposed(app, path) for path in ("/a/b", "/a/c", "/d", "/e")] == ["compiled", "literal", "short", None]


@pytest.mark.parametrize(
    "resources", ["/a", ["/a"], ("/b", "/a"), {"/a"}, re.compile("/a"), {"/a": None}.keys(), {"/a": {}}, {"/a": []}]
)
def test_resources_in_all_their_forms(resources: Any) -> None:
    app = app_with("/a", "/c")
    CORS(app, resources=resources)
    assert allowed(app, "/a")
    assert not allowed(app, "/c")


@pytest.mark.parametrize(
    ("flags", "matched"), [(0, ["/a-b"]), (re.I, ["/a-b", "/A-b"]), (re.S, ["/a-b", "/a%0Ab"]), (re.DEBUG, ["/a-b"])]
)
def test_a_compiled_path_keeps_its_flags(flags: int, matched: list[str]) -> None:
    app = Flask(__name__)
    app.add_url_rule("/<path:name>", endpoint="view", view_func=lambda name: name)
    CORS(app, resources=re.compile("/a.b", flags))
    assert [path for path in ("/a-b", "/A-b", "/a%0Ab", "/b") if allowed(app, path)] == matched


def test_rules_see_a_path_that_is_decoded_twice() -> None:
    """As in Flask-CORS, which unquotes what Flask has decoded."""
    app = Flask(__name__)
    app.add_url_rule("/<name>", endpoint="view", view_func=lambda name: name)
    CORS(app, resources="/a")
    assert app.test_client().get("/%2561").text == "%61"
    matched = {path: bool(allowed(app, path)) for path in ("/%61", "/%2561", "/%252561", "/b")}
    assert matched == {"/%61": True, "/%2561": True, "/%252561": False, "/b": False}


@pytest.mark.parametrize("resources", ["*", ["/a", "/b"], {"/a": {}, "/b": {}}])
def test_an_iterator_of_origins_allows_none_as_in_flask_cors(resources: Any) -> None:
    """It has been read to its end at set-up."""

    def answers(extension: Any, origins: Any) -> list[str | None]:
        app = app_with("/a", "/b")
        extension(app, origins=origins, resources=resources)
        return [allowed(app, "/a"), allowed(app, "/b")]

    for extension in (CORS, flask_cors.CORS):
        assert answers(extension, [ORIGIN["Origin"]]) == [ORIGIN["Origin"]] * 2
        assert answers(extension, iter([ORIGIN["Origin"]])) == [None, None]


def test_a_blueprint_has_cors_of_its_own() -> None:
    app = app_with("/")
    blueprint = Blueprint("api", __name__)
    blueprint.add_url_rule("/api", view_func=lambda: "hello", endpoint="api")
    blueprint.add_url_rule("/fails", view_func=lambda: abort(418), endpoint="fails")
    CORS(blueprint, origins="https://a.example")
    app.register_blueprint(blueprint)
    assert allowed(app, "/api") == "https://a.example"
    assert allowed(app, "/fails") == "https://a.example"
    assert allowed(app, "/") is None


def test_one_object_serves_several_applications() -> None:
    cors = CORS(expose_headers="X")
    first, second = app_with(CORS_ORIGINS="https://a.example"), app_with(CORS_ORIGINS="https://b.example")
    cors.init_app(first)
    cors.init_app(second, expose_headers="Y")
    assert (allowed(first), exposed(first)) == ("https://a.example", "X")
    assert allowed(second) is None
    assert allowed(second, origin="https://b.example") == "https://b.example"


def test_current_app_will_do() -> None:
    app = app_with()
    with app.app_context():
        CORS(current_app)
    assert allowed(app)


def test_the_user_s_lists_are_left_alone() -> None:
    origins, methods = ["https://b.example", "*"], ["put", "GET"]
    CORS(app_with(), origins=origins, methods=methods)
    assert (origins, methods) == (["https://b.example", "*"], ["put", "GET"])


def test_errors_get_the_headers_too() -> None:
    app = Flask(__name__)
    app.add_url_rule("/", endpoint="zero", view_func=lambda: str(1 // 0))
    CORS(app, origins="https://a.example")
    for path, status in (("/", 500), ("/missing", 404)):
        response = app.test_client().get(path, headers=ORIGIN)
        assert response.status_code == status
        assert response.headers.getlist("Access-Control-Allow-Origin") == ["https://a.example"]


@pytest.mark.parametrize("kind", [dict, MultiDict, type("Own", (Headers,), {})])
def test_other_kinds_of_headers_are_filled_too(kind: Any) -> None:
    app = Flask(__name__)
    response = Response("hello")
    response.headers = kind({"X": "y"})
    app.add_url_rule("/", view_func=lambda: response, endpoint="view")
    CORS(app, origins=["https://a.example", "b"])
    headers = app.test_client().get("/", headers=ORIGIN).headers
    assert type(response.headers) is (MultiDict if kind is dict else kind), "only those that cannot repeat are replaced"
    assert [headers.get(name) for name in ("X", "Access-Control-Allow-Origin", "Vary")] == [
        "y",
        "https://a.example",
        "Origin",
    ]


def test_without_the_private_list_of_headers_the_public_way_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """In case werkzeug changes where it keeps them."""
    app = app_with()
    with monkeypatch.context() as patched:
        patched.setattr(hook, "LIST_HEADERS", None)
        patched.setattr(flask_response, "LIST_HEADERS", None)
        CORS(app)
        assert allowed(app) == ORIGIN["Origin"]
        assert app.test_client().get("/", headers=ORIGIN).headers["Vary"] == "Origin"
    others: dict[str, Any] = {"a tuple": lambda self: setattr(self, "_list", ()), "no list": lambda self: None}
    for other in others.values():
        with monkeypatch.context() as patched:
            patched.setattr(Headers, "__init__", other)
            assert flask_response._list_headers_type() is None
    with monkeypatch.context() as patched:
        patched.setattr(Headers, "__iter__", lambda self: iter(()))
        assert flask_response._list_headers_type() is None, "the list is not that of the pairs"
    assert flask_response._list_headers_type() is Headers


def test_a_header_of_the_same_length_is_another_header(engine: str) -> None:
    app = Flask(__name__)
    CORS(app)
    other = "X" * len("Access-Control-Allow-Origin")
    app.add_url_rule("/", "other", lambda: ("hello", {other: "mine"}))
    response = app.test_client().get("/", headers=ORIGIN)
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN["Origin"]


def test_a_response_that_is_kept_does_not_pile_up_headers() -> None:
    app = Flask(__name__)
    kept = Response("hello")
    app.add_url_rule("/", endpoint="kept", view_func=lambda: kept)
    CORS(app)
    for _ in range(3):
        response = app.test_client().get("/", headers=ORIGIN)
    assert response.headers.getlist("Access-Control-Allow-Origin") == [ORIGIN["Origin"]]
    assert response.headers.getlist("Vary") == ["Origin"]


def test_nothing_is_logged_of_requests_unless_asked(caplog: pytest.LogCaptureFixture) -> None:
    app = app_with()
    CORS(app, methods=["GET"])
    ask = {**ORIGIN, "Access-Control-Request-Method": "PUT"}
    app.test_client().options("/", headers=ask)
    assert caplog.records == []
    with caplog.at_level(logging.INFO, "flask_cors_rs"):
        app.test_client().options("/", headers=ask)
    assert [record.getMessage() for record in caplog.records] == [
        "The Access-Control-Request-Method PUT is not one of the allowed methods: the preflight fails"
    ]


def test_a_debug_log_tells_the_rule_and_the_reason(caplog: pytest.LogCaptureFixture) -> None:
    app = app_with("/a", "/b")
    CORS(app, resources={"/a": {"origins": "https://b.example", "allow_headers": "x-a"}})
    with caplog.at_level(logging.DEBUG, "flask_cors_rs"):
        app.test_client().get("/a", headers=ORIGIN)
        app.test_client().get("/b", headers=ORIGIN)
        ask = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-b"}
        app.test_client().options("/a", headers={"Origin": "https://b.example", **ask})
    messages = caplog.text
    for expected in (
        "Request to /a matches CORS resource '/a'",
        "CORS: origin not allowed",
        "No CORS rule matches /b",
        "Not all of the Access-Control-Request-Headers x-b are allowed",
        "CORS headers: Access-Control-Allow-Origin: https://b.example",
    ):
        assert expected in messages


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_a_copy_has_the_options_and_no_applications(copied: Callable[[CORS], CORS]) -> None:
    first, second = Flask(__name__), Flask(__name__)
    original = CORS(origins="https://a.example")
    original.init_app(first)
    original.app_name = "api"  # type: ignore[attr-defined]
    other = copied(original)
    assert other.app_name == "api"  # type: ignore[attr-defined]
    other.init_app(second)
    assert [allowed(second, origin=origin) for origin in ("https://a.example", "https://c.example")] == [
        "https://a.example",
        None,
    ]
    other.reconfigure(origins="https://b.example")
    answers = [
        app.test_client().get("/", headers={"Origin": "https://a.example"}).headers.get("Access-Control-Allow-Origin")
        for app in (first, second)
    ]
    assert answers == ["https://a.example", None]


def test_expressions_for_headers_ignore_case() -> None:
    app = app_with()
    CORS(app, allow_headers=r"X-[A-Z]+$")
    asked = {**ORIGIN, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-abc, Y, X-DEF"}
    response = app.test_client().options("/", headers=asked)
    assert response.headers["Access-Control-Allow-Headers"] == "X-DEF, x-abc"


@pytest.mark.parametrize("methods", ["", []])
def test_no_methods_are_not_sent(methods: Any) -> None:
    app = app_with()
    CORS(app, methods=methods)
    asked = {**ORIGIN, "Access-Control-Request-Method": "PUT"}
    assert "Access-Control-Allow-Methods" not in app.test_client().options("/", headers=asked).headers
    assert explain(app, ORIGIN["Origin"], "PUT", "/").policies[0].options.methods == ""


class Text(str, Enum):
    """Options as members of an enumeration, whose text as a str and as an object differ."""

    ORIGINS = r"https://[a-z]+\.a\.example$"
    PATHS = "/api/*"
    HEADERS = "x-[a-z]+$"
    METHODS = "PUT"
    EXPOSED = "X-E"
    SECONDS = "600"


@pytest.mark.parametrize("in_list", [False, True])
def test_members_of_an_enumeration_are_read_as_flask_cors_reads_them(in_list: bool) -> None:
    def some(member: Text) -> Any:
        return [member] if in_list else member

    found = []
    for library in (flask_cors, flask_cors_rs):
        app: Any = app_with("/api/x", "/other")
        library.CORS(
            app,
            resources=some(Text.PATHS),
            origins=some(Text.ORIGINS),
            allow_headers=some(Text.HEADERS),
            methods=["PUT"],
            expose_headers=Text.EXPOSED,
            max_age=Text.SECONDS,
        )
        asked = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-y, y"}
        for path in ("/api/x", "/other"):
            headers = {"Origin": "https://b.a.example", **asked}
            found.append([*app.test_client().options(path, headers=headers).headers])
    assert found[:2] == found[2:]
    assert ("Access-Control-Allow-Headers", "x-y") in found[0]
    assert all(type(value) is str for _, value in found[2])
