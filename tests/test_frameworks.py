"""Django, Falcon and Bottle on the middleware, as the README shows them."""

from __future__ import annotations

import importlib
import logging
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.test import Client

if TYPE_CHECKING:
    from collections.abc import Callable

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
ORIGIN = "https://app.example"
called: list[str] = []


def readme(framework: str, **names: Any) -> dict[str, Any]:
    """What is defined by the README's example for a framework."""
    (code,) = re.findall(rf"```python\n(# {framework}.*?)```", README, re.DOTALL)
    exec(code, names)
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
    return readme("Django")["application"]


def falcon() -> Any:
    class View:
        def on_get(self, request: Any, response: Any) -> None:
            called.append(request.method)
            response.text = "hello"

    class Raise:
        def on_get(self, request: Any, response: Any) -> None:
            raise ZeroDivisionError

    names = readme("Falcon")
    names["app"].add_route("/api/view", View())
    names["app"].add_route("/api/raise", Raise())
    return names["application"]


def bottle() -> Any:
    names = readme("Bottle")

    def view() -> str:
        called.append("GET")
        return "hello"

    names["app"].get("/api/view")(view)
    # Werkzeug's client raises again what Bottle passes on as exc_info.
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
