"""Requests with any bytes do not cause exceptions, injected headers, or control characters in the log."""

from __future__ import annotations

import logging
import re

import pytest
from flask import Flask
from hypothesis import given, settings, strategies as st

from flask_cors_rs import CORS, cross_origin
from support.wsgi import ask

BYTES = st.one_of(
    st.text(st.characters(max_codepoint=0xFF), max_size=30),
    st.text(st.sampled_from("\r\n\0,;: *\x1b\x7f\x85\u00ffaX-"), max_size=30),
)


def _app() -> Flask:
    app = Flask(__name__)

    @app.route("/decorated")
    @cross_origin(expose_headers="X-A", max_age=5)
    def decorated() -> str:
        return "hello"

    @app.route("/<path:path>", methods=["GET", "PUT"])
    def view(path: str) -> str:
        return "hello"

    CORS(app, resources={r"/regex": {"origins": [r"https://\w+", r"(?=a)a"], "allow_headers": r"x-.*"}, "*": {}})
    return app


@settings(max_examples=max(300, settings().max_examples))
@given(
    method=st.sampled_from(["GET", "OPTIONS", "PUT", "options"]),
    path=st.one_of(st.sampled_from(["/decorated", "/regex", "/%ff%00%0a", "/%"]), BYTES.map(lambda path: f"/{path}")),
    origin=BYTES,
    wanted=BYTES,
    names=BYTES,
    network=st.one_of(BYTES, st.just("true")),
)
@pytest.mark.parametrize("level", [logging.WARNING, logging.DEBUG])
def test_any_bytes_are_answered(
    engine: str,
    caplog: pytest.LogCaptureFixture,
    level: int,
    method: str,
    path: str,
    origin: str,
    wanted: str,
    names: str,
    network: str,
) -> None:
    caplog.clear()
    with caplog.at_level(level, "flask_cors_rs"):
        status, headers, _ = ask(
            _app(),
            {
                "REQUEST_METHOD": method,
                "PATH_INFO": path,
                "HTTP_ORIGIN": origin,
                "HTTP_ACCESS_CONTROL_REQUEST_METHOD": wanted,
                "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": names,
                "HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK": network,
            },
        )
    assert not status.startswith("5")
    for name, value in headers:
        if name.startswith("Access-Control-") or name == "Vary":
            assert "\r" not in value
            assert "\n" not in value
    for record in caplog.records:
        assert not re.search("[\x00-\x1f\x7f-\x9f]", record.getMessage())


@pytest.mark.parametrize(
    ("origin", "names", "expected"),
    [
        ("https://a.example\r\nSet-Cookie: x=1", "", {}),
        ("https://a.example", "x-a\r\nSet-Cookie: x=1, x-b", {"Access-Control-Allow-Headers": "x-b"}),
    ],
)
def test_a_line_break_is_not_echoed(engine: str, origin: str, names: str, expected: dict[str, str]) -> None:
    _, headers, _ = ask(
        _app(),
        {
            "REQUEST_METHOD": "OPTIONS",
            "PATH_INFO": "/any",
            "HTTP_ORIGIN": origin,
            "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "GET",
            "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": names,
        },
    )
    sent = dict(headers)
    assert {name: sent[name] for name in sent if name == "Access-Control-Allow-Headers"} == expected
    assert ("Access-Control-Allow-Origin" in sent) is bool(expected)
    assert "Set-Cookie" not in str(headers)


def test_a_very_long_list_is_answered_whole(engine: str) -> None:
    names = ",".join(f"x-{number}" for number in range(50_000))
    _, headers, _ = ask(
        _app(),
        {
            "REQUEST_METHOD": "OPTIONS",
            "PATH_INFO": "/any",
            "HTTP_ORIGIN": "https://a.example",
            "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "GET",
            "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": names,
        },
    )
    assert dict(headers)["Access-Control-Allow-Headers"] == ", ".join(sorted(names.split(",")))


def test_many_different_requests_leave_the_memory_bounded(engine: str) -> None:
    """Responses stay correct if a cache of requests is emptied."""
    client = _app().test_client()
    for number in range(3_000):
        origin = f"https://{number}.example"
        response = client.get(f"/{number}", headers={"Origin": origin})
        assert response.headers["Access-Control-Allow-Origin"] == origin
