"""``flask cors``: what it prints, and its exit status."""

from __future__ import annotations

import json
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

import pytest
from flask import Blueprint, Flask, redirect, request
from flask.cli import ScriptInfo

from flask_cors_rs import CORS, CORSMiddleware, Subdomains, cross_origin
from flask_cors_rs._diagnostics.explain import explain_url
from flask_cors_rs.cli import cors
from support import ROOT
from support.processes import run_python
from support.servers import answering, serving

if TYPE_CHECKING:
    from click.testing import Result

pytestmark = pytest.mark.usefixtures("engine")


def make_app() -> Flask:
    app = Flask(__name__, static_folder=None)
    app.add_url_rule("/api/items/<int:number>", "items", lambda number: f"{number}", methods=["GET", "PUT"])
    app.add_url_rule("/plain", "plain", lambda: "plain")
    app.add_url_rule("/away", "away", lambda: redirect("https://other.example/"))
    app.add_url_rule("/own", "own", cross_origin(origins=Subdomains("https://own.example"), max_age=5)(lambda: "own"))
    blueprint = Blueprint("blue", __name__)
    blueprint.add_url_rule("/blue", "view", lambda: "blue")
    CORS(blueprint, origins="https://blue.example")
    app.register_blueprint(blueprint)
    resources = {"/api/*": {"origins": "https://app.example", "supports_credentials": True}, "/nowhere": {}}
    CORS(app, resources=resources, allow_headers=["X-A"], expose_headers="X-E", methods=["GET", "PUT"])
    return app


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(cors, arguments, obj=ScriptInfo(create_app=lambda: app))


def test_flask_finds_it() -> None:
    found = entry_points()
    group: Any = found.select(group="flask.commands") if hasattr(found, "select") else found["flask.commands"]
    assert {point.value for point in group if point.name == "cors"} == {"flask_cors_rs.cli:cors"}
    command = ["-m", "flask", "--app", "api", "cors", "rules", "--path", "/account"]
    result = run_python(*command, cwd=ROOT / "examples", COLUMNS="80")
    assert result.returncode == 0, result.stderr
    assert "resource /account/.* of CORS(app)" in result.stdout
    assert "/widget" not in result.stdout


def test_rules() -> None:
    result = run(make_app(), "rules")
    assert result.exit_code == 0
    assert (
        result.output
        == """\
/api/items/<int:number>  GET, PUT  (items)
    resource /api/* of CORS(app)
      origins      https://app.example
      methods      GET, PUT
      headers      X-A
      exposed      X-E
      credentials  yes     max-age  not set
/away  GET  (away)
    no CORS
/blue  GET  (blue.view)
    resource /* of CORS(blue)
      origins      https://blue.example
      methods      DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT
      headers      any
      credentials  no      max-age  not set
/own  GET  (own)
    @cross_origin
      origins      Subdomains("https://own.example")
      methods      DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT
      headers      any
      credentials  no      max-age  5 s
/plain  GET  (plain)
    no CORS
No route reaches /nowhere of CORS(app).
"""
    )


def test_rules_for_machines_and_in_another_order() -> None:
    app = make_app()
    data = json.loads(run(app, "rules", "--json", "--sort", "endpoint", "--path", "/").output)
    assert [route["endpoint"] for route in data["routes"]] == ["away", "blue.view", "items", "own", "plain"]
    assert data["unreached"] == ["/nowhere of CORS(app)"]
    (policy,) = data["routes"][2]["policies"]
    assert (policy["by"], policy["resource"], policy["origins"]) == ("CORS(app)", "/api/*", ["https://app.example"])
    matched = json.loads(run(app, "rules", "--json", "--sort", "match").output)["routes"]
    assert [route["endpoint"] for route in matched] == [rule.endpoint for rule in app.url_map.iter_rules()]


def test_rules_of_middleware_and_of_several_extensions() -> None:
    app = Flask(__name__, static_folder=None)
    app.add_url_rule("/", "index", lambda: "index")
    CORS(app, origins="https://first.example")
    CORS(app, origins="https://second.example")
    app.wsgi_app = CORSMiddleware(app.wsgi_app, origins="https://around.example")  # type: ignore[method-assign]
    (route,) = json.loads(run(app, "rules", "--json").output)["routes"]
    names = [(policy["by"], policy["origins"]) for policy in route["policies"]]
    assert names == [
        ("CORS(app)", ["https://second.example"]),
        ("CORS(app)", ["https://first.example"]),
        ("CORSMiddleware", ["https://around.example"]),
    ]
    wrapped = Flask(__name__, static_folder=None)
    wrapped.add_url_rule("/", "index", lambda: "index")
    CORS(wrapped, middleware=True, origins="https://app.example")
    (route,) = json.loads(run(wrapped, "rules", "--json").output)["routes"]
    assert [policy["origins"] for policy in route["policies"]] == [["https://app.example"]]


def test_check_allowed() -> None:
    result = run(make_app(), "check", "https://app.example", "PUT", "/api/items/1", "-H", "X-A: 1", "--credentials")
    assert result.exit_code == 0
    for line in (
        "1. preflight: OPTIONS http://localhost/api/items/1",
        "   > Access-Control-Request-Headers: x-a",
        "   < Access-Control-Allow-Credentials: true",
        "2. request: PUT http://localhost/api/items/1",
        "ALLOWED, with status 200",
        "Decided by /api/* of CORS(app).",
    ):
        assert line in result.output.splitlines()
    assert max(map(len, result.output.splitlines())) <= 80


def test_check_blocked() -> None:
    result = run(make_app(), "check", "https://evil.example", "PUT", "/api/items/1")
    assert result.exit_code == 1
    assert "BLOCKED" in result.output.splitlines()
    text = " ".join(result.output.split())
    assert (
        "Access to fetch at 'http://localhost/api/items/1' from origin 'https://evil.example' has been blocked by CORS"
        " policy: Response to preflight request doesn't pass access control check: No 'Access-Control-Allow-Origin'"
        " header is present on the requested resource."
    ) in text
    assert "add 'https://evil.example' to the origins of /api/* of CORS(app)" in text


def test_check_for_machines() -> None:
    result = run(make_app(), "check", "https://app.example", "DELETE", "/api/items/1", "--json", "-H", "Cookie: x")
    assert result.exit_code == 1
    data = json.loads(result.output)
    assert data["allowed"] is False
    assert (data["error"], data["parameter"]) == ("MethodDisallowedByPreflightResponse", "DELETE")
    assert data["notes"] == ["Browsers do not let scripts set Cookie: it is not sent."]
    assert data["policies"] == ["/api/* of CORS(app)"]
    assert [step["name"] for step in data["steps"]] == ["preflight"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["https://app.example/", "GET", "/plain"],
            "is not an origin: browsers send an origin without a trailing slash: write https://app.example\n",
        ),
        (
            ["app.example", "GET", "/plain"],
            "Error: 'app.example' is not an origin: write scheme://host or scheme://host:port\n",
        ),
        (["https://app.example", "GET", "plain"], "write /plain"),
        (["https://app.example", "GET", "/plain", "-H", "X-A"], 'write "Name: value"'),
        (["https://app.example", "GET"], "Missing argument"),
        (["https://app.example", "GET", "/plain", "--url", "ftp://x"], "is not the URL of a server"),
        (["https://app.example", "GET", "/plain", "--url", "http://127.0.0.1:1"], "refused): is the server running?\n"),
        (
            ["https://app.example", "GET", "/plain", "--url", "http://127.0.0.1:1"],
            "Error: http://127.0.0.1:1 cannot be",
        ),
    ],
)
def test_a_request_that_cannot_be_made_is_an_error_of_usage(arguments: list[str], message: str) -> None:
    result = run(make_app(), "check", *arguments)
    assert result.exit_code == 2
    assert message in result.output


def test_check_follows_no_redirect_to_another_server() -> None:
    app = make_app()
    CORS(app, resources="/away")
    result = run(app, "check", "https://app.example", "GET", "/away")
    assert result.exit_code == 1
    assert "leads to https://other.example, which is another server" in " ".join(result.output.split())


def test_check_a_server_that_runs() -> None:
    with serving(make_app()) as base:
        for origin, status in (("https://app.example", 0), ("https://evil.example", 1), (base, 0)):
            assert run(Flask("other"), "check", origin, "PUT", "/api/items/1", "--url", base).exit_code == status


@pytest.mark.parametrize(
    ("path", "url", "requested"),
    [
        ("/a b\x1b\u00e9?c d\x07\u00e9", "", "/a%20b%1B%C3%A9?c%20d%07%C3%A9"),
        ("/x", "/a b\x1b\u00e9/", "/a%20b%1B%C3%A9/x"),
        ("/x", "\t ", "/x"),
        ("/x", "#a", "/x"),
    ],
)
def test_check_a_server_at_a_url_with_any_characters(path: str, url: str, requested: str) -> None:
    app = Flask("served", static_folder=None)
    app.add_url_rule("/<path:_path>", "any", lambda _path: (request.full_path.rstrip("?"), {"X-Path": request.path}))
    CORS(app)
    with serving(app) as base:
        result = run(Flask("other"), "check", "https://app.example", "GET", path, "--url", f" {base}{url}", "--json")
    assert result.exit_code == 0, result.output
    (step,) = json.loads(result.output)["steps"]
    assert (step["url"], step["status"]) == (base + requested, 200)


NO_SERVER = "is not the URL of a server: write, for example, http://localhost:5000"


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("http://a b", f"'http://a b' {NO_SERVER}"),
        ("http://a\x1b_b", f"'http://a\\x1b_b' {NO_SERVER}"),
        ("http://a%20b", f"'http://a%20b' {NO_SERVER}"),
        ("http://localhost?a", f"'http://localhost?a' {NO_SERVER}"),
        ("http://caf\u00e9..example", "'http://caf\\xe9..example/' has no valid host name"),
    ],
)
def test_a_url_that_cannot_be_that_of_a_server(url: str, error: str) -> None:
    result = run(Flask("other"), "check", "https://app.example", "GET", "/", "--url", url)
    assert (result.exit_code, result.output.splitlines()[-1]) == (2, f"Error: {error}")


@pytest.mark.parametrize(
    ("method", "header", "message"),
    [
        ("G T", "X-A: 1", "'G T' is not a valid HTTP method."),
        ("", "X-A: 1", "'' is not a valid HTTP method."),
        ("GET", "X A: 1", "Invalid name"),
    ],
)
def test_check_what_fetch_does_not_send(method: str, header: str, message: str) -> None:
    # Nothing listens on this port.
    for url in ([], ["--url", "http://127.0.0.1:1"]):
        result = run(make_app(), "check", "https://app.example", method, "/plain", "-H", header, *url)
        assert result.exit_code == 1
        assert result.output.startswith(f"\nBLOCKED\n  Failed to execute 'fetch' on 'Window': {message}\n")


def test_what_comes_from_a_server_is_printed_escaped() -> None:
    head = b"HTTP/1.1 302 Found\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 0\r\n"
    for header, printed in (
        (b"Vary: a\x1b[31mb\xe9", "< Vary: a\\x1b[31mb\\xe9"),
        (b"Location: data:\x1b]0;title\x07", "< Location: data:\\x1b]0;title\\x07"),
        (b"Location: http://\x1b]0;title\x07/", "< Location: http://\\x1b]0;title\\x07/"),
    ):
        with answering(head + header + b"\r\n\r\n") as base:
            result = run(Flask("other"), "check", "https://app.example", "GET", "/", "--url", base)
        assert f"   {printed}" in result.output.splitlines()
        assert result.output.replace("\n", "").isprintable()
        assert isinstance(result.exception, (SystemExit, type(None)))


def test_audit() -> None:
    app = make_app()
    CORS(app, resources={"/plain": {"supports_credentials": True}})
    result = run(app, "audit")
    assert result.exit_code == 1
    assert "CORS001 error  /plain of CORS(app)" in result.output
    assert "2 findings: 1 error, 1 warning, 0 info" in result.output
    assert max(len(line) for line in result.output.splitlines() if "https://github.com" not in line) <= 80
    assert run(app, "audit", "--ignore", "CORS001").exit_code == 0
    assert run(app, "audit", "--ignore", "CORS001", "--fail-on", "warning").exit_code == 1
    assert run(app, "audit", "--fail-on", "never").exit_code == 0
    found = json.loads(run(app, "audit", "--json").output)
    assert [finding["id"] for finding in found] == ["CORS001", "CORS015"]
    assert set(found[0]) == {
        *("id", "severity", "option", "where", "detail", "example", "remedy", "consequence", "documentation")
    }
    app.config["CORS_AUDIT_IGNORE"] = "CORS001, CORS015"
    assert run(app, "audit", "--fail-on", "info").exit_code == 0


@pytest.mark.parametrize("port", ["x", "99999", "0"])
def test_a_url_with_a_bad_port(port: str) -> None:
    result = run(Flask("other"), "check", "https://app.example", "GET", "/", "--url", f"http://localhost:{port}")
    assert (result.exit_code, "is not the URL of a server" in result.output) == (2, True)


@pytest.mark.parametrize("answer", [b"\x1b]0;title\x07\r\n\r\n", b"HTTP/1.1 2\x1b0 OK\r\n\r\n", b""])
def test_a_server_that_does_not_answer_with_http(answer: bytes) -> None:
    with answering(answer) as base:
        result = run(Flask("other"), "check", "https://app.example", "GET", "/ caf\u00e9", "--url", base)
    assert (result.exit_code, "\x1b" in result.output) == (2, False)
    assert isinstance(result.exception, SystemExit)


def test_a_server_that_answers_byte_by_byte() -> None:
    drops = [b"X: y\r\n"] * 50
    with (
        answering(b"HTTP/1.1 200 OK\r\n", *drops, seconds=0.1) as base,
        pytest.raises(OSError, match=r"did not answer within the check's time limit of 0\.5 seconds"),
    ):
        explain_url(base, "https://app.example", "GET", "/", timeout=0.5)


@pytest.mark.parametrize(("method", "status"), [("PUT", "200 OK"), ("GET", "307 Temporary Redirect")])
def test_the_time_limit_is_that_of_all_responses_together(method: str, status: str) -> None:
    # Each response takes less than the limit. The preflight and the request, or all redirects, take longer.
    head = f"HTTP/1.1 {status}\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Methods: PUT\r\n".encode()
    parts = [head, *[b"X: y\r\n"] * 4, b"Location: /\r\n" if method == "GET" else b"", b"\r\n"]
    with (
        answering(*parts, seconds=0.1, connections=21) as base,
        pytest.raises(OSError, match=r"did not answer within the check's time limit of 0\.8 seconds"),
    ):
        explain_url(base, "https://app.example", method, "/", timeout=0.8)


def test_the_body_of_a_response_is_not_read() -> None:
    head = b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 9\r\n\r\n"
    with answering(head, b"x", seconds=60) as base:
        assert explain_url(base, "https://app.example", "GET", "/", timeout=30).allowed


def test_audit_of_a_server_behind_a_proxy_that_adds_headers_too() -> None:
    def add_headers(environ: dict[str, Any], start_response: Any) -> Any:
        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            more = [("access-control-allow-origin", "*"), ("Access-Control-Allow-Credentials", "true")]
            return start_response(status, [*headers, *more], exc_info)

        return served(environ, start)

    app, served, proxy = make_app(), make_app(), Flask(__name__)
    proxy.wsgi_app = add_headers  # type: ignore[method-assign]
    with serving(proxy) as base:
        result = run(app, "audit", "--url", f"{base}/")
        assert result.exit_code == 1
        assert f"CORS024 error  {base}" in result.output
        assert "Access-Control-Allow-Origin is sent twice in the response to OPTIONS (https://app.example, *)" in (
            " ".join(result.output.split())
        )
        assert "Access-Control-Allow-Credentials is sent twice in the response to HEAD (true, true)" in (
            " ".join(result.output.split())
        )
        assert "CORS024" not in run(app, "audit", "--url", base, "--ignore", "CORS024").output
        check = run(app, "check", "https://app.example", "GET", "/api/items/1", "--url", base)
        assert "Access-Control-Allow-Origin is added twice: keep CORS, and remove the header" in check.output
    with serving(make_app()) as base:
        assert "CORS024" not in run(app, "audit", "--url", base).output
    assert run(app, "audit", "--url", base).exit_code == 2
    assert "is not the URL of a server" in run(app, "audit", "--url", "nothing").output


def test_audit_of_a_server_asks_for_routes_with_any_characters() -> None:
    app = Flask(__name__, static_folder=None)
    app.add_url_rule("/a b\u00e9?c#d%41", "view", lambda: "x")
    CORS(app)
    asked: list[str] = []
    app.before_request(lambda: asked.append(request.path))
    with serving(app) as base:
        assert run(app, "audit", "--url", base, "--fail-on", "info").exit_code == 0
    assert asked == ["/a b\u00e9?c#d%41"] * 2


def test_check_of_a_server_that_sends_credentials_twice() -> None:
    headers = b"Access-Control-Allow-Origin: https://app.example\r\nAccess-Control-Allow-Credentials: true\r\n"
    twice = headers + b"Access-Control-Allow-Credentials: true\r\n"
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + twice + b"\r\n") as base:
        result = run(make_app(), "check", "https://app.example", "GET", "/x", "--credentials", "--url", base)
    assert "Access-Control-Allow-Credentials is added twice: keep CORS" in result.output
