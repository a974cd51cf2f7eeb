"""The audit: what it finds and what it does not report, at set-up and later."""

from __future__ import annotations

import logging
import re
import sys
from importlib.util import find_spec
from typing import Any

import pytest
from flask import Blueprint, Flask, current_app, g, request

from flask_cors_rs import (
    CORS,
    AuditError,
    Cached,
    CORSMiddleware,
    Origin,
    Regex,
    Subdomains,
    _setup_audit,
    audit,
    cross_origin,
)
from flask_cors_rs._diagnostics import samples
from flask_cors_rs._diagnostics.audit import CHECKS, SEVERITIES, audit_resources
from flask_cors_rs._options import parse_trees
from flask_cors_rs._options.longer_origins import longer_origin
from flask_cors_rs._options.patterns import RegexPattern
from flask_cors_rs._options.resources import compile_resources
from support import ROOT, levels
from support.ids import short_id
from support.processes import run_python

pytestmark = pytest.mark.usefixtures("engine")
CREDENTIALS: dict[str, Any] = {"supports_credentials": True}

FOUND: list[tuple[dict[str, Any], str, str | None]] = [
    (CREDENTIALS, "CORS001", None),
    ({"origins": re.compile(".*"), **CREDENTIALS}, "CORS001", None),
    ({"origins": r"^.*$", **CREDENTIALS}, "CORS001", None),
    ({"origins": r"^(?!null$).*$", **CREDENTIALS}, "CORS001", "https://evil.invalid"),
    ({"origins": r"https://[a-z]+\.[a-z]+$", **CREDENTIALS}, "CORS001", "https://evil.invalid"),
    ({"origins": Regex(r"https://.+"), **CREDENTIALS}, "CORS001", "https://evil.invalid"),
    ({"origins": r"https://.*\.app\.example"}, "CORS002", r"https://a\.app\.example\.?evil\.example"),
    ({"origins": r"https?://"}, "CORS002", r"https?://a?evil.example"),
    ({"origins": re.compile(r"https://www.app\.example$")}, "CORS003", r"https://wwwxapp\.example"),
    ({"origins": "null"}, "CORS004", None),
    ({"origins": ["https://a.example", "null"], **CREDENTIALS}, "CORS004", None),
    ({"origins": Regex("null|https://a")}, "CORS004", None),
    ({"origins": "http://app.example", **CREDENTIALS}, "CORS005", None),
    ({"origins": Subdomains("http://app.example"), **CREDENTIALS}, "CORS005", None),
    ({"origins": r"https?://app\.example$", **CREDENTIALS}, "CORS005", "http://app.example"),
    ({"origins": r"https://[a-z0-9-]+\.github\.io$"}, "CORS006", r"https://evil-.*\.github\.io"),
    ({"origins": r"https://[a-z]+\.github\.io$"}, "CORS006", r"https://evil\.github\.io"),
    ({"origins": r"https://\w+\.github\.io(:8443)?$"}, "CORS006", r"https://evil\.github\.io(:8443)?"),
    ({"origins": r"https://\w+\.[a-z]+\.github\.io$"}, "CORS006", r"https://a\.evil\.github\.io"),
    ({"origins": r"https://.*\.com$"}, "CORS006", r"https://evil-.*\.com"),
    ({"origins": r"https://.*\.amazonaws\.com$"}, "CORS006", r"https://evil\..+\.amazonaws\.com"),
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
    ({"origins": r"^(?!null$).*$", "allow_private_network": True}, "CORS014", "https://evil.invalid"),
    ({"origins": r"https://(?=a)(a|a)*$"}, "CORS018", r"https://a+!?"),
    ({"allow_headers": r"(?!b)(x+)+-$"}, "CORS018", "x+.?"),
    ({"resources": r"/(?=a)(a+)+/$", "origins": "https://a.example"}, "CORS018", r"/?a+.?"),
    ({"orgins": "https://app.example"}, "CORS019", None),
    ({"send_wildcard": "False"}, "CORS020", None),
    ({"supports_credentials": "no"}, "CORS020", None),
    ({"vary_header": False}, "CORS022", None),
    ({"origins": lambda _: True, **CREDENTIALS}, "CORS025", "https://evil.invalid"),
    ({"origins": lambda origin: origin, **CREDENTIALS}, "CORS025", "https://evil.invalid"),
    ({"origins": [Cached(str.isascii, max_age=9)], **CREDENTIALS}, "CORS025", "https://evil.invalid"),
]


def test_a_finding_names_the_resource(caplog: pytest.LogCaptureFixture) -> None:
    app = Flask(__name__)
    CORS(app, resources={"/api/*": CREDENTIALS})
    assert "/api/* of CORS(app)" in caplog.text
    assert {finding.where for finding in audit(app)} == {"/api/* of CORS(app)"}


def test_a_finding_names_the_blueprint_as_the_command_does(caplog: pytest.LogCaptureFixture) -> None:
    app, blueprint = new_app(), Blueprint("b", __name__)
    blueprint.add_url_rule("/b", "b", lambda: "b")
    extension = CORS(blueprint, resources={"/b": CREDENTIALS})
    app.register_blueprint(blueprint)
    (found,) = [finding for finding in audit(app) if finding.id == "CORS001"]
    assert found.where == "/b of CORS(b)"
    assert found.where in caplog.text
    with pytest.raises(AuditError) as raised:
        extension.reconfigure(resources={"/b": CREDENTIALS}, audit="raise")
    assert [finding.where for finding in raised.value.findings if finding.id == "CORS001"] == [found.where]


def test_each_resource_with_other_options_is_checked() -> None:
    app = Flask(__name__)
    for path in ("/a", "/b"):
        app.add_url_rule(path, endpoint=path, view_func=lambda: "hello")
    CORS(
        app, resources={"/a": {"origins": "https://a.example"}, "/b": {"origins": "https://b.example", "methods": "*"}}
    )
    assert [(finding.id, finding.where) for finding in audit(app)] == [("CORS009", "/b of CORS(app)")]


@pytest.mark.parametrize(
    ("options", "name", "example"), FOUND, ids=[short_id(f"{case[1]} {case[0]}") for case in FOUND]
)
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
    {"origins": [r"https://(one|two)\.github\.io$", r"https://[a-z]+\.one\.github\.io$"]},
    {"origins": [Origin("https://a.example"), Subdomains("https://b.example"), Regex(r"https://c\d\.example")]},
    {"origins": lambda origin: origin == "x", **CREDENTIALS},
    {"origins": lambda _: True},
    {"origins": lambda origin: origin.endswith(".example") or origin == "https://evil.invalid", **CREDENTIALS},
    {"origins": lambda _: ["https://a.example"], **CREDENTIALS},
    {"origins": lambda _: 1 / 0, **CREDENTIALS},
    {"methods": ["GET", "PATCH", "X-OWN"], "allow_headers": ["X-A", "x-.*"], "expose_headers": ["X-E"]},
    {"max_age": 0},
    {"max_age": "7200"},
    {"expose_headers": "*"},
    {"send_wildcard": True, "vary_header": False},
    {"origins": "https://a.example", "vary_header": False, "allow_private_network": True},
    {"resources": r"/(?=a)[a-z]+/$"},
]


def new_app(*, debug: bool = False) -> Flask:
    app = Flask(__name__)
    app.debug = debug
    return app


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("options", FINE, ids=[short_id(options) for options in FINE])
def test_what_is_left_alone(options: dict[str, Any], debug: bool, caplog: pytest.LogCaptureFixture) -> None:
    app = new_app(debug=debug)
    app.add_url_rule("/<path:path>", "any", lambda path: path)
    app.add_url_rule("/abc/", "abc", lambda: "abc")
    CORS(app, **options)
    assert audit(app) == []
    assert caplog.records == []


UNSAFE: dict[str, Any] = {
    "origins": [r"https://.*\.a\.example", "https://b.example/", "http://c.example"],
    **CREDENTIALS,
}


@pytest.mark.parametrize(("debug", "ids"), [(True, ["CORS002", "CORS007"]), (False, ["CORS002"])])
def test_at_set_up_errors_are_logged_once(debug: bool, ids: list[str], caplog: pytest.LogCaptureFixture) -> None:
    for make in (
        lambda: CORS(new_app(debug=debug), **UNSAFE),
        lambda: CORS(new_app(debug=debug), resources={"/a": UNSAFE}),
        lambda: CORS(new_app(debug=debug), audit="off").reconfigure(**UNSAFE),
        lambda: CORSMiddleware(lambda _environ, _start: [], debug=debug, **UNSAFE),
    ):
        caplog.clear()
        make()
        assert {record.levelno for record in caplog.records} == {logging.WARNING}
        assert sorted(logged_ids(caplog)) == ids
        for name in ids:
            assert f"docs/audit.md#{name.lower()}" in caplog.text


def logged_ids(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the ids of the findings in the log. All of them have the severity ``error``."""
    found = [re.findall(r"(CORS\d+) (\w+): ", record.getMessage()) for record in caplog.records]
    assert {severity for findings in found for _, severity in findings} <= {"error"}
    return [name for findings in found for name, _ in findings]


VISIBLE: list[tuple[dict[str, Any], str]] = [
    (CREDENTIALS, "CORS001"),
    ({"resources": {"/a": {"origins": ["https://a.example", "*"], **CREDENTIALS}}}, "CORS001"),
    ({"resources": {"/a": {"origins": ["https://a.example", re.compile(".*")], **CREDENTIALS}}}, "CORS001"),
    ({"origins": r"https://.*\.app\.example"}, "CORS002"),
    ({"resources": {"/a": {}, "/b": {"origins": re.compile(r"https://(www\.)?a\.example")}}}, "CORS002"),
    ({"origins": ["https://a.example", "null"], **CREDENTIALS}, "CORS004"),
    ({"origins": "https://*.app.example"}, "CORS008"),
    ({"origins": "https://*.app.example$"}, "CORS008"),
    ({"allow_private_network": True}, "CORS014"),
    ({"origins": r"^(.*)$", "allow_private_network": True}, "CORS014"),
    ({"origins": "https://a.example", "supports_credentials": "False"}, "CORS020"),
    ({"origins": "https://a.example", "resources": {"/a": {"supports_credentials": "0"}}}, "CORS020"),
]


@pytest.mark.parametrize(("options", "name"), VISIBLE, ids=[short_id((case[1], case[0])) for case in VISIBLE])
def test_what_is_visible_is_logged_in_production(
    options: dict[str, Any], name: str, caplog: pytest.LogCaptureFixture
) -> None:
    CORS(new_app(), **options)
    assert logged_ids(caplog) == [name]
    assert {record.levelno for record in caplog.records} == {logging.WARNING}
    app = new_app()
    app.config["CORS_AUDIT_IGNORE"] = [name]
    caplog.clear()
    CORS(app, **options)
    CORS(new_app(), audit="off", **options)
    assert caplog.records == []


def test_the_configuration_is_looked_at_in_production(caplog: pytest.LogCaptureFixture) -> None:
    app = new_app()
    app.config.update(CORS_SUPPORTS_CREDENTIALS="false", CORS_ORIGINS="https://a.example")
    CORS(app)
    assert logged_ids(caplog) == ["CORS020"]
    assert "CORS020 error: app.config: supports_credentials='false' counts as true" in caplog.text


@pytest.mark.parametrize("debug", [False, True])
def test_what_is_found_in_many_resources_is_logged_once(debug: bool, caplog: pytest.LogCaptureFixture) -> None:
    CORS(new_app(debug=debug), resources=["/a", "/b", "/c"], origins=r"https://.*\.app\.example")
    (record,) = caplog.records
    assert record.getMessage().startswith("CORS002 error: /a of CORS(app) and 2 more: ")
    caplog.clear()
    resources = {path: {"origins": rf"https://.*\.{path[1:]}\.example"} for path in ("/a", "/b")}
    CORS(new_app(debug=debug), resources=resources)
    assert [record.getMessage()[:32] for record in caplog.records] == [
        "CORS002 error: /a of CORS(app): ",
        "CORS002 error: /b of CORS(app): ",
    ]
    with pytest.raises(AuditError) as raised:
        CORS(new_app(), resources=["/a", "/b"], audit="raise", **CREDENTIALS)
    assert [finding.where for finding in raised.value.findings] == ["/a of CORS(app)", "/b of CORS(app)"]


@pytest.mark.parametrize("options", [case[0] for case in FOUND] + [case[0] for case in VISIBLE], ids=short_id)
def test_what_is_logged_at_set_up_is_what_the_checks_say(
    options: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    compiled = compile_resources(options)
    errors = {finding.id for finding in audit_resources(compiled, "CORS(app)") if finding.severity == "error"}
    assert errors <= {name for name, check in CHECKS.items() if check.at_setup != "never"}
    caplog.clear()
    CORS(new_app(debug=True), **options)
    assert set(logged_ids(caplog)) == errors - {"CORS019"}
    caplog.clear()
    CORS(new_app(), **options)
    visible = set(logged_ids(caplog))
    assert visible <= errors
    assert visible <= {name for name, check in CHECKS.items() if check.at_setup == "production"}


def test_every_check_that_runs_at_set_up_finds_something_there(caplog: pytest.LogCaptureFixture) -> None:
    logged: dict[bool, set[str]] = {}
    for debug in (False, True):
        caplog.clear()
        for options in [*(case[0] for case in FOUND), *(case[0] for case in VISIBLE)]:
            CORS(new_app(debug=debug), **options)
        logged[debug] = set(logged_ids(caplog))
    production = {name for name, check in CHECKS.items() if check.at_setup == "production"}
    assert logged[False] == production
    # The log names an unknown option in a warning of its own.
    assert logged[True] | {"CORS019"} == {name for name, check in CHECKS.items() if check.at_setup != "never"}
    assert {bool(CHECKS[name].in_production) for name in production} == {True}


ANCHORED = [
    r"https://.*\.app\.example$",
    r"https://.*\.app\.example\Z",
    r"(https://a\.example$|https://b\.example$)",
    r"https://a\.example$|https://b\.example\Z",
    r"https://(?:a|b)\.example$",
    r"https://(a$|b\.example$)",
    r"https://a\.example(:\d+)?$",
    r"https://a\.example(?=$)",
    r"https://a\.example(?!.)",
    r"https://a\.example^",
    r"https://a\.example\b",
    r"https://.*+\.example",
    r"https://(?>.*)\.example",
    r"https://(a)\1",
    r"https://a\\$",
    r"https://[^\s\S]",
    # Not anchored, but what is added is not part of an origin.
    r"http://localhost:\d+",
    r"http://\[::1\]",
    r"https://a\.example/.*",
    r"a\.example|b",
    r"(?x)https://a\.example$",
    r".*",
    r"(?:.*)",
    r"|https://a\.example",
]
UNANCHORED = [
    r"https://.*\.app\.example",
    r"^https?://",
    r"^http",
    r"^https?:/?",
    r"https://a\.example\$?",
    r"https://a\.example(:\d+)?",
    r"https://a\.example$|https://b\.example",
    r"https://b\.example|https://a\.example$",
    r"https://(a|b$)",
    r"https://(?:a|b)\.example",
    r"https://[^.]+\.example",
    r"https://[^a]\d{2}[x-z]\w*?\.example",
    r"https://(?P<name>A|B)\.example($)?",
    r"https://a\.example[^/]*",
]


@pytest.mark.parametrize("text", ANCHORED)
def test_an_anchored_expression_is_not_reported_in_production(text: str, caplog: pytest.LogCaptureFixture) -> None:
    try:
        CORS(new_app(), origins=text)
    except ValueError:
        assert sys.version_info < (3, 11), "possessive repeats and atomic groups are new there"
    assert caplog.records == []


@pytest.mark.parametrize("text", UNANCHORED)
def test_an_unanchored_expression_allows_what_the_log_says(text: str, caplog: pytest.LogCaptureFixture) -> None:
    app = new_app()
    app.add_url_rule("/", "index", lambda: "hello")
    CORS(app, origins=text)
    assert logged_ids(caplog) == ["CORS002"]
    (origin,) = re.findall(r"for example '(.*?)'", caplog.text)
    for tail in ("", "-1", ".test"):
        response = app.test_client().get("/", headers={"Origin": origin + tail})
        assert response.headers["Access-Control-Allow-Origin"] == origin + tail


GLOBS = [
    ("http://localhost:*", r"http://localhost(:[0-9]+)?$", "http://localhost:3000"),
    ("http://127.0.0.1:*", r"http://127\.0\.0\.1(:[0-9]+)?$", "http://127.0.0.1:3000"),
    ("^https://app.example:*", r"^https://app\.example(:[0-9]+)?$", "https://app.example"),
    ("moz-extension://*", "moz-extension://[a-z0-9-]+$", "moz-extension://1a2b-3c"),
    ("chrome-extension://*", "chrome-extension://[a-z0-9-]+$", "chrome-extension://abcdef"),
    ("https://app.example/*", "https://app.example", "https://app.example"),
    ("^https://app.example/*", "https://app.example", "https://app.example"),
]


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize(("text", "meant", "origin"), GLOBS)
def test_a_glob_at_the_end_is_replaced_by_what_is_meant(
    text: str, meant: str, origin: str, debug: bool, caplog: pytest.LogCaptureFixture
) -> None:
    app = new_app(debug=debug)
    CORS(app, origins=text)
    assert logged_ids(caplog) == ["CORS002"]
    (finding,) = audit(app)
    assert f'Write {"r" * (chr(92) in meant)}"{meant}"' in finding.remedy
    assert finding.remedy in caplog.text
    caplog.clear()
    app = new_app(debug=debug)
    app.add_url_rule("/", "index", lambda: "hello")
    CORS(app, origins=meant)
    assert (audit(app), caplog.records) == ([], [])
    assert app.test_client().get("/", headers={"Origin": origin}).headers["Access-Control-Allow-Origin"] == origin


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("https://*.app.example", "Use Subdomains('https://app.example'), with"),
        (r"https://*.app\.example$", "Use Subdomains('https://app.example'), with"),
        ("https://*.app.example/*", "Use Subdomains('https://app.example'), with"),
        ("https://*.app.example:8443", "Use Subdomains('https://app.example:8443'), with"),
        ("https://*.app.example:*", "Use Subdomains('https://app.example', any_port=True), with"),
        ("https://*.*", "Match the whole origin"),
        ("https://*.co.uk", "List the origins, or use Regex."),
        ("https://*.127.0.0.1", "List the origins, or use Regex."),
        ("https://*.example.*", "List the origins, or use Regex."),
    ],
)
def test_a_glob_at_the_start_of_a_host_is_replaced_by_subdomains(text: str, remedy: str) -> None:
    app = new_app()
    CORS(app, origins=text)
    assert [finding.remedy[: len(remedy)] for finding in audit(app) if finding.id == "CORS008"] == [remedy]


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize(
    "text",
    [
        "https?:.*",
        "^https?://.*",
        "https?://.*",
        re.compile("http://.+"),
        "http(s)?://.*",
        "https?://[^/]+",
        "https://(.*)",
        "https://*",
        "http*",
        "^http",
        "https?://",
        re.compile("^https?://[^/]*"),
    ],
    ids=short_id,
)
def test_an_expression_for_any_host_needs_a_list(text: Any, debug: bool, caplog: pytest.LogCaptureFixture) -> None:
    for credentials in (False, True):
        caplog.clear()
        app = new_app(debug=debug)
        CORS(app, origins=text, supports_credentials=credentials)
        (finding,) = (finding for finding in audit(app) if finding.id == "CORS002")
        assert finding.remedy.startswith("List the allowed origins")
        assert "End the expression" not in caplog.text
        assert finding.remedy in caplog.text


@pytest.mark.parametrize(
    "text",
    [
        r"https://.*\.app\.example",
        "http://localhost*",
        "https?://a.*",
        "http://192.168.*.*:*",
        r"https://+a\.example($)?",
    ],
)
def test_other_expressions_need_an_end(text: str, caplog: pytest.LogCaptureFixture) -> None:
    CORS(new_app(), origins=text)
    assert "End the expression with $" in caplog.text
    assert "List the allowed origins" not in caplog.text


EVERY_ORIGIN = [
    r"^.*$",
    r"^.+$",
    r"^(.*)$",
    r"[\s\S]*$",
    r"(^.*$)",
    r"\A(?:.*?)\Z",
    r".+?",
    r"^..",
    r"^.{1,100}$",
    r"^[^,]+$",
    r"\S+$",
    r"[\w:/.-]+$",
    r"(?i)^[A-Z0-9:/.-]+$",
    r"^(https?://)?.*$",
    r"(https://a\.example|.*)$",
    r"^https://a\.example$|.*",
    r"^(.+|https://a\.example)?$",
    r".*$$(x$)?",
]


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("text", EVERY_ORIGIN)
def test_an_expression_that_allows_every_origin_is_like_an_asterisk(
    text: str, debug: bool, caplog: pytest.LogCaptureFixture
) -> None:
    app = new_app(debug=debug)
    app.add_url_rule("/", "index", lambda: "hello")
    CORS(app, origins=text, **CREDENTIALS)
    assert logged_ids(caplog) == ["CORS001"]
    assert [(finding.id, finding.severity) for finding in audit(app)] == [("CORS001", "error")]
    for origin in ("https://evil.attacker.net", "http://a", "https://xn--bcher-kva.example:8443"):
        response = app.test_client().get("/", headers={"Origin": origin})
        assert response.headers["Access-Control-Allow-Origin"] == origin
    with pytest.raises(AuditError, match="CORS001"):
        CORS(new_app(), origins=text, audit="raise", **CREDENTIALS)
    caplog.clear()
    app = new_app(debug=debug)
    CORS(app, origins=text)
    assert caplog.records == []
    assert audit(app) == []


@pytest.mark.parametrize(
    "text",
    [
        r".*x",
        r"^.*x$",
        r"[^.]*$",
        r"^[a-z:/]*$",
        r"^.{100,}",
        r"^.{1,10}$",
        r"^.*$.",
        r".(^.*)",
        r"(^.)*$",
        r".^.*$",
        r"^(?!.*evil).*$",
        r"^(.)\1+",
        r"^.*\b$",
        r"(?i:.*)a",
        r"(?i:.+)$",
        r"(x$)+",
        r"https?",
        r"https?://.*$",
    ],
)
def test_other_expressions_do_not_certainly_allow_every_origin(text: str) -> None:
    assert not _setup_audit.allows_every_origin(RegexPattern(re.compile(text)))


def test_without_the_parser_of_re_any_origin_is_found(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(parse_trees, "parser", None)
    for origins in ("*", ["https://a.example", "*"]):
        app = new_app()
        CORS(app, origins=origins, **CREDENTIALS)
        assert [finding.id for finding in audit(app)] == ["CORS001"]
    assert logged_ids(caplog) == ["CORS001", "CORS001"]
    assert not _setup_audit.allows_every_origin(RegexPattern("^.*$"))


def test_the_case_of_an_expression_is_that_of_its_flags() -> None:
    for text in ("https://APP", "https://[A-Z]", "https://[^a1-]", "https://(?i:A)"):
        assert longer_origin(RegexPattern(re.compile(text))) is None
    assert longer_origin(RegexPattern(re.compile("https://APP", re.IGNORECASE))) is not None
    assert longer_origin(RegexPattern(re.compile("https://(?-i:A)", re.IGNORECASE))) is None
    # A Kelvin sign, whose lower case is k.
    assert longer_origin(RegexPattern(re.compile("https://\u212a", re.IGNORECASE | re.ASCII))) is None


def test_a_large_expression_takes_no_time() -> None:
    for text in ("((((a?){99}){99}){99}){99}", "((((^){99}){99}){99}){99}", "((((a|b|c|d){99}x?){99}){99}){99}"):
        assert longer_origin(RegexPattern(re.compile(text))) is None


def test_an_expression_that_would_never_end_is_tried_in_another_process(
    engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples, "_TRIAL_SECONDS", 1)
    app = new_app(debug=True)
    CORS(app, origins=r"^https://(?!x)(?:[a-z0-9]+-?){20,}\.example$")
    assert "CORS018" in {finding.id for finding in audit(app)}


@pytest.mark.parametrize(
    ("attribute", "value"),
    [("frozen", True), ("executable", ""), ("executable", None), ("executable", str(ROOT / "missing"))],
)
def test_an_expression_is_not_tried_where_no_other_python_can_be_started(
    attribute: str, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = new_app()
    app.add_url_rule("/", "index", lambda: "x")
    CORS(app, origins=r"^https://(?!x)(?:[a-z0-9]+)+\.example$", methods="*")
    assert {finding.id for finding in audit(app)} == {"CORS009", "CORS018"}
    monkeypatch.setattr(sys, attribute, value, raising=False)
    assert {finding.id for finding in audit(app)} == {"CORS009"}


def test_an_application_starts_although_the_audit_fails(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> bool:
        raise RuntimeError("broken")

    monkeypatch.setattr(_setup_audit, "allows_null", fail)
    app = new_app()
    app.add_url_rule("/", "index", lambda: "hello")
    CORS(app, origins="https://a.example", supports_credentials=True)
    (record,) = caplog.records
    assert record.getMessage().startswith("The audit of CORS(app) at set-up failed.")
    response = app.test_client().get("/", headers={"Origin": "https://a.example"})
    assert response.headers["Access-Control-Allow-Origin"] == "https://a.example"
    caplog.clear()
    app = new_app()
    app.config["CORS_AUDIT_IGNORE"] = 1
    CORS(app, origins="https://*.a.example")
    assert len(caplog.records) == 1


@pytest.mark.parametrize("options", [{}, {"audit": "raise"}])
def test_an_application_starts_although_all_checks_fail(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(samples, "matching", None)
    app = new_app(debug=True)
    CORS(app, origins=r"https://[a-z]+\.app\.example$", **options)
    (record,) = caplog.records
    assert record.getMessage().startswith("The audit of CORS(app) at set-up failed.")
    assert app.test_client().get("/", headers={"Origin": "https://a.app.example"}).headers["Vary"] == "Origin"


@pytest.mark.parametrize(
    "regex",
    [r"https://(?:[a-z0-9]+-?){20,}\.example$", r"^https://(?!x)(?:[a-z0-9]+-?){20,}\.example$", r"https://(a|aa)+$"],
)
def test_no_check_at_set_up_runs_an_expression_that_can_take_minutes(regex: str) -> None:
    assert not isinstance(getattr(samples.safe_match(re.compile(regex)), "__self__", None), re.Pattern)
    CORS(new_app(debug=True), origins=regex)


def test_a_linear_match_finds_what_re_finds() -> None:
    found = {
        finding.id
        for text in (r"https://(?:[a-z0-9]+-?)+\.app\.example", r"https://(?:[a-z]+.)+\.github\.io$")
        for finding in audit_resources(compile_resources({"origins": text}), "CORS")
    }
    assert {"CORS002", "CORS006"} <= found


def test_at_set_up_they_may_be_an_exception_or_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(AuditError, match="CORS002") as raised:
        CORS(Flask(__name__), audit="raise", **UNSAFE)
    assert {finding.id for finding in raised.value.findings} == {"CORS002", "CORS007"}
    assert "accept them in app.config['CORS_AUDIT_IGNORE'], which CORS(app) reads:\n" in str(raised.value)
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


@pytest.mark.parametrize("level", levels.LEVELS)
def test_a_function_is_asked_at_every_level(level: str) -> None:
    app = levels.make_app(level, origins=lambda _: True, **CREDENTIALS)
    (finding,) = audit(app)
    assert (finding.id, finding.severity) == ("CORS025", "error")
    assert finding.detail == "a lambda allowed every made-up origin, and supports_credentials is on"
    assert audit(app) == [finding]


@pytest.mark.parametrize("options", [{}, {"audit": "raise"}])
def test_a_function_is_never_asked_at_set_up(options: dict[str, Any]) -> None:
    asked: list[str] = []

    def allow(origin: str) -> bool:
        asked.append(origin)
        return True

    app = new_app(debug=True)
    CORS(app, resources={"/a": {}, "/b": {}}, origins=allow, **CREDENTIALS, **options)
    assert asked == []
    assert {finding.where for finding in audit(app) if finding.id == "CORS025"} == {
        "/a of CORS(app)",
        "/b of CORS(app)",
    }
    # Each origin once, although there are two resources.
    assert len(asked) == len(set(asked)) == 3
    assert {origin.endswith(".invalid") for origin in asked} == {True}
    before, asked[:] = set(asked), []
    audit(app)
    assert before & set(asked) == {"https://evil.invalid"}


def test_a_function_is_asked_in_the_context_of_a_request() -> None:
    def allow(origin: str) -> bool:
        g.asked = origin
        return request.headers["Origin"] == origin == g.asked and current_app.name == "audited"

    app = Flask("audited")
    CORS(app, origins=allow, **CREDENTIALS)
    assert [finding.id for finding in audit(app)] == ["CORS025"]
    with pytest.raises(RuntimeError):
        allow("https://a.example")


def test_an_unknown_key_is_compared_with_keys() -> None:
    app = Flask(__name__)
    app.config["CORS_ORIGIN"] = "*"
    CORS(app)
    (finding,) = audit(app)
    assert finding.remedy.startswith("Write CORS_ORIGINS, ")


def test_a_function_of_teardown_that_fails_does_not_hide_the_finding() -> None:
    app = Flask(__name__)
    app.teardown_request(lambda _: g.connection.close())  # Nothing has connected, as no request is dispatched.
    CORS(app, origins=lambda _: True, **CREDENTIALS)
    assert [finding.id for finding in audit(app)] == ["CORS025"]


def test_asking_a_function_does_not_fill_its_cache() -> None:
    cached = Cached(Cached(lambda _: True, max_age=9), max_age=9)
    app = Flask(__name__)
    CORS(app, origins=cached, **CREDENTIALS)
    assert [finding.id for finding in audit(app)] == ["CORS025"]
    assert (cached._cache, cached.__wrapped__._cache) == ({}, {})  # type: ignore[attr-defined]


@pytest.mark.skipif(not find_spec("asgiref"), reason="Flask's async support is not installed")
def test_an_async_function_is_asked() -> None:
    async def allow(origin: str) -> bool:
        return request.headers["Origin"] == origin

    app = Flask(__name__)
    CORS(app, origins=allow, **CREDENTIALS)
    assert [finding.id for finding in audit(app)] == ["CORS025"]


def test_a_function_after_any_origin_is_not_asked() -> None:
    app = Flask(__name__)
    CORS(app, origins=["*", lambda _: True], audit="off", **CREDENTIALS)
    assert [finding.id for finding in audit(app)] == ["CORS001"]


def test_the_most_severe_comes_first() -> None:
    app = Flask(__name__)
    CORS(app, max_age=7201, vary_header=False, methods=["*"], audit="off")
    assert [finding.severity for finding in audit(app)] == ["error", "warning", "info"]


def test_every_check_is_documented() -> None:
    page = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
    for name, check in CHECKS.items():
        assert f'<a id="{name.lower()}"></a>\n\n## {name}: {check.title}' in page


def test_our_environment_variables_are_not_unknown_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_CORS_RS_BACKEND", "auto")
    app = Flask(__name__)
    app.config.from_prefixed_env()
    assert "CORS_RS_BACKEND" in app.config
    CORS(app, origins="https://a.example", audit="raise")
    assert audit(app) == []


def test_every_check_is_tested() -> None:
    files = ("test_audit.py", "test_cli.py", "support/misconfigurations.py")
    sources = [(ROOT / "tests" / name).read_text() for name in files]
    assert set(CHECKS) <= set(re.findall(r"CORS\d{3}", "".join(sources)))
