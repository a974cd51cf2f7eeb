"""What is known about an application belongs to it: applications do not affect each other, and can be collected."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Sized
from typing import Any

import pytest
from flask import Blueprint, Flask
from werkzeug.local import LocalProxy
from werkzeug.routing import BaseConverter

from flask_cors_rs import CORS, cross_origin
from flask_cors_rs._flask.state import EXTENSION

pytestmark = pytest.mark.usefixtures("engine")
PREFLIGHT = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}


def decorated_app(**options: Any) -> Flask:
    """Return an application with a decorated view that has handled a request."""
    app = Flask(__name__)
    app.add_url_rule("/", view_func=cross_origin(**options)(lambda: "hello"), endpoint="view")
    assert app.test_client().get("/", headers=PREFLIGHT).status_code == 200
    return app


def counting_app(routed: list[str]) -> Flask:
    """Return an application with the middleware that records the paths that it routes."""

    class Converter(BaseConverter):
        def to_python(self, value: str) -> str:
            routed.append(value)
            return value

    app = Flask(__name__)
    app.url_map.converters["counted"] = Converter
    app.add_url_rule("/<counted:name>", endpoint="counted", view_func=lambda name: name)
    CORS(app, middleware=True)
    return app


def test_decorated_views_of_other_applications_do_not_make_the_middleware_route() -> None:
    others = [decorated_app() for _ in range(10)]
    routed: list[str] = []
    app = counting_app(routed)
    assert app.test_client().options("/x", headers=PREFLIGHT).status_code == 204
    assert routed == []
    app.add_url_rule("/own", view_func=cross_origin()(lambda: "own"), endpoint="own")
    assert app.test_client().options("/x", headers=PREFLIGHT).status_code == 204
    assert routed == ["x"]
    assert len(others) == 10


def test_each_application_has_a_state_of_its_own() -> None:
    apps = [Flask("first"), Flask("second")]
    for app in apps:
        CORS(app)
    states = [app.extensions[EXTENSION] for app in apps]
    assert states[0] is not states[1]


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("report_only", [None, {"origins": "https://a.example"}])
def test_a_decorated_view_does_not_keep_the_applications_that_it_was_in(debug: bool, report_only: Any) -> None:
    view = cross_origin(report_only=report_only)(lambda: "hello")
    dead: list[weakref.ref[Flask]] = []
    for _ in range(3):
        app = Flask(__name__)
        app.debug = debug
        app.add_url_rule("/", view_func=view, endpoint="view")
        app.test_client().get("/", headers=PREFLIGHT)
        dead.append(weakref.ref(app))
    del app
    gc.collect()
    assert [reference() for reference in dead] == [None] * 3


@pytest.mark.parametrize("middleware", [False, True])
def test_a_function_that_refers_to_the_application_does_not_keep_it(middleware: bool) -> None:
    def make_app() -> weakref.ref[Flask]:
        app = Flask(__name__)
        app.config["ALLOWED"] = {PREFLIGHT["Origin"]}
        resources = {r"/(?=.)": {}, "/*": {"origins": lambda origin: origin in app.config["ALLOWED"]}}
        CORS(app, resources=resources, middleware=middleware)
        app.add_url_rule("/", view_func=lambda: "hello", endpoint="view")
        for origin in (PREFLIGHT["Origin"], "https://other.example"):
            response = app.test_client().get("/", headers={"Origin": origin})
            assert ("Access-Control-Allow-Origin" in response.headers) is (origin == PREFLIGHT["Origin"])
        return weakref.ref(app)

    dead = [make_app() for _ in range(3)]
    gc.collect()
    assert [reference() for reference in dead] == [None] * 3


@pytest.mark.parametrize("debug", [False, True])
def test_a_decorated_view_does_not_keep_an_application_that_its_configuration_leads_to(debug: bool) -> None:
    view = cross_origin()(lambda: "hello")

    def make_app() -> weakref.ref[Flask]:
        app = Flask(__name__)
        app.debug = debug
        app.config.update(ALLOWED={PREFLIGHT["Origin"]}, CORS_ORIGINS=lambda origin: origin in app.config["ALLOWED"])
        app.add_url_rule("/", view_func=view, endpoint="view")
        response = app.test_client().get("/", headers=PREFLIGHT)
        assert response.headers["Access-Control-Allow-Origin"] == PREFLIGHT["Origin"]
        return weakref.ref(app)

    dead = [make_app() for _ in range(3)]
    gc.collect()
    assert [reference() for reference in dead] == [None] * 3


def test_an_application_does_not_keep_decorated_views_that_it_no_longer_has() -> None:
    app = Flask(__name__)
    app.add_url_rule("/", endpoint="view")

    def replace_view() -> weakref.ref[Any]:
        view = app.view_functions["view"] = cross_origin()(lambda: "hello")
        app.test_client().get("/", headers=PREFLIGHT)
        return weakref.ref(view)

    dead = [replace_view() for _ in range(3)]
    app.view_functions.clear()
    gc.collect()
    assert [reference() for reference in dead] == [None] * 3
    assert not app.extensions[EXTENSION].view_policies


@pytest.mark.parametrize("middleware", [None, False, True])
def test_an_application_and_its_views_can_be_collected(middleware: bool | None) -> None:
    app = decorated_app(intercept_exceptions=True)
    if middleware is not None:
        extended = Flask(__name__)
        extended.add_url_rule("/", view_func=app.view_functions["view"], endpoint="view")
        CORS(extended, middleware=middleware)
        for method in ("GET", "OPTIONS"):
            extended.test_client().open("/", method=method, headers=PREFLIGHT)
        app = extended
        del extended
    dead: list[weakref.ref[Any]] = [weakref.ref(app), weakref.ref(app.view_functions["view"])]
    del app
    gc.collect()
    assert [reference() for reference in dead] == [None, None]


@pytest.mark.parametrize("options", [{}, {"intercept_exceptions": False}, {"middleware": True}])
@pytest.mark.parametrize("extensions", [1, 2])
def test_an_extension_does_not_keep_the_applications_that_it_is_registered_with(options: Any, extensions: int) -> None:
    kept = [CORS(**options) for _ in range(extensions)]

    def make_app() -> weakref.ref[Flask]:
        app = Flask(__name__)
        app.add_url_rule("/", view_func=lambda: "hello", endpoint="view")
        for cors in kept:
            cors.init_app(app)
        for method in ("GET", "OPTIONS"):
            app.test_client().open("/", method=method, headers=PREFLIGHT)
        return weakref.ref(app)

    dead = [make_app() for _ in range(3)]
    gc.collect()
    assert [reference() for reference in dead] == [None] * 3


def test_an_extension_of_a_blueprint_does_not_keep_the_applications_that_it_is_in() -> None:
    blueprint = Blueprint("blueprint", __name__)
    blueprint.add_url_rule("/", view_func=lambda: "hello", endpoint="view")
    cors = CORS(blueprint)

    def make_app() -> weakref.ref[Flask]:
        app = Flask(__name__)
        app.register_blueprint(blueprint)
        app.test_client().get("/", headers=PREFLIGHT)
        return weakref.ref(app)

    dead = [make_app() for _ in range(3)]
    cors.reconfigure(origins="https://a.example")
    gc.collect()
    assert [reference() for reference in dead] == [None] * 3


def containers() -> dict[tuple[str, str], int]:
    """Return the sizes of the containers and caches in the modules of the package."""
    gc.collect()  # Some of them hold their items weakly.
    sizes = {}
    value: Any
    for module, namespace in list(sys.modules.items()):
        if module.partition(".")[0] == "flask_cors_rs":
            for name, value in vars(namespace).items():
                # The types are compared because `isinstance` resolves proxies such as flask.current_app.
                if issubclass(type(value), Sized) and type(value) is not LocalProxy and not name.startswith("__"):
                    sizes[module, name] = len(value)
                elif hasattr(type(value), "cache_info"):
                    sizes[module, name] = value.cache_info().currsize
    return sizes


def test_no_container_of_a_module_grows_with_the_applications() -> None:
    decorated_app()
    counting_app([]).test_client().options("/x", headers=PREFLIGHT)
    before = containers()
    for _ in range(5):
        decorated_app()
        counting_app([]).test_client().options("/x", headers=PREFLIGHT)
    assert containers() == before
