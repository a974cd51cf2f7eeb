"""Processes that fork while a thread holds a lock."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask

from flask_cors_rs import CORS, Cached
from support.engines import ENGINES
from support.processes import run_python

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

pytestmark = [
    pytest.mark.usefixtures("engine"),
    pytest.mark.filterwarnings("ignore:.*fork"),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork"),
]

A, B = "https://a.example", "https://b.example"


class Gate:
    """Stops the first other thread that calls it."""

    def __init__(self) -> None:
        self.entered, self.opened = threading.Event(), threading.Event()
        self._owner = threading.get_ident()

    def stop(self) -> None:
        if threading.get_ident() != self._owner:
            self.entered.set()
            self.opened.wait()


@pytest.fixture
def gate() -> Gate:
    return Gate()


def check_in_child(gate: Gate, in_thread: Callable[[], object], in_child: Callable[[], bool]) -> None:
    """Fork while a thread waits at the gate, and check something in the child."""
    thread = threading.Thread(target=in_thread)
    thread.start()
    assert gate.entered.wait(20)
    child = os.fork()
    if child == 0:
        status = 2
        try:
            status = 0 if in_child() else 1
        finally:
            os._exit(status)
    gate.opened.set()
    thread.join()
    limit = threading.Timer(20, os.kill, (child, signal.SIGKILL))
    limit.start()
    status = os.waitpid(child, 0)[1]
    limit.cancel()
    assert status == 0


def allows(app: Flask, origin: str) -> bool:
    response = app.test_client().get("/", headers={"Origin": origin})
    return response.headers.get("Access-Control-Allow-Origin") == origin


@pytest.mark.parametrize("middleware", [False, True])
def test_a_thread_that_prepares_for_the_first_request(middleware: bool, gate: Gate) -> None:
    class SlowFlask(Flask):
        def __getattribute__(self, name: str) -> Any:
            if name == "debug":
                gate.stop()
            return super().__getattribute__(name)

    app = SlowFlask(__name__)
    app.add_url_rule("/", view_func=lambda: "hello", endpoint="index")
    CORS(app, origins=A, middleware=middleware)
    check_in_child(gate, lambda: allows(app, A), lambda: allows(app, A))


def test_a_thread_that_looks_into_a_cache(gate: Gate) -> None:
    class SlowOrigin(str):
        __slots__ = ()

        def __hash__(self) -> int:
            gate.stop()
            return str.__hash__(self)

    cached = Cached(lambda origin: origin == A, max_age=60)
    check_in_child(gate, lambda: cached(SlowOrigin(A)), lambda: cached(A))


def stop_in(function: str, gate: Gate) -> None:
    """Stop this thread when it calls a function of that name in this package."""

    def profile(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        # mutmut renames functions.
        name = re.sub("^x(?:_|\u01c1.*\u01c1)|__mutmut.*", "", code.co_name)
        if event == "call" and name == function and "flask_cors_rs" in code.co_filename:
            gate.stop()

    sys.setprofile(profile)


def test_a_thread_that_asks_how_a_regular_expression_matches(gate: Gate) -> None:
    # Both engines leave this one to `re`. Rust asks for its method `match` at the first search, Python at set-up.
    origins = re.compile(r"https://a(?!b)\.example$")
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: "hello", endpoint="index")
    CORS(app, origins=origins)

    def ask() -> None:
        stop_in("match", gate)
        allows(app, A)
        CORS(Flask(__name__), origins=origins)

    check_in_child(gate, ask, lambda: allows(app, A) and not allows(app, B))


OPTIONS = "origins='https://a.example', report_only={'origins': '*'}"


@pytest.mark.parametrize(
    "app",
    [
        f"flask_cors_rs.CORSMiddleware(hello, {OPTIONS})",
        f"register(flask_cors_rs.CORS, {OPTIONS})",
        f"register(flask_cors_rs.CORS, {OPTIONS}, middleware=True)",
        f"register(None, decorate=flask_cors_rs.cross_origin({OPTIONS}))",
    ],
)
def test_what_records_differences_is_not_imported_while_requests_run(app: str, engine: str) -> None:
    # A thread that imports a module holds a lock, which stays locked in a child.
    code = f"""
import sys
from wsgiref.util import setup_testing_defaults
import flask_cors_rs

def hello(environ, start_response):
    start_response("200 OK", [])
    return []

def register(extension, decorate=lambda view: view, **options):
    import flask
    app = flask.Flask("app")
    app.add_url_rule("/", view_func=decorate(lambda: "hello"), endpoint="index")
    if extension:
        extension(app, **options)
    return app

app = {app}
before = set(sys.modules)
for method in ("GET", "OPTIONS"):
    for origin in ("{A}", "{B}"):
        environ = {{"REQUEST_METHOD": method, "HTTP_ORIGIN": origin, "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "GET"}}
        setup_testing_defaults(environ)
        app(environ, lambda *_: None)
print(sorted(name for name in set(sys.modules) - before if name.startswith(("flask_cors_rs", "werkzeug.wrappers"))))
"""
    run = run_python("-c", code, FLASK_CORS_RS_BACKEND=engine)
    assert (run.returncode, run.stdout) == (0, "[]\n"), run.stderr


FORK_AT_IMPORTS = r"""
import os, signal, sys, threading
from flask import Flask
from werkzeug.test import Client
from flask_cors_rs import CORS, CORSMiddleware, Subdomains, cors_refused, cross_origin
import flask_cors_rs

importing = threading.Event()
modules = []

class Finder:
    # It finds nothing, but gives the process time to fork.
    def find_spec(name, path=None, target=None):
        if threading.current_thread() is thread and name.startswith("flask_cors_rs"):
            modules.append(name)
            importing.set()
            threading.Event().wait(0.03)

def ask():
    return Client(app).get("/", headers={"Origin": "https://a.example"}).headers.get("Access-Control-Allow-Origin")

action, expected = ask, "https://a.example"
app = Flask("app")
app.add_url_rule("/", "index", view_func=lambda: "hello")
decorated = cross_origin()(lambda: "hello")
Client(Flask("other")).get("/")
exec(sys.argv[1])
thread = threading.Thread(target=action)
sys.meta_path.insert(0, Finder)
thread.start()
statuses = []
while thread.is_alive():
    if importing.wait(0.01):
        importing.clear()
        child = os.fork()
        if child == 0:
            signal.alarm(10)
            os._exit(0 if action() == expected else 1)
        statuses.append(os.waitpid(child, 0)[1])
print(bool(modules), {*statuses}, *modules)
"""
SIGNAL = "cors_refused.connect(lambda sender, **_: None, weak=False)"
DECORATED = "app.view_functions['index'] = decorated"


@pytest.mark.parametrize(
    "set_up",
    [
        f"{SIGNAL}; CORS(app, origins='https://a.example')",
        f"{SIGNAL}; CORS(app, origins='https://a.example', middleware=True)",
        f"{SIGNAL}; app.wsgi_app = CORSMiddleware(app.wsgi_app, origins='https://a.example')",
        f"{DECORATED}; {SIGNAL}",
        f"{DECORATED}; app.config['CORS_ORIGINS'] = lambda origin: True",
        f"{DECORATED}; import logging; logging.getLogger('flask_cors_rs').setLevel('DEBUG')",
        "CORS(app, origins='https://a.example'); app.debug = True",
        "CORS(app, origins='https://b.example'); expected = None; app.debug = True",
        "cors = CORS(app); action = lambda: cors.reconfigure(origins='https://a.example', audit='raise') or expected",
        "cors = CORS(app); action = lambda: cors.reconfigure(report_only={'origins': '*'}) or expected",
        "action = lambda: Subdomains('https://a.example').origin",
    ],
)
def test_a_thread_that_imports_what_it_needs(set_up: str, engine: str) -> None:
    run = run_python("-W", "ignore", "-c", FORK_AT_IMPORTS, set_up, FLASK_CORS_RS_BACKEND=engine, FLASK_DEBUG=None)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("True {0} "), run.stdout


@pytest.mark.parametrize(
    "origins", [r"r'https://\w+\.example$'", "Subdomains('https://example.com'), 'https://a.example'"]
)
def test_a_thread_that_translates_a_regular_expression(origins: str) -> None:
    if "rust" not in ENGINES:
        pytest.skip("only the engine in Rust needs the translation")
    test_a_thread_that_imports_what_it_needs(f"{DECORATED}; app.config['CORS_ORIGINS'] = {origins}", "rust")


@pytest.mark.parametrize("middleware", [False, True])
@pytest.mark.parametrize("function", ["compile_resources", "replace_rules"])
def test_a_thread_that_changes_the_policies(function: str, middleware: bool, gate: Gate) -> None:
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: "hello", endpoint="index")
    cors = CORS(app, origins=A, middleware=middleware)
    assert allows(app, A)

    def reconfigure() -> None:
        stop_in(function, gate)
        cors.reconfigure(origins=[A, B])

    def reconfigures() -> bool:
        cors.reconfigure(origins=B)
        return allows(app, B) and not allows(app, A)

    check_in_child(gate, reconfigure, reconfigures)
    assert allows(app, A)


@pytest.mark.parametrize("function", ["literals", "regexes"])
def test_a_thread_that_audits_new_policies(function: str, gate: Gate) -> None:
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: "hello", endpoint="index")
    cors = CORS(app, origins=A)

    def reconfigure() -> None:
        stop_in(function, gate)
        cors.reconfigure(origins=[A, r"https://[a-z]+\.b\.example$"], audit="raise")

    def reconfigures() -> bool:
        cors.reconfigure(origins=B, audit="raise")
        return allows(app, B) and not allows(app, A)

    check_in_child(gate, reconfigure, reconfigures)


def test_a_thread_that_has_replaced_the_rules_and_not_yet_what_was_made_of_them(gate: Gate) -> None:
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: "hello", endpoint="index")
    cors = CORS(app, origins=A, middleware=True)
    assert allows(app, A)
    middleware: Any = app.wsgi_app.__self__  # type: ignore[attr-defined]

    class Slow(type(middleware)):  # type: ignore[misc]
        def __setattr__(self, name: str, value: object) -> None:
            if name == "_plan":
                gate.stop()
            super().__setattr__(name, value)

    middleware.__class__ = Slow
    check_in_child(gate, lambda: cors.reconfigure(origins=B), lambda: allows(app, B) and not allows(app, A))
