"""In debug mode, the log says why a browser will block a request."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from flask import Blueprint, Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_cors_rs import CORS, CORSMiddleware, _decision_log, cross_origin, explain

pytestmark = pytest.mark.usefixtures("engine")
A, B = "https://a.example", "https://b.example"
WAYS = ["hook", "middleware", "decorator", "outer middleware"]


@pytest.fixture(autouse=True)
def _new_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_decision_log, "_blocked", _decision_log.Limiter(20, 60))


def make_app(way: str, *, debug: bool = True) -> Flask:
    app = Flask(__name__)
    view: Any = lambda: "hello"  # noqa: E731
    if way == "decorator":
        view = cross_origin(origins=A, methods="PUT")(view)
    app.add_url_rule("/", "index", view)
    app.add_url_rule("/other", "other", lambda: "other")
    if way in {"hook", "middleware"}:
        CORS(app, resources={"/$": {"origins": A, "methods": "PUT"}}, middleware=way == "middleware")
    elif way == "outer middleware":
        outer: Any = CORSMiddleware(app.wsgi_app, resources={"/$": {"origins": A, "methods": "PUT"}}, debug=debug)
        app.wsgi_app = outer  # type: ignore[method-assign]
    app.debug = debug
    return app


def lines(caplog: pytest.LogCaptureFixture, app: Flask, method: str, origin: str, path: str = "/") -> list[str]:
    caplog.clear()
    headers = {"Origin": origin}
    if method == "OPTIONS":
        headers["Access-Control-Request-Method"] = "DELETE"
    app.test_client().open(path, method=method, headers=headers)
    assert {record.levelno for record in caplog.records} <= {logging.WARNING}
    return [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize(
    ("way", "policy", "no_policy"),
    [
        ("hook", "/$ of CORS(app)", "CORS(app)"),
        ("middleware", "/$ of CORS(app)", "CORS(app)"),
        ("outer middleware", "/$ of CORSMiddleware", "CORSMiddleware"),
        ("decorator", "@cross_origin", None),
    ],
)
def test_a_blocked_request_says_why(
    way: str, policy: str, no_policy: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(way)
    assert lines(caplog, app, "GET", B) == [
        f"CORS blocks GET / from {B}: origin not allowed ({policy}). For details: flask cors check {B} GET /"
    ]
    (line,) = lines(caplog, app, "OPTIONS", A)
    assert line.startswith(f"CORS blocks the preflight for DELETE / from {A}: method not allowed ({policy}). ")
    assert line.endswith(f" flask cors check {A} DELETE /")
    assert lines(caplog, app, "GET", A) == []
    assert lines(caplog, app, "GET", "http://localhost") == [], "the server's own origin"
    if no_policy:
        (line,) = lines(caplog, app, "GET", A, "/other")
        assert f": no rule for this path ({no_policy}). " in line


@pytest.mark.parametrize("way", WAYS)
def test_a_blocked_request_says_why_at_every_log_level(way: str, caplog: pytest.LogCaptureFixture) -> None:
    silent, app = make_app(way, debug=False), make_app(way)
    for logger in ("flask_cors_rs", "flask_cors_rs.core"):
        with caplog.at_level(logging.DEBUG, logger):
            for origin in (A, B):
                expected = logged(caplog, silent, origin)
                found = logged(caplog, app, origin)
                blocked = [line for line in found if line.startswith("CORS blocks GET / ")]
                assert len(blocked) == (origin == B)
                assert [line for line in found if line not in blocked] == expected, "the other lines stay the same"


def test_the_line_names_the_blueprint(caplog: pytest.LogCaptureFixture) -> None:
    app, blueprint = make_app("none"), Blueprint("b", __name__)
    blueprint.add_url_rule("/b", "b", lambda: "b")
    CORS(blueprint, origins=A)
    app.register_blueprint(blueprint)
    (line,) = lines(caplog, app, "GET", B, "/b")
    assert ": origin not allowed (/* of CORS(b)). " in line
    assert [str(policy) for policy in explain(app, B, "GET", "/b").policies] == ["/* of CORS(b)"]


def make_nested_app(*outer_names: str) -> Flask:
    """Make an application with a Blueprint ``v1`` in each of some Blueprints."""
    app = make_app("none")
    for name in outer_names:
        outer, inner = Blueprint(name, __name__, url_prefix=f"/{name}"), Blueprint("v1", __name__)
        inner.add_url_rule("/v1", "view", lambda: "v1")
        CORS(inner, origins=A)
        outer.register_blueprint(inner)
        app.register_blueprint(outer)
    return app


def test_explain_and_the_log_call_a_nested_blueprint_the_same(caplog: pytest.LogCaptureFixture) -> None:
    app = make_nested_app("api")
    (line,) = lines(caplog, app, "GET", B, "/api/v1")
    assert ": origin not allowed (/* of CORS(v1)). " in line
    assert [str(policy) for policy in explain(app, B, "GET", "/api/v1").policies] == ["/* of CORS(v1)"]


def test_explain_tells_blueprints_of_the_same_name_apart() -> None:
    app = make_nested_app("api", "admin")
    for name in ("api", "admin"):
        policies = explain(app, B, "GET", f"/{name}/v1").policies
        assert [str(policy) for policy in policies] == [f"/* of CORS({name}.v1)"]


def test_explain_tells_the_registrations_of_a_blueprint_apart() -> None:
    app, blueprint = make_app("none"), Blueprint("b", __name__)
    blueprint.add_url_rule("/b", "b", lambda: "b")
    CORS(blueprint, origins=A)
    app.register_blueprint(blueprint)
    app.register_blueprint(blueprint, name="other", url_prefix="/other")
    for path, name in (("/b", "b"), ("/other/b", "other")):
        assert [str(policy) for policy in explain(app, B, "GET", path).policies] == [f"/* of CORS({name})"]


@pytest.mark.parametrize("way", ["hook", "middleware", "outer middleware"])
def test_the_response_of_an_error_handler_is_explained_once(way: str, caplog: pytest.LogCaptureFixture) -> None:
    (line,) = lines(caplog, make_app(way), "GET", B, "/missing")
    assert ": no rule for this path (" in line


def logged(caplog: pytest.LogCaptureFixture, app: Flask, origin: str) -> list[str]:
    caplog.clear()
    app.test_client().get("/", headers={"Origin": origin})
    return [record.getMessage() for record in caplog.records]


def test_the_middleware_names_the_policy_of_a_view(caplog: pytest.LogCaptureFixture) -> None:
    app = make_app("decorator")
    CORS(app, middleware=True)
    (line,) = lines(caplog, app, "OPTIONS", A)
    assert ": method not allowed (@cross_origin). " in line
    app = make_app("none")
    CORS(app, origins=A, methods="PUT", middleware=True)
    app.view_functions["other"] = cross_origin()(app.view_functions["other"])
    (line,) = lines(caplog, app, "OPTIONS", A)
    assert ": method not allowed (/* of CORS(app)). " in line


def test_a_middleware_that_has_given_its_rules_to_another_one_explains_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = make_app("middleware")
    app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]
    CORS(app, resources={"/other": {}}, middleware=True)
    assert lines(caplog, app, "GET", A) == []
    assert len(lines(caplog, app, "GET", B)) == 1


@pytest.mark.parametrize("way", ["hook", "middleware", "outer middleware"])
def test_a_response_that_has_an_origin_already_is_not_explained(way: str, caplog: pytest.LogCaptureFixture) -> None:
    app = make_app(way)
    app.view_functions["index"] = lambda: ("hello", {"Access-Control-Allow-Origin": B})
    assert lines(caplog, app, "GET", B) == []


@pytest.mark.parametrize("way", WAYS)
def test_it_says_so_in_debug_mode_only(way: str, caplog: pytest.LogCaptureFixture) -> None:
    app = make_app(way, debug=False)
    assert lines(caplog, app, "GET", B) == lines(caplog, app, "OPTIONS", A) == []


@pytest.mark.parametrize("way", WAYS)
def test_a_request_cannot_write_a_line_of_its_own(way: str, caplog: pytest.LogCaptureFixture) -> None:
    app = make_app(way)
    environ = {"HTTP_ORIGIN": "https://b.example\r\nFAKE \x1b[31m\u00e9" + "x" * 9999}
    caplog.clear()
    app.test_client().get("/", environ_overrides=environ)
    (record,) = caplog.records
    message = record.getMessage()
    assert message.isascii()
    assert message.isprintable()
    assert len(message) < 2000


def test_a_request_cannot_write_a_command_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    app = make_app("hook")
    app.add_url_rule("/x;y z", "special", lambda: "hello")
    (line,) = lines(caplog, app, "GET", "https://a$(id)'", "/x;y z")
    quoted = "'https://a$(id)'" + '"\'"' + "''"
    assert line.endswith(f" For details: flask cors check {quoted} GET '/x;y z'")


def test_there_are_not_too_many_lines(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(_decision_log, "monotonic", lambda: now)
    app = make_app("hook")
    client = app.test_client()
    for _ in range(50):
        client.get("/", headers={"Origin": B})
    assert len(caplog.records) == 20
    now += 61
    (kept_back, line) = lines(caplog, app, "GET", B)
    assert kept_back == "CORS blocked 30 more requests that were not logged one by one"
    assert line.startswith("CORS blocks")


def test_a_new_policy_still_explains(caplog: pytest.LogCaptureFixture) -> None:
    for middleware in (False, True):
        app = Flask(__name__)
        app.debug = True
        app.add_url_rule("/", "index", lambda: "hello")
        cors = CORS(app, origins=A, middleware=middleware)
        assert lines(caplog, app, "GET", A) == []
        cors.reconfigure(origins=B)
        assert len(lines(caplog, app, "GET", A)) == 1


def test_explain_returns_the_reason_as_a_value() -> None:
    app = make_app("hook")
    explanation = explain(app, B, "PUT", "/", headers=[("X-A", "1")])
    assert not explanation.allowed
    assert explanation.outcome.error == "PreflightMissingAllowOriginHeader"
    assert [str(policy) for policy in explanation.policies] == ["/$ of CORS(app)"]
    assert explanation.remedies
    with pytest.raises(ValueError, match=f"'{B}/' is not an origin: .* without a trailing slash: write {B}$"):
        explain(app, f"{B}/", "PUT", "/")


def test_explain_names_the_policy_of_a_view_that_does_not_have_the_method() -> None:
    app = make_app("decorator")
    CORS(app)
    assert [str(policy) for policy in explain(app, B, "PATCH", "/").policies] == ["@cross_origin"]


@pytest.mark.parametrize(("host", "is_advised"), [("app.example", True), ("co.uk", False)])
def test_the_remedy_for_a_glob_is_one_that_can_be_used(host: str, is_advised: bool) -> None:
    app = make_app("none")
    CORS(app, origins=f"https://*.{host}", audit="off")
    (remedy,) = explain(app, f"https://a.{host}", "GET", "/").remedies
    assert (f"write Subdomains('https://{host}')." in remedy) == is_advised
