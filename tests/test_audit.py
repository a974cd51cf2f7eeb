"""The audit: what it finds and what it does not report, at set-up and later."""

from __future__ import annotations

import logging
import re
import sys
from typing import Any

import pytest
from flask import Flask

from flask_cors_rs import CORS, AuditError, CORSMiddleware, Origin, Regex, Subdomains, audit, cross_origin
from flask_cors_rs._diagnostics.audit import CHECKS, SEVERITIES
from support import ROOT
from support.processes import run_python

pytestmark = pytest.mark.usefixtures("engine")
CREDENTIALS: dict[str, Any] = {"supports_credentials": True}

FOUND: list[tuple[dict[str, Any], str, str | None]] = [
    (CREDENTIALS, "CORS001", None),
    ({"origins": re.compile(".*"), **CREDENTIALS}, "CORS001", None),
    ({"origins": r"https://.*\.app\.example"}, "CORS002", r"https://a\.app\.example\.?evil\.example"),
    ({"origins": r"https?://"}, "CORS002", r"https?://a?evil.example"),
    ({"origins": re.compile(r"https://www.app\.example$")}, "CORS003", r"https://wwwxapp\.example"),
    ({"origins": "null"}, "CORS004", None),
    ({"origins": Regex("null|https://a")}, "CORS004", None),
    ({"origins": "http://app.example", **CREDENTIALS}, "CORS005", None),
    ({"origins": Subdomains("http://app.example"), **CREDENTIALS}, "CORS005", None),
    ({"origins": r"https?://app\.example$", **CREDENTIALS}, "CORS005", "http://app.example"),
    ({"origins": r"https://[a-z0-9-]+\.github\.io$"}, "CORS006", r"https://evil-.*\.github\.io"),
    ({"origins": r"https://.*\.com$"}, "CORS006", r"https://evil-.*\.com"),
    ({"origins": "https://app.example/"}, "CORS007", None),
    ({"origins": "https://b\u00fccher.example"}, "CORS007", None),
    ({"origins": r"app\.example$"}, "CORS008", None),
    ({"origins": re.compile(r"https://APP\.example$")}, "CORS008", None),
    ({"origins": "https://*.app.example"}, "CORS008", None),
    ({"origins": "https://[::1]:8443"}, "CORS008", None),
    ({"methods": "*"}, "CORS009", None),
    ({"methods": ["TRACE"]}, "CORS009", None),
    ({"methods": "GET; POST"}, "CORS009", None),
    ({"allow_headers": "X-A, X-B"}, "CORS010", None),
    ({"allow_headers": "Access-Control-Allow-Origin"}, "CORS010", None),
    ({"allow_headers": "Cookie"}, "CORS010", None),
    ({"allow_headers": "x_api_key"}, "CORS010", None),
    ({"expose_headers": "Set-Cookie"}, "CORS011", None),
    ({"expose_headers": "X A"}, "CORS011", None),
    ({"expose_headers": "*", "origins": "https://a.example", **CREDENTIALS}, "CORS012", None),
    ({"max_age": 100_000}, "CORS013", None),
    ({"max_age": 7201}, "CORS013", None),
    ({"max_age": True}, "CORS013", None),
    ({"allow_private_network": True}, "CORS014", None),
    ({"origins": r"https://(?=a)(a|a)*$"}, "CORS018", r"https://a+!?"),
    ({"allow_headers": r"(?!b)(x+)+-$"}, "CORS018", "x+.?"),
    ({"resources": r"/(?=a)(a+)+/$", "origins": "https://a.example"}, "CORS018", r"/?a+.?"),
    ({"orgins": "https://app.example"}, "CORS019", None),
    ({"send_wildcard": "False"}, "CORS020", None),
    ({"vary_header": False}, "CORS022", None),
]


@pytest.mark.parametrize(("options", "name", "example"), FOUND, ids=[f"{case[1]} {case[0]}"[:60] for case in FOUND])
def test_what_is_found(options: dict[str, Any], name: str, example: str | None) -> None:
    app = Flask(__name__)
    CORS(app, audit="off", **options)
    found = [finding for finding in audit(app) if finding.id == name]
    assert len(found) == 1, audit(app)
    finding = found[0]
    assert finding.severity in SEVERITIES
    assert finding.remedy
    assert finding.consequence
    if example is not None:
        assert finding.example is not None
        assert re.fullmatch(example, finding.example), finding.example
    if finding.id in {"CORS002", "CORS003", "CORS006"} and finding.example is not None:
        response = app.test_client().get("/", headers={"Origin": finding.example})
        assert response.headers["Access-Control-Allow-Origin"] == finding.example


FINE: list[dict[str, Any]] = [
    {},
    {"origins": ["https://a.example", "http://localhost:3000", Origin("https://[::1]:8443")], **CREDENTIALS},
    {"origins": r"https://.*\.app\.example$", **CREDENTIALS},
    {"origins": re.compile(r"https://(www\.)?app\.example\Z"), **CREDENTIALS},
    {"origins": [Origin("https://a.example"), Subdomains("https://b.example"), Regex(r"https://c\d\.example")]},
    {"origins": lambda origin: origin == "x", **CREDENTIALS},
    {"methods": ["GET", "PATCH", "X-OWN"], "allow_headers": ["X-A", "x-.*"], "expose_headers": ["X-E"]},
    {"max_age": 0},
    {"max_age": "7200"},
    {"expose_headers": "*"},
    {"send_wildcard": True, "vary_header": False},
    {"origins": "https://a.example", "vary_header": False, "allow_private_network": True},
    {"resources": r"/(?=a)[a-z]+/$"},
]


@pytest.mark.parametrize("options", FINE, ids=[str(options)[:60] for options in FINE])
def test_what_is_left_alone(options: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    app = Flask(__name__)
    app.add_url_rule("/<path:path>", "any", lambda path: path)
    app.add_url_rule("/abc/", "abc", lambda: "abc")
    CORS(app, **options)
    assert audit(app) == []
    assert caplog.records == []


UNSAFE: dict[str, Any] = {
    "origins": [r"https://.*\.a\.example", "https://b.example/", "http://c.example"],
    **CREDENTIALS,
}


def test_at_set_up_errors_are_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    for make in (
        lambda: CORS(Flask(__name__), **UNSAFE),
        lambda: CORS(Flask(__name__), resources={"/a": UNSAFE}),
        lambda: CORSMiddleware(lambda _environ, _start: [], **UNSAFE),
    ):
        caplog.clear()
        make()
        assert {record.levelno for record in caplog.records} == {logging.WARNING}
        assert [re.findall(r"CORS\d+ (\w+)", record.getMessage()) for record in caplog.records] == [["error"]] * 2
        assert "docs/audit.md#cors002" in caplog.text
        assert "docs/audit.md#cors007" in caplog.text


def test_at_set_up_they_may_be_an_exception_or_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(AuditError, match="CORS002") as raised:
        CORS(Flask(__name__), audit="raise", **UNSAFE)
    assert {finding.id for finding in raised.value.findings} == {"CORS002", "CORS007"}
    app = Flask(__name__)
    app.config.update(CORS_AUDIT="raise", CORS_ORIGINS="https://b.example/")
    with pytest.raises(AuditError):
        CORS(app)
    app.config["CORS_AUDIT_IGNORE"] = ["CORS007"]
    CORS(app)
    cors = CORS(Flask(__name__), audit="off", **UNSAFE)
    assert caplog.records == []
    with pytest.raises(AuditError):
        cors.reconfigure(audit="raise", **UNSAFE)
    with pytest.raises(ValueError, match="audit='loud' is not a valid value"):
        CORS(Flask(__name__), audit="loud")  # type: ignore[arg-type]


def test_where_nobody_listens_it_is_on_stderr() -> None:
    program = "import sys, flask, flask_cors_rs; flask_cors_rs.CORS(flask.Flask('x'), supports_credentials=True)"
    quiet = "import logging; logging.getLogger('flask_cors_rs').setLevel('ERROR');"
    for code, expected in ((program, 1), (f"{quiet}{program}", 0)):
        done = run_python("-c", code)
        assert done.returncode == 0, done.stderr
        assert done.stderr.count("CORS001") == expected, done.stderr


def test_decorated_views_and_the_configuration_are_audited() -> None:
    app = Flask(__name__)
    app.add_url_rule("/a", "a", cross_origin(supports_credentials=True)(lambda: "a"))
    app.add_url_rule("/b", "b", cross_origin(methods="*")(lambda: "b"))
    assert [(finding.id, finding.where) for finding in audit(app)] == [
        ("CORS001", "@cross_origin of a"),
        ("CORS009", "@cross_origin of b"),
    ]
    app.config["CORS_ORIGINS"] = "("
    assert {finding.id for finding in audit(app)} == {"CORS023"}
    assert audit(app, ignore=["CORS023"]) == []


def test_the_most_severe_comes_first() -> None:
    app = Flask(__name__)
    CORS(app, max_age=7201, vary_header=False, methods=["*"], audit="off")
    assert [finding.severity for finding in audit(app)] == ["error", "warning", "info"]


def test_every_check_is_documented() -> None:
    page = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
    for name, check in CHECKS.items():
        assert f'<a id="{name.lower()}"></a>\n\n## {name}: {check.title}' in page


def test_every_check_is_tested() -> None:
    sources = [(ROOT / "tests" / name).read_text() for name in ("test_audit.py", "support/misconfigurations.py")]
    assert set(CHECKS) <= set(re.findall(r"CORS\d{3}", "".join(sources)))


@pytest.mark.skipif(sys.version_info < (3, 11), reason="the pages are generated on a newer Python")
@pytest.mark.parametrize("script", ["document_audit.py", "document_misconfigurations.py"])
def test_the_pages_are_current(script: str) -> None:
    pytest.importorskip("flask_cors_rs._rust", reason="the pages are generated with the Rust engine")
    done = run_python(str(ROOT / "tools" / script), "--check")
    assert done.returncode == 0, done.stdout + done.stderr
