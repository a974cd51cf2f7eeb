"""What is missing or broken around an application stops neither its start nor a request."""

from __future__ import annotations

import importlib.metadata
import logging
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from flask.cli import ScriptInfo
from werkzeug.test import Client

import flask_cors_rs
from flask_cors_rs import CORS, CORSMiddleware, Origin, Subdomains, audit, cross_origin
from flask_cors_rs.cli import cors
from support.processes import run_python

if TYPE_CHECKING:
    from pathlib import Path

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


ERRORS = """
import logging
import sys
import blinker
from flask import Flask
from flask_cors_rs import CORS, cross_origin, cors_refused

logging.lastResort.setFormatter(logging.Formatter("%(levelname)s %(message)s"))

class Broken:
    def __bool__(self):
        raise RuntimeError("no flag")

def is_tenant(origin):
    raise RuntimeError("no database")

@cors_refused.connect
def receive(sender, **values):
    raise RuntimeError("no metrics")

app = Flask("app")
app.add_url_rule("/", "index", lambda: "hello")
app.add_url_rule("/decorated", "decorated", cross_origin()(lambda: "hello"))
CORS(app, origins=is_tenant)
app.config.update({config})
for path in ("/", "/decorated"):
    response = app.test_client().get(path, headers={{"Origin": "https://a.example"}})
    assert response.data == b"hello", path
"""


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (
            "",
            "\nERROR origins: is_tenant failed: the origin https://a.example is not allowed\nTraceback (most",
        ),
        ("", "\nERROR A receiver of a CORS signal failed: RuntimeError('no metrics')\n"),
        (
            r"CORS_ORIGINS='https://\\d(\n'",
            (
                "\nERROR The CORS configuration of a view (@cross_origin and CORS_* keys) has an error, and what it"
                r" concerns is left out of responses: origins: 'https://\\d(\n' is not a valid regular expression ("
            ),
        ),
        (
            "CORS_SUPPORTS_CREDENTIALS=Broken()",
            (
                "\nERROR The options of @cross_origin and the CORS_* keys do not make a valid policy, so the view sends"
                " no CORS headers\nTraceback (most recent call last):"
            ),
        ),
    ],
)
def test_an_error_at_a_request_is_on_stderr_where_nobody_listens(engine: str, config: str, expected: str) -> None:
    result = run_python("-c", ERRORS.format(config=config), FLASK_CORS_RS_BACKEND=engine)
    assert result.returncode == 0, result.stderr
    assert expected in f"\n{result.stderr}"


def test_requests_do_not_flood_stderr_where_nobody_listens(engine: str) -> None:
    code = """
from flask import Flask
from flask_cors_rs import CORS
app = Flask("app")
app.add_url_rule("/", "index", lambda: "hello")
CORS(app, origins=lambda origin: {}[origin])
for number in range(30):
    app.test_client().get("/", headers={"Origin": f"https://{number}.example"})
CORS(Flask("other"), **{f"unknown{number}": 1 for number in range(30)})
"""
    error = run_python("-c", code, FLASK_CORS_RS_BACKEND=engine).stderr
    assert error.count("is not allowed") == error.count("Traceback") == 20
    # What a program does itself is always reported.
    assert error.count("is not an option") == 30


def test_a_decision_that_cannot_be_observed_is_on_stderr_where_nobody_listens(engine: str) -> None:
    code = """
import logging
from flask import Flask
from flask_cors_rs import CORS, _decision_log
logging.getLogger("flask_cors_rs").setLevel("ERROR")
_decision_log.log_blocked = None
logging.lastResort.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
app = Flask("app")
app.debug = True
CORS(app, origins="https://a.example")
app.test_client().get("/", headers={"Origin": "https://b.example"})
"""
    error = run_python("-c", code, FLASK_CORS_RS_BACKEND=engine).stderr
    assert error.startswith("ERROR A CORS decision could not be observed\nTraceback (most recent call last):")


@pytest.mark.parametrize("change", ["__delattr__(request, {0})", "__setattr__(request, {0}, lambda: None)"])
def test_a_flask_whose_proxies_keep_no_context_variable(change: str, engine: str) -> None:
    code = f"""
from flask import Flask, request
object.{change.format("'_LocalProxy__wrapped'")}
from flask_cors_rs import CORS, cross_origin
app = Flask("app")
app.add_url_rule("/", "index", lambda: "hello")
app.add_url_rule("/decorated", "decorated", cross_origin()(lambda: "hello"))
CORS(app)
for path in ("/", "/decorated"):
    print(app.test_client().get(path, headers={{"Origin": "https://a.example"}}).headers["Access-Control-Allow-Origin"])
"""
    result = run_python("-c", code, FLASK_CORS_RS_BACKEND=engine)
    assert (result.stdout.split(), result.stderr) == (["https://a.example"] * 2, "")


def test_the_middleware_of_another_framework_without_its_diagnostics(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "flask_cors_rs._diagnostics.audit", None)

    def application(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return []

    unsafe = CORSMiddleware(application, origins=r"https://[a-z]+\.b\.example", debug=True)
    response = Client(unsafe).get("/", headers={"Origin": "https://a.b.example"})
    assert response.headers["Access-Control-Allow-Origin"] == "https://a.b.example"


APPLICATION = r"""
import logging
import sys
from flask import Flask
from werkzeug.test import Client
from flask_cors_rs import BACKEND, CORS, CORSMiddleware, cross_origin

records = []
logging.getLogger("flask_cors_rs.core").addFilter(lambda record: records.append(record) or True)
A, EVIL = "https://a.example", "https://evil.example"
options = {"origins": [A, "https://bücher.example", r"https://[a-z]+\.b\.example$"], "supports_credentials": True}

def make_app(decorator=lambda view: view):
    app = Flask("app")
    app.debug = True
    app.add_url_rule("/", "index", decorator(lambda: "hello"), methods=["GET", "PUT"])
    return app

apps = [make_app(), make_app(), make_app(cross_origin(**options))]
CORS(apps[0], **options)
CORS(apps[1], middleware=True, **options)
apps.append(CORSMiddleware(make_app().wsgi_app, debug=True, **options))
for app in apps:
    client = Client(app)
    for origin in (A, "https://x.b.example", EVIL):
        asked = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
        for response in (client.get("/", headers=asked), client.options("/", headers=asked)):
            assert response.status_code < 500, response.status
            allowed = response.headers.get("Access-Control-Allow-Origin")
            assert allowed == (None if origin == EVIL else origin), (origin, allowed)
for record in records:
    if record.exc_info:
        print(record.getMessage(), record.exc_info[1])
print(BACKEND)
"""

READ_ONLY = """
import os, sys

def refuse(event, arguments):
    writes = event in {"os.mkdir", "os.rename", "os.remove"}
    if event == "open" and arguments[0] != os.devnull:
        writes = bool((arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
    if writes:
        raise OSError(30, "Read-only file system")

sys.dont_write_bytecode = False
sys.pycache_prefix = os.getcwd()
sys.addaudithook(refuse)
try:
    open("file", "w")
except OSError:
    pass
else:
    sys.exit("the disk is not read-only")
"""

BROKEN_STDERR = """
import io, sys

class Broken(io.StringIO):
    def write(self, text):
        raise {error}("cannot write")

sys.stderr = Broken()
"""

LIST = "flask_cors_rs._origins.public_suffix_rules"
LIST_IS_MISSING = (
    "The Public Suffix List cannot be imported from flask_cors_rs._origins.public_suffix_rules (import of"
    " flask_cors_rs._origins.public_suffix_rules halted; None in sys.modules): include that module in the frozen"
    " application, or reinstall flask-cors-rs"
)
AUDIT = "flask_cors_rs._diagnostics.audit"


def without(module: str) -> str:
    """Return a program in which a module cannot be imported."""
    return f"import sys; sys.modules[{module!r}] = None"


@pytest.mark.parametrize(
    ("surroundings", "failure"),
    [
        pytest.param(without(LIST), LIST_IS_MISSING, id="no list of public suffixes"),
        pytest.param(without(AUDIT), f"import of {AUDIT} halted; None in sys.modules", id="no audit"),
        pytest.param(without("idna"), None, id="no idna"),
        pytest.param(without("idna.idnadata"), None, id="no data of idna"),
        pytest.param(without("idna.uts46data"), None, id="no mapping of idna"),
        pytest.param(READ_ONLY, None, id="a read-only disk"),
        pytest.param(BROKEN_STDERR.format(error="OSError") + without(LIST), LIST_IS_MISSING, id="a full disk"),
        pytest.param(BROKEN_STDERR.format(error="ValueError") + without(LIST), LIST_IS_MISSING, id="a closed stderr"),
    ],
)
def test_an_application_starts_and_answers(engine: str, surroundings: str, failure: str | None, tmp_path: Path) -> None:
    result = run_python("-c", surroundings + APPLICATION, cwd=tmp_path, FLASK_CORS_RS_BACKEND=engine)
    setups = ("CORS(app)", "CORS(app)", "CORSMiddleware") if failure else ()
    lines = [f"The audit of {name} at set-up failed. Run `flask cors audit` instead. {failure}" for name in setups]
    assert result.stdout.splitlines() == [*lines, engine], result.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_needs_the_list_of_public_suffixes_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, LIST, None)
    expected = re.escape(LIST_IS_MISSING)
    for more in ({}, {"allow_public_suffixes": True}):
        with pytest.raises(ImportError, match=expected):
            Subdomains("https://app.example", **more)
    app = Flask(__name__)
    CORS(app, origins=r"https://[a-z]+\.b\.example$")
    with pytest.raises(ImportError, match=expected):
        audit(app)
    result = app.test_cli_runner().invoke(cors, ["audit"], obj=ScriptInfo(create_app=lambda: app))
    assert result.exit_code == 2
    assert result.output.endswith(f"\nError: {LIST_IS_MISSING}\n")


@pytest.mark.parametrize("module", ["idna", "idna.idnadata", "idna.uts46data"])
def test_an_origin_says_that_idna_is_missing(module: str) -> None:
    error = run_python(
        "-c", f"{without(module)}\nfrom flask_cors_rs import Origin\nOrigin('https://\\xfc.example')"
    ).stderr
    assert "browsers send an internationalized name in its ASCII form. The package idna, which gives the ASCII" in error
    assert f"(import of {module} halted; None in sys.modules): install it, or include all of it in the frozen" in error


def test_the_version_without_the_metadata_of_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.delitem(vars(flask_cors_rs), "__version__", raising=False)
    monkeypatch.setattr(importlib.metadata, "version", fail)
    assert flask_cors_rs.__version__ == "unknown"
    del flask_cors_rs.__version__
