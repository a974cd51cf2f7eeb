"""What is missing or broken around an application stops neither its start nor a request."""

from __future__ import annotations

import logging
import sys
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import Client

from flask_cors_rs import CORS, CORSMiddleware, Origin, audit, cross_origin
from support.processes import run_python

pytestmark = pytest.mark.usefixtures("engine")
A, EVIL = "https://a.example", "https://evil.example"


class BrokenHandler(logging.Handler):
    """A handler that raises an exception, as if a disk were full."""

    def emit(self, record: logging.LogRecord) -> None:
        raise OSError("no space left")


@pytest.fixture
def broken_handler(caplog: pytest.LogCaptureFixture) -> Any:
    handler = BrokenHandler()
    logger = logging.getLogger("flask_cors_rs")
    logger.addHandler(handler)
    yield logger
    logger.removeHandler(handler)


def fail(origin: str) -> bool:
    raise LookupError(origin)


def make_app(*, debug: bool, middleware: bool) -> Flask:
    app = Flask(__name__)
    app.debug = debug
    app.add_url_rule("/", view_func=lambda: "hello", endpoint="index")
    app.add_url_rule("/decorated", view_func=cross_origin(origins=[A, fail])(lambda: "hello"), endpoint="decorated")
    app.add_url_rule("/wrong", view_func=cross_origin(origins=A)(lambda: "hello"), endpoint="wrong")
    app.config["CORS_METHODS"] = ["GET"]
    unsafe: Any = {"origins": [A, r"https://[a-z]+\.b\.example", fail], "supports_credentials": True, "orgins": A}
    CORS(app, middleware=middleware, **unsafe)
    app.config["CORS_MAX_AGE"] = "wrong\n"
    return app


@pytest.mark.usefixtures("broken_handler")
@pytest.mark.parametrize("level", [logging.NOTSET, logging.DEBUG])
@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("middleware", [False, True])
def test_a_log_handler_that_raises(
    debug: bool, middleware: bool, level: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("flask_cors_rs.core"), "level", level)
    monkeypatch.setattr("flask_cors_rs._log._broken_handlers", [])
    client = make_app(debug=debug, middleware=middleware).test_client()
    for path in ("/", "/decorated", "/wrong", "/missing"):
        for origin in (A, EVIL):
            asked = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
            assert client.options(path, headers=asked).status_code < 500
            response = client.get(path, headers={"Origin": origin})
            assert response.status_code < 500
            assert response.headers.get("Access-Control-Allow-Origin") != EVIL
    assert capsys.readouterr().err.count("OSError: no space left") == 1


@pytest.mark.parametrize("debug", [False, True])
def test_a_missing_dependency(debug: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "idna", None)
    app = Flask(__name__)
    app.debug = debug
    CORS(app, origins=["https://b\u00fccher.example", A])
    assert app.test_client().get("/", headers={"Origin": A}).headers["Access-Control-Allow-Origin"] == A
    assert "CORS007" in {finding.id for finding in audit(app)}
    with pytest.raises(ValueError, match="Origin"):
        Origin("https://b\u00fccher.example")


@pytest.mark.parametrize("middleware", [False, True])
def test_no_standard_streams(engine: str, middleware: bool) -> None:
    code = f"""
import sys
sys.stdout = sys.stderr = None
from flask import Flask
from werkzeug.test import Client
from flask_cors_rs import CORS
app = Flask("app")
app.add_url_rule("/", "index", lambda: "hello")
CORS(app, origins=["https://a.example", r"https://[a-z]+.b.example"], middleware={middleware})
response = app.test_client().get("/", headers={{"Origin": "https://a.example"}})
sys.exit(0 if response.headers.get("Access-Control-Allow-Origin") == "https://a.example" else 1)
"""
    assert run_python("-c", code, FLASK_CORS_RS_BACKEND=engine).returncode == 0


def test_the_middleware_of_another_framework_without_its_diagnostics(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "flask_cors_rs._diagnostics.audit", None)

    def application(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return []

    unsafe = CORSMiddleware(application, origins=r"https://[a-z]+\.b\.example", debug=True)
    response = Client(unsafe).get("/", headers={"Origin": "https://a.b.example"})
    assert response.headers["Access-Control-Allow-Origin"] == "https://a.b.example"
