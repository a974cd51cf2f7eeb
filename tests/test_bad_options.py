"""Wrong options raise an error at set-up that names the option and the value."""

from __future__ import annotations

import json
import logging
import re
from collections import deque
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from hypothesis import given, strategies as st

from flask_cors_rs import CORS, cross_origin
from flask_cors_rs._options.parse import PLAIN

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("engine")


class Unreadable:
    """A collection that raises an error when it is read."""

    def __iter__(self) -> Iterator[str]:
        raise ValueError("gone")


class Undecodable:
    """A collection that raises an error whose class takes more than a message."""

    def __iter__(self) -> Iterator[str]:
        json.loads("{")
        return iter(())


class Untold:
    """An object that has no text."""

    def __str__(self) -> str:
        raise LookupError("gone")


WRONG: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"origins": "https://[a.example"}, ValueError, r"origins: 'https://\[a.example' .*re\.escape"),
    ({"origins": ["ok", "a**"]}, ValueError, r"origins: 'a\*\*'"),
    ({"origins": re.compile(b"x")}, TypeError, r"origins: re\.compile\(b'x'\)"),
    ({"origins": "https://a\r\nX: y"}, ValueError, r"origins: 'https://a\\r\\nX: y' contains '\\r'"),
    ({"origins": "a\x00b"}, ValueError, r"origins: 'a\\x00b'"),
    ({"allow_headers": "(x"}, ValueError, r"allow_headers: '\(x'"),
    ({"allow_headers": [re.compile(b"x")]}, TypeError, "allow_headers"),
    ({"methods": ["GET\n"]}, ValueError, r"methods: 'GET\\n'"),
    ({"methods": ["GET", 5]}, TypeError, r"methods=\['GET', 5\]"),
    ({"expose_headers": "X-A\x7f"}, ValueError, r"expose_headers: 'X-A\\x7f'"),
    ({"expose_headers": ["X", None]}, TypeError, "expose_headers"),
    ({"expose_headers": "X-\ud800"}, ValueError, r"expose_headers: 'X-\\ud800' contains '\\ud800'"),
    ({"expose_headers": "X-\udfff"}, ValueError, r"expose_headers: 'X-\\udfff' contains '\\udfff'"),
    ({"max_age": "5\r\nSet-Cookie: x"}, ValueError, "max_age"),
    ({"supports_credentials": True, "send_wildcard": True, "origins": "*"}, ValueError, "name the origins"),
    ({"origins": "a{99999999999999999999}("}, ValueError, "origins"),
    ({"origins": deque(["https://["])}, ValueError, "origins: 'https://\\['"),
    ({"origins": {"https://[": 1}.keys()}, ValueError, "origins: 'https://\\['"),
    ({"methods": ["GET", object()]}, TypeError, "methods="),
    ({"origins": Unreadable()}, ValueError, "origins=.* cannot be read: gone"),
    ({"allow_headers": Unreadable()}, ValueError, "allow_headers=.* cannot be read: gone"),
    ({"methods": Unreadable()}, ValueError, "methods=.* cannot be read: gone"),
    ({"expose_headers": Unreadable()}, ValueError, "expose_headers=.* cannot be read: gone"),
    ({"origins": Undecodable()}, ValueError, "origins=.* cannot be read: Expecting property name"),
    ({"methods": Undecodable()}, ValueError, "methods=.* cannot be read: Expecting property name"),
    ({"expose_headers": Untold()}, ValueError, "expose_headers=.* cannot be read: gone"),
]
WRONG_OF_EXTENSION = [({"audit": ["log"]}, ValueError, r"audit=\['log'\] is not a valid value")]


@pytest.mark.parametrize(("options", "error", "message"), WRONG)
def test_wrong_options_are_refused_at_set_up(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        CORS(Flask(__name__), **options)
    with pytest.raises(error, match=message):
        CORS(Flask(__name__), resources={"/a": options})
    with pytest.raises(error, match=message):
        CORS(**options).init_app(Flask(__name__))
    with pytest.raises(error, match=message):
        cross_origin(**options)


@pytest.mark.parametrize(
    ("resources", "error", "message"),
    [
        (None, ValueError, "resources=None"),
        (5, ValueError, "resources=5"),
        ("/(", ValueError, r"resources: '/\('"),
        ({"/[": {}}, ValueError, r"resources: '/\['"),
        ({"/a": None}, TypeError, "options of '/a' must be a dict, not None"),
        ({"/a": "x"}, ValueError, "options of '/a' must be a dict, not 'x'"),
        ({"/a*": None}, TypeError, r"options of '/a\*' must be a dict, not None"),
        ({"/": {}, 5: {}}, TypeError, "resources: the key 5 must be a str"),
        ({re.compile(b"/"): {}}, TypeError, r"resources: the key re\.compile\(b'/'\) must be"),
        ([re.compile(b"/")], TypeError, "resources"),
    ],
)
def test_wrong_resources_are_refused(resources: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        CORS(Flask(__name__), resources=resources)


def test_a_wrong_configuration_key_is_refused_by_the_extension() -> None:
    app = Flask(__name__)
    app.config["CORS_ORIGINS"] = "https://[a"
    with pytest.raises(ValueError, match="origins"):
        CORS(app)


@pytest.mark.parametrize(
    ("key", "value", "left_out"),
    [
        ("CORS_METHODS", "GET\r\nX: y", "Access-Control-Allow-Methods"),
        ("CORS_EXPOSE_HEADERS", ["a\x00"], "Access-Control-Expose-Headers"),
        ("CORS_MAX_AGE", "\n", "Access-Control-Max-Age"),
        ("CORS_ORIGINS", ["https://[a"], "Access-Control-Allow-Origin"),
        ("CORS_ORIGINS", re.compile(b"x"), "Access-Control-Allow-Origin"),
        ("CORS_ALLOW_HEADERS", "(", "Access-Control-Allow-Headers"),
    ],
)
def test_what_only_a_request_can_show_is_left_out_and_logged(
    key: str, value: object, left_out: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A decorated view reads the configuration at each request, which succeeds without that header."""
    app = Flask(__name__)

    @app.route("/")
    @cross_origin()
    def view() -> str:
        return "hello"

    app.config[key] = value
    ask = {
        "Origin": "https://a.example",
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "x",
    }
    with caplog.at_level(logging.ERROR, "flask_cors_rs"):
        response = app.test_client().options("/", headers=ask)
        assert app.test_client().get("/").data == b"hello"
    assert response.status_code == 200
    assert left_out not in response.headers
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert not re.search("[\x00-\x1f]", caplog.records[0].getMessage())


@pytest.mark.parametrize(
    ("key", "value", "left_out"),
    [
        ("CORS_METHODS", Undecodable(), "Access-Control-Allow-Methods"),
        ("CORS_EXPOSE_HEADERS", Unreadable(), "Access-Control-Expose-Headers"),
        ("CORS_EXPOSE_HEADERS", Untold(), "Access-Control-Expose-Headers"),
        ("CORS_ORIGINS", Undecodable(), "Access-Control-Allow-Origin"),
    ],
)
def test_what_cannot_be_read_at_a_request_is_left_out(
    key: str, value: object, left_out: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = Flask(__name__)
    app.add_url_rule("/", view_func=cross_origin()(lambda: "hello"), endpoint="view")
    app.config[key] = value
    ask = {"Origin": "https://a.example", "Access-Control-Request-Method": "PUT"}
    response = app.test_client().options("/", headers=ask)
    assert (response.status_code, left_out in response.headers) == (200, False)
    assert left_out == "Access-Control-Allow-Origin" or "Access-Control-Allow-Origin" in response.headers
    assert f"{key[5:].lower()}=" in caplog.text


@pytest.mark.parametrize("origins", ["*", ["*", "https://a.example"], ["*", lambda _: True]])
def test_an_impossible_combination_from_the_configuration_sends_nothing(
    origins: Any, caplog: pytest.LogCaptureFixture
) -> None:
    app = Flask(__name__)
    app.config.update(CORS_SUPPORTS_CREDENTIALS=True, CORS_SEND_WILDCARD=True, CORS_ORIGINS=origins)
    app.add_url_rule("/", view_func=cross_origin()(lambda: "hello"), endpoint="view")
    response = app.test_client().get("/", headers={"Origin": "https://a.example"})
    assert response.data == b"hello"
    assert "Access-Control-Allow-Origin" not in response.headers
    assert "what it concerns is left out of responses: origins='*' cannot be combined" in caplog.text


_NAMES = ["origins", "methods", "allow_headers", "expose_headers", "max_age"]
_FLAGS = ["supports_credentials", "send_wildcard", "vary_header", "always_send", "allow_private_network"]


@given(
    texts=st.dictionaries(st.sampled_from([*_NAMES, *_FLAGS]), st.text(PLAIN)),
    flags=st.dictionaries(st.sampled_from([*_NAMES, *_FLAGS]), st.booleans()),
)
def test_what_a_decorator_does_not_parse_at_set_up_cannot_be_wrong(
    texts: dict[str, str], flags: dict[str, bool]
) -> None:
    # Any origin, the default, cannot be combined with supports_credentials and send_wildcard.
    options: dict[str, Any] = {"origins": "https://a.example", **texts, **flags}
    CORS(Flask(__name__), **options)


def test_an_unknown_option_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    CORS(Flask(__name__), orgins="*", ORIGINS="x", resources={"/": {"max-age": 5}})  # type: ignore[call-arg]
    assert [message.split()[0] for message in caplog.messages] == ["max-age", "orgins", "ORIGINS"]
    cross_origin(orgin="*", report_only={"max_ages": 5})  # type: ignore[call-arg]
    assert [message.split()[0] for message in caplog.messages[3:]] == ["orgin", "max_ages"]
    assert all(record.levelno == logging.WARNING for record in caplog.records)
    assert caplog.messages[0] == "max-age is not an option of CORS and is ignored: did you mean max_age?"


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("origin", "did you mean origins?"),
        ("headers", "did you mean allow_headers?"),
        ("allow_methods", "did you mean methods?"),
        ("allowed_methods", "did you mean methods?"),
        ("allow_method", "did you mean methods?"),
        ("header", "did you mean allow_headers?"),
        ("credentials", "did you mean supports_credentials?"),
        ("CORS_HEADERS", "did you mean allow_headers?"),
        ("support_credentials", "did you mean supports_credentials?"),
        ("CORS_SEND_WILDCARD", "did you mean send_wildcard?"),
        ("foo", "remove it"),
    ],
)
def test_a_misspelt_option_is_named(caplog: pytest.LogCaptureFixture, name: str, remedy: str) -> None:
    CORS(Flask(__name__), **{name: "x"})  # type: ignore[arg-type]
    assert caplog.messages == [f"{name} is not an option of CORS and is ignored: {remedy}"]


def test_an_option_that_is_not_text(caplog: pytest.LogCaptureFixture) -> None:
    app = Flask(__name__)
    app.debug = True
    CORS(app, resources={"/": {5: "x"}})
    assert caplog.messages == ["5 is not an option of CORS and is ignored: remove it"]


@pytest.mark.parametrize(("options", "error", "message"), WRONG_OF_EXTENSION)
def test_wrong_options_of_the_extension_are_refused(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        CORS(Flask(__name__), **options)
