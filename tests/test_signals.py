"""The signals, and the recipes for them in the documentation."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from flask import Blueprint, Flask, Response, abort, request
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY
from werkzeug.datastructures import Headers
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client, create_environ, run_wsgi_app

from flask_cors_rs import CORS, CORSMiddleware, cors_decided, cors_refused, cross_origin
from support.documentation import example
from support.engines import ENGINES
from support.placements import RULES, make_app
from support.processes import run_python

if TYPE_CHECKING:
    from collections.abc import Iterator

A, B = "https://a.example", "https://b.example"
PATH = "/items/7"

LOG_LEVELS = [("flask_cors_rs", logging.INFO), ("flask_cors_rs", logging.DEBUG), ("flask_cors_rs.core", logging.ERROR)]


class OwnHeaders(Headers):
    """Not the exact type whose list the hook appends to."""


HEADERS: list[Any] = [OwnHeaders, dict]


def app_with_headers(kind: Any, middleware: bool) -> Flask:
    """Return an application whose responses have another type of headers, and that has a rule for /a only."""
    app = Flask("headers")

    def view() -> Response:
        response = Response("hello")
        response.headers = kind({"Vary": "Cookie"})
        return response

    for path in ("/a", "/b"):
        app.add_url_rule(path, endpoint=path, view_func=view)
    CORS(app, resources={"/a": {"origins": [A, "https://c.example"]}}, vary_header="always", middleware=middleware)
    return app


@pytest.fixture
def received() -> Iterator[list[tuple[Any, ...]]]:
    """Collect the signals that are sent."""
    found: list[tuple[Any, ...]] = []

    def decided(sender: object, **values: Any) -> None:
        found.append(("decided", sender, values))

    def refused(sender: object, **values: Any) -> None:
        found.append(("refused", sender, values))

    with cors_decided.connected_to(decided), cors_refused.connected_to(refused):
        yield found


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("way", RULES)
def test_decisions_are_sent(way: str, received: list[tuple[Any, ...]]) -> None:
    client, app = make_app(way, origins=A)
    client.get(PATH)
    assert received == [], "a request without an Origin is not decided"
    client.get(PATH, headers={"Origin": A})
    client.get(PATH, headers={"Origin": B})
    client.options(PATH, headers={"Origin": B, "Access-Control-Request-Method": "PUT"})
    names = [name for name, *_ in received]
    assert names == ["decided", "decided", "refused", "decided", "refused"]
    for _, sender, values in received:
        assert sender is app
        assert values["rule"] == RULES[way]
    reasons = [values["decision"].reason for _, _, values in received]
    assert reasons == ["allowed", *["origin not allowed"] * 4]
    methods = [values["request"].method for _, _, values in received]
    assert methods == ["GET", "GET", "GET", "OPTIONS", "OPTIONS"]
    assert received[0][2]["decision"].headers[0] == ("Access-Control-Allow-Origin", A)


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("way", RULES)
def test_a_receiver_gets_the_request(way: str, received: list[tuple[Any, ...]]) -> None:
    client, app = make_app(way, origins=A)
    requests: list[Any] = []
    inner = app.wsgi_app

    def keeping(environ: Any, start_response: Any) -> Any:
        def keeping_request(*args: Any) -> Any:
            write = start_response(*args)
            requests.append(environ.get("werkzeug.request"))  # Flask takes it out at the end.
            return write

        return inner(environ, keeping_request)

    app.wsgi_app = keeping
    client.get(PATH, headers={"Origin": A})
    client.options(PATH, headers={"Origin": A, "Access-Control-Request-Method": "PUT"})
    sent = [values["request"] for name, _, values in received if name == "decided"]
    assert [(request.method, request.path) for request in sent] == [("GET", PATH), ("OPTIONS", PATH)]
    assert type(requests[0]) is Flask.request_class, "that of Flask is left in the environ"
    if way in {"middleware", "decorator in middleware"}:
        assert type(requests[1]) is not Flask.request_class, "what is answered before Flask has none in its environ"
    if way != "outer middleware":
        assert {type(request) for request in sent} == {app.request_class}
        assert sent[0] is requests[0]


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("middleware", [True, False])
def test_the_rule_that_decides_is_sent(middleware: bool, received: list[tuple[Any, ...]]) -> None:
    client, app = make_app("none")
    resources = {"/items/*": {"origins": A}, "/*": {"origins": B}}
    if middleware:
        CORS(app, middleware=True, resources=resources)
    else:
        app.wsgi_app = CORSMiddleware(app.wsgi_app, resources=resources)
    client.options(PATH, headers={"Origin": A, "Access-Control-Request-Method": "PUT"})
    client.get(PATH, headers={"Origin": A})
    name = "CORS(app)" if middleware else "CORSMiddleware"
    assert [values["rule"] for _, _, values in received] == [f"/items/* of {name}"] * 2
    assert {dict(values["decision"].headers)["Access-Control-Allow-Origin"] for _, _, values in received} == {A}


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("paths", [("/items/*", "/other"), ("/other", "/items/*"), ("/other", "/another")])
def test_of_several_extensions_the_one_with_a_rule_decides(
    paths: tuple[str, str], received: list[tuple[Any, ...]]
) -> None:
    client, app = make_app("none")
    for path in paths:
        CORS(app, middleware=True, resources={path: {"origins": A}})
    client.get(PATH, headers={"Origin": B})
    (decided, refused) = received
    assert decided[2] == refused[2]
    has_rule = "/items/*" in paths
    assert refused[2]["decision"].reason == ("origin not allowed" if has_rule else "no rule for this path")
    assert refused[2]["rule"] == ("/items/* of CORS(app)" if has_rule else "CORS(app)")


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("way", RULES)
def test_a_receiver_can_come_after_the_first_request(way: str) -> None:
    client, _ = make_app(way, origins=A)
    calls: list[object] = []

    def receive(sender: object, **_values: Any) -> None:
        calls.append(sender)

    client.get(PATH, headers={"Origin": A})
    with cors_decided.connected_to(receive):
        client.get(PATH, headers={"Origin": A})
        client.options(PATH, headers={"Origin": A, "Access-Control-Request-Method": "PUT"})
    client.get(PATH, headers={"Origin": A})
    assert len(calls) == 2


@pytest.mark.usefixtures("engine")
def test_a_receiver_can_come_after_two_applications_have_used_one_view() -> None:
    view = cross_origin(origins=A)(lambda: "view")
    apps = [Flask("first"), Flask("second")]
    calls: list[object] = []

    def receive(sender: object, **_values: Any) -> None:
        calls.append(sender)

    def ask() -> None:
        for app in apps:
            app.test_client().get(PATH, headers={"Origin": A})

    for app in apps:
        app.add_url_rule(PATH, endpoint="view", view_func=view)
    ask()
    with cors_decided.connected_to(receive):
        ask()
    assert calls == apps


@pytest.mark.usefixtures("engine")
def test_options_that_a_middleware_passes_on_are_one_decision(received: list[tuple[Any, ...]]) -> None:
    client, _ = make_app("middleware", origins=A)
    client.options(PATH, headers={"Origin": A})
    assert [name for name, *_ in received] == ["decided"]


@pytest.mark.usefixtures("engine")
def test_a_receiver_can_listen_to_one_application(received: list[tuple[Any, ...]]) -> None:
    first, sender = make_app("hook", origins=A)
    second, _ = make_app("hook", origins=A)
    calls: list[object] = []

    def receive(sender: object, **_values: Any) -> None:
        calls.append(sender)

    cors_decided.connect(receive, sender=sender)
    for client in (first, second):
        client.get(PATH, headers={"Origin": A})
    assert calls == [sender]
    assert len(received) == 2


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("way", RULES)
def test_a_receiver_that_raises_changes_nothing(
    way: str, received: list[tuple[Any, ...]], caplog: pytest.LogCaptureFixture
) -> None:
    def fail(sender: object, **_values: Any) -> None:
        raise RuntimeError("no\nmetrics")

    client, _ = make_app(way, origins=A)
    with cors_decided.connected_to(fail):
        response = client.get(PATH, headers={"Origin": A})
    assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (200, A)
    assert len(received) == 1
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("A receiver of a CORS signal failed: RuntimeError(")
    assert "\n" not in line


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("way", RULES)
@pytest.mark.parametrize(("logger", "level"), LOG_LEVELS)
def test_decisions_are_sent_at_every_log_level(
    way: str, logger: str, level: int, received: list[tuple[Any, ...]], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(level, logger)
    client, app = make_app(way, origins=A)
    client.get(PATH, headers={"Origin": A})
    client.get(PATH, headers={"Origin": B})
    sent = [(name, sender, values["rule"], values["decision"].reason) for name, sender, values in received]
    rule = RULES[way]
    assert sent == [
        ("decided", app, rule, "allowed"),
        ("decided", app, rule, "origin not allowed"),
        ("refused", app, rule, "origin not allowed"),
    ]


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("middleware", [True, False])
@pytest.mark.parametrize("kind", HEADERS)
def test_decisions_about_responses_with_other_headers_are_sent(
    middleware: bool, kind: Any, received: list[tuple[Any, ...]]
) -> None:
    plain, observed = (app_with_headers(kind, middleware) for _ in range(2))

    def ask(app: Flask) -> list[list[tuple[str, str]]]:
        places = [(path, origin) for path in ("/a", "/b") for origin in (A, B)]
        return [list(app.test_client().get(path, headers={"Origin": origin}).headers) for path, origin in places]

    with cors_decided.muted(), cors_refused.muted():
        headers = ask(plain)
    assert ask(observed) == headers
    sent = [
        (name, values["rule"], values["decision"].reason) for name, sender, values in received if sender is observed
    ]
    assert sent == [
        ("decided", "/a of CORS(app)", "allowed"),
        ("decided", "/a of CORS(app)", "origin not allowed"),
        ("refused", "/a of CORS(app)", "origin not allowed"),
        *[("decided", "CORS(app)", "no rule for this path"), ("refused", "CORS(app)", "no rule for this path")] * 2,
    ]


ERRORS = ["/missing", "/forbidden", "/handled", "/failing"]


def app_with_errors(middleware: bool, **options: Any) -> Flask:
    """Return an application with error handlers, whose paths are those in ERRORS."""
    app = Flask("errors")
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.logger.disabled = True

    def fail(path: str) -> str:
        if path == "handled":
            raise LookupError
        if path == "failing":
            raise RuntimeError
        abort({"missing": 404}.get(path, 403))

    app.add_url_rule("/<path>", "fail", fail)
    app.register_error_handler(LookupError, lambda _: ("handled", 500))
    app.register_error_handler(403, lambda _: ("forbidden", 403))
    CORS(app, middleware=middleware, **options)
    return app


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("middleware", [True, False])
@pytest.mark.parametrize("path", ERRORS)
@pytest.mark.parametrize("level", [logging.WARNING, logging.DEBUG])
def test_the_response_of_an_error_handler_is_one_decision(
    middleware: bool, path: str, level: int, received: list[tuple[Any, ...]], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(level, "flask_cors_rs")
    app = app_with_errors(middleware, origins=A)
    for origin in (A, B):
        response = app.test_client().get(path, headers={"Origin": origin})
        assert response.status_code >= 400
        assert response.headers.get("Access-Control-Allow-Origin") == (A if origin == A else None)
    assert [(name, values["decision"].reason) for name, _, values in received] == [
        ("decided", "allowed"),
        ("decided", "origin not allowed"),
        ("refused", "origin not allowed"),
    ]


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("middleware", [True, False])
def test_each_request_with_the_same_environ_is_a_decision(middleware: bool, received: list[tuple[Any, ...]]) -> None:
    app = app_with_errors(middleware, origins=A)
    environ = create_environ("/missing", headers=[("Origin", B)])
    for _ in range(2):
        run_wsgi_app(lambda _, start: app.wsgi_app(environ, start), {})
    assert [name for name, *_ in received] == ["decided", "refused"] * 2


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("middleware", [True, False])
def test_a_mounted_application_is_observed_on_its_own(middleware: bool, received: list[tuple[Any, ...]]) -> None:
    outer, inner = (app_with_errors(middleware, origins=A) for _ in range(2))
    mounted: Any = DispatcherMiddleware(outer.wsgi_app, {"/inner": inner.wsgi_app})
    for path in ("/missing", "/inner/missing"):
        Client(mounted).get(path, headers={"Origin": B})
    assert [(name, sender) for name, sender, _ in received] == [
        (name, sender) for sender in (outer, inner) for name in ("decided", "refused")
    ]


@pytest.mark.usefixtures("engine")
def test_a_view_can_call_another_application_with_its_environ(received: list[tuple[Any, ...]]) -> None:
    outer, inner = (app_with_errors(middleware=False, origins=A) for _ in range(2))

    def view() -> str:
        environ = request.environ
        run_wsgi_app(lambda _, start: inner.wsgi_app(environ, start), {})
        abort(404)

    outer.add_url_rule("/view", "view", view)
    outer.test_client().get("/view", headers={"Origin": B})
    assert [sender for name, sender, _ in received if name == "refused"] == [inner, outer]


@pytest.mark.usefixtures("engine")
def test_an_error_is_one_decision_of_several_extensions_with_the_middleware(received: list[tuple[Any, ...]]) -> None:
    app = app_with_errors(middleware=True, resources={"/other": {"origins": A}})
    CORS(app, middleware=True, resources={"/missing": {"origins": A}})
    for origin in (A, B):
        app.test_client().get("/missing", headers={"Origin": origin})
    assert [(name, values["rule"], values["decision"].reason) for name, _, values in received] == [
        ("decided", "/missing of CORS(app)", "allowed"),
        ("decided", "/missing of CORS(app)", "origin not allowed"),
        ("refused", "/missing of CORS(app)", "origin not allowed"),
    ]


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("middleware", [True, False])
def test_an_error_is_one_decision_of_new_rules(middleware: bool, received: list[tuple[Any, ...]]) -> None:
    app = Flask("errors")
    CORS(app, middleware=middleware, origins=B).reconfigure(origins=A)
    app.test_client().get("/missing", headers={"Origin": B})
    assert [name for name, *_ in received] == ["decided", "refused"]


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("resource", ["/items/*", "/other"])
def test_a_decorated_view_is_one_decision_at_every_log_level(
    resource: str, received: list[tuple[Any, ...]], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "flask_cors_rs")
    client, app = make_app("decorator", origins=A)
    CORS(app, resources={resource: {}})
    client.get(PATH, headers={"Origin": B})
    assert [(name, values["rule"]) for name, _, values in received] == [
        ("decided", "@cross_origin"),
        ("refused", "@cross_origin"),
    ]


NOBODY_LISTENS = """
import sys
from flask import Flask
from flask_cors_rs import CORS, CORSMiddleware, cors_decided, cross_origin

for middleware in (False, True):
    app = Flask("app")
    app.add_url_rule("/", "index", lambda: "hello")
    app.add_url_rule("/view", "view", cross_origin()(lambda: "hello"))
    CORS(app, middleware=middleware)
    for path in ("/", "/view"):
        app.test_client().get(path, headers={"Origin": "https://a.example"})
        app.test_client().options(path, headers={"Origin": "https://a.example", "Access-Control-Request-Method": "PUT"})
print("flask_cors_rs._observation" in sys.modules, "flask_cors_rs.report_only" in sys.modules)
"""


@pytest.mark.parametrize("name", sorted(ENGINES))
def test_nothing_is_loaded_while_nobody_listens(name: str) -> None:
    result = run_python("-c", NOBODY_LISTENS, FLASK_CORS_RS_BACKEND=name)
    assert result.stdout == "False False\n", result.stderr


def test_blinker_is_needed() -> None:
    code = "import sys; sys.modules['blinker'] = None; import flask_cors_rs.signals"
    result = run_python("-c", code)
    assert (
        "ImportError: The signals of flask-cors-rs need blinker: install it with `pip install blinker`" in result.stderr
    )


# --- recipes ----------------------------------------------------------------------------------------------------------


def send_requests(names: dict[str, Any], receiver: str) -> None:
    client, _ = make_app("hook", origins=A)
    for origin in (A, B, B):
        client.get(PATH, headers={"Origin": origin})
    cors_decided.disconnect(names[receiver])
    cors_refused.disconnect(names[receiver])


def test_the_recipe_for_prometheus() -> None:
    names: dict[str, Any] = {"__name__": "example"}
    exec(example("prometheus_client"), names)
    send_requests(names, "count")
    labels = {"rule": "/* of CORS(app)", "reason": "origin not allowed"}
    assert REGISTRY.get_sample_value("cors_decisions_total", labels) == 2
    assert REGISTRY.get_sample_value("cors_decisions_total", {**labels, "reason": "allowed"}) == 1


def test_the_recipe_for_opentelemetry() -> None:
    exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    metrics.set_meter_provider(MeterProvider([reader]))
    names: dict[str, Any] = {"__name__": "example"}
    exec(example("opentelemetry"), names)
    with trace.get_tracer("test").start_as_current_span("request"):
        send_requests(names, "annotate")
    (span,) = exporter.get_finished_spans()
    assert dict(span.attributes or {}) == {"cors.rule": "/* of CORS(app)", "cors.reason": "origin not allowed"}
    recorded: Any = reader.get_metrics_data()
    scopes = json.loads(recorded.to_json())["resource_metrics"][0]["scope_metrics"]
    metrics_by_name = {metric["name"]: metric for scope in scopes for metric in scope["metrics"]}
    assert metrics_by_name["cors.refusals"]["data"]["data_points"][0]["value"] == 2


def test_the_recipe_for_a_log_line(caplog: pytest.LogCaptureFixture) -> None:
    names: dict[str, Any] = {"__name__": "example"}
    exec(example("def log_refusal"), names)
    with caplog.at_level(logging.WARNING, "cors"):
        send_requests(names, "log_refusal")
    lines = [json.loads(record.getMessage()) for record in caplog.records]
    expected = {"origin": B, "method": "GET", "rule": "/* of CORS(app)", "reason": "origin not allowed"}
    assert lines == [expected, expected]


@pytest.mark.usefixtures("engine")
def test_a_blueprint_in_several_applications_sends_the_one_that_handles_the_request(
    received: list[tuple[Any, ...]],
) -> None:
    blueprint = Blueprint("b", __name__)
    CORS(blueprint, origins=A)
    blueprint.add_url_rule("/b", "b", lambda: "b")
    applications = [Flask("first"), Flask("second")]
    for app in applications:
        app.register_blueprint(blueprint)
        app.test_client().get("/b", headers={"Origin": A})
    assert [sender for _, sender, _ in received] == applications
    assert {values["rule"] for *_, values in received} == {"/* of CORS(b)"}


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("level", [logging.WARNING, logging.DEBUG])
def test_the_rule_of_a_blueprint_has_its_name(
    level: int, received: list[tuple[Any, ...]], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(level, "flask_cors_rs")
    app, blueprint = Flask("app"), Blueprint("b", __name__)
    for path in ("/rule", "/none"):
        blueprint.add_url_rule(path, path.strip("/"), lambda: "b")
    extension = CORS(blueprint, resources={"/rule": {"origins": A}})
    app.register_blueprint(blueprint)
    for _ in range(2):
        for path in ("/rule", "/none"):
            app.test_client().get(path, headers={"Origin": B})
        extension.reconfigure(resources={"/rule": {"origins": A}})
    assert [values["rule"] for name, _, values in received if name == "refused"] == ["/rule of CORS(b)", "CORS(b)"] * 2
