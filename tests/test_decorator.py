"""The decorator: what it leaves of the view, and whose configuration counts."""

from __future__ import annotations

import gc
import inspect
import re
import weakref
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask, Response, stream_with_context
from flask.views import MethodView, View

from flask_cors_rs import CORS, cross_origin

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    origins.append("https://c.example")
    assert allowed(app, Origin="https://c.example") == "https://c.example"


def test_an_iterator_is_read_by_one_request() -> None:
    """As in Flask-CORS, which reads options at each request."""
    app = app_with(cross_origin(origins=iter(["https://a.example"]))(lambda: "hello"))
    assert [allowed(app), allowed(app)] == [ORIGIN["Origin"], None]


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


def test_a_class_without_options_is_not_asked_for_it() -> None:
    """CORS_AUTOMATIC_OPTIONS=False leaves OPTIONS to the view; a class that has none gets Flask's own answer."""

    class Page(MethodView):
        decorators = [cross_origin()]

        def get(self) -> str:
            return "hello"

    app = app_with(Page.as_view("page"), CORS_AUTOMATIC_OPTIONS=False)
    response = app.test_client().options("/", headers=ASK)
    assert response.status_code == 200
    assert "Access-Control-Allow-Origin" not in response.headers


def test_methods_of_a_class_may_be_decorated() -> None:
    class Page(MethodView):
        @cross_origin(origins="https://a.example")
        def get(self) -> str:
            return type(self).__name__

    app = app_with(Page.as_view("page"))
    assert app.test_client().get("/", headers=ORIGIN).data == b"Page"
    assert allowed(app) == "https://a.example"
