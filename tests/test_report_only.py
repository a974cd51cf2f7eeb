"""Report-only policies: what is recorded, what stays the same, and reading reports."""

from __future__ import annotations

import gc
import json
import logging
import os
import signal
import threading
import tracemalloc
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from flask import Flask, request
from hypothesis import given, strategies as st

from flask_cors_rs import CORS, CORSMiddleware, Difference, Report, cross_origin, report_only
from flask_cors_rs._engine.decision import Decision
from flask_cors_rs.cli import cors
from support import placements
from support.placements import RULES
from support.servers import serving

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.test import Client

A, B, C = "https://a.example", "https://b.example", "https://c.example"


def make_app(placement: str, **options: Any) -> tuple[Client, Callable[[], Report]]:
    """Return a client of an application with a policy, and a function that returns its report."""
    client, placed = placements.make_app(placement, **options)

    def report() -> Report:
        observed: Any = placed if placement == "outer middleware" else placed.extensions["flask_cors_rs"]
        result: Report = observed.report()
        return result

    return client, report


def ask(client: Client, origin: str, method: str = "GET", **headers: str) -> Any:
    return client.open("/items/7?token=secret", method=method, headers={"Origin": origin, **headers})


def ask_preflight(client: Client, origin: str, method: str = "PUT", names: str = "") -> Any:
    headers = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": names}
    return ask(client, origin, "OPTIONS", **{name: value for name, value in headers.items() if value})


def found(report: Report) -> list[tuple[Any, ...]]:
    return [
        (each.change, each.kind, each.origin, each.method, each.reason, each.requests) for each in report.differences
    ]


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("way", RULES)
def test_requests_that_would_be_treated_differently_are_recorded(way: str) -> None:
    client, report = make_app(way, origins=[A, B], report_only={"origins": [A, C], "methods": ["GET"]})
    for origin in (A, B, B, C, "https://d.example"):
        ask(client, origin)
    ask_preflight(client, A)
    ask_preflight(client, B, names="X-B, x-a")
    ask_preflight(client, C, "GET")
    assert sorted(found(report())) == [
        ("newly allowed", "preflight", C, "GET", "origin not allowed", 1),
        ("newly allowed", "request", C, "GET", "origin not allowed", 1),
        ("newly refused", "preflight", A, "PUT", "method not allowed", 1),
        ("newly refused", "preflight", B, "PUT", "origin not allowed", 1),
        ("newly refused", "request", B, "GET", "origin not allowed", 2),
    ]
    assert found(report())[0] == ("newly refused", "request", B, "GET", "origin not allowed", 2)
    assert {each.rule for each in report().differences} == {RULES[way]}
    assert {each.route for each in report().differences} == {"" if way == "outer middleware" else "/items/<int:number>"}
    assert {each.headers for each in report().differences} == {"", "x-a, x-b"}
    assert "secret" not in report().to_json()


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("way", RULES)
@pytest.mark.parametrize("logger", ["flask_cors_rs", "flask_cors_rs.core"])
def test_differences_are_recorded_at_every_log_level(way: str, logger: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger)
    client, report = make_app(way, origins=B, report_only={"origins": C})
    ask(client, B)
    ask(client, C)
    assert sorted(found(report())) == [
        ("newly allowed", "request", C, "GET", "origin not allowed", 1),
        ("newly refused", "request", B, "GET", "origin not allowed", 1),
    ]


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("way", RULES)
@pytest.mark.parametrize("vary", [True, "always"])
@pytest.mark.parametrize("there", [None, "Cookie", "Accept,Origin"])
def test_the_response_is_the_same_as_without(way: str, vary: Any, there: str | None) -> None:
    options: dict[str, Any] = {
        "origins": [A, r"https://\w+\.b\.example"],
        "methods": "PUT",
        "allow_headers": "X-A",
        "max_age": 5,
        "vary_header": vary,
    }
    plain, _ = make_app(way, vary=there, **options)
    observed, _ = make_app(way, vary=there, report_only={"origins": C}, **options)
    for origin in (A, B, C, "https://x.b.example", "", "null"):
        answers = [[ask(client, origin), ask(client, origin, "PUT")] for client in (plain, observed)]
        for method, names in (("PUT", "x-a"), ("DELETE", ""), ("PUT", "x-a, x-b")):
            for answer, client in zip(answers, (plain, observed)):
                answer.append(ask_preflight(client, origin, method, names))
        assert [(each.status, list(each.headers)) for each in answers[0]] == [
            (each.status, list(each.headers)) for each in answers[1]
        ]


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("way", RULES)
def test_a_request_with_cookies_needs_credentials(way: str) -> None:
    client, report = make_app(way, origins=A, supports_credentials=True, report_only={"origins": A})
    ask(client, A)
    assert found(report()) == []
    ask(client, A, Cookie="session=secret")
    assert found(report()) == [("newly refused", "request", A, "GET", "credentials not allowed", 1)]
    assert "session" not in report().to_json()


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("way", RULES)
def test_nothing_is_recorded_where_both_policies_agree(way: str) -> None:
    client, report = make_app(way, origins=A, report_only={"origins": A})
    for origin in (A, B):
        ask(client, origin)
        ask_preflight(client, origin)
    assert found(report()) == []


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("way", ["hook", "middleware", "outer middleware"])
def test_a_path_without_a_route_is_recorded_without_one(way: str) -> None:
    client, report = make_app(way, origins=A, report_only={"origins": B})
    client.get("/missing", headers={"Origin": A})
    client.options("/missing", headers={"Origin": A, "Access-Control-Request-Method": "PUT"})
    assert [each.route for each in report().differences] == ["", ""]
    client.get("/items//7", headers={"Origin": A})
    assert {each.route for each in report().differences} == {""}, "nor does a redirect of the routing have one"


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("middleware", [True, False])
def test_the_response_of_an_error_handler_is_recorded_once(middleware: bool) -> None:
    app = Flask(__name__)
    CORS(app, origins=A, middleware=middleware, report_only={"origins": B})
    for origin in (A, B):
        app.test_client().get("/missing", headers={"Origin": origin})
    assert sorted(found(app.extensions["flask_cors_rs"].report())) == [
        ("newly allowed", "request", B, "GET", "origin not allowed", 1),
        ("newly refused", "request", A, "GET", "origin not allowed", 1),
    ]


@pytest.mark.usefixtures("engine")
def test_a_wrong_configuration_changes_no_more_with_a_report_only_policy() -> None:
    """The wrong value is left out of both policies."""
    app = Flask(__name__)
    app.config["CORS_EXPOSE_HEADERS"] = "X-A\n"
    app.add_url_rule("/", "view", cross_origin(origins=A, report_only={"origins": B})(lambda: "hello"))
    assert app.test_client().get("/", headers={"Origin": A}).headers["Access-Control-Allow-Origin"] == A
    assert [each.change for each in app.extensions["flask_cors_rs"].report().differences] == ["newly refused"]


@pytest.mark.usefixtures("engine")
def test_the_rule_is_that_of_the_policy_that_refuses() -> None:
    client, report = make_app(
        "hook", resources={"/other": {}}, report_only={"resources": {r"/items/.*": {"origins": A}}}
    )
    ask(client, A)
    (difference,) = report().differences
    assert (difference.change, difference.rule, difference.reason) == (
        "newly allowed",
        "CORS(app)",
        "no rule for this path",
    )


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("way", ["hook", "middleware"])
def test_a_decorated_view_keeps_its_policy_in_the_report(way: str) -> None:
    app = Flask(__name__)
    app.add_url_rule("/", "index", cross_origin(origins=A)(lambda: "hello"))
    CORS(app, middleware=way == "middleware", report_only={"origins": C})
    for method, headers in (("GET", {}), ("OPTIONS", {"Access-Control-Request-Method": "PUT"})):
        app.test_client().open("/", method=method, headers={"Origin": A, **headers})
    assert app.extensions["flask_cors_rs"].report().differences == ()


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("way", ["hook", "middleware"])
def test_the_configuration_and_reconfigure_set_it(way: str) -> None:
    app = Flask(__name__)
    app.add_url_rule("/", "index", lambda: "hello")
    app.config["CORS_REPORT_ONLY"] = {"origins": A}
    app.config["CORS_METHODS"] = "GET"
    extension = CORS(app, middleware=way == "middleware")
    client, report = app.test_client(), app.extensions["flask_cors_rs"].report
    client.get("/", headers={"Origin": B})
    assert [each.origin for each in report().differences] == [B]
    extension.reconfigure(origins=A, report_only={"origins": B})
    client.get("/", headers={"Origin": A})
    assert [each.origin for each in report().differences] == [A, B]
    client.options("/", headers={"Origin": B, "Access-Control-Request-Method": "PUT"})
    assert [each.origin for each in report().differences] == [A, B], "CORS_METHODS is part of the report-only policy"


def test_the_report_only_policy_of_a_view_takes_the_rest_from_the_configuration() -> None:
    app = Flask(__name__)
    app.config["CORS_METHODS"] = ["GET"]
    app.add_url_rule("/", "view", cross_origin(origins=A, methods=["PUT"], report_only={"origins": A})(lambda: "view"))
    CORS(app)
    preflight = {"Origin": A, "Access-Control-Request-Method": "PUT"}
    app.test_client().options("/", headers=preflight)
    differences = app.extensions["flask_cors_rs"].report().differences
    assert [(each.change, each.reason) for each in differences] == [("newly refused", "method not allowed")]


def test_a_blueprint_reports_to_its_application() -> None:
    from flask import Blueprint

    blueprint = Blueprint("api", __name__)
    blueprint.add_url_rule("/api", "api", lambda: "hello")
    CORS(blueprint, report_only={"origins": A})
    app = Flask(__name__)
    app.register_blueprint(blueprint)
    app.test_client().get("/api", headers={"Origin": B})
    differences = app.extensions["flask_cors_rs"].report().differences
    assert [(each.route, each.rule) for each in differences] == [("/api", "/* of CORS(api)")]


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("way", RULES)
def test_a_function_that_raises_is_logged_and_changes_nothing(way: str, caplog: pytest.LogCaptureFixture) -> None:
    def fail(origin: str) -> bool:
        raise RuntimeError("no database")

    client, report = make_app(way, report_only={"origins": fail})
    assert ask(client, A).headers["Access-Control-Allow-Origin"] == A
    assert found(report())[0][:3] == ("newly refused", "request", A)
    assert "no database" in caplog.text


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("way", RULES)
def test_each_function_of_an_origin_is_called_once(way: str) -> None:
    calls: list[str] = []

    def allow(origin: str) -> bool:
        calls.append(origin)
        return True

    client, _ = make_app(way, origins=allow, vary_header="always", report_only={"origins": A})
    ask(client, B)
    assert calls == [B]


@pytest.mark.parametrize("setup", [lambda **options: CORS(Flask("x"), **options), cross_origin])
@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ("https://a.example", TypeError, r"report_only: 'https://a\.example' is not a mapping: give a dict of options"),
        ({"origins": "https://("}, ValueError, r"report_only: origins: 'https://\('"),
        ({"audit": "off"}, ValueError, "report_only: audit='off' has no effect on what a policy allows: leave it out"),
        ({"report_only": {}}, ValueError, "report_only: report_only={} has no effect"),
        ({"middleware": True}, ValueError, "report_only: middleware=True has no effect"),
        ({"intercept_exceptions": False}, ValueError, "report_only: intercept_exceptions=False has no effect"),
        ({"max_age": "\n"}, ValueError, "report_only: max_age"),
    ],
)
def test_a_wrong_option_is_an_error_at_setup(setup: Any, value: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        setup(report_only=value)


@pytest.mark.parametrize("option", [{"report_only": {"origins": A}}, {"audit": "raise"}, {"middleware": True}])
@pytest.mark.parametrize(
    "setup", [lambda **options: CORS(Flask("x"), **options), lambda **options: CORSMiddleware(Flask("x"), **options)]
)
def test_an_option_for_all_resources_is_refused_in_one(setup: Any, option: dict[str, Any]) -> None:
    (name,) = option
    with pytest.raises(ValueError, match=rf"^resources: {name}=.* in '/api/\.\*', .*: pass it to CORS\(\) or"):
        setup(resources={"/api/.*": option})


def test_resources_are_not_an_option_of_a_view() -> None:
    with pytest.raises(ValueError, match=r"report_only: resources=.* has no effect on a view"):
        cross_origin(report_only={"resources": "/*"})


def test_an_unknown_option_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    CORS(Flask(__name__), report_only={"origin": A})
    assert "origin is not an option of CORS and is ignored" in caplog.text


def test_the_log_has_a_summary_once_a_minute(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(report_only, "monotonic", lambda: now)
    client, _ = make_app("hook", report_only={"origins": A})
    caplog.set_level(logging.WARNING)
    for _ in range(5):
        ask(client, B)
    now += 61
    ask(client, "https://\u00e9.example".encode().decode("latin-1"))
    first, second = [record.getMessage() for record in caplog.records]
    assert first == (
        "Since the last such line, the report-only policy would have refused 1 more request and allowed 0 more. The"
        f" latest: GET /items/<int:number> from {B}, which it would have refused (origin not allowed). For the list,"
        " call report()."
    )
    assert "would have refused 5 more requests and allowed 0 more. " in second
    assert second.isascii()


def test_the_summary_says_what_refuses_a_request_that_would_be_allowed(caplog: pytest.LogCaptureFixture) -> None:
    client, _ = make_app("hook", origins=A, report_only={"origins": [A, B]})
    client.options("/missing", headers={"Origin": B, "Access-Control-Request-Method": "PUT"})
    (line,) = caplog.messages
    assert "would have refused 0 more requests and allowed 1 more. " in line
    assert f"latest: the preflight for PUT (no route) from {B}, which is refused now (origin not allowed). " in line


def test_many_origins_take_bounded_memory() -> None:
    """Each has its own counter only until the record is full. `make soak` sends a million."""
    client, report = make_app("outer middleware", report_only={"origins": A})
    outer: Any = client.application
    environ = client.open("/items/7", headers={"Origin": B}).request.environ

    def send(first: int, last: int) -> int:
        for number in range(first, last):
            outer({**environ, "HTTP_ORIGIN": f"https://{number}.{'x' * 150}.example"}, lambda *_: None)
        gc.collect()  # Otherwise it may run later, as in free-threaded Python.
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        before, after = send(0, 3_000), send(3_000, 9_000)
    finally:
        tracemalloc.stop()
    assert len(report().differences) == report_only.CAPACITY
    assert after - before < 200_000


ENFORCED, REFUSED = Decision((("Access-Control-Allow-Origin", A),), "allowed"), Decision((), "origin not allowed")


@given(st.lists(st.integers(0, 12)), st.integers(1, 6))
def test_counts_are_exact_up_to_their_error(origins: list[int], capacity: int) -> None:
    """The guarantees of Space-Saving, with the true counts beside it."""
    recorder = report_only.Recorder(capacity)
    logging.disable()
    try:
        for origin in origins:
            environ = {"REQUEST_METHOD": "GET", "HTTP_ORIGIN": str(origin)}
            recorder.compare(environ, ENFORCED, REFUSED, ("", "enforced", "candidate"))
    finally:
        logging.disable(logging.NOTSET)
    true = Counter(map(str, origins))
    recorded = {each.origin: each for each in recorder.report().differences}
    assert len(recorded) == min(capacity, len(true))
    assert sum(each.requests for each in recorded.values()) == len(origins)
    for name, each in recorded.items():
        assert each.requests - each.error <= true[name] <= each.requests
    for name, count in true.items():
        assert name in recorded or count <= len(origins) / capacity


@pytest.mark.filterwarnings("ignore:.*fork")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
def test_a_child_process_does_not_wait_for_a_thread_of_its_parent() -> None:
    client, report = make_app("hook", report_only={"origins": A})
    ask(client, B)
    app: Any = client.application
    recorder = app.extensions["flask_cors_rs"].recorder()
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with recorder._lock:
            held.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        ask(client, C)
        os._exit([each.origin for each in report().differences] != [C])
    done.set()
    thread.join()
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.filterwarnings("ignore:.*fork")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
def test_a_child_process_has_a_record_of_its_own() -> None:
    client, report = make_app("hook", report_only={"origins": A})
    ask(client, B)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            ask(client, C)
            os.write(write, json.dumps([each.origin for each in report().differences]).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert json.loads(os.read(read, 1000)) == [C]
    assert [each.origin for each in report().differences] == [B]


# --- reading reports --------------------------------------------------------------------------------------------------

ONE = Difference(
    "newly refused", "preflight", A, "PUT", "x-a", "/x", "/* of CORS(app)", "origin not allowed", 3, 0, 10, 20
)
TWO = Difference("newly allowed", "request", B, "GET", "", "", "CORS(app)", "no rule for this path", 5, 1, 5, 25)


def test_a_report_survives_json() -> None:
    report = Report((TWO, ONE), 1, 30, 2)
    assert Report.from_json(report.to_json()) == report


def test_reports_of_several_processes_are_merged() -> None:
    other = ONE._replace(requests=9, error=2, first=15, last=40)
    merged = Report.merged([Report((TWO, ONE), 1, 30), Report((other,), 2, 50)])
    assert merged == Report((ONE._replace(requests=12, error=2, last=40), TWO), 1, 50, 2)
    assert Report.merged([]) == Report(processes=0)


GOOD = Report((ONE,), 1, 30).to_json()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it is not JSON"),
        (GOOD[:-20], "it is not JSON .* or has been cut off"),
        ("[" * 100_000, "it is not JSON"),
        ("[]", '"format" is not'),
        ('{"format": "another"}', '"format" is not'),
        (GOOD.replace('"version": 1', '"version": 2'), "a report of version 2, but this release reads version 1"),
        (GOOD.replace('"differences"', '"others"'), "not a complete report"),
        (GOOD.replace('"PUT"', "7"), "not a complete report"),
        (GOOD.replace("1970-01-01", "yesterday"), "not a complete report"),
        (GOOD.replace('"requests": 3', '"requests": "many"'), "not a complete report"),
    ],
)
def test_what_is_not_a_report_is_an_error(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Report.from_json(text)


def test_the_command_reads_files_and_urls(tmp_path: Any) -> None:
    client, report = make_app("hook", report_only={"origins": A})
    ask(client, B)
    file = tmp_path / "report.json"
    file.write_text(report().to_json())
    app = Flask(__name__)

    @app.route("/report")
    @cross_origin(origins=[])
    def serve_report() -> tuple[str, dict[str, str]]:
        return report().to_json(), {"Content-Type": "application/json", "Cache-Control": "no-store"}

    runner = CliRunner()
    with serving(app) as address:
        result = runner.invoke(cors, ["report", str(file), f"{address}/report"])
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert lines[0] == f"newly refused  {B}"
    assert lines[1:3] == ["    request: GET /items/<int:number>", "    origin not allowed (/* of CORS(app))"]
    assert "\n    2 times, " in result.output
    assert "\n1 difference in 2 processes, " in result.output
    result = runner.invoke(cors, ["report", "--json", str(file)])
    assert result.output == f"{file.read_text()}\n"
    file.write_text(Report().to_json())
    assert runner.invoke(cors, ["report", str(file)]).exit_code == 0


def test_the_command_counts_one_time_and_says_how_many_may_be_too_many(tmp_path: Any) -> None:
    file = tmp_path / "report.json"
    once, often = ONE._replace(requests=1), ONE._replace(method="GET", requests=412, error=3)
    file.write_text(Report((once, often)).to_json())
    output = CliRunner().invoke(cors, ["report", str(file)]).output
    assert "\n    1 time, " in output
    assert "\n    412 times (at most 3 too many), " in output


def test_the_command_does_not_read_a_file_that_is_too_large(tmp_path: Any) -> None:
    file = tmp_path / "report.json"
    with file.open("wb") as opened:
        opened.truncate(16 * 2**20 + 1)
    result = CliRunner().invoke(cors, ["report", str(file)])
    assert result.exit_code == 2
    assert "the file is larger than 16 MiB, so it is not a report" in result.output


@pytest.mark.parametrize("content", [None, "\x1b]0;title\x07"])
def test_the_command_says_what_it_cannot_read(content: str | None, tmp_path: Any) -> None:
    file = tmp_path / "report.json"
    if content:
        file.write_text(content)
    result = CliRunner().invoke(cors, ["report", str(file)])
    assert result.exit_code == 2
    assert "report.json" in result.output
    assert "\x1b" not in result.output
    result = CliRunner().invoke(cors, ["report", "http://127.0.0.1:9/"])
    assert (result.exit_code, "127.0.0.1:9" in result.output) == (2, True)


def test_a_served_report_is_not_readable_across_origins() -> None:
    app = Flask(__name__)
    CORS(app, report_only={"origins": A})

    @app.route("/report")
    @cross_origin(origins=[])
    def serve_report() -> str:
        return str(app.extensions["flask_cors_rs"].report().to_json())

    assert "Access-Control-Allow-Origin" not in app.test_client().get("/report", headers={"Origin": B}).headers


# --- the migration that it is for -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("middleware", [False, True])
def test_an_open_policy_is_tightened_without_surprises(middleware: bool) -> None:
    """An open policy in production, the strict one in report-only, then the strict one in force."""
    from urllib.request import Request, urlopen

    app = Flask(__name__)
    app.add_url_rule("/orders", "orders", lambda: request.method)
    strict: Any = {"origins": [A, r"https://\w+\.shop\.example"], "supports_credentials": True}
    extension = CORS(app, middleware=middleware, report_only=strict)
    pages = [A, "https://eu.shop.example", B, "https://evil.example/", "null"]

    def allowed(address: str) -> list[str]:
        responses = [urlopen(Request(f"{address}/orders", headers={"Origin": page})) for page in pages]
        return [page for page, response in zip(pages, responses) if response.headers["Access-Control-Allow-Origin"]]

    with serving(app) as address:
        assert allowed(address) == pages
        report = app.extensions["flask_cors_rs"].report()
        broken = {each.origin for each in report.differences}
        assert broken == {B, "https://evil.example/", "null"}
        assert {each.change for each in report.differences} == {"newly refused"}
        extension.reconfigure(**strict)
        assert allowed(address) == [page for page in pages if page not in broken]
