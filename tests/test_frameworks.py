"""The middleware around Django, Falcon and Bottle, by the examples in the documentation."""

from __future__ import annotations

import importlib
import logging
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.test import Client

from support.documentation import example

if TYPE_CHECKING:
    from collections.abc import Callable

ORIGIN = "https://app.example"
called: list[str] = []


def run_example(framework: str) -> dict[str, Any]:
    """Run the example for a framework, and return its names."""
    names: dict[str, Any] = {}
    exec(example(f"# {framework}"), names)
    return names


def django() -> Any:
    conf: Any = importlib.import_module("django.conf")
    http: Any = importlib.import_module("django.http")
    urls: Any = importlib.import_module("django.urls")

    def view(request: Any) -> Any:
        called.append(request.method)
        return http.HttpResponse("hello")

    routes: Any = ModuleType("django_routes")
    routes.urlpatterns = [
        urls.path("api/view", view),
        urls.path("api/raise", lambda request: 1 // 0),
        urls.path("other", view),
    ]
    sys.modules["django_routes"] = routes
    if not conf.settings.configured:
        conf.settings.configure(ROOT_URLCONF="django_routes", ALLOWED_HOSTS=["*"], SECRET_KEY="x", LOGGING_CONFIG=None)
    logging.getLogger("django").disabled = True
    return run_example("Django")["application"]


def falcon() -> Any:
    class View:
        def on_get(self, request: Any, response: Any) -> None:
            called.append(request.method)
            response.text = "hello"

    class Raise:
        def on_get(self, request: Any, response: Any) -> None:
            raise ZeroDivisionError

    names = run_example("Falcon")
    names["app"].add_route("/api/view", View())
    names["app"].add_route("/api/raise", Raise())
    return names["application"]


def bottle() -> Any:
    names = run_example("Bottle")

    def view() -> str:
        called.append("GET")
        return "hello"

    names["app"].get("/api/view")(view)
    # A real exception would reach the client: werkzeug's raises the exc_info that Bottle passes to start_response.
    names["app"].get("/api/raise")(lambda: names["bottle"].HTTPError(500))
    return names["application"]


@pytest.fixture(params=[django, falcon, bottle], ids=lambda make: str(make.__name__))
def client(request: pytest.FixtureRequest, engine: str) -> Client:
    make: Callable[[], Any] = request.param
    called.clear()
    return Client(make())


def cors(response: Any) -> dict[str, str]:
    return {name: value for name, value in response.headers if name.startswith("Access-Control")}


def test_a_simple_request(client: Client) -> None:
    response = client.get("/api/view", headers={"Origin": ORIGIN})
    assert (response.status_code, response.text, called) == (200, "hello", ["GET"])
    assert cors(response) == {"Access-Control-Allow-Origin": ORIGIN}
    assert cors(client.get("/api/view", headers={"Origin": "https://evil.example"})) == {}


def test_preflights_do_not_reach_the_framework(client: Client) -> None:
    asked = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-b,x-a"}
    response = client.options("/api/view", headers={"Origin": ORIGIN, **asked})
    assert (response.status_code, response.data) == (204, b"")
    assert cors(response) == {
        "Access-Control-Allow-Origin": ORIGIN,
        "Access-Control-Allow-Headers": "x-a, x-b",
        "Access-Control-Allow-Methods": "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT",
    }
    response = client.options("/api/view", headers={"Origin": "https://evil.example", **asked})
    assert (response.status_code, cors(response), called) == (403, {}, [])


@pytest.mark.parametrize(("path", "status"), [("/api/missing", 404), ("/api/raise", 500)])
def test_errors_of_the_framework(client: Client, path: str, status: int) -> None:
    response = client.get(path, headers={"Origin": ORIGIN})
    assert (response.status_code, cors(response)) == (status, {"Access-Control-Allow-Origin": ORIGIN})


@pytest.mark.usefixtures("engine")
def test_a_path_without_a_rule() -> None:
    assert cors(Client(django()).get("/other", headers={"Origin": ORIGIN})) == {}
