"""How programs in public repositories set up CORS, in the shapes that recur: each answer is that of Flask-CORS."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import product
from typing import TYPE_CHECKING, Any

import flask_cors
import pytest
from flask import Blueprint, Flask, Request, Response, abort, current_app, make_response, request
from flask.views import MethodView
from werkzeug.middleware.proxy_fix import ProxyFix

import flask_cors_rs
from support.differential import Generator, ask_flask_cors, fresh
from support.wsgi import ask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

pytestmark = pytest.mark.usefixtures("engine")

LOCAL = "http://localhost:3000"
SITE = "https://shop.example"
ORIGINS = (
    None,
    "null",
    LOCAL,
    "http://localhost",
    "http://127.0.0.1:5173",
    "http://LOCALHOST:3000",
    SITE,
    "https://a.shop.example",
    "https://shop.example.evil.example",
    "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
    "https://evil.example",
)
PATHS = (
    "/",
    "/api/items",
    "/api/v1/items",
    "/apiary",
    "/bare",
    "/fails",
    "/forbidden",
    "/none",
)
REQUESTED: list[dict[str, str]] = [
    {},
    {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "GET", "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "authorization"},
    {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "POST", "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "content-type"},
    {
        "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "DELETE",
        "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "Authorization, X-B",
        "HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK": "true",
    },
]
"""What an OPTIONS request asks for. Their number has no common factor with that of the origins."""

OF_APPLICATIONS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "all paths": {"resources": {r"/*": {"origins": "*"}}},
    "below a path": {"resources": {r"/api/*": {"origins": "*"}}},
    "a star as a path": {"resources": {"*": {"origins": LOCAL, "supports_credentials": True}}},
    "a path as text": {"resources": "/api/*", "supports_credentials": True},
    "paths in a list": {"resources": ["/api/*", "/bare"]},
    "a compiled path": {"resources": re.compile("/api/v1*")},
    "a path that begins with a circumflex": {
        "resources": {r"^/api/.*": {}},
        "origins": [re.compile(r"^http://localhost:\d+$")],
    },
    "a path to leave out": {"resources": {r"/(?!api).*": {"origins": LOCAL}}},
    "alternatives of paths": {"resources": {r"/(bare|api/.*)": {"origins": [LOCAL, SITE]}}},
    "paths with different options": {
        "resources": {
            r"/api/*": {"origins": LOCAL, "expose_headers": ["Content-Type"], "supports_credentials": True},
            "/bare": {"origins": "*"},
            "/": {"origins": SITE, "methods": "GET, POST, OPTIONS", "allow_headers": "Authorization, Content-Type"},
        }
    },
    "a header instead of an option": {"resources": {r"/api/*": {"Access-Control-Allow-Origin": "*"}}},
    "a dict of paths as origins": {"origins": {r"/*": {"origins": "*"}}},
    "any origin with credentials": {"origins": "*", "supports_credentials": True},
    "any origin among others": {"origins": [LOCAL, "*"], "supports_credentials": True},
    "one origin": {"origins": LOCAL},
    "a tuple": {"origins": (LOCAL, SITE), "supports_credentials": True},
    "a set": {"origins": {LOCAL}},
    "a generator": {"origins": Generator([LOCAL, SITE])},
    "the same origin twice": {"origins": [SITE, SITE], "vary_header": False},
    "no origin": {"origins": []},
    "None": {"origins": None},
    "a list with None": {"origins": [LOCAL, None]},
    "True": {"origins": True, "supports_credentials": True},
    "an empty environment variable": {"origins": [""]},
    "an environment variable": {"origins": f"{LOCAL},{SITE}".split(",")},
    "an environment variable with spaces": {"origins": f"{LOCAL}, {SITE}".split(",")},
    "an environment variable with a comma at the end": {"origins": f"{LOCAL},".split(",")},
    "an environment variable that is not split": {"origins": f"{LOCAL},{SITE}"},
    "null and files": {"origins": ["null", "file://"], "supports_credentials": True},
    "a slash at the end": {"origins": [f"{LOCAL}/"]},
    "no scheme": {"origins": ["localhost:3000"]},
    "an origin in mixed case": {"origins": ["http://LocalHost:3000"]},
    "a glob for subdomains": {"origins": ["https://*.shop.example"]},
    "a glob for ports": {"origins": ["http://localhost:*", "http://127.0.0.1:*"], "supports_credentials": True},
    "a glob for extensions": {"origins": ["chrome-extension://*", "moz-extension://*"]},
    "a local expression": {"origins": r"^https?://(localhost|127\.0\.0\.1)(:\d+)?$"},
    "a slash with a backslash": {"origins": r"http:\/\/localhost:\d*"},
    "a compiled expression": {"origins": re.compile(r"^https://([a-z0-9-]+\.)?shop\.example$", re.I)},
    "an escaped origin": {"origins": [re.compile(re.escape(SITE) + r"\Z", re.IGNORECASE)], "always_send": False},
    "anything that ends in a name": {"origins": [r".*\.shop\.example", LOCAL], "supports_credentials": True},
    "anything": {"origins": r"^.*$"},
    "a misspelt option": {"origin": LOCAL},
    "another misspelt option": {"support_credentials": True, "headers": "Content-Type"},
    "a key of the configuration as a keyword": {"CORS_SUPPORTS_CREDENTIALS": True},
    "text that turns an option on": {"resources": {r"/*": {"origins": "*", "supports_credentials": "true"}}},
    "a wildcard": {"send_wildcard": True, "always_send": True},
    "a wildcard and origins with credentials": {
        "send_wildcard": True,
        "supports_credentials": True,
        "origins": [LOCAL],
    },
    "methods as text": {"methods": "GET,POST,PUT,DELETE,OPTIONS"},
    "methods as text in a list": {"methods": ["GET, POST, OPTIONS"]},
    "any method": {"origins": ["*"], "allow_headers": ["*"], "methods": ["*"]},
    "a misspelt method": {"methods": ["GET", "PUT", "DEL"]},
    "allowed headers": {"allow_headers": ["Content-Type", "Authorization"]},
    "allowed headers as text": {"allow_headers": "Content-Type, Authorization"},
    "allowed headers as text in a list": {"allow_headers": ["Content-Type, Authorization"]},
    "exposed headers": {"expose_headers": ["X-Total", "Content-Disposition"]},
    "any exposed header": {"expose_headers": "*", "supports_credentials": True, "origins": r".*"},
    "an age": {"max_age": 3600, "vary_header": False},
    "an age as a timedelta": {"max_age": timedelta(days=10)},
    "exceptions are not intercepted": {"origins": LOCAL, "intercept_exceptions": False},
    "private network": {"origins": [LOCAL], "allow_private_network": True},
}

REFUSED: dict[str, dict[str, Any]] = {
    "an option instead of a path": {"resources": {"origins": LOCAL}},
    "a glob that is no expression": {"origins": "*.shop.example"},
    "a wildcard with credentials": {"send_wildcard": True, "supports_credentials": True},
}
"""Options that neither library accepts."""

OF_VIEWS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "credentials": {"supports_credentials": True},
    "a list": {"origins": [LOCAL, SITE], "supports_credentials": True},
    "an expression": {"origins": r".*localhost.*"},
    "misspelt options": {"origin": "*", "headers": ["Content-Type", "Authorization"]},
    "methods and headers": {"origins": [SITE], "methods": ["GET"], "allow_headers": ["Content-Type"]},
    "a wildcard": {"send_wildcard": True},
    "Flask answers OPTIONS": {"automatic_options": False},
    "resources": {"resources": {r"/api/*": {"origins": LOCAL}}},
    "no origin": {"origins": []},
}

CONFIGURED: dict[str, dict[str, Any]] = {
    "CORS_HEADERS": {"CORS_HEADERS": "Content-Type"},
    "resources": {"CORS_RESOURCES": {r"/api/*": {"origins": "*"}}},
    "origins": {"CORS_ORIGINS": [LOCAL, ""], "CORS_SUPPORTS_CREDENTIALS": True},
    "None": {"CORS_ORIGINS": None},
    "an expression": {"CORS_ORIGINS": re.compile(r"^http://(localhost|192\.168\.\d+\.\d+):\d+$")},
    "True as headers": {"CORS_ALLOW_HEADERS": True, "CORS_EXPOSE_HEADERS": True},
    "tuples": {"CORS_ORIGINS": ("*", LOCAL), "CORS_METHODS": ("GET", "POST"), "CORS_HEADERS": ("Content-Type",)},
    "text that turns an option on": {"CORS_SUPPORTS_CREDENTIALS": "False", "CORS_ORIGINS": LOCAL},
    "a name as vary_header": {"CORS_VARY_HEADER": "Origin", "CORS_ORIGINS": [LOCAL, SITE]},
    "everything": {
        "CORS_ORIGINS": "*",
        "CORS_METHODS": "GET, POST, OPTIONS",
        "CORS_ALLOW_HEADERS": ["Content-Type"],
        "CORS_MAX_AGE": 21600,
        "CORS_SEND_WILDCARD": True,
    },
}


def create_app() -> Flask:
    """Return an application without CORS."""
    app = Flask("shop")
    app.logger.disabled = True
    for path in ("/", "/api/items", "/api/v1/items", "/apiary"):
        app.add_url_rule(path, endpoint=path, view_func=lambda: "hello", methods=["GET", "POST"])
    app.add_url_rule("/fails", view_func=lambda: str(1 / 0), endpoint="fails")
    app.add_url_rule("/forbidden", view_func=lambda: abort(403), endpoint="forbidden")
    return app


def assert_same_answers(set_up: Callable[[Any, Flask], object], paths: Iterable[str] = PATHS) -> None:
    """Set up an application with each library, and compare all answers."""
    theirs, ours = create_app(), create_app()
    set_up(flask_cors, theirs)
    set_up(flask_cors_rs, ours)
    for number, (path, origin) in enumerate(product(paths, ORIGINS)):
        sent = {"PATH_INFO": path} if origin is None else {"PATH_INFO": path, "HTTP_ORIGIN": origin}
        # One preflight for each pair, or it would take minutes.
        requested = REQUESTED[number % len(REQUESTED)]
        for environ in ({**sent, "REQUEST_METHOD": "GET"}, {**sent, "REQUEST_METHOD": "OPTIONS", **requested}):
            assert ask(ours, environ) == ask_flask_cors(theirs, environ), environ


@pytest.mark.parametrize("name", OF_APPLICATIONS)
def test_the_options_of_an_application(name: str) -> None:
    assert_same_answers(lambda library, app: library.CORS(app, **fresh(OF_APPLICATIONS[name])))


@pytest.mark.parametrize("name", OF_APPLICATIONS)
def test_the_options_of_a_blueprint(name: str) -> None:
    def set_up(library: Any, app: Flask) -> None:
        part = Blueprint("part", __name__)
        part.add_url_rule("/api/v1/part", view_func=lambda: "hello", endpoint="api")
        part.add_url_rule("/bare", view_func=lambda: "hello", endpoint="bare")
        library.CORS(part, **fresh(OF_APPLICATIONS[name]))
        app.register_blueprint(part)

    assert_same_answers(set_up, ["/", "/api/v1/part", "/bare"])


@pytest.mark.parametrize("library", [flask_cors, flask_cors_rs])
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str, library: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the messages differ
        library.CORS(create_app(), **REFUSED[name])


@pytest.mark.parametrize("below", [False, True], ids=["alone", "below CORS(app)"])
@pytest.mark.parametrize("name", OF_VIEWS)
def test_the_options_of_a_view(name: str, below: bool) -> None:
    def set_up(library: Any, app: Flask) -> None:
        if below:
            library.CORS(app, origins=SITE)
        app.add_url_rule("/bare", view_func=library.cross_origin(**OF_VIEWS[name])(lambda: "hello"), endpoint="bare")

    assert_same_answers(set_up)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("name", CONFIGURED)
def test_a_configuration(name: str, when: str) -> None:
    def set_up(library: Any, app: Flask) -> None:
        if when == "before":
            app.config.update(CONFIGURED[name])
        library.CORS(app)
        app.add_url_rule("/bare", view_func=library.cross_origin()(lambda: "hello"), endpoint="bare")
        if when == "after":
            app.config.update(CONFIGURED[name])

    assert_same_answers(set_up)


def in_a_factory(library: Any, app: Flask) -> None:
    library.CORS(supports_credentials=True).init_app(app, resources={r"/api/*": {"origins": [LOCAL]}})


def for_the_current_application(library: Any, app: Flask) -> None:
    with app.app_context():
        library.CORS(current_app, origins=LOCAL)


def twice(library: Any, app: Flask) -> None:
    library.CORS(app, resources={r"/*": {"origins": [LOCAL]}}, supports_credentials=True)
    library.CORS(app, expose_headers=["X-Total"])


def with_headers_added_by_hand(library: Any, app: Flask) -> None:
    library.CORS(app, resources={r"/*": {"origins": LOCAL}})

    @app.after_request
    def add(response: Response) -> Response:
        response.headers.add("Access-Control-Allow-Headers", "Content-Type,Authorization,true")
        response.headers.add("Access-Control-Allow-Methods", "GET,PATCH,POST,DELETE,OPTIONS")
        return response


def with_an_origin_set_by_hand(library: Any, app: Flask) -> None:
    @app.after_request
    def add(response: Response) -> Response:
        response.headers["Access-Control-Allow-Origin"] = "*"
        return response

    library.CORS(app, origins=[LOCAL], supports_credentials=True)


def with_an_origin_set_in_the_view(library: Any, app: Flask) -> None:
    def view() -> Response:
        response = make_response("hello")
        response.headers.add("Access-Control-Allow-Origin", "*")
        return response

    app.add_url_rule("/bare", view_func=library.cross_origin()(view))
    library.CORS(app)


def with_preflights_answered_by_hand(library: Any, app: Flask) -> None:
    library.CORS(app, origins=LOCAL)

    @app.before_request
    def answer() -> Any:
        return {"status": "ok"} if request.method == "OPTIONS" else None


def with_authentication(library: Any, app: Flask) -> None:
    library.CORS(app, origins=LOCAL, supports_credentials=True)

    @app.before_request
    def authenticate() -> None:
        if "Authorization" not in request.headers and request.path.startswith("/api"):
            abort(401)


def with_a_handler_of_every_exception(library: Any, app: Flask) -> None:
    library.CORS(app, origins=LOCAL)

    @app.errorhandler(Exception)
    def handle(error: Exception) -> Any:
        return {"error": str(error)}, getattr(error, "code", 500)


def with_a_decorated_handler(library: Any, app: Flask) -> None:
    app.register_error_handler(404, library.cross_origin(origins=LOCAL)(lambda error: ("not here", 404)))


def with_the_helpers_in_a_view(library: Any, app: Flask) -> None:
    def view() -> Response:
        response = make_response("hello")
        options = library.core.get_cors_options(current_app, {"origins": LOCAL, "supports_credentials": True})
        library.core.set_cors_headers(response, options)
        return response

    library.CORS(app, origins=SITE)
    app.add_url_rule("/bare", view_func=view)


def with_a_view_that_answers_options(library: Any, app: Flask) -> None:
    def view() -> Any:
        return ("", 204) if request.method == "OPTIONS" else "hello"

    decorate = library.cross_origin(origins=[LOCAL], max_age=86400)
    app.add_url_rule("/bare", view_func=decorate(view), methods=["GET", "POST", "OPTIONS"])


def with_decorated_methods(library: Any, app: Flask) -> None:
    class Items(MethodView):
        @library.cross_origin(origins=LOCAL, supports_credentials=True)  # type: ignore[untyped-decorator]
        def get(self) -> str:
            return "items"

        @library.cross_origin(allow_headers=["Content-Type"])  # type: ignore[untyped-decorator]
        def post(self) -> tuple[str, int]:
            return "created", 201

    app.add_url_rule("/bare", view_func=Items.as_view("items"))


def with_the_decorator_above_the_route(library: Any, app: Flask) -> None:
    library.cross_origin(allow_headers=["Content-Type"])(app.route("/bare")(lambda: "hello"))


def without_the_parentheses_of_the_decorator(library: Any, app: Flask) -> None:
    app.add_url_rule("/bare", view_func=library.cross_origin(lambda: "hello"), endpoint="bare")


def with_every_view_decorated_afterwards(library: Any, app: Flask) -> None:
    for endpoint, view in app.view_functions.items():
        app.view_functions[endpoint] = library.cross_origin()(view)


def with_a_subclass(library: Any, app: Flask) -> None:
    class OpenCORS(library.CORS):  # type: ignore[misc]
        def __init__(self, app: Flask) -> None:
            super().__init__(app, origins=LOCAL, supports_credentials=True)

    OpenCORS(app)


def with_a_request_class(library: Any, app: Flask) -> None:
    app.request_class = type("NumberedRequest", (Request,), {"number": 1})
    library.CORS(app, origins=LOCAL)


def behind_a_proxy(library: Any, app: Flask) -> None:
    library.CORS(app, origins=LOCAL)
    app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]


def without_strict_slashes(library: Any, app: Flask) -> None:
    app.url_map.strict_slashes = False
    library.CORS(app)


@pytest.mark.parametrize(
    "set_up",
    [
        in_a_factory,
        for_the_current_application,
        twice,
        with_headers_added_by_hand,
        with_an_origin_set_by_hand,
        with_an_origin_set_in_the_view,
        with_preflights_answered_by_hand,
        with_authentication,
        with_a_handler_of_every_exception,
        with_a_decorated_handler,
        with_the_helpers_in_a_view,
        with_a_view_that_answers_options,
        with_decorated_methods,
        with_the_decorator_above_the_route,
        without_the_parentheses_of_the_decorator,
        with_every_view_decorated_afterwards,
        with_a_subclass,
        with_a_request_class,
        behind_a_proxy,
        without_strict_slashes,
    ],
)
def test_a_program(set_up: Callable[[Any, Flask], object]) -> None:
    assert_same_answers(set_up)
