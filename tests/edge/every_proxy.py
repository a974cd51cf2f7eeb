"""Each proxy decides as the application does, for random policies and requests. ``make edge`` runs it."""

from __future__ import annotations

import os
import random
import socket
from collections import Counter
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask

from edge.proxies import PROXIES, Site, behind, program
from flask_cors_rs import CORS, cross_origin
from flask_cors_rs._diagnostics.browser import Response, fetch
from flask_cors_rs._edge.policies import edge_of
from support.edge import CORS_NAMES, Question, ask_app, generated_apps, question, seen
from support.servers import serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from flask_cors_rs._edge.policies import Scope

APPLICATIONS = int(os.environ.get("FLASK_CORS_RS_EDGE", "60"))
REQUESTS = 50
"""The number of requests to each application with each scope."""


class Backend:
    """All applications on one port, which the Host of a request tells apart."""

    def __init__(self, sites: Sequence[Site]) -> None:
        self._apps = {site.host: site.app for site in sites}

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            return start_response(status, [*headers, ("X-Backend", "yes")], exc_info)

        return self._apps[environ["HTTP_HOST"]](environ, start)


class ProxyConnection:
    """A connection to a proxy for one site."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=20)

    def close(self) -> None:
        self._connection.close()

    def ask(self, host: str, method: str, url: str, headers: Sequence[tuple[str, str]]) -> Response:
        self._connection.putrequest(method, url.removeprefix("http://site"), skip_host=True, skip_accept_encoding=True)
        for name, value in (("Host", host), *headers):
            self._connection.putheader(name, value)
        if method in {"PUT", "POST", "PATCH"}:
            self._connection.putheader("Content-Length", "0")
        self._connection.endheaders()
        response = self._connection.getresponse()
        response.read()
        return Response(response.status, response.getheaders())


@contextmanager
def sites_behind(name: str, apps: Sequence[Flask], folder: Path) -> Iterator[tuple[int, list[Site]]]:
    scopes: tuple[Scope, ...] = ("preflights", "all")
    sites = [Site(f"app{number}-{scope}", app, scope) for number, app in enumerate(apps) for scope in scopes]
    backend: Any = Backend(sites)
    with ExitStack() as stack:
        address = stack.enter_context(serving(backend))
        port = stack.enter_context(behind(name, sites, int(address.rpartition(":")[2]), folder))
        yield port, sites


@pytest.fixture(params=PROXIES)
def name(request: pytest.FixtureRequest) -> str:
    """The name of a proxy that is installed."""
    if program(request.param) is None:
        pytest.skip(f"{request.param} is not installed: `make edge` installs it where apt-get is available")
    return str(request.param)


def test_a_proxy_decides_as_the_application_does(name: str, tmp_path: Path) -> None:
    choose = random.Random(1)
    answers: Counter[str] = Counter()
    with (
        sites_behind(name, generated_apps(APPLICATIONS), tmp_path) as (port, sites),
        closing(ProxyConnection(port)) as connection,
    ):
        for site in sites:
            for _ in range(REQUESTS):
                compare(connection, site, question(choose), answers)
    print(name, dict(answers))
    assert answers["requests"] == APPLICATIONS * 2 * REQUESTS
    assert answers["answered by the proxy"] > answers["preflights allowed"] / 2


def compare(connection: ProxyConnection, site: Site, asked: Question, answers: Counter[str]) -> None:
    private = [("Access-Control-Request-Private-Network", "true")] if asked.network else []

    def app_sends(method: str, url: str, headers: Sequence[tuple[str, str]]) -> Response:
        return ask_app(site.app, method, url.partition("?")[0], [*headers, *(private if method == "OPTIONS" else [])])

    def proxy_sends(method: str, url: str, headers: Sequence[tuple[str, str]]) -> Response:
        sent = connection.ask(site.host, method, url, [*headers, *(private if method == "OPTIONS" else [])])
        return sent._replace(
            headers=[(header, value.replace(f"//{site.host}/", "//site/")) for header, value in sent.headers]
        )

    directly, through = fetch(asked.request, app_sends), fetch(asked.request, proxy_sends)
    answers["requests"] += 1
    if seen(through) != seen(directly):
        pytest.fail("\n".join(map(str, (site, asked, directly, through, *edge_of(site.app, site.scope)))))
    for step, direct in zip(through.steps, directly.steps):
        names = Counter(header.lower() for header, _ in step.response.headers)
        assert not [each for each in CORS_NAMES if names[each] > 1], (site, asked, step)
        if step.name == "preflight" and through.error is None:
            answers["preflights allowed"] += 1
            answers["answered by the proxy"] += "x-backend" not in names
            network = "Access-Control-Allow-Private-Network"
            assert step.response.get(network) == direct.response.get(network), (site, asked)


def test_errors_of_the_proxy_get_the_headers_of_the_policy(name: str, tmp_path: Path) -> None:
    app = Flask(__name__)
    resources = {
        "/api/.*": {"origins": "https://a.example", "supports_credentials": True, "expose_headers": ["X-E"]},
        "/open": {"origins": "*", "send_wildcard": True},
    }
    CORS(app, resources=resources)
    app.add_url_rule("/api/items", "items", lambda: "items", methods=["GET", "POST"])
    app.add_url_rule("/open", "open", lambda: "open")
    app.add_url_rule("/decorated", "decorated", cross_origin(origins="https://a.example")(lambda: "decorated"))
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with (
            behind(name, [Site("app-all", app, "all")], nobody.getsockname()[1], tmp_path) as port,
            closing(ProxyConnection(port)) as connection,
        ):

            def headers(path: str, origin: str) -> list[str | None]:
                sent = connection.ask("app-all", "GET", path, [("Origin", origin)])
                assert sent.status in {502, 503}
                return [sent.get(header) for header in (*CORS_NAMES, "vary")]

            allowed = ["https://a.example", "true", "X-E"]
            assert headers("/api/items", "https://a.example")[:3] == allowed
            assert headers("/open", "https://b.example")[:3] == ["*", None, None]
            for path in ("/api/items", "/decorated", "/missing", "/api/../open", "/api%2Fitems"):
                assert headers(path, "https://evil.example") == [None] * 4
            preflight = [("Origin", "https://a.example"), ("Access-Control-Request-Method", "POST")]
            assert connection.ask("app-all", "OPTIONS", "/api/items", preflight).status == 204
            sent = connection.ask("app-all", "OPTIONS", "/missing", preflight)
            assert sent.get("Access-Control-Allow-Origin") is None


def test_headers_that_a_view_sets_are_left_alone(name: str, tmp_path: Path) -> None:
    """And a response that has none gets them, as if the application had no CORS at all."""
    described = Flask(__name__)
    CORS(described, origins="https://a.example", supports_credentials=True)
    bare = Flask(__name__)
    for app in (described, bare):
        app.add_url_rule("/plain", "plain", lambda: "plain")
        app.add_url_rule("/own", "own", lambda: ("own", {"Access-Control-Allow-Origin": "https://own.example"}))
    site = Site("app-all", described, "all")
    with (
        serving(Backend([site._replace(app=bare)])) as address,  # type: ignore[arg-type]
        behind(name, [site], int(address.rpartition(":")[2]), tmp_path) as port,
        closing(ProxyConnection(port)) as connection,
    ):
        own = connection.ask("app-all", "GET", "/own", [("Origin", "https://a.example")])
        assert [own.get(header) for header in CORS_NAMES] == ["https://own.example", None, None]
        plain = connection.ask("app-all", "GET", "/plain", [("Origin", "https://a.example")])
        # Caddy cannot look at the headers of a response, and leaves those of the application alone.
        added = [None, None, None] if name == "caddy" else ["https://a.example", "true", None]
        assert [plain.get(header) for header in CORS_NAMES] == added
        evil = connection.ask("app-all", "GET", "/plain", [("Origin", "https://evil.example")])
        assert [evil.get(header) for header in CORS_NAMES] == [None, None, None]
