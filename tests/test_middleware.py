"""The middleware: what it answers itself, and what it passes to the application."""

from __future__ import annotations

import gc
import logging
import sys
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urljoin, urlsplit
from weakref import ref
from wsgiref.validate import validator

import flask_cors
import pytest
from flask import Blueprint, Flask, Response, abort, current_app, redirect, request
from flask.views import MethodView, View
from hypothesis import example, given, strategies as st
from werkzeug.local import LocalProxy
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import BaseConverter, Rule
from werkzeug.test import Client, EnvironBuilder, run_wsgi_app
from werkzeug.wrappers import Request

import flask_cors_rs
from flask_cors_rs import CORS, CORSMiddleware, cross_origin
from flask_cors_rs._engine.path import decoded
from support.engines import ENGINES, assert_prints
from support.hidden_views import HIDING
from support.processes import run_python

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from werkzeug.test import TestResponse

pytestmark = pytest.mark.usefixtures("engine")

A, B, C = "https://a.example", "https://b.example", "https://c.example"


def preflight(app: Any, path: str = "/", origin: str = A, method: str = "PUT", **more: Any) -> TestResponse:
    headers = {"Origin": origin, "Access-Control-Request-Method": method, **more.pop("headers", {})}
    return Client(app).options(path, headers=headers, **more)


def get(app: Any, path: str = "/", origin: str = A, **more: Any) -> TestResponse:
    return Client(app).get(path, headers={"Origin": origin}, **more)


def allowed(response: TestResponse) -> str | None:
    return response.headers.get("Access-Control-Allow-Origin")


def make_app_without_cors() -> Flask:
    app = Flask(__name__)
    app.add_url_rule("/", endpoint="index", view_func=lambda: "index", methods=["GET", "PUT"])
    return app


def make_app(**options: Any) -> Flask:
    app = make_app_without_cors()
    CORS(app, **{"middleware": True, **options})
    return app


def test_a_preflight_is_answered_before_flask() -> None:
    app = make_app(origins=[A, B], allow_headers=["X-A", "X-B"], max_age=60, supports_credentials=True)
    app.before_request(lambda: abort(401))
    response = preflight(app, headers={"Access-Control-Request-Headers": "x-b,x-a"})
    assert response.status == "204 No Content"
    assert response.data == b""
    assert list(response.headers) == [
        ("Access-Control-Allow-Origin", A),
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Headers", "x-a, x-b"),
        ("Access-Control-Max-Age", "60"),
        ("Access-Control-Allow-Methods", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"),
        ("Vary", "Origin"),
    ]
    assert get(app).status_code == 401


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"origin": "https://evil.example"}, "origin not allowed"),
        ({"origin": "https://a.example\x00"}, "origin not allowed"),
        ({"method": "DELETE"}, "method not allowed"),
        ({"headers": {"Access-Control-Request-Headers": "x-a, x-c"}}, "header not allowed"),
    ],
)
def test_a_refused_preflight_tells_nothing_but_in_debug_mode(asked: dict[str, Any], reason: str) -> None:
    app = make_app(origins=A, methods="PUT", allow_headers="X-A")
    for debug, body in ((False, "CORS preflight refused\n"), (True, f"CORS preflight refused: {reason}\n")):
        app.debug = debug
        response = preflight(app, **asked)
        assert (response.status_code, response.text) == (403, body)
        assert list(response.headers) == [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(body))),
        ]


def test_empty_elements_of_the_requested_headers_ask_for_nothing() -> None:
    app = make_app(origins=A, allow_headers="X-A")
    assert preflight(app, headers={"Access-Control-Request-Headers": " ,x-a,, "}).status_code == 204


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": A},
        {"Access-Control-Request-Method": "PUT"},
        {"Origin": "", "Access-Control-Request-Method": "PUT"},
        {"Origin": A, "Access-Control-Request-Method": ""},
    ],
)
def test_options_that_is_no_preflight_goes_through(headers: dict[str, str]) -> None:
    response = Client(make_app()).options("/", headers=headers)
    assert (response.status_code, response.allow.as_set()) == (200, {"get", "head", "options", "put"})
    assert allowed(response) == (headers.get("Origin") or "*")


def test_paths_without_a_rule_go_through() -> None:
    app = make_app(resources={"/api/*": {}})
    response = preflight(app)
    assert (response.status_code, allowed(response)) == (200, None)
    assert "Access-Control" not in str(get(app).headers)
    assert preflight(app, "/api/").status_code == 204


def test_errors_get_their_headers() -> None:
    app = make_app()
    app.add_url_rule("/raise", view_func=lambda: str(1 // 0), endpoint="raise")
    app.logger.disabled = True
    for path, status in (("/missing", 404), ("/raise", 500)):
        response = get(app, path)
        assert (response.status_code, allowed(response)) == (status, A)


def test_middleware_inside_gets_its_headers() -> None:
    app = Flask(__name__)
    app.wsgi_app = Response("busy", 503)  # type: ignore[method-assign]
    CORS(app, middleware=True)
    response = get(app)
    assert (response.status_code, allowed(response)) == (503, A)


def test_a_response_with_an_allow_origin_is_left_alone() -> None:
    app = make_app()
    for path, own in (("/own", {ALLOW_ORIGIN.lower(): "mine"}), ("/empty", {ALLOW_ORIGIN: ""})):
        app.add_url_rule(path, endpoint=path, view_func=lambda own=own: Response(headers=own))
    assert get(app, "/own").headers.getlist(ALLOW_ORIGIN) == ["mine"]
    assert get(app, "/own").headers.getlist("Vary") == []
    assert get(app, "/empty").headers.getlist(ALLOW_ORIGIN) == ["", A]


ALLOW_ORIGIN = "Access-Control-Allow-Origin"


def test_a_decorated_view_keeps_its_policy() -> None:
    app = make_app(origins=A)
    app.before_request(lambda: abort(401) if request.method == "OPTIONS" else None)

    @app.route("/view", methods=["PUT", "GET"])
    @cross_origin(origins=B, max_age=5)
    def view() -> str:
        return "view"

    assert preflight(app, "/view").status_code == 403
    response = preflight(app, "/view", B)
    assert (response.status_code, allowed(response), response.headers["Access-Control-Max-Age"]) == (204, B, "5")
    assert allowed(preflight(app, "/")) == A
    assert allowed(get(app, "/view", B)) == B
    # The decorator has evaluated the request, so the middleware does not add headers.
    assert allowed(get(app, "/view", A)) is None


def test_the_headers_of_the_rules_are_not_sent_beside_those_of_a_decorated_view() -> None:
    app = make_app(origins=B, max_age=7, expose_headers="X-A")
    app.add_url_rule("/view", endpoint="view", view_func=cross_origin(origins=[A, B], max_age=5)(lambda: "view"))
    assert list(preflight(app, "/view", B, "GET").headers) == [
        ("Access-Control-Allow-Origin", B),
        ("Access-Control-Max-Age", "5"),
        ("Access-Control-Allow-Methods", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"),
        ("Vary", "Origin"),
    ]


def test_a_decorated_view_with_a_wrong_configuration_is_left_to_the_application() -> None:
    class Wrong:
        def __bool__(self) -> bool:
            raise RuntimeError("not yet")

    app = make_app(origins=A)
    app.add_url_rule("/view", endpoint="view", view_func=cross_origin(origins=A)(lambda: "view"))
    app.config["CORS_SEND_WILDCARD"] = Wrong()
    response = preflight(app, "/view", A, "GET")
    assert (response.status_code, allowed(response)) == (200, None)


def test_decorated_classes_and_wrapped_views_keep_their_policy() -> None:
    app = make_app(origins=A)

    class View(MethodView):
        decorators = [cross_origin(origins=B)]

        def put(self) -> str:
            return "put"

    app.add_url_rule("/class", view_func=View.as_view("view"))
    assert preflight(app, "/class", B).status_code == 204
    assert preflight(app, "/class", A).status_code == 403


def test_a_decorated_view_that_answers_options_itself_does() -> None:
    app = make_app(origins=A)

    @app.route("/view", methods=["OPTIONS", "PUT"])
    @cross_origin(origins=B, automatic_options=False)
    def view() -> str:
        return f"my {request.method}"

    response = preflight(app, "/view", B)
    assert (response.text, allowed(response)) == ("my OPTIONS", B)


@pytest.mark.parametrize("configured", [False, True])
@pytest.mark.parametrize("routed", [False, True])
def test_an_iterator_is_left_to_a_view_that_answers_options_itself(configured: bool, routed: bool) -> None:
    origins: dict[str, Any] = {"origins": iter([A])}
    view = cross_origin(automatic_options=False, **({} if configured else origins))(lambda: "view")
    app = make_app_without_cors()
    if configured:
        app.config["CORS_ORIGINS"] = origins["origins"]
    app.add_url_rule("/view", view_func=view, endpoint="view", methods=["GET", "OPTIONS"] if routed else ["GET"])
    CORS(app, middleware=True, origins=B)
    assert allowed(preflight(app, "/view")) == (A if routed else None)
    assert allowed(get(app, "/view")) == (None if routed else A)


def test_a_redirected_preflight_is_answered_for_the_target() -> None:
    app = make_app(origins=A)
    app.add_url_rule("/view/", endpoint="view", view_func=cross_origin(origins=B)(lambda: "view"), methods=["PUT"])
    assert preflight(app, "/view", B).status_code == 204
    assert preflight(app, "/view", A).status_code == 403
    mounted = DispatcherMiddleware(Flask("outer"), {"/mount": app})
    assert preflight(mounted, "/mount/view", B).status_code == 204


def test_a_preflight_for_a_path_that_another_one_replaces_is_answered_for_that_one() -> None:
    app = make_app(resources={"/old": {"origins": B}, "/new": {"origins": A}})
    app.url_map.add(Rule("/old", redirect_to="/new", endpoint="view"))
    app.add_url_rule("/new", "view", lambda: "view")
    assert preflight(app, "/old", A).status_code == 204
    assert preflight(app, "/old", B).status_code == 403


def test_the_middleware_of_an_application_has_its_report() -> None:
    app = make_app(origins=A, report_only={"origins": B})
    preflight(app, "/view", A)
    middleware: Any = app.wsgi_app
    report = middleware.__self__.report()
    assert [difference.origin for difference in report.differences] == [A]
    assert report.differences == app.extensions["flask_cors_rs"].report().differences


def test_the_policies_of_one_extension_of_several_may_be_report_only() -> None:
    app = make_app(origins=A, report_only={"origins": B})
    CORS(app, resources={"/other": {}}, middleware=True)
    preflight(app, origin=A)
    assert [difference.origin for difference in app.extensions["flask_cors_rs"].report().differences] == [A]


def test_a_redirected_preflight_is_reported_for_its_target() -> None:
    app = make_app(resources={"/view/": {"origins": A}}, report_only={"resources": {"/view/": {"origins": B}}})
    app.add_url_rule("/view/", "view", lambda: "view", methods=["PUT"])
    assert preflight(app, "/view", A).status_code == 204
    differences = app.extensions["flask_cors_rs"].report().differences
    assert [(each.origin, each.reason) for each in differences] == [(A, "origin not allowed")]


def browse(app: Any, path: str, origin: str, method: str = "PUT") -> TestResponse | None:
    """Return the response that a page gets to a request with a preflight, or None for a network error.

    Source: `Fetch, HTTP fetch <https://fetch.spec.whatwg.org/#http-fetch>`_ and the algorithms that it calls.
    """
    for _ in range(20):
        asked = preflight(app, path, origin, method)
        if not 200 <= asked.status_code < 300 or allowed(asked) not in {origin, "*"}:
            return None
        if method not in asked.headers["Access-Control-Allow-Methods"].split(", "):
            return None
        response = Client(app).open(path, method=method, headers={"Origin": origin})
        if allowed(response) not in {origin, "*"}:
            return None
        if response.status_code not in {301, 302, 307, 308}:
            return response
        path = urljoin(path, urlsplit(response.headers["Location"]).path)
    return None


REDIRECTING: list[tuple[dict[str, Any], str]] = [
    ({"/items/": {"origins": A}}, "/items"),
    ({"/items$": {"origins": B}, "/items/": {"origins": A}}, "/items"),
    ({"/items/": {"origins": A}}, "/items//"),
    ({"/new/x": {"origins": A}}, "/old/x"),
    ({"/page/1$": {"origins": A}}, "/page/1"),
    ({"/caf\u00e9/": {"origins": A}}, "/caf\u00e9"),
    ({"/never": {}}, "/own"),
    ({"/*": {"origins": B}}, "/own"),
]


@pytest.mark.parametrize("prefix", ["", "/mount"])
@pytest.mark.parametrize(("resources", "path"), REDIRECTING)
def test_a_browser_gets_through_a_redirect(resources: dict[str, Any], path: str, prefix: str) -> None:
    """The policy of the target decides, whatever the rules say about the path itself."""
    apps: list[Any] = []
    for middleware in (True, False):
        app = Flask(__name__)
        for rule in ("/items/", "/new/<name>", "/caf\u00e9/", "/page", "/page/<int:number>"):
            app.add_url_rule(rule, endpoint=rule, view_func=lambda **_: "target", methods=["PUT"])
        app.add_url_rule("/old/<name>", endpoint="old", redirect_to="new/<name>", methods=["PUT"])
        own = cross_origin(origins=A)(lambda: "target")
        app.add_url_rule("/own/", endpoint="own", view_func=own, methods=["PUT"])
        CORS(app, resources=resources, middleware=middleware)
        apps.append(DispatcherMiddleware(Flask("outer"), {prefix: app}) if prefix else app)
    response = browse(apps[0], prefix + path, A)
    assert response is not None
    assert (response.status_code, response.text) == (200, "target")
    assert browse(apps[0], prefix + path, "https://other.test") is None
    if "/page" not in path:
        assert browse(apps[1], prefix + path, A) is None, "the hook behaves as Flask-CORS does"


def test_two_slashes_are_a_redirect_too() -> None:
    app = Flask(__name__)
    app.add_url_rule("/new/<name>", endpoint="new", view_func=lambda name: name, methods=["PUT"])
    CORS(app, resources={"/new/x$": {"origins": A}}, middleware=True)
    response = browse(app, "/new//x", A)
    assert response is not None
    assert response.text == "x"


def test_a_path_that_leads_nowhere_is_not_redirected() -> None:
    app = Flask(__name__)
    CORS(app, resources={"/items/": {"origins": A}}, middleware=True)
    response = preflight(app, "/items")
    assert (response.status_code, allowed(response)) == (404, None)


def test_only_an_application_with_decorated_views_is_routed() -> None:
    asked = []

    class Converter(BaseConverter):
        def to_python(self, value: str) -> str:
            asked.append(value)
            return value

    app = make_app(origins=A)
    app.url_map.converters["counted"] = Converter
    app.add_url_rule("/<counted:name>", endpoint="counted", view_func=lambda name: name)
    assert preflight(app, "/x").status_code == 204
    assert asked == []
    app.add_url_rule("/view", endpoint="view", view_func=cross_origin()(lambda: "view"))
    assert preflight(app, "/x").status_code == 204
    assert asked == ["x"]


def test_a_converter_that_fails_fails_in_flask() -> None:
    class Converter(BaseConverter):
        def to_python(self, value: str) -> str:
            return str(request.path) + str(1 // (value != "zero"))

    app = make_app(origins=A)
    app.logger.disabled = True
    app.url_map.converters["failing"] = Converter
    app.add_url_rule("/<failing:name>", endpoint="failing", view_func=cross_origin(origins=B)(lambda name: name))
    assert preflight(app, "/zero", B).status_code == 500
    response = preflight(app, "/one", B)
    assert (response.status_code, allowed(response)) == (200, B)


def test_a_blueprint_keeps_its_policy() -> None:
    app = make_app(origins=A)
    outer, inner = Blueprint("outer", __name__, url_prefix="/outer"), Blueprint("inner", __name__, url_prefix="/inner")
    for blueprint in (outer, inner):
        blueprint.add_url_rule("/", endpoint="index", view_func=lambda: "index", methods=["PUT"])
    CORS(outer, origins=B)
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    for path in ("/outer/", "/outer/inner/"):
        assert allowed(preflight(app, path, B)) == B
        assert preflight(app, path, B).status_code == 200
    assert preflight(app, "/", A).status_code == 204


def test_middleware_around_a_blueprint_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"middleware=True cannot be used with .*, which is not an application"):
        CORS(Blueprint("blueprint", __name__), middleware=True)


def test_the_configuration_turns_it_on() -> None:
    app = Flask(__name__)
    app.config["CORS_MIDDLEWARE"] = True
    app.config["CORS_ORIGINS"] = A
    CORS().init_app(app)
    assert preflight(app).status_code == 204
    assert preflight(app, origin=B).status_code == 403


def test_the_latest_extension_comes_first() -> None:
    app = make_app(origins=[A, B], max_age=1)
    CORS(app, middleware=True, origins=[A, "https://c.example"], max_age=2)
    assert preflight(app, origin=A).headers["Access-Control-Max-Age"] == "2"
    assert preflight(app, origin=B).headers["Access-Control-Max-Age"] == "1"
    assert preflight(app, origin="https://d.example").status_code == 403
    assert [allowed(get(app, origin=origin)) for origin in (A, B)] == [A, B]


def test_a_refusal_stands_where_an_earlier_extension_has_no_rule() -> None:
    app = make_app(resources={"/other": {}})
    CORS(app, middleware=True, origins=A)
    assert preflight(app, origin=B).status_code == 403


def test_the_first_extension_comes_first_where_an_error_was_handled() -> None:
    app = make_app(origins=A, expose_headers="First")
    CORS(app, middleware=True, origins=A, expose_headers="Second")
    app.add_url_rule("/raise", view_func=lambda: str(1 // 0), endpoint="raise")
    app.logger.disabled = True
    for path, first in (("/", "Second"), ("/missing", "First"), ("/raise", "Second")):
        assert get(app, path).headers["Access-Control-Expose-Headers"] == first


def test_an_extension_around_other_middleware_sees_its_responses() -> None:
    app = make_app(origins=[A, B], expose_headers="First")
    inner = app.wsgi_app

    def gate(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        return Response("busy", 503)(environ, start) if environ["PATH_INFO"] == "/busy" else inner(environ, start)

    app.wsgi_app = gate  # type: ignore[method-assign, assignment]
    CORS(app, middleware=True, origins=B, expose_headers="Second")
    for path in ("/", "/busy"):
        for origin, exposed in ((A, "First"), (B, "Second")):
            assert get(app, path, origin).headers["Access-Control-Expose-Headers"] == exposed
            assert preflight(app, path, origin).headers["Access-Control-Expose-Headers"] == exposed


def test_mounts_and_proxies() -> None:
    app = make_app(resources={"/x": {"origins": A}})
    app.add_url_rule("/x", endpoint="x", view_func=lambda: request.script_root)
    app.wsgi_app = ProxyFix(app.wsgi_app, x_prefix=1)  # type: ignore[method-assign]
    mounted = DispatcherMiddleware(Flask("outer"), {"/mount": app})
    assert preflight(mounted, "/mount/x").status_code == 204
    assert preflight(mounted, "/x").status_code == 404
    response = get(mounted, "/mount/x")
    assert (response.text, allowed(response)) == ("/mount", A)
    outer = CORSMiddleware(mounted, resources={"/mount/x": {"origins": B}})
    # The dispatcher changes PATH_INFO. The rules are compared with the value before that.
    assert allowed(get(outer, "/mount/x", B)) == B


@pytest.mark.parametrize("host", ["a.example", "b.example"])
def test_hosts_and_subdomains_of_decorated_views(host: str) -> None:
    app = Flask(__name__, host_matching=True, static_host="a.example")
    CORS(app, middleware=True, origins=A)
    app.add_url_rule("/", host="b.example", endpoint="b", view_func=cross_origin(origins=B)(lambda: "b"))
    app.add_url_rule("/", host="a.example", endpoint="a", view_func=lambda: "a")
    own = {"a.example": A, "b.example": B}[host]
    assert allowed(preflight(app, "/", own, "GET", base_url=f"http://{host}")) == own


def test_async_views() -> None:
    app = make_app(origins=A)

    async def view() -> str:
        return "async"

    app.add_url_rule("/async", view_func=view)
    response = get(app, "/async")
    assert (response.text, allowed(response)) == ("async", A)


class Server:
    """A WSGI server that makes one request, and records what the application does."""

    def __init__(self, application: Any, **environ: Any) -> None:
        self.started: list[tuple[str, list[tuple[str, str]], Any]] = []
        self.written: list[bytes] = []
        self.body = application(EnvironBuilder(headers=[("Origin", A)], **environ).get_environ(), self.start_response)

    def start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[..., None]:
        self.started.append((status, headers, exc_info))
        return self.written.append


def test_start_response_may_be_called_again_with_exc_info() -> None:
    def application(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("X-First", "1")])
        try:
            return [str(1 // 0).encode()]
        except ZeroDivisionError:
            start_response("500 Oh", [("X-Second", "2")], exc_info=sys.exc_info())
            return [b"error"]

    server = Server(CORSMiddleware(application, origins=A))
    (first, first_headers, none), (second, second_headers, exc_info) = server.started
    assert (first, none, second, exc_info[0]) == ("200 OK", None, "500 Oh", ZeroDivisionError)
    assert first_headers == [("X-First", "1"), (ALLOW_ORIGIN, A)]
    assert second_headers == [("X-Second", "2"), (ALLOW_ORIGIN, A)]


def test_write_generators_and_close() -> None:
    closed = []

    class Body:
        def __iter__(self) -> Any:
            yield b"a"

        def close(self) -> None:
            closed.append(True)

    def application(environ: Any, start_response: Any) -> Body:
        start_response("200 OK", [])(b"written")
        return Body()

    server = Server(CORSMiddleware(application))
    assert (server.written, list(server.body)) == ([b"written"], [b"a"])
    server.body.close()
    assert closed == [True]


def test_a_generator_that_starts_late() -> None:
    def application(environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        yield b"late"

    server = Server(CORSMiddleware(application, origins=A))
    assert server.started == []
    assert list(server.body) == [b"late"]
    assert server.started[0][1] == [(ALLOW_ORIGIN, A)]


def test_a_list_of_headers_that_an_application_keeps_is_not_changed() -> None:
    kept = [("Content-Type", "text/plain")]

    def application(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", kept)
        return []

    middleware = CORSMiddleware(application)
    assert [allowed(get(middleware, origin=origin)) for origin in (A, B)] == [A, B]
    assert kept == [("Content-Type", "text/plain")]


def test_it_conforms_to_wsgi() -> None:
    app: Any = validator(CORSMiddleware(validator(cast("Any", make_app())), origins=A))
    asked = [("Access-Control-Request-Method", "PUT")]
    for method, origin, expected in (("OPTIONS", A, "204"), ("OPTIONS", B, "403"), ("GET", A, "200")):
        started: list[Any] = []
        environ = EnvironBuilder(method=method, headers=[("Origin", origin), *asked]).get_environ()
        body = app(environ, lambda status, headers, exc_info=None, to=started: to.append(status) or print)
        assert len(list(body)) < 2
        body.close()
        assert started[0][:3] == expected


def test_an_error_in_an_option_is_raised_at_set_up() -> None:
    with pytest.raises(ValueError, match="origins"):
        CORSMiddleware(Flask(__name__), origins=r"https://[")


def test_it_needs_no_flask() -> None:
    program = (
        "import sys\nfrom flask_cors_rs import CORSMiddleware\nCORSMiddleware(print)\n"
        "assert not {'flask', 'werkzeug'} & set(sys.modules)"
    )
    result = run_python("-c", program)
    assert result.returncode == 0, result.stderr


@example("//x")
@given(st.text(st.characters(max_codepoint=255), max_size=8).map(lambda text: "/" + text) | st.text(max_size=4))
def test_rules_see_the_path_that_flask_sees(path_info: str) -> None:
    environ = {**EnvironBuilder().get_environ(), "PATH_INFO": path_info}
    try:
        expected = Request(environ).path
    except UnicodeEncodeError:
        expected = "/" + path_info.lstrip("/")  # Servers do not send this, and Flask fails.
    assert decoded(path_info) == expected
    app = CORSMiddleware(Response("ok"), resources={"/caf\u00e9": {"origins": A}, "/": {"origins": B}, "//.*": {}})
    started: list[Any] = []
    app({**environ, "HTTP_ORIGIN": A}, lambda *response: cast("Any", started.append(response)) or print)
    assert ((ALLOW_ORIGIN, A) in started[0][1]) == (expected == "/caf\u00e9")


@pytest.mark.parametrize("around", ["any application", "wsgi_app of Flask", "CORS"])
@pytest.mark.parametrize("path_info", [{}, {"PATH_INFO": None}], ids=["absent", "None"])
def test_a_path_that_is_missing_is_the_root(path_info: dict[str, Any], around: str) -> None:
    options: Any = {"resources": {"/": {"origins": A}, "/.+": {"origins": "*"}}}
    app: Any = make_app_without_cors()
    if around == "CORS":
        CORS(app, middleware=True, **options)
    else:
        app = CORSMiddleware(Response("index") if around == "any application" else app.wsgi_app, **options)

    def ask(method: str, origin: str) -> tuple[str, str | None, bytes]:
        headers = [("Origin", origin), ("Access-Control-Request-Method", "PUT")]
        environ = EnvironBuilder(method=method, headers=headers).get_environ()
        del environ["PATH_INFO"]
        started: list[Any] = []
        body = b"".join(app({**environ, **path_info}, lambda *response: cast("Any", started.append(response)) or print))
        return started[0][0], dict(started[0][1]).get(ALLOW_ORIGIN), body

    assert ask("GET", A) == ("200 OK", A, b"index")
    assert ask("GET", B) == ("200 OK", None, b"index")
    assert ask("OPTIONS", A) == ("204 No Content", A, b"")
    assert ask("OPTIONS", B) == ("403 Forbidden", None, b"CORS preflight refused\n")


def test_requests_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    app = make_app(origins=A, methods="GET")
    app.add_url_rule("/view", endpoint="view", view_func=cross_origin(origins=B, methods="GET")(lambda: "view"))
    with caplog.at_level(logging.DEBUG, "flask_cors_rs"):
        preflight(app, method="PUT\tx")
        assert r"The Access-Control-Request-Method PUT\tx is not one of the allowed methods" in caplog.text
        caplog.clear()
        get(app, "/caf\u00e9", "https://evil.example")
        assert "Request to /caf\\xe9 matches CORS resource '/*'" in caplog.text
        assert "CORS: origin not allowed" in caplog.text
        caplog.clear()
        get(app)  # No error, which would also be logged where it is handled.
        assert "Request to / matches CORS resource '/*'" in caplog.text
        caplog.clear()
        preflight(app, "/view", B, "GET")
        assert f"CORS headers: {ALLOW_ORIGIN}: {B}" in caplog.text
    caplog.clear()
    preflight(app, method="PUT")
    assert not caplog.records


def test_an_error_keeps_the_policy_of_its_view_even_if_that_refuses_the_origin() -> None:
    app = make_app(origins=A)
    app.add_url_rule("/error", view_func=cross_origin(origins=B, intercept_exceptions=True)(lambda: abort(404)))
    for origin, expected in ((A, None), (B, B)):
        response = get(app, "/error", origin)
        assert (response.status_code, allowed(response)) == (404, expected)


def test_a_view_that_is_decorated_after_the_first_request_has_its_own_policy() -> None:
    app = make_app(origins="*")
    assert allowed(preflight(app)) == A
    app.view_functions["index"] = cross_origin(origins=B)(lambda: "replaced")
    assert (preflight(app).status_code, allowed(preflight(app, origin=B))) == (403, B)


def test_a_decorated_view_that_is_added_after_the_first_preflight_has_its_own_policy() -> None:
    app = make_app(origins="*")
    later = cross_origin(origins=B)(lambda: "added")
    assert allowed(preflight(app)) == A
    app.add_url_rule("/later", view_func=later, endpoint="later")
    assert (preflight(app, "/later").status_code, allowed(preflight(app, "/later", origin=B))) == (403, B)


def test_a_blueprint_that_is_added_after_the_first_preflight_has_its_own_policy(engine: str) -> None:
    # In a process of its own, as the middleware looks for new views once any view has been decorated.
    program = f"""
from flask import Blueprint, Flask
from flask_cors_rs import CORS

app = Flask(__name__)
CORS(app, origins={A!r}, middleware=True)
ask = app.test_client().options
headers = {{"Origin": {B!r}, "Access-Control-Request-Method": "GET"}}
assert ask("/later", headers=headers).status_code == 403
blueprint = Blueprint("later", __name__)
blueprint.add_url_rule("/later", view_func=lambda: "added", endpoint="added")
CORS(blueprint, origins={B!r})
app.register_blueprint(blueprint)
assert ask("/later", headers=headers).headers["Access-Control-Allow-Origin"] == {B!r}
"""
    result = run_python("-c", program, FLASK_CORS_RS_BACKEND=engine)
    assert result.returncode == 0, result.stderr


def test_a_decorated_view_beside_another_application_has_its_own_policy(engine: str) -> None:
    # In a process of its own, where nothing else has been decorated.
    program = f"""
from flask import Flask
from flask_cors_rs import CORS, cross_origin

app = Flask(__name__)
app.add_url_rule("/strict", endpoint="strict", view_func=cross_origin(origins={B!r})(lambda: "strict"))
CORS(Flask("other"))
CORS(app, middleware=True)
for origin, allowed in (({A!r}, None), ({B!r}, {B!r})):
    headers = {{"Origin": origin, "Access-Control-Request-Method": "GET"}}
    assert app.test_client().options("/strict", headers=headers).headers.get("Access-Control-Allow-Origin") == allowed
"""
    result = run_python("-c", program, FLASK_CORS_RS_BACKEND=engine)
    assert result.returncode == 0, result.stderr


def test_a_redirect_that_is_added_after_the_first_preflight_is_followed() -> None:
    app = make_app(resources={"/later/": {"origins": B}, "*": {"origins": A}})
    assert allowed(preflight(app, "/later")) == A
    app.add_url_rule("/later/", view_func=lambda: "added", endpoint="later")
    assert (preflight(app, "/later").status_code, allowed(preflight(app, "/later", origin=B))) == (403, B)


# --- an application with a strict policy inside -----------------------------------------------------------------------


def make_strict(path: str = "/strict", **options: Any) -> Flask:
    """Return an application with a view that allows only B, before the middleware is added."""
    app = Flask(__name__, **options)
    app.add_url_rule(path, endpoint="strict", view_func=cross_origin(origins=B)(lambda: "strict"))
    return app


def assert_strict(app: Any, path: str = "/strict") -> None:
    """Check that only B is allowed, by preflights and in responses."""
    for origin, expected in ((A, []), (B, [B])):
        for response in (preflight(app, path, origin), get(app, path, origin)):
            assert response.headers.getlist("Access-Control-Allow-Origin") == expected


def test_a_prefix_that_is_removed_inside_leads_to_the_policy_of_the_view() -> None:
    app = make_strict()
    inner = app.wsgi_app

    def without_prefix(environ: Any, start_response: Any) -> Any:
        environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix("/v1")
        return inner(environ, start_response)

    app.wsgi_app = without_prefix  # type: ignore[method-assign]
    CORS(app, middleware=True)
    assert_strict(app, "/v1/strict")


@pytest.mark.parametrize("copies", [False, True])
def test_a_prefix_that_is_removed_inside_leads_to_the_rule_for_the_path(copies: bool) -> None:
    app = make_app_without_cors()
    for path in ("/strict", "/open", "/slash/"):
        app.add_url_rule(path, endpoint=path, view_func=lambda: "hello")
    inner = app.wsgi_app

    def without_prefix(environ: Any, start_response: Any) -> Any:
        inside = {**environ} if copies else environ
        inside["PATH_INFO"] = environ["PATH_INFO"].removeprefix("/v1")
        return inner(inside, start_response)

    app.wsgi_app = without_prefix  # type: ignore[method-assign]
    CORS(app, middleware=True, resources={"/strict": {"origins": B}, "/slash/": {"origins": B}, "*": {"origins": A}})
    assert_strict(app, "/v1/strict")
    assert allowed(get(app, "/v1/open")) == allowed(preflight(app, "/v1/open")) == A
    redirect = get(app, "/v1/slash", B)
    assert (redirect.status_code, allowed(redirect)) == (308, B)


def test_a_prefix_that_is_the_whole_path_leads_to_the_rule_for_the_root() -> None:
    app = make_app_without_cors()
    inner = app.wsgi_app

    def without_prefix(environ: Any, start_response: Any) -> Any:
        return inner({**environ, "PATH_INFO": environ["PATH_INFO"].removeprefix("/v1")}, start_response)

    app.wsgi_app = without_prefix  # type: ignore[method-assign]
    CORS(app, middleware=True, resources={"/$": {"origins": B}, "*": {"origins": A}})
    assert_strict(app, "/v1")


def test_a_request_that_is_handled_again_for_another_path_has_the_rule_for_that_path() -> None:
    app = make_app_without_cors()
    app.add_url_rule("/strict", endpoint="strict", view_func=lambda: "strict")
    inner = app.wsgi_app

    def handle_again(environ: Any, start_response: Any) -> Any:
        if environ["PATH_INFO"] != "/old":
            return inner(environ, start_response)
        environ["PATH_INFO"] = "/strict"
        return app(environ, start_response)

    app.wsgi_app = handle_again  # type: ignore[method-assign]
    CORS(app, middleware=True, resources={"/strict": {"origins": B}, "*": {"origins": A}})
    assert_strict(app, "/old")


def test_a_middleware_inside_that_has_no_rule_leaves_the_response_to_that_of_the_application() -> None:
    app = make_app_without_cors()
    app.wsgi_app = CORSMiddleware(app.wsgi_app, resources={"/x": {"origins": B}})  # type: ignore[method-assign]
    CORS(app, origins=A, middleware=True)
    assert allowed(get(app)) == allowed(preflight(app)) == A


def pass_on(wsgi_app: Any) -> Any:
    def passing_on(environ: Any, start_response: Any) -> Any:
        return wsgi_app(environ, start_response)

    return passing_on


class Prefixed(Flask):
    """An application that removes a prefix itself."""

    def wsgi_app(self, environ: Any, start_response: Any) -> Any:
        environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix("/v1")
        return super().wsgi_app(environ, start_response)


def test_a_prefix_that_an_application_removes_itself_leads_to_the_policy_of_the_view() -> None:
    app = Prefixed(__name__)
    app.add_url_rule("/strict", endpoint="strict", view_func=cross_origin(origins=B)(lambda: "strict"))
    CORS(app, middleware=True)
    assert_strict(app, "/v1/strict")


def test_another_application_that_handles_the_requests_keeps_its_policies() -> None:
    app = make_app_without_cors()
    app.wsgi_app = make_strict().wsgi_app  # type: ignore[method-assign]
    CORS(app, middleware=True)
    assert_strict(app)


def test_other_middleware_sees_no_preflights_where_the_policy_is_the_same_for_all_paths() -> None:
    # In a new interpreter, as it makes a difference whether any view has been decorated in the process.
    code = """
from flask import Flask
from flask_cors_rs import CORS, cross_origin
app = Flask("app")
wsgi_app = app.wsgi_app
app.wsgi_app = lambda environ, start_response: wsgi_app(environ, start_response)
CORS(app, middleware=True)
headers = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}
print(app.test_client().options("/", headers=headers).status)
cross_origin()(lambda: "decorated")
print(app.test_client().options("/", headers=headers).status)
"""
    assert_prints(code, "204 No Content", "404 NOT FOUND")


UNDECORATED = """
from flask import Flask
from flask_cors_rs import CORS

def ask(path):
    for method in "GET", "OPTIONS":
        headers = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}
        response = app.test_client().open(path, method=method, headers=headers)
        print(response.status_code, response.headers.get("Access-Control-Allow-Origin"))

app = Flask("app")
wsgi_app = app.wsgi_app
resources = {"/strict/?$": {"origins": "https://b.example"}, "*": {"origins": "https://a.example"}}
"""
"""The beginning of a program in which no view is decorated. That makes a difference for the whole process."""


def test_a_prefix_that_is_removed_inside_leads_to_the_rule_where_no_view_is_decorated() -> None:
    code = f"""{UNDECORATED}
def without_prefix(environ, start_response):
    environ["PATH_INFO"] = environ["PATH_INFO"][3:]
    return wsgi_app(environ, start_response)

app.wsgi_app = without_prefix
app.add_url_rule("/strict", endpoint="strict", view_func=lambda: "strict")
CORS(app, middleware=True, resources=resources)
ask("/v1/strict")
"""
    assert_prints(code, "200 None", "200 None")


def test_the_first_decorated_view_of_a_process_can_replace_another_one() -> None:
    code = f"""{UNDECORATED}
from flask_cors_rs import cross_origin
app.add_url_rule("/", endpoint="index", view_func=lambda: "hello")
CORS(app, middleware=True)
ask("/")
app.view_functions["index"] = cross_origin(origins="https://b.example")(lambda: "strict")
ask("/")
"""
    assert_prints(code, "200 https://a.example", "204 https://a.example", "200 None", "403 None")


def test_a_redirect_is_decided_by_its_target_where_no_view_is_decorated() -> None:
    code = f"""{UNDECORATED}
app.url_map.add(app.url_rule_class("/here", endpoint="here", redirect_to="strict"))
CORS(app, middleware=True, resources=resources)
ask("/here")
"""
    assert_prints(code, "308 None", "403 None")


def test_the_policy_of_a_view_reaches_through_other_middleware() -> None:
    app = make_strict()
    CORS(app, middleware=True, resources={"/x": {}})
    app.wsgi_app = pass_on(app.wsgi_app)  # type: ignore[method-assign]
    CORS(app, middleware=True)
    assert_strict(app)

    app = make_strict()
    app.wsgi_app = CORSMiddleware(app.wsgi_app, resources={"/x": {}})  # type: ignore[method-assign]
    CORS(app, middleware=True)
    assert_strict(app)


def test_a_request_through_other_middleware_leaves_nothing_for_the_garbage_collection() -> None:
    class Body:
        pass

    app = make_app_without_cors()
    app.wsgi_app = pass_on(app.wsgi_app)  # type: ignore[method-assign]
    CORS(app, middleware=True, resources={"/x": {"origins": B}, "*": {"origins": A}})
    body = Body()
    left = ref(body)
    environ = EnvironBuilder(environ_overrides={"HTTP_ORIGIN": A, "body": body}).get_environ()
    gc.disable()
    try:
        app_iter, status, headers = run_wsgi_app(app, environ, buffered=True)
        assert (status, headers["Access-Control-Allow-Origin"]) == ("200 OK", A)
        del body, environ, app_iter
        assert left() is None
    finally:
        gc.enable()


def test_a_host_that_a_proxy_names_leads_to_the_policy_of_the_view() -> None:
    app = Flask(__name__, host_matching=True, static_host="static.example")
    view = cross_origin(origins=B)(lambda: "strict")
    app.add_url_rule("/", endpoint="strict", view_func=view, host="api.example")
    app.add_url_rule("/", endpoint="open", view_func=lambda: "open", host="localhost")
    app.wsgi_app = ProxyFix(app.wsgi_app, x_host=1)  # type: ignore[method-assign]
    CORS(app, middleware=True)
    headers = {"X-Forwarded-Host": "api.example"}
    asked = {"Origin": A, "Access-Control-Request-Method": "GET", **headers}
    assert allowed(Client(app).options("/", headers=asked)) is None
    assert allowed(Client(app).get("/", headers={"Origin": A, **headers})) is None
    assert allowed(get(app)) == A


def test_a_copied_environ_does_not_hide_that_the_view_has_decided() -> None:
    app = make_strict()
    inner = app.wsgi_app
    app.wsgi_app = lambda environ, start_response: inner({**environ}, start_response)  # type: ignore[method-assign]
    CORS(app, middleware=True)
    assert_strict(app)


@pytest.mark.parametrize("dispatch", [False, True])
def test_a_request_that_a_view_makes_does_not_change_the_policy_of_its_own(dispatch: bool) -> None:
    app = make_app_without_cors()
    app.add_url_rule("/public", view_func=lambda: "public", endpoint="public")

    @app.route("/batch")
    def batch() -> Any:
        environ = {**request.environ, "PATH_INFO": "/public"}
        if dispatch:
            with app.request_context(environ):
                return app.full_dispatch_request().get_data()
        return Response.from_app(app.wsgi_app, environ).get_data()

    app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]
    CORS(app, middleware=True, resources={"/public": {"origins": A}, "*": {"origins": B}})
    assert_strict(app, "/batch")
    assert allowed(get(app, "/public")) == A


def test_a_request_that_is_handled_once_more_for_another_path_has_the_policy_of_that() -> None:
    app = make_app_without_cors()
    app.add_url_rule("/strict", view_func=lambda: "strict", endpoint="strict")
    inner = app.wsgi_app

    def instead_of_missing(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body, status, headers = run_wsgi_app(inner, environ)
        if status.startswith("404"):
            return inner({**environ, "PATH_INFO": "/strict"}, start_response)
        start_response(status, [*headers])
        return body

    app.wsgi_app = instead_of_missing  # type: ignore[method-assign]
    CORS(app, middleware=True, resources={"/strict": {"origins": B}, "*": {"origins": A}})
    assert_strict(app, "/missing")


def test_the_path_that_a_subclass_of_flask_changes_leads_to_the_policy() -> None:
    class Versioned(Flask):
        def request_context(self, environ: dict[str, Any]) -> Any:
            return super().request_context({**environ, "PATH_INFO": environ["PATH_INFO"].replace("/v1", "")})

    app = Versioned(__name__)
    app.add_url_rule("/strict", view_func=lambda: "strict", endpoint="strict")
    CORS(app, middleware=True, resources={"/strict": {"origins": B}, "*": {"origins": A}})
    assert_strict(app, "/v1/strict")


@pytest.mark.parametrize("middleware", [False, True])
@pytest.mark.parametrize("level", [logging.WARNING, logging.DEBUG])
def test_a_mounted_application_keeps_its_policy(middleware: bool, level: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(level, "flask_cors_rs")
    mounted = Flask("mounted")
    mounted.add_url_rule("/", view_func=lambda: "mounted", endpoint="index")
    CORS(mounted, origins=B, middleware=middleware)
    app = make_app_without_cors()
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/mounted": mounted})  # type: ignore[method-assign]
    CORS(app, middleware=True)
    assert_strict(app, "/mounted/")
    assert allowed(get(app)) == allowed(preflight(app)) == A


def test_a_mounted_application_in_a_middleware_of_its_own_keeps_its_policy() -> None:
    mounted = Flask("mounted")
    mounted.add_url_rule("/", view_func=lambda: "mounted", endpoint="index")
    CORS(mounted, origins=B)
    app = make_app_without_cors()
    inner: Any = {"/mounted": CORSMiddleware(mounted, origins=B)}
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, inner)  # type: ignore[method-assign]
    CORS(app, middleware=True)
    assert [allowed(get(app, "/mounted/", origin)) for origin in (A, B)] == [None, B]


@pytest.mark.parametrize("middleware", [False, True])
def test_an_application_that_is_asked_after_another_has_its_own_policy(middleware: bool) -> None:
    first = Flask("first")
    first.add_url_rule("/first", view_func=lambda: "first", endpoint="index")
    CORS(first, origins=B, middleware=middleware, resources=["/first"])
    app = make_app_without_cors()
    second = app.wsgi_app

    def cascade(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body, status, headers = run_wsgi_app(first, environ)
        if status.startswith("404"):
            return second(environ, start_response)
        start_response(status, [*headers])
        return body

    app.wsgi_app = cascade  # type: ignore[method-assign]
    CORS(app, middleware=True)
    assert_strict(app, "/first")
    assert allowed(get(app)) == A


@pytest.mark.parametrize("middleware", [False, True])
def test_an_application_that_has_answered_before_it_is_mounted_keeps_its_policy(middleware: bool) -> None:
    # In a new interpreter, as the first middleware of a process makes a difference.
    code = f"""
from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client
from flask_cors_rs import CORS
mounted = Flask("mounted")
mounted.add_url_rule("/", view_func=lambda: "mounted", endpoint="index")
CORS(mounted, origins="https://b.example", middleware={middleware})
headers = {{"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}}
mounted.test_client().get("/", headers=headers)
app = Flask("app")
app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {{"/mounted": mounted}})
CORS(app, middleware=True)
for method in "GET", "OPTIONS":
    print(Client(app).open("/mounted/", method=method, headers=headers).headers.get("Access-Control-Allow-Origin"))
"""
    assert_prints(code, "None", "None")


@pytest.mark.parametrize("hide", HIDING)
def test_a_decorator_without_wraps_does_not_hide_the_policy(hide: Callable[[Any], Any]) -> None:
    app = Flask(__name__)
    view = hide(cross_origin(origins=B)(lambda: "strict"))
    options: dict[str, Any] = {"methods": ["GET", "OPTIONS"], "provide_automatic_options": False}
    app.add_url_rule("/strict", endpoint="strict", view_func=view, **options)
    CORS(app, middleware=True)
    assert_strict(app)


def method_view() -> Any:
    class Strict(MethodView):
        @cross_origin(origins=B)
        def get(self) -> str:
            return "strict"

        @cross_origin(origins=B)
        def options(self) -> str:
            return "strict"

    return Strict.as_view("strict")


def class_view() -> Any:
    class Strict(View):
        methods = ["GET", "OPTIONS"]

        @cross_origin(origins=B)
        def dispatch_request(self) -> str:
            return "strict"

    return Strict.as_view("strict")


@pytest.mark.parametrize("make", [method_view, class_view])
def test_decorated_methods_of_a_class_keep_their_policy(make: Callable[[], Any]) -> None:
    app = Flask(__name__)
    app.add_url_rule("/strict", view_func=make())
    CORS(app, middleware=True)
    assert_strict(app)


def test_a_view_that_finds_a_decorated_one_by_its_name_does_not_hide_its_policy() -> None:
    app = Flask(__name__)
    app.view_functions["strict"] = cross_origin(origins=B)(lambda: "strict")

    @app.route("/strict", methods=["GET", "OPTIONS"])
    def by_name() -> Any:
        return current_app.view_functions["strict"]()

    CORS(app, middleware=True)
    assert_strict(app)


def test_a_view_that_answers_options_is_passed_over_where_no_view_is_decorated() -> None:
    # In a new interpreter, as it makes a difference whether any view has been decorated in the process.
    code = """
from flask import Flask
from flask_cors_rs import CORS, cross_origin
app = Flask("app")
app.add_url_rule("/", endpoint="index", view_func=lambda: "index", methods=["OPTIONS"])
CORS(app, middleware=True, resources={"/": {}, "*": {}})
headers = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}
print(app.test_client().options("/", headers=headers).status)
cross_origin()(lambda: "decorated")
print(app.test_client().options("/", headers=headers).status)
"""
    assert_prints(code, "204 No Content", "200 OK")


@pytest.mark.parametrize("middleware", [False, True])
@pytest.mark.parametrize("resources", [{"*": {}}, {"/": {}, "*": {}}])
def test_a_response_that_was_kept_has_been_decided_about(middleware: bool, resources: dict[str, Any]) -> None:
    # In new interpreters: a process that gets a kept response has perhaps never called the view.
    program = f"""
import pickle, sys
from functools import wraps
from flask import Flask, make_response
from flask_cors_rs import CORS, cross_origin
from werkzeug.middleware.proxy_fix import ProxyFix
def kept(view):
    @wraps(view)
    def keeping():
        if not sys.argv[1:]:
            sys.argv.append(pickle.dumps(view()).hex())
            print(sys.argv[1])
        return pickle.loads(bytes.fromhex(sys.argv[1]))
    return keeping
app = Flask("app")
app.add_url_rule("/", "view", kept(cross_origin(origins="https://b.example")(lambda: make_response("kept"))))
app.wsgi_app = ProxyFix(app.wsgi_app)
CORS(app, middleware={middleware}, resources={resources})
headers = {{"Origin": "https://a.example"}}
for _ in range(2):
    print(app.test_client().get("/", headers=headers).headers.get("Access-Control-Allow-Origin"))
"""
    for backend in ENGINES:
        first = run_python("-c", program, FLASK_CORS_RS_BACKEND=backend).stdout.split()
        assert first[1:] == ["None", "None"]
        assert run_python("-c", program, first[0], FLASK_CORS_RS_BACKEND=backend).stdout.split() == ["None", "None"]


@pytest.mark.parametrize("middleware", [False, True])
def test_a_response_that_is_marked_has_been_decided_about(middleware: bool) -> None:
    code = f"""
from flask import Flask, make_response
from flask_cors_rs import CORS
from flask_cors_rs.core import FLASK_CORS_EVALUATED
app = Flask("app")
@app.route("/")
def index():
    response = make_response("index")
    setattr(response, FLASK_CORS_EVALUATED, True)
    return response
CORS(app, middleware={middleware})
headers = {{"Origin": "https://a.example"}}
print(app.test_client().get("/", headers=headers).headers.get("Access-Control-Allow-Origin"))
"""
    assert_prints(code, "None")


@pytest.mark.parametrize("middleware", [False, True])
@pytest.mark.parametrize("decorator", ["", "@checked"])
def test_a_view_under_the_decorator_of_flask_cors_keeps_its_policy(middleware: bool, decorator: str) -> None:
    # In a new interpreter, as it makes a difference whether any other application of the process has a policy.
    code = f"""
from functools import wraps
import flask_cors
from flask import Flask
from flask_cors_rs import CORS
def checked(view):
    return wraps(view)(lambda: view())
app = Flask("app")
@app.route("/")
{decorator}
@flask_cors.cross_origin(origins="https://b.example")
def strict():
    return "strict"
CORS(app, middleware={middleware})
for method in "OPTIONS", "GET":
    for origin in "https://a.example", "https://b.example":
        headers = {{"Origin": origin, "Access-Control-Request-Method": "GET"}}
        response = app.test_client().open("/", method=method, headers=headers)
        print(response.headers.get("Access-Control-Allow-Origin"))
"""
    assert_prints(code, *["None", B] * 2)


def test_what_flask_cors_exports_may_be_imported_beside_the_middleware() -> None:
    # In a new interpreter, as it makes a difference whether any view has been decorated in the process.
    code = """
from flask import Flask
from flask_cors_rs import CORS
from flask_cors_rs.core import ACL_ORIGIN
app = Flask("app")
app.add_url_rule("/", endpoint="index", view_func=lambda: "index", methods=["OPTIONS"])
CORS(app, middleware=True)
headers = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}
print(app.test_client().options("/", headers=headers).status)
"""
    assert_prints(code, "204 No Content")


def test_a_rule_that_flask_did_not_make_passes_options_to_its_view() -> None:
    app = Flask(__name__)
    app.view_functions["strict"] = cross_origin(origins=B)(lambda: "strict")
    by_name: Any = lambda: current_app.view_functions["strict"]()  # noqa: E731, PLW0108 - it hides the policy
    app.view_functions["by name"] = by_name
    app.url_map.add(app.url_rule_class("/strict", endpoint="by name"))
    CORS(app, middleware=True)
    assert_strict(app)


@pytest.mark.parametrize("configured", [False, True])
def test_a_proxy_that_needs_the_request_is_left_to_the_view(configured: bool) -> None:
    proxy: Any = LocalProxy(lambda: request.headers["X-Tenant"])
    view = cross_origin(**cast("dict[str, Any]", {} if configured else {"origins": proxy}))(lambda: "view")
    app = make_app_without_cors()
    if configured:
        app.config["CORS_ORIGINS"] = proxy
    app.add_url_rule("/view", view_func=view, endpoint="view", methods=["PUT"])
    CORS(app, middleware=True, origins=[A, B])
    for tenant, origin, expected in ((A, A, A), (B, A, None), (B, B, B)):
        assert allowed(preflight(app, "/view", origin, headers={"X-Tenant": tenant})) == expected


@pytest.mark.parametrize("error", [404, Exception])
def test_a_decorated_error_handler_keeps_its_policy(error: Any) -> None:
    app = make_app_without_cors()
    CORS(app, middleware=True)
    assert allowed(preflight(app, "/missing")) == A
    app.register_error_handler(ZeroDivisionError, lambda error: ("infinite", 500))
    app.register_error_handler(error, cross_origin(origins=B)(lambda error: ("missing", 404)))
    assert_strict(app, "/missing")
    assert preflight(app).status_code == 204


def test_a_route_without_a_view_is_answered_beside_a_view_that_hides_its_policy() -> None:
    app = make_app(origins=A)
    strict: Any = cross_origin(origins=B)(lambda: "strict")
    app.add_url_rule("/strict", "strict", lambda: strict(), methods=["OPTIONS"])  # noqa: PLW0108 - it hides the policy
    app.add_url_rule("/later", "later", methods=["PUT"])
    assert allowed(preflight(app, "/strict", B)) == B
    assert preflight(app, "/later").status_code == 204


def test_a_view_that_is_replaced_by_a_decorated_one_has_its_policy() -> None:
    strict = cross_origin(origins=B)(lambda: "strict")
    app = make_app(origins="*")
    assert allowed(preflight(app)) == A
    app.view_functions["index"] = strict
    assert (preflight(app).status_code, allowed(preflight(app, origin=B))) == (403, B)


def test_a_redirect_to_another_host_is_decided_by_the_policy_there() -> None:
    app = make_strict("/strict/", host_matching=True, static_host="static.example")
    app.url_map.add(app.url_rule_class("/there/", endpoint="strict", host="api.example"))
    app.url_map.add(app.url_rule_class("/here", endpoint="here", host="localhost", redirect_to="//api.example/there/"))
    CORS(app, middleware=True)
    assert preflight(app, "/here").status_code == 403


def test_a_redirect_has_the_policy_of_its_target() -> None:
    app = make_strict("/strict/")
    CORS(app, middleware=True)
    for origin, expected in ((A, None), (B, B)):
        response = get(app, "/strict", origin)
        assert (response.status_code, allowed(response)) == (308, expected)


def test_a_redirect_to_a_decorated_view_has_its_policy_in_a_blueprint_with_cors() -> None:
    blueprint = Blueprint("blueprint", __name__)
    blueprint.add_url_rule("/strict/", endpoint="strict", view_func=cross_origin(origins=B)(lambda: "strict"))
    CORS(blueprint, origins="https://c.example")
    app = make_app_without_cors()
    app.register_blueprint(blueprint)
    CORS(app, middleware=True, origins=[A, "https://c.example"])
    for origin, expected in ((A, None), (B, B), ("https://c.example", None)):
        response = get(app, "/strict", origin)
        assert (response.status_code, allowed(response)) == (308, expected)
        assert allowed(get(app, "/strict/", origin)) == expected


def test_a_redirect_with_an_allow_origin_is_left_alone() -> None:
    app = make_strict("/strict/")

    @app.after_request
    def allow(response: Response) -> Response:
        response.headers["Access-Control-Allow-Origin"] = "https://own.example"
        return response

    CORS(app, middleware=True)
    response = get(app, "/strict", B)
    assert response.status_code == 308
    assert response.headers.getlist("Access-Control-Allow-Origin") == ["https://own.example"]


@pytest.mark.parametrize("status", [401, 302])
def test_a_response_in_place_of_a_redirect_has_the_policy_of_its_path(status: int) -> None:
    app = make_app_without_cors()
    app.add_url_rule("/a/", endpoint="a", view_func=lambda: "hello")
    app.before_request(lambda: abort(401) if status == 401 else redirect("/sign-in"))
    CORS(app, middleware=True, resources={"/a/": {"origins": B}, "*": {"origins": A}})
    for origin, expected in ((A, A), (B, None)):
        response = get(app, "/a", origin)
        assert (response.status_code, allowed(response)) == (status, expected)


@pytest.mark.parametrize("kind", ["alias", "defaults"])
def test_a_redirect_to_the_other_path_of_a_view_is_decided_by_its_target(kind: str) -> None:
    app = Flask(__name__)
    if kind == "alias":
        app.add_url_rule("/strict", endpoint="view", view_func=lambda: "view")
        app.add_url_rule("/1", endpoint="view", alias=True)
    else:
        app.add_url_rule("/strict", endpoint="view", view_func=str, defaults={"object": 1})
        app.add_url_rule("/<int:object>", endpoint="view")
    CORS(app, middleware=True, resources={"/strict": {"origins": B}, "*": {"origins": A}})
    assert [preflight(app, "/1", origin, "GET").status_code for origin in (A, B)] == [403, 204]


def test_a_redirect_that_is_added_late_is_decided_by_its_target() -> None:
    app = make_app_without_cors()
    CORS(app, middleware=True, resources={"/late/": {"origins": B}, "*": {"origins": A}})
    assert preflight(app, "/late").status_code == 204
    late: Any = app.url_rule_class("/late/", endpoint="index")
    late.provide_automatic_options = True
    app.url_map.add(late)
    assert preflight(app, "/late").status_code == 403
    assert allowed(get(app, "/late", B)) == B


@pytest.mark.parametrize("root", ["/caf\u00c3\u00a9", "/\xff", "/v1/"])
def test_a_redirect_below_a_root_is_decided_by_its_target(root: str) -> None:
    app = make_strict("/strict/")
    CORS(app, middleware=True)
    response = preflight(lambda environ, start: app({**environ, "SCRIPT_NAME": root}, start), "/strict")
    assert (response.status_code, allowed(response)) == (403, None)


def test_a_redirect_below_a_root_with_slashes_is_decided_by_the_rule_for_its_target() -> None:
    app = make_app_without_cors()
    app.add_url_rule("/a/", endpoint="a", view_func=lambda: "hello")
    CORS(app, middleware=True, resources={"/a/": {"origins": A}, "*": {"origins": B}})
    response = preflight(lambda environ, start: app({**environ, "SCRIPT_NAME": "/v1//"}, start), "/a")
    assert (response.status_code, allowed(response)) == (204, A)


def test_start_response_takes_the_names_of_pep_3333() -> None:
    def application(environ: Any, start_response: Any) -> list[bytes]:
        start_response(status="200 OK", response_headers=[], exc_info=None)
        return []

    assert allowed(get(CORSMiddleware(application, origins=A))) == A


def test_exc_info_is_passed_on_only_where_there_is_one() -> None:
    """Some servers and middlewares take two arguments, although PEP 3333 asks for the third."""
    given: list[tuple[Any, ...]] = []
    environ = EnvironBuilder("/", headers=[("Origin", A)]).get_environ()
    apps: list[Any] = [make_app(origins=A), CORSMiddleware(make_app_without_cors(), origins=A)]
    for app in apps:
        app(environ, lambda *arguments: given.append(arguments))
    assert [len(arguments) for arguments in given] == [2, 2]


def test_several_extensions_are_asked_in_turn() -> None:
    """A path without a rule in any of them goes to the application, and a redirect is decided by its target."""
    app = make_app_without_cors()
    app.add_url_rule("/a/", endpoint="a", view_func=lambda: "a", methods=["GET", "PUT"])
    app.add_url_rule("/c", endpoint="c", view_func=lambda: "c", methods=["GET", "PUT"])
    CORS(app, resources={"/a$": {"origins": A}, "/a/$": {"origins": B}}, middleware=True)
    CORS(app, resources={"/b": {"origins": A}}, middleware=True)
    assert [preflight(app, "/a", origin).status_code for origin in (A, B)] == [403, 204]
    assert [preflight(app, "/b", origin).status_code for origin in (A, B)] == [204, 403]
    assert (preflight(app, "/c").status_code, allowed(preflight(app, "/c"))) == (200, None)


def test_a_redirect_is_decided_by_its_target_beside_an_extension_with_one_policy() -> None:
    app = make_app(origins="https://c.example")
    app.add_url_rule("/a/", endpoint="a", view_func=lambda: "a")
    CORS(app, resources={"/a/": {"origins": B}, "*": {"origins": A}}, middleware=True)
    assert [preflight(app, "/a", origin).status_code for origin in (A, B)] == [403, 204]


def test_the_log_names_the_path_of_a_preflight(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "flask_cors_rs"):
        app = make_app(resources={"/x.*": {}, "/$": {}})
        preflight(app, "/x%20y")
        preflight(lambda environ, start: app({**environ, "PATH_INFO": ""}, start))
    assert "Request to /x y matches CORS resource '/x.*'. Using options: " in caplog.text
    assert "Request to / matches CORS resource '/$'. Using options: " in caplog.text


def test_a_preflight_without_a_route_is_answered_beside_decorated_views() -> None:
    app = make_app(origins=A)
    app.add_url_rule("/decorated", "decorated", cross_origin(origins=B)(lambda: "decorated"))
    app.before_request(lambda: abort(401))
    assert (preflight(app, "/missing").status_code, allowed(preflight(app, "/missing"))) == (204, A)
    assert preflight(app, "/missing", B).status_code == 403


def test_a_decorated_view_without_a_rule_answers_its_preflights_itself() -> None:
    app = make_app(resources="/api/.*")
    app.add_url_rule("/own", "own", cross_origin(origins=B)(lambda: "own"), methods=["GET", "PUT"])
    response = preflight(app, "/own", B)
    assert (response.status_code, allowed(response)) == (200, B)


def test_a_redirect_that_leads_nowhere_is_decided_by_its_target() -> None:
    app = make_app(resources={"/gone": {"origins": B}, "*": {"origins": A}})
    app.url_map.add(app.url_rule_class("/here", endpoint="here", redirect_to="gone"))
    assert [preflight(app, "/here", origin).status_code for origin in (A, B)] == [403, 204]
    assert allowed(get(app, "/here", B)) == B


def test_a_redirect_that_leads_nowhere_is_reported_for_its_target() -> None:
    app = make_app(resources={"/gone": {"origins": A}}, report_only={"resources": {"/gone": {"origins": B}}})
    app.url_map.add(app.url_rule_class("/here", endpoint="here", redirect_to="gone"))
    assert preflight(app, "/here").status_code == 204
    differences = app.extensions["flask_cors_rs"].report().differences
    assert [(each.rule, each.reason) for each in differences] == [("/gone of CORS(app)", "origin not allowed")]


def test_a_redirect_to_a_view_of_a_blueprint_is_decided_by_the_policy_of_the_view() -> None:
    app = Flask(__name__)
    blueprint = Blueprint("api", __name__, url_prefix="/api")
    blueprint.add_url_rule("/items/", "items", cross_origin(origins=[B])(lambda: "items"))
    app.register_blueprint(blueprint)
    CORS(app, middleware=True, origins=A)
    for _ in range(2):
        assert [preflight(app, "/api/items", origin).status_code for origin in (A, B)] == [403, 204]
        assert allowed(get(app, "/api/items", B)) == B


def test_a_converter_that_fails_leaves_the_preflight_to_the_rules_where_no_view_is_decorated() -> None:
    class Converter(BaseConverter):
        def to_python(self, value: str) -> str:
            raise RuntimeError(value)

    app = make_app(resources={"/x/.*": {"origins": B}, "*": {"origins": A}})
    app.url_map.converters["failing"] = Converter
    app.add_url_rule("/x/<failing:name>/", endpoint="failing", view_func=lambda name: name)
    app.url_map.add(app.url_rule_class("/here", endpoint="here", redirect_to="there"))
    response = preflight(app, "/x/y/", B)
    assert (response.status_code, allowed(response)) == (204, B)
    assert preflight(app, "/x/y/", A).status_code == 403


def test_middleware_inside_can_answer_two_slashes_itself() -> None:
    app = make_app_without_cors()

    def answering(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return []

    app.wsgi_app = answering  # type: ignore[method-assign]
    CORS(app, middleware=True, resources={"/a": {"origins": B}, "*": {"origins": A}})
    assert allowed(get(app, "http://localhost//x")) == A


def test_a_mounted_application_may_use_the_names_of_pep_3333() -> None:
    mounted = Flask("mounted")

    def application(environ: Any, start_response: Any) -> list[bytes]:
        start_response(status="200 OK", response_headers=[("X-A", "1")], exc_info=None)
        return []

    mounted.wsgi_app = application  # type: ignore[method-assign]
    CORS(mounted, origins=B, middleware=True)
    app = make_app_without_cors()
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/mounted": mounted})  # type: ignore[method-assign]
    CORS(app, middleware=True)
    assert get(app, "/mounted/").headers["X-A"] == "1"
    assert_strict(app, "/mounted/")


def without_options(app: Flask) -> None:
    view = cross_origin(origins=B)(lambda: "x")
    app.url_map.add(Rule("/x", endpoint="x", methods=["DELETE"]))
    app.view_functions["x"] = view


def without_automatic_options(app: Flask) -> None:
    view = cross_origin(origins=B, automatic_options=False)(lambda: "x")
    app.add_url_rule("/x", "x", view, methods=["DELETE"], provide_automatic_options=False)


def in_a_blueprint(app: Flask) -> None:
    blueprint = Blueprint("b", "b")
    CORS(blueprint, origins=B)
    blueprint.add_url_rule("/x", "x", lambda: "x", methods=["DELETE"], provide_automatic_options=False)
    app.register_blueprint(blueprint)


def in_a_class(app: Flask) -> None:
    class Items(MethodView):
        provide_automatic_options = False
        delete = cross_origin(origins=B)(lambda self: "x")

    app.add_url_rule("/x", view_func=Items.as_view("x"))


def under_the_decorator_of_flask_cors(app: Flask) -> None:
    view = flask_cors.cross_origin(origins=B, automatic_options=False)(lambda: "x")
    app.add_url_rule("/x", "x", view, methods=["DELETE"], provide_automatic_options=False)


@pytest.mark.parametrize(
    "add",
    [
        without_options,
        without_automatic_options,
        in_a_blueprint,
        in_a_class,
        under_the_decorator_of_flask_cors,
    ],
)
def test_a_view_with_a_policy_whose_route_refuses_options_refuses_preflights(add: Any) -> None:
    app = make_app()
    app.add_url_rule("/y", "y", lambda: "y", methods=["DELETE"], provide_automatic_options=False)
    add(app)
    assert preflight(app, "/x", method="DELETE").status_code == 405
    assert [preflight(app, path, method="DELETE").status_code for path in ("/", "/y", "/missing")] == [204] * 3


def test_a_redirect_to_a_route_that_refuses_options_is_decided_by_its_target() -> None:
    app = make_app(resources={"/here": {"origins": A}, "/gone": {"origins": B}})
    app.url_map.add(app.url_rule_class("/here", endpoint="here", redirect_to="gone"))
    app.add_url_rule("/gone", "gone", lambda: "gone", methods=["DELETE"], provide_automatic_options=False)
    app.add_url_rule("/own", "own", cross_origin(origins=B)(lambda: "own"))
    assert [preflight(app, "/here", origin, "DELETE").status_code for origin in (A, B)] == [403, 204]


def test_a_hook_for_other_paths_does_not_decide() -> None:
    app = make_app(resources={"/api/.*": {"origins": A}})
    CORS(app, resources={"/public/.*": {"origins": A, "methods": "PUT"}})
    app.before_request(lambda: abort(401))
    assert [preflight(app, path).status_code for path in ("/api/x", "/public/x")] == [204, 401]


@pytest.mark.parametrize("library", [flask_cors, flask_cors_rs])
def test_a_hook_of_the_same_application_decides_first(library: Any) -> None:
    app = make_app(origins=[A, B])
    library.CORS(app, resources={"/*": {"origins": [A, C], "methods": ["GET"], "supports_credentials": True}})
    responses = [preflight(app, origin=origin, method=method) for origin in (A, C) for method in ("PUT", "GET")]
    assert [allowed(response) for response in responses] == [A, A, C, C]
    assert [response.headers.get("Access-Control-Allow-Methods") for response in responses] == [None, "GET"] * 2
    assert all(response.headers["Access-Control-Allow-Credentials"] == "true" for response in responses)
    assert allowed(preflight(app, origin=B)) == B, "the middleware adds its headers where the hook adds none"


def test_a_hook_of_flask_cors_in_a_blueprint_keeps_its_policy() -> None:
    app = make_app()
    blueprint = Blueprint("b", "b", url_prefix="/b")
    flask_cors.CORS(blueprint, origins=A, methods=["GET"])
    blueprint.add_url_rule("/x", "x", lambda: "x", methods=["GET", "PUT"])
    app.register_blueprint(blueprint)
    assert "Access-Control-Allow-Methods" not in preflight(app, "/b/x").headers
    assert preflight(app, "/b/x", method="GET").headers["Access-Control-Allow-Methods"] == "GET"


def test_a_redirect_of_a_mounted_application_is_decided_by_the_path_that_was_asked_for() -> None:
    app, mounted = make_app_without_cors(), Flask("mounted")
    app.add_url_rule("/home/", "home", lambda: "home")
    mounted.add_url_rule("/api/x/", "x", lambda: "x")
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/mnt": mounted})  # type: ignore[method-assign]
    CORS(
        app, middleware=True, resources={"/api/*": {"origins": "*"}, "/mnt/*": {"origins": B}, "/home/": {"origins": A}}
    )
    for origin, expected in ((A, None), (B, B)):
        response = get(app, "/mnt/api/x", origin)
        assert (response.status_code, allowed(response)) == (308, expected)
    assert allowed(get(app, "/home", A)) == A
