"""The intended differences from Flask-CORS in docs/differences.md: its response and ours, side by side."""

from __future__ import annotations

import gc
import logging
import re
from enum import Enum
from typing import Any

import flask_cors
import pytest
from flask import Flask, Request
from flask.views import MethodView
from werkzeug.datastructures import Headers
from werkzeug.local import LocalProxy

import flask_cors_rs
from flask_cors_rs import _engine
from support import ROOT
from support.differential import ask_flask_cors

pytestmark = pytest.mark.usefixtures("engine")
ORIGIN = "https://a.example"


def preflight(library: Any, method: str = "PUT", headers: str = "", **options: Any) -> dict[str, str]:
    """Return the headers of the response to a preflight."""
    app = Flask(__name__)
    app.add_url_rule("/", endpoint="view", view_func=lambda: "hello")
    library.CORS(app, **options)
    ask = {"Origin": ORIGIN, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
    return dict(app.test_client().options("/", headers=ask).headers)


def both(method: str = "PUT", **options: Any) -> tuple[dict[str, str], dict[str, str]]:
    """Return the headers with Flask-CORS, and with this package."""
    return preflight(flask_cors, method, **options), preflight(flask_cors_rs, method, **options)


@pytest.mark.parametrize("method", ["ET", ", ", "T, P", "GET, PUT", "P"])
def test_1_methods_are_compared_whole(method: str) -> None:
    theirs, ours = both(method, methods=["GET", "PUT"])
    assert theirs["Access-Control-Allow-Methods"] == "GET, PUT"
    assert "Access-Control-Allow-Methods" not in ours
    assert ours["Access-Control-Allow-Origin"] == ORIGIN


@pytest.mark.parametrize("method", ["GET", "put", "X-Y"])
def test_1_whole_methods_are_allowed_by_both(method: str) -> None:
    theirs, ours = both(method, methods="get, PUT,x-y")
    assert theirs["Access-Control-Allow-Methods"] == ours["Access-Control-Allow-Methods"] == "GET, PUT,X-Y"


class Method(str, Enum):
    """Methods whose text as an object is their name."""

    PUT = "PUT"
    GET = "GET"


@pytest.mark.parametrize("methods", [[Method.PUT, Method.GET], Method.PUT])
def test_1_members_of_an_enumeration_are_methods(methods: Any) -> None:
    theirs, ours = both(methods=methods)
    assert "METHOD.PUT" in theirs["Access-Control-Allow-Methods"]
    assert ours["Access-Control-Allow-Methods"] == ("PUT" if methods is Method.PUT else "GET, PUT")


def test_2_the_number_0_is_sent_as_max_age() -> None:
    theirs, ours = both(max_age=0)
    assert "Access-Control-Max-Age" not in theirs
    assert ours["Access-Control-Max-Age"] == "0"
    theirs, ours = both(max_age=False)
    assert "Access-Control-Max-Age" not in {**theirs, **ours}


def test_3_a_wrong_regular_expression_is_an_error_where_the_decorator_is_applied() -> None:
    flask_cors.cross_origin(origins="https://[")(lambda: "hello")
    with pytest.raises(ValueError, match=r"origins: 'https://\['"):
        flask_cors_rs.cross_origin(origins="https://[")


@pytest.mark.parametrize("options", [{"expose_headers": "X\n"}, {"origins": "a\n", "always_send": True}])
def test_3_what_cannot_be_sent_is_an_error_at_set_up(options: dict[str, Any]) -> None:
    app = Flask(__name__)
    flask_cors.CORS(app, **options)
    app.logger.disabled = True
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_ORIGIN": "" if "origins" in options else ORIGIN}
    assert ask_flask_cors(app, environ).status.startswith("500")
    with pytest.raises(ValueError, match="cannot be sent in a header"):
        flask_cors_rs.CORS(Flask(__name__), **options)


def test_3_an_application_that_works_with_flask_cors_may_not_start() -> None:
    origins = ["https://a.example", "https://b.example\n"]
    app = Flask(__name__)
    app.add_url_rule("/", endpoint="view", view_func=lambda: "hello")
    flask_cors.CORS(app, origins=origins)
    for headers in ({}, {"Origin": ORIGIN}):
        response = app.test_client().get("/", headers=headers)
        assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (200, ORIGIN)
    assert (
        "Access-Control-Allow-Origin" not in app.test_client().get("/", headers={"Origin": "https://b.example"}).headers
    )
    with pytest.raises(ValueError, match="cannot be sent in a header"):
        flask_cors_rs.CORS(Flask(__name__), origins=origins)


def test_4_no_header_can_make_a_regular_expression_explode() -> None:
    """No time is measured, because with `re` the longer text would take forever."""
    if _engine.BACKEND != "rust":
        pytest.skip("the Python engine matches such patterns with `re`")
    app = Flask(__name__)
    flask_cors_rs.CORS(app, origins=r"(a+)+$", allow_headers=r"([a-z]+)*x$")
    for length in (10, 5_000):
        ask = {
            "Origin": "a" * length,
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "a" * length + "!",
        }
        headers = app.test_client().options("/", headers=ask).headers
        assert headers["Access-Control-Allow-Origin"] == "a" * length
        assert "Access-Control-Allow-Headers" not in headers
        refused = app.test_client().get("/", headers={"Origin": "a" * length + "!"}).headers
        assert "Access-Control-Allow-Origin" not in refused


def test_5_the_log_is_ours_and_escapes_what_comes_from_a_request(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "flask_cors_rs"):
        preflight(flask_cors_rs, "GE\x1bT", "x-a\x07", origins="https://\x85b")
        preflight(flask_cors_rs, "GET", "x-a\x07\u00e9")
    assert {record.name for record in caplog.records} == {"flask_cors_rs.core"}
    assert r"x-a\x07\xe9" in caplog.text
    assert not any(re.search("[\x00-\x1f\x7f-\x9f]", record.getMessage()) for record in caplog.records)


@pytest.mark.parametrize(("library", "answered"), [(flask_cors, False), (flask_cors_rs, True)])
def test_6_decorators_of_a_class_answer_preflights(library: Any, answered: bool) -> None:
    class Page(MethodView):
        decorators = [library.cross_origin()]

        def put(self) -> str:
            return "hello"

    app = Flask(__name__)
    app.add_url_rule("/", view_func=Page.as_view("page"))
    ask = {"Origin": ORIGIN, "Access-Control-Request-Method": "PUT"}
    response = app.test_client().options("/", headers=ask)
    assert response.status_code == 200
    assert ("Access-Control-Allow-Methods" in response.headers) is answered


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
@pytest.mark.parametrize("library", [flask_cors, flask_cors_rs])
def test_7_async_views_work(library: Any) -> None:
    app = Flask(__name__)
    app.logger.disabled = True

    @app.route("/")
    @library.cross_origin()  # type: ignore[untyped-decorator]
    async def view() -> str:
        return "hello"

    if library is flask_cors:
        assert app.test_client().get("/").status_code == 500
        gc.collect()  # Collect the coroutine of the view here, where its warning is ignored.
    else:
        assert app.test_client().get("/", headers={"Origin": ORIGIN}).data == b"hello"


class Forwarded(Request):
    """A request whose headers say where it came from before a proxy changed that."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.headers: Any = Headers({"Origin": self.environ["HTTP_X_ORIGINAL_ORIGIN"]})


def test_8_the_environ_is_read_and_not_the_request() -> None:
    found = []
    for library in (flask_cors, flask_cors_rs):
        app: Any = Flask(__name__)
        app.request_class = Forwarded
        app.add_url_rule("/", endpoint="view", view_func=lambda: "hello")
        library.CORS(app, origins=ORIGIN)
        headers = {"Origin": "https://proxy.example", "X-Original-Origin": ORIGIN}
        found.append(app.test_client().get("/", headers=headers).headers.get("Access-Control-Allow-Origin"))
    assert found == [ORIGIN, None]


def test_9_the_extension_reads_its_options_once() -> None:
    tenants = ["https://b.example"]
    found = []
    for library in (flask_cors, flask_cors_rs):
        app: Any = Flask(__name__)
        app.add_url_rule("/", endpoint="view", view_func=lambda: "hello")
        library.CORS(app, origins=[LocalProxy(lambda: tenants[-1])])
        tenants.append(ORIGIN)
        headers = app.test_client().get("/", headers={"Origin": ORIGIN}).headers
        found.append(headers.get("Access-Control-Allow-Origin"))
        tenants.pop()
    assert found == [ORIGIN, None]


def test_10_a_new_item_in_a_long_list_is_allowed_after_a_few_requests() -> None:
    found = []
    for library in (flask_cors, flask_cors_rs):
        origins = [f"https://{number}.example" for number in range(256)]
        app: Any = Flask(__name__)
        app.add_url_rule("/", endpoint="view", view_func=library.cross_origin(origins=origins)(lambda: "hello"))
        client = app.test_client()
        client.get("/", headers={"Origin": ORIGIN})
        origins[7] = ORIGIN
        asked = [client.get("/", headers={"Origin": ORIGIN}).headers for _ in range(4)]
        found.append([headers.get("Access-Control-Allow-Origin") for headers in asked])
    assert found[0] == [ORIGIN] * 4
    assert (found[1][0], found[1][-1]) == (None, ORIGIN)


@pytest.mark.parametrize("listed", [False, True])
def test_11_a_function_in_origins_is_called(listed: bool) -> None:
    def function(origin: str) -> bool:
        return origin == ORIGIN

    theirs, ours = both(origins=[function] if listed else function, supports_credentials=True)
    assert "Access-Control-Allow-Origin" not in theirs
    assert ours["Access-Control-Allow-Origin"] == ORIGIN
    assert ours["Access-Control-Allow-Credentials"] == "true"
    theirs, ours = both(origins=lambda origin: origin == "https://b.example")
    assert "Access-Control-Allow-Origin" not in {**theirs, **ours}


def test_11_a_function_that_does_not_take_one_argument_is_an_error_at_set_up() -> None:
    assert "Access-Control-Allow-Origin" not in preflight(flask_cors, origins=lambda: True)
    with pytest.raises(TypeError, match="must take one argument"):
        flask_cors_rs.CORS(Flask(__name__), origins=lambda: True)  # type: ignore[arg-type]


def test_each_difference_has_a_test() -> None:
    page = (ROOT / "docs" / "differences.md").read_text(encoding="utf-8")
    documented = {int(number) for number in re.findall(r"^## (\d+)\.", page, re.MULTILINE)}
    assert documented == {int(name.split("_")[1]) for name in globals() if re.match(r"test_\d+_", name)}
