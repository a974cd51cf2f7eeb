"""The decorator: views of every kind, whose configuration it reads, and errors."""

from __future__ import annotations

import asyncio
import functools
import gc
import inspect
import re
import sys
import weakref
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import flask_cors
import pytest
from flask import Flask, Response, abort, current_app, request, stream_with_context
from flask.views import MethodView, View
from werkzeug.exceptions import Forbidden
from werkzeug.local import LocalProxy
from werkzeug.wrappers import Response as BaseResponse

import flask_cors_rs
from flask_cors_rs import CORS, Origin, cross_origin
from support.engines import assert_prints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.usefixtures("engine")
ORIGIN = {"Origin": "https://a.example"}
ASK = {**ORIGIN, "Access-Control-Request-Method": "PUT"}


def app_with(view: Any, **config: Any) -> Flask:
    app = Flask(__name__)
    app.config.update(config)
    app.add_url_rule("/", endpoint="view", view_func=view)
    return app


def allowed(app: Flask, **headers: str) -> str | None:
    value: str | None = app.test_client().get("/", headers=headers or ORIGIN).headers.get("Access-Control-Allow-Origin")
    return value


def test_the_view_stays_what_it_was() -> None:
    def view(number: int) -> str:
        """Documented."""
        return str(number)

    decorated = cross_origin("ignored", origins="x")(view)
    assert inspect.isfunction(decorated)
    assert (decorated.__name__, decorated.__doc__, decorated.__module__) == ("view", "Documented.", __name__)
    assert inspect.unwrap(decorated) is view
    assert decorated.required_methods == {"OPTIONS"}  # type: ignore[attr-defined]
    assert decorated.provide_automatic_options is False  # type: ignore[attr-defined]


def test_a_view_without_a_name_has_the_endpoint_of_flask_cors() -> None:
    for library in (flask_cors, flask_cors_rs):
        app: Any = Flask(__name__)
        app.route("/")(library.cross_origin()(functools.partial(str, "hello")))
        assert list(app.view_functions) == ["static", "wrapped_function"]


def test_a_preflight_is_answered_in_place_of_the_view() -> None:
    def view() -> str:
        raise AssertionError("the view must not run")

    response = app_with(cross_origin(methods="PUT")(view)).test_client().options("/", headers=ASK)
    assert response.status_code == 200
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert response.headers["Access-Control-Allow-Methods"] == "PUT"


def test_the_extension_leaves_the_decorator_s_answer_alone() -> None:
    app = app_with(cross_origin(origins="https://b.example")(lambda: "hello"))
    CORS(app, expose_headers="X")
    response = app.test_client().get("/", headers=ORIGIN)
    assert not [name for name, _ in response.headers if name.startswith("Access-Control")]


def test_the_extension_leaves_the_answer_of_flask_cors_alone() -> None:
    app = app_with(flask_cors.cross_origin(origins="https://b.example")(lambda: "hello"))
    CORS(app)
    assert allowed(app) is None
    headers = app.test_client().get("/", headers={"Origin": "https://b.example"}).headers
    assert headers.getlist("Access-Control-Allow-Origin") == ["https://b.example"]


def test_the_configuration_counts_as_it_is_when_the_request_comes() -> None:
    app = app_with(cross_origin()(lambda: "hello"))
    assert allowed(app) == ORIGIN["Origin"]
    app.config["CORS_ORIGINS"] = ["https://b.example"]
    assert allowed(app) is None
    app.config["CORS_ORIGINS"].append("https://a.example")
    assert allowed(app) == ORIGIN["Origin"]
    app.config["CORS_ORIGINS"].remove("https://a.example")
    assert allowed(app) is None
    app.config["CORS_ORIGINS"][0] = "https://a.example"
    assert allowed(app) == ORIGIN["Origin"]
    app.config["CORS_ORIGINS"] = None
    app.config["CORS_MAX_AGE"] = 1
    client = app.test_client()
    assert client.options("/", headers=ASK).headers["Access-Control-Max-Age"] == "1"
    app.config["CORS_MAX_AGE"] = True
    assert client.options("/", headers=ASK).headers["Access-Control-Max-Age"] == "True"


def test_the_decorator_s_own_lists_may_change() -> None:
    origins = {"https://b.example"}
    app = app_with(cross_origin(origins=origins)(lambda: "hello"))
    assert allowed(app) is None
    origins.add("https://a.example")
    assert allowed(app) == ORIGIN["Origin"]


def test_an_item_that_takes_another_s_place_in_a_long_list_is_noticed_in_time() -> None:
    origins = [f"https://{number}.example" for number in range(640)]
    app = app_with(cross_origin(origins=origins)(lambda: "hello"))
    assert allowed(app) is None
    origins[300] = "https://a.example"
    assert ORIGIN["Origin"] in [allowed(app) for _ in range(10)]
    for added in ("https://c.example", "https://d.example"):
        origins.append(added)
        assert allowed(app, Origin=added) == added, "an added item is noticed at once"


@pytest.mark.parametrize("kind", [list, set])
@pytest.mark.parametrize("configured", [False, True])
def test_an_origin_that_is_taken_out_of_a_long_list_is_refused_at_once(
    kind: Callable[[list[str]], Any], configured: bool
) -> None:
    names = [f"https://{number}.example" for number in range(6400)]
    origins = kind([*names, r"https://[a-z]+\.a\.example$"])
    app = app_with(cross_origin(**({} if configured else {"origins": origins}))(lambda: "hello"))
    app.config["CORS_ORIGINS"] = origins
    assert allowed(app, Origin=names[7]) == allowed(app, Origin=names[7].upper()).lower() == names[7]  # type: ignore[union-attr]
    if isinstance(origins, list):
        origins[7] = "https://other.example"
    else:
        origins.remove(names[7])
        origins.add("https://other.example")
    assert allowed(app, Origin=names[7].upper()) is None
    assert allowed(app, Origin=names[7]) is None
    assert allowed(app, Origin=names[8]) == names[8]

    assert allowed(app, Origin="https://b.a.example") == "https://b.a.example"
    if isinstance(origins, list):
        origins[-1] = "https://another.example"
    else:
        origins.remove(r"https://[a-z]+\.a\.example$")
        origins.add("https://another.example")
    assert allowed(app, Origin="https://b.a.example") is None


def test_an_expression_that_is_taken_out_of_a_long_list_of_expressions_is_refused_at_once() -> None:
    origins = [rf"https://[a-z]+\.{number}\.example$" for number in range(200)]
    app = app_with(cross_origin(origins=origins)(lambda: "hello"))
    assert allowed(app, Origin="https://a.7.example") == "https://a.7.example"
    origins[7] = "https://other.example"
    assert allowed(app, Origin="https://a.7.example") is None


def test_a_name_that_takes_another_s_place_in_a_long_list_of_headers_is_allowed_at_once() -> None:
    names = [f"X-{number}" for number in range(200)]
    app = app_with(cross_origin(allow_headers=names)(lambda: "hello"))
    asked = {**ASK, "Access-Control-Request-Headers": "X-New"}
    assert "Access-Control-Allow-Headers" not in app.test_client().options("/", headers=asked).headers
    names[7] = "X-New"
    assert app.test_client().options("/", headers=asked).headers["Access-Control-Allow-Headers"] == "X-New"


def test_the_text_of_an_object_in_a_list_may_change() -> None:
    class Changing:
        text = "https://b.example"

        def __str__(self) -> str:
            return self.text

    origin = Changing()
    app = app_with(cross_origin(origins=[origin])(lambda: "hello"))  # type: ignore[list-item]
    assert allowed(app) is None
    origin.text = "https://a.example"
    assert allowed(app) == ORIGIN["Origin"]


@pytest.mark.parametrize("in_list", [False, True])
@pytest.mark.parametrize("configured", [False, True])
def test_a_proxy_is_read_at_each_request(in_list: bool, configured: bool) -> None:
    proxy: Any = LocalProxy(lambda: request.headers["X-Tenant"])
    origins = [proxy] if in_list else proxy
    given: dict[str, Any] = {} if configured else {"origins": origins}
    app = app_with(cross_origin(**given)(lambda: "hello"))
    app.config["CORS_ORIGINS"] = origins
    tenants = ["https://a.example", "https://b.example", "https://a.example"]
    found = [allowed(app, **{**ORIGIN, "X-Tenant": tenant}) for tenant in tenants]
    assert found == [ORIGIN["Origin"], None, ORIGIN["Origin"]]


@pytest.mark.parametrize("origin", ["https://a.example", re.compile("https://a"), Origin("https://a.example")])
@pytest.mark.parametrize("in_list", [False, True])
def test_a_proxy_stands_for_what_it_gives(origin: Any, in_list: bool) -> None:
    settings: dict[str, Any] = {}
    proxy: Any = LocalProxy(lambda: settings["origin"])
    # It is applied before there are settings, as where a module is imported.
    app = app_with(cross_origin(origins=[proxy] if in_list else proxy)(lambda: "hello"))
    settings["origin"] = origin
    assert allowed(app) == ORIGIN["Origin"]
    assert allowed(app, Origin="https://b.example") is None


def test_a_flag_that_is_a_proxy_is_read_at_each_request() -> None:
    flag: Any = LocalProxy(lambda: request.headers["X-Flag"] == "on")
    client = app_with(cross_origin(supports_credentials=flag)(lambda: "hello")).test_client()
    found = [client.get("/", headers={**ORIGIN, "X-Flag": value}) for value in ("on", "off", "on")]
    assert ["Access-Control-Allow-Credentials" in response.headers for response in found] == [True, False, True]


class Array(list[str]):
    """A list that cannot be compared as a whole, as those of numpy."""

    def __eq__(self, other: object) -> Any:
        raise ValueError("the truth value of an array is ambiguous")

    __hash__ = None


def test_an_error_in_the_configuration_is_logged_in_one_short_line(caplog: pytest.LogCaptureFixture) -> None:
    app = Flask(__name__)
    app.add_url_rule("/", "index", view_func=cross_origin()(lambda: "hello"))
    for wrong in ("(?\x1b", "(?\x1b" + "x" * 1000):
        app.config["CORS_ORIGINS"] = wrong
        app.test_client().get("/", headers={"Origin": "https://a.example"})
    assert len(caplog.messages) == 2
    assert all(message.isprintable() and len(message) < 700 for message in caplog.messages)


def test_a_configuration_that_cannot_be_compared_is_read_at_each_request() -> None:
    app = app_with(cross_origin()(lambda: "hello"), CORS_ORIGINS=Array(["https://a.example"]))
    assert [allowed(app), allowed(app)] == [ORIGIN["Origin"]] * 2
    app.config["CORS_ORIGINS"] = "https://b.example"
    assert [allowed(app), allowed(app)] == [None, None]
    app.config["CORS_ORIGINS"] = Array(["https://a.example"])
    assert [allowed(app), allowed(app)] == [ORIGIN["Origin"]] * 2


def test_an_iterator_is_read_by_one_request() -> None:
    """As in Flask-CORS, which reads the options at each request."""
    app = app_with(cross_origin(origins=iter(["https://a.example"]))(lambda: "hello"))
    assert [allowed(app), allowed(app)] == [ORIGIN["Origin"], None]


def test_an_iterator_is_read_once_in_a_request_to_a_class() -> None:
    class Index(View):
        decorators = [cross_origin(methods=iter(["PUT"]))]

        def dispatch_request(self) -> str:
            return "hello"

    client = app_with(Index.as_view("index")).test_client()
    answers = [client.options("/", headers=ASK).headers.get("Access-Control-Allow-Methods") for _ in range(2)]
    assert answers == ["PUT", None]


def test_one_view_has_a_policy_for_each_application() -> None:
    view = cross_origin()(lambda: "hello")
    first, second = app_with(view), app_with(view, CORS_ORIGINS="https://b.example")
    for _ in range(2):
        assert allowed(first) == ORIGIN["Origin"]
        assert allowed(second) is None


def test_a_view_does_not_keep_an_application_alive() -> None:
    view = cross_origin()(lambda: "hello")
    app = app_with(view)
    allowed(app)
    gone = weakref.ref(app)
    del app
    gc.collect()
    assert gone() is None


def test_automatic_options_may_be_off() -> None:
    view = cross_origin(automatic_options=False)(lambda: "hello")
    app = Flask(__name__)
    app.add_url_rule("/", endpoint="view", view_func=view, methods=["GET", "OPTIONS"])
    assert app.test_client().options("/", headers=ASK).data == b"hello"
    app = app_with(cross_origin()(lambda: "hello"), CORS_AUTOMATIC_OPTIONS=False)
    assert app.test_client().options("/", headers=ASK).data == b"hello"


def test_a_view_keeps_the_methods_that_it_requires() -> None:
    def view() -> str:
        return "hello"

    view.required_methods = {"PUT"}  # type: ignore[attr-defined] # Flask reads it.
    app = app_with(cross_origin()(view))
    assert app.test_client().put("/").status_code == 200
    assert app.test_client().options("/", headers=ASK).headers["Access-Control-Allow-Origin"] == ORIGIN["Origin"]


def test_async_views_work() -> None:
    @cross_origin(origins=re.compile(r"https://\w"))
    async def view() -> str:
        return "hello"

    app = app_with(view)
    assert app.test_client().get("/", headers=ORIGIN).data == b"hello"
    assert allowed(app) == ORIGIN["Origin"]


def test_streams_stream() -> None:
    @cross_origin()
    def view() -> Response:
        def parts() -> Iterator[str]:
            yield "hel"
            yield "lo"

        return Response(stream_with_context(parts()))

    app = app_with(view)
    response = app.test_client().get("/", headers=ORIGIN)
    assert (response.is_streamed, response.data) == (True, b"hello")


@pytest.mark.parametrize(
    ("methods", "automatic", "expected"),
    [
        (["GET"], False, b""),
        (["GET"], True, b""),
        (["GET", "OPTIONS"], False, b"OPTIONS 7"),
        (["GET", "OPTIONS"], True, b""),
        (None, False, b""),
    ],
)
@pytest.mark.parametrize("configured", [False, True])
def test_a_class_view_gets_the_options_that_it_lists(
    methods: list[str] | None, automatic: bool, expected: bytes, configured: bool
) -> None:
    class Page(View):
        decorators = [cross_origin() if configured else cross_origin(automatic_options=automatic)]

        def dispatch_request(self, number: int) -> str:  # type: ignore[override]
            return f"{request.method} {number}"

    if methods:
        Page.methods = methods
    app = Flask(__name__)
    if configured:
        app.config["CORS_AUTOMATIC_OPTIONS"] = automatic
    app.add_url_rule("/<int:number>", view_func=Page.as_view("page"))
    client = app.test_client()
    assert client.get("/7", headers=ORIGIN).data == b"GET 7"
    response = client.options("/7", headers=ASK)
    assert (response.status_code, response.data) == (200, expected)
    assert response.headers["Allow"] if not expected else True
    assert ("Access-Control-Allow-Methods" in response.headers) is (automatic or "OPTIONS" in (methods or ()))


@pytest.mark.parametrize("finished", [False, True])
@pytest.mark.parametrize("base", [View, MethodView])
def test_class_views_answer_preflights(base: Any, finished: bool) -> None:
    class Page(base):  # type: ignore[misc]
        decorators = [] if finished else [cross_origin(methods=["PUT"])]
        methods = ["GET", "PUT"]

        def dispatch_request(self) -> str:
            return "hello"

    view = Page.as_view("page")
    app = app_with(cross_origin(methods=["PUT"])(view) if finished else view)
    response = app.test_client().options("/", headers=ASK)
    assert response.headers["Access-Control-Allow-Methods"] == "PUT"
    assert app.test_client().put("/", headers=ORIGIN).data == b"hello"
    assert allowed(app) == ORIGIN["Origin"]
    assert app.view_functions["view"].__name__ == "page"


def test_a_class_with_another_decorator_answers_preflights() -> None:
    def other(view: Any) -> Any:
        return functools.wraps(view)(lambda: f"{view()}, decorated")

    class Page(View):
        decorators = [other, cross_origin(methods=["PUT"])]
        methods = ["GET", "PUT"]

        def dispatch_request(self) -> str:
            return "hello"

    client = app_with(Page.as_view("page")).test_client()
    assert client.options("/", headers=ASK).headers["Access-Control-Allow-Methods"] == "PUT"
    assert client.get("/", headers=ORIGIN).text == "hello, decorated"


def test_a_view_may_be_any_callable() -> None:
    app = app_with(cross_origin()(functools.partial("hello {}".format, "there")))
    assert app.test_client().get("/").text == "hello there"
    assert allowed(app) == ORIGIN["Origin"]


def test_a_class_without_options_is_not_asked_for_it() -> None:
    """With CORS_AUTOMATIC_OPTIONS=False the view handles OPTIONS, and for a class without it, Flask does."""

    class Page(MethodView):
        decorators = [cross_origin()]

        def get(self) -> str:
            return "hello"

    app = app_with(Page.as_view("page"), CORS_AUTOMATIC_OPTIONS=False)
    response = app.test_client().options("/", headers=ASK)
    assert response.status_code == 200
    assert "Access-Control-Allow-Origin" not in response.headers


def test_decorators_of_a_class_may_pass_positional_arguments() -> None:
    def take_position(view: Any) -> Any:
        @functools.wraps(view)
        def taking(name: str) -> Any:
            return view(name=name)

        return taking

    def pass_position(view: Any) -> Any:
        @functools.wraps(view)
        def passing(name: str) -> Any:
            return view(name)

        return passing

    class Page(MethodView):
        decorators = [take_position, cross_origin(), pass_position]
        methods = ["GET", "OPTIONS"]

        def get(self, name: str) -> str:
            return name

    app = Flask(__name__)
    app.add_url_rule("/<name>", view_func=Page.as_view("page"))
    assert app.test_client().get("/x", headers=ORIGIN).text == "x"
    assert app.test_client().options("/x", headers=ASK).headers["Access-Control-Allow-Methods"]


def test_methods_of_a_class_may_be_decorated() -> None:
    class Page(MethodView):
        @cross_origin(origins="https://a.example")
        def get(self) -> str:
            return type(self).__name__

    app = app_with(Page.as_view("page"))
    assert app.test_client().get("/", headers=ORIGIN).data == b"Page"
    assert allowed(app) == "https://a.example"


def streaming_view() -> Iterator[str]:
    yield "hel"
    yield "lo"


RETURNED: list[tuple[Any, int, bytes]] = [
    ("hello", 200, b"hello"),
    (b"hello", 200, b"hello"),
    (bytearray(b"hello"), 200, b"hello"),
    ({"a": 1}, 200, b'{"a":1}\n'),
    ([1, 2], 200, b"[1,2]\n"),
    (("hello", 201), 201, b"hello"),
    (("hello", {"X": "y"}), 200, b"hello"),
    (("hello", "202 FINE", [("X", "y")]), 202, b"hello"),
    (Response("hello", 203), 203, b"hello"),
    ((Response("hello"), 204), 204, b""),
    (BaseResponse("hello"), 200, b"hello"),
    (BaseResponse("hello").__call__, 200, b"hello"),
    (streaming_view, 200, b"hello"),
]


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("extended", [False, True])
@pytest.mark.parametrize(("returned", "status", "body"), RETURNED)
def test_views_may_return_what_flask_takes(
    returned: Any, status: int, body: bytes, extended: bool, asynchronous: bool
) -> None:
    def make() -> Any:
        return returned() if returned is streaming_view else returned

    async def make_async() -> Any:
        return make()

    app = app_with(cross_origin(expose_headers="X-View")(make_async if asynchronous else make))
    if extended:
        CORS(app, origins="https://other.example")
    response = app.test_client().get("/", headers=ORIGIN)
    assert (response.status_code, response.data) == (status, body)
    assert response.headers.getlist("Access-Control-Allow-Origin") == [ORIGIN["Origin"]]
    assert response.headers.getlist("Access-Control-Expose-Headers") == ["X-View"]


def test_a_generator_function_streams() -> None:
    response = app_with(cross_origin()(streaming_view)).test_client().get("/", headers=ORIGIN)
    assert (response.is_streamed, response.data) == (True, b"hello")
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN["Origin"]


def test_an_async_view_stays_one() -> None:
    @cross_origin()
    async def view(number: int) -> str:
        """Documented."""
        return str(number)

    assert inspect.iscoroutinefunction(view)
    assert (view.__name__, view.__doc__) == ("view", "Documented.")
    assert inspect.signature(view).parameters.keys() == {"number"}
    with app_with(view).test_request_context("/", headers=ORIGIN):
        assert asyncio.run(cast("Any", view)(5)).data == b"5"


@pytest.mark.parametrize("middleware", [None, False, True])
def test_async_methods_of_classes(middleware: bool | None) -> None:
    class Page(MethodView):
        decorators = [cross_origin(methods="PUT")]

        async def get(self) -> str:
            return "hello"

        @cross_origin(expose_headers="X-Inner")
        async def put(self) -> str:
            return "put"

    app = app_with(Page.as_view("page"))
    if middleware is not None:
        CORS(app, origins="https://other.example", middleware=middleware)
    assert app.test_client().get("/", headers=ORIGIN).data == b"hello"
    assert app.test_client().put("/", headers=ORIGIN).data == b"put"
    assert allowed(app) == ORIGIN["Origin"]
    assert app.test_client().options("/", headers=ASK).headers["Access-Control-Allow-Methods"] == "PUT"


# --- errors -----------------------------------------------------------------------------------------------------------


def raising_app(error: Any, *, asynchronous: bool = False, **options: Any) -> Flask:
    def view() -> Any:
        if error is None:
            return None
        if isinstance(error, (int, Response)):
            abort(error)
        raise error

    async def async_view() -> Any:
        return view()

    app = app_with(cross_origin(expose_headers="X-View", **options)(async_view if asynchronous else view))
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.register_error_handler(LookupError, lambda _: ("handled", 418))
    app.register_error_handler(409, lambda _: ("conflict", 409))
    return app


ERRORS: list[tuple[Any, int]] = [
    (404, 404),
    (409, 409),
    (LookupError(), 418),
    (Forbidden(), 403),
    (Response("own", 451), 451),
    (RuntimeError("unhandled"), 500),
    (None, 500),
]


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("extension", [None, {}, {"middleware": True}, {"intercept_exceptions": False}])
@pytest.mark.parametrize(("error", "status"), ERRORS)
def test_errors_keep_the_policy_of_the_view(
    error: Any, status: int, extension: dict[str, Any] | None, asynchronous: bool
) -> None:
    app = raising_app(error, asynchronous=asynchronous, intercept_exceptions=True)
    if extension is not None:
        CORS(app, expose_headers="X-Extension", **extension)
    response = app.test_client().get("/", headers=ORIGIN)
    assert response.status_code == status
    assert response.headers.getlist("Access-Control-Allow-Origin") == [ORIGIN["Origin"]]
    assert response.headers.getlist("Access-Control-Expose-Headers") == ["X-View"]


@pytest.mark.parametrize(("error", "status"), ERRORS)
def test_errors_lose_it_unless_it_is_asked_for(error: Any, status: int) -> None:
    """As in Flask-CORS. The configuration does not matter."""
    app = raising_app(error)
    app.config["CORS_INTERCEPT_EXCEPTIONS"] = True
    response = app.test_client().get("/", headers=ORIGIN)
    assert (response.status_code, response.headers.get("Access-Control-Allow-Origin")) == (status, None)
    extended = raising_app(error)
    CORS(extended, expose_headers="X-Extension")
    response = extended.test_client().get("/", headers=ORIGIN)
    assert response.headers.getlist("Access-Control-Expose-Headers") == ["X-Extension"]


def test_an_async_view_that_keeps_its_policy_gets_its_arguments() -> None:
    async def view(*args: Any, **kwargs: Any) -> str:
        return f"{args} {kwargs}"

    app = Flask(__name__)
    decorated: Any = cross_origin(intercept_exceptions=True)(view)
    app.add_url_rule("/<int:number>", "view", lambda number: app.ensure_sync(decorated)("positional", number=number))
    assert app.test_client().get("/7").text == "('positional',) {'number': 7}"


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_method_that_keeps_its_policy_gets_its_arguments(asynchronous: bool) -> None:
    def get(view: MethodView, number: int) -> str:
        if not number:
            abort(404)
        return f"item {number} of {type(view).__name__}"

    async def async_get(view: MethodView, number: int) -> str:
        return get(view, number)

    decorate = cross_origin(intercept_exceptions=True, origins=[ORIGIN["Origin"]])
    items: Any = type("Items", (MethodView,), {"get": decorate(async_get if asynchronous else get)})
    app = Flask(__name__)
    app.add_url_rule("/<int:number>", view_func=items.as_view("items"))
    for number, answer in ((7, (200, ORIGIN["Origin"])), (0, (404, ORIGIN["Origin"])), (0, (404, ORIGIN["Origin"]))):
        response = app.test_client().get(f"/{number}", headers=ORIGIN)
        assert (response.status_code, response.headers.get("Access-Control-Allow-Origin")) == answer


def test_a_class_with_a_list_of_origins_answers_preflights() -> None:
    class Items(MethodView):
        decorators = [cross_origin(origins=[ORIGIN["Origin"]])]

        def get(self) -> str:
            return "items"

    app = Flask(__name__)
    app.add_url_rule("/", view_func=Items.as_view("items"))
    for _ in range(2):
        response = app.test_client().options("/", headers={**ORIGIN, "Access-Control-Request-Method": "GET"})
        assert response.headers["Access-Control-Allow-Origin"] == ORIGIN["Origin"]


def test_a_time_is_sent_in_seconds() -> None:
    app = app_with(cross_origin(max_age=timedelta(minutes=2, seconds=0.5))(lambda: "view"))
    preflight = {**ORIGIN, "Access-Control-Request-Method": "GET"}
    assert app.test_client().options("/", headers=preflight).headers["Access-Control-Max-Age"] == "120"


def test_an_error_is_still_raised_where_flask_raises_it() -> None:
    app = raising_app(RuntimeError("unhandled"), intercept_exceptions=True)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(RuntimeError, match="unhandled"):
        app.test_client().get("/", headers=ORIGIN)


def test_the_error_of_one_request_is_not_the_next_one_s() -> None:
    app = raising_app(404, intercept_exceptions=True)
    app.add_url_rule("/other", endpoint="other", view_func=lambda: "other")
    client = app.test_client()
    for _ in range(2):
        assert client.get("/", headers=ORIGIN).headers["Access-Control-Expose-Headers"] == "X-View"
        assert "Access-Control-Allow-Origin" not in client.get("/other", headers=ORIGIN).headers


def test_a_nested_decorator_s_error_has_one_policy() -> None:
    view = cross_origin(intercept_exceptions=True, expose_headers="X-Inner")(lambda: abort(404))
    app = app_with(cross_origin(intercept_exceptions=True, expose_headers="X-Outer")(view))
    response = app.test_client().get("/", headers=ORIGIN)
    assert response.headers.getlist("Access-Control-Allow-Origin") == [ORIGIN["Origin"]]


@pytest.mark.parametrize("count", [128, 200, 639])
def test_an_origin_in_a_long_list_is_replaced_soon(count: int) -> None:
    """After at most as many requests as there are groups of 64 items."""
    origins = [f"https://{number}.example" for number in range(count)]
    app = app_with(cross_origin(origins=origins)(lambda: "hello"))
    assert allowed(app, Origin="https://7.example")
    origins[7] = "https://new.example"
    answers = [allowed(app, Origin="https://new.example") for _ in range(count // 64)]
    assert answers[-1] == "https://new.example"
    assert allowed(app, Origin="https://7.example") is None


def test_the_extension_leaves_a_decorated_view_alone_where_flask_cors_is_not_imported() -> None:
    code = """
import sys
from flask import Flask
from flask_cors_rs import CORS, cross_origin
app = Flask("app")
CORS(app)
app.add_url_rule("/", endpoint="index", view_func=cross_origin(origins="https://b.example")(lambda: "hello"))
print(app.test_client().get("/", headers={"Origin": "https://a.example"}).headers.get("Access-Control-Allow-Origin"))
assert "flask_cors" not in sys.modules
"""
    assert_prints(code, "None")


@pytest.mark.skipif(sys.version_info < (3, 12), reason="inspect.markcoroutinefunction is new in Python 3.12")
def test_a_view_that_is_marked_as_a_coroutine_function_is_one() -> None:
    async def hello() -> str:
        return "hello"

    def view() -> Any:
        return hello()

    mark: Any = getattr(inspect, "markcoroutinefunction")  # noqa: B009 - checkers of older versions do not know it
    response = app_with(cross_origin()(mark(view))).test_client().get("/", headers=ORIGIN)
    assert (response.data, response.headers["Access-Control-Allow-Origin"]) == (b"hello", ORIGIN["Origin"])


@pytest.mark.parametrize("option", ["methods", "expose_headers", "allow_headers"])
def test_a_proxy_in_a_list_of_an_extension_is_read(option: str) -> None:
    found = []
    for library in (flask_cors, flask_cors_rs):
        app: Any = app_with(lambda: "hello")
        library.CORS(app, **{option: [LocalProxy(lambda: "PUT")]})
        found.append(
            [*app.test_client().options("/", headers={**ASK, "Access-Control-Request-Headers": "put"}).headers]
        )
    assert found[0] == found[1]


@pytest.mark.parametrize("needs", [lambda: current_app.config["ALLOWED"], lambda: [request.host_url.rstrip("/")]])
def test_origins_that_need_a_context_are_read_at_the_request(needs: Any) -> None:
    class Allowed:
        def __iter__(self) -> Any:
            return iter(needs())

    app = Flask(__name__)
    app.config["ALLOWED"] = ["http://localhost"]
    app.add_url_rule("/", "view", cross_origin(origins=Allowed())(lambda: "hello"))
    for origin, expected in (("http://localhost", "http://localhost"), ("https://b.example", None)):
        assert allowed(app, Origin=origin) == expected


@pytest.mark.parametrize("library", [flask_cors, flask_cors_rs])
def test_a_view_called_outside_a_request_says_so(library: Any) -> None:
    app = Flask(__name__)
    library.CORS(app)
    (hook,) = app.after_request_funcs[None]
    calls: list[Any] = [library.cross_origin()(lambda: "hello"), functools.partial(hook, Response())]
    for call in calls:
        with app.app_context(), pytest.raises(RuntimeError, match="outside of request context"):
            call()


@pytest.mark.parametrize("library", [flask_cors, flask_cors_rs])
def test_the_response_to_options_is_made_once(library: Any) -> None:
    class Counting(Flask):
        def make_response(self, rv: Any) -> Response:
            response = super().make_response(rv)
            response.headers["X-Made"] = str(int(response.headers.get("X-Made", 0)) + 1)
            return response

    app = Counting(__name__)
    app.add_url_rule("/", "view", library.cross_origin()(lambda: "hello"))
    client = app.test_client()
    assert [client.options("/").headers["X-Made"], client.get("/").headers["X-Made"]] == ["1", "2"]
