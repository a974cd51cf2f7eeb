"""Neither set-up in production nor serving requests loads the diagnostics or the command line."""

from __future__ import annotations

import pytest

from support.engines import ENGINES
from support.processes import run_python

SERVE = """
import sys
from flask import Flask
from flask_cors_rs import CORS, CORSMiddleware, cross_origin

PREFLIGHT = {"Origin": "https://a.example", "Access-Control-Request-Method": "PUT"}

def view():
    return "hello"

def app_with(view):
    app = Flask("app")
    app.add_url_rule("/", view_func=view, methods=["GET", "PUT"])
    return app

apps = [app_with(view) for _ in range(3)]
CORS(apps[0])
CORS(apps[1], middleware=True)
apps[2].wsgi_app = CORSMiddleware(apps[2].wsgi_app)
apps.append(app_with(cross_origin(intercept_exceptions=True)(view)))
apps.append(app_with(cross_origin()(view)))
CORS(apps[4], middleware=True)
for app in apps:
    client = app.test_client()
    for response in (client.get("/", headers=PREFLIGHT), client.options("/", headers=PREFLIGHT)):
        assert response.status_code in {200, 204}, response.status
        assert response.headers["Access-Control-Allow-Origin"] == "https://a.example"
diagnostics = ("flask_cors_rs._diagnostics", "flask_cors_rs.cli")
print(sorted(name for name in sys.modules if name.startswith(diagnostics)))
"""

FIRST_REQUESTS = """
import sys
from flask import Flask
from werkzeug.test import Client
from flask_cors_rs import CORS, CORSMiddleware, cors_refused, cross_origin

PREFLIGHT = {"Origin": "https://a.example", "Access-Control-Request-Method": "PUT"}

def view():
    return "hello"

app = Flask("app")
kind = sys.argv[1]
own = cross_origin(origins="https://b.example")(view) if "decorator" in kind else view
app.add_url_rule("/", view_func=own, methods=["GET", "PUT"])
if "hook" in kind:
    CORS(app, origins="https://b.example")
if "middleware" in kind:
    CORS(app, origins="https://b.example", middleware=True)
if "wsgi" in kind:
    app.wsgi_app = CORSMiddleware(app.wsgi_app, origins="https://b.example")
refused = []
if "signal" in kind:
    cors_refused.connect(lambda sender, **_: refused.append(sender), weak=False)
Client(Flask("other")).get("/")
before = {*sys.modules}
for method in ("OPTIONS", "GET"):
    response = Client(app).open("/", method=method, headers=PREFLIGHT)
    assert "Access-Control-Allow-Origin" not in response.headers
assert bool(refused) is ("signal" in kind)
print(*sorted(name for name in {*sys.modules} - before if name.startswith("flask_cors_rs")))
"""

SET_UP = r"""
import re
import sys
from flask import Blueprint, Flask
from flask_cors_rs import CORS, CORSMiddleware, Origin, Regex

CORS(Flask("app"))
CORS(Blueprint("blueprint", "blueprint"), origins="https://a.example")
CORS(Flask("app"), origins=["https://a.example", "http://localhost:3000"], supports_credentials=True)
CORS(Flask("app"), origins=["https://a.example", r"https://.*\.b\.example$"], supports_credentials=True)
CORS(Flask("app"), origins=r"^.*\.a\.example$", supports_credentials=True)
CORS(Flask("app"), origins=re.compile(r"https://(a|b)\.example\Z"), allow_private_network=True)
CORS(Flask("app"), origins=[r"https://a\.example$|https://b\.example$", r"http://localhost:\d+", r"|https://a\.example"])
CORS(Flask("app"), origins=[Origin("https://a.example"), Regex("https://[ab]")], supports_credentials=True)
resources = {r"/api/.*": {"origins": [r"https://[a-z]+\.a\.example$"], "supports_credentials": True}, "/b": {}}
CORS(Flask("app"), resources=resources)
CORS(Flask("app"), resources=resources, middleware=True).reconfigure(resources=resources)
CORSMiddleware(Flask("app").wsgi_app, resources=resources)
diagnostics = ("flask_cors_rs._diagnostics", "flask_cors_rs.cli")
print(sorted(name for name in sys.modules if name.startswith(diagnostics)))
CORS(Flask("app"), supports_credentials=True)
print("flask_cors_rs._diagnostics.audit" in sys.modules)
"""


@pytest.mark.parametrize("name", sorted(ENGINES))
def test_policies_without_findings_are_set_up_without_the_diagnostics(name: str) -> None:
    result = run_python("-c", SET_UP, FLASK_CORS_RS_BACKEND=name, FLASK_DEBUG=None)
    assert result.returncode == 0, result.stderr
    assert result.stdout == "[]\nTrue\n"
    assert result.stderr.count("CORS001") == 1, result.stderr


@pytest.mark.parametrize("name", sorted(ENGINES))
def test_requests_are_served_without_the_diagnostics(name: str) -> None:
    result = run_python("-c", SERVE, FLASK_CORS_RS_BACKEND=name)
    assert result.returncode == 0, result.stderr
    assert result.stdout == "[]\n"


@pytest.mark.parametrize("kind", ["hook", "middleware", "decorator", "decorator hook", "decorator middleware", "wsgi"])
@pytest.mark.parametrize("name", sorted(ENGINES))
def test_the_first_requests_import_nothing(name: str, kind: str) -> None:
    # A process that forks while one of its threads imports a module can hang in the child.
    result = run_python("-c", FIRST_REQUESTS, kind, FLASK_CORS_RS_BACKEND=name, FLASK_DEBUG=None)
    assert (result.returncode, result.stdout, result.stderr) == (0, "\n", "")


@pytest.mark.parametrize("kind", ["hook", "middleware", "decorator", "wsgi"])
@pytest.mark.parametrize("name", sorted(ENGINES))
def test_a_receiver_of_signals_does_not_load_another_engine(name: str, kind: str) -> None:
    result = run_python("-c", FIRST_REQUESTS, f"{kind} signal", FLASK_CORS_RS_BACKEND=name, FLASK_DEBUG=None)
    assert (result.returncode, result.stderr) == (0, "")
    assert "flask_cors_rs._observation" in result.stdout
    assert "flask_cors_rs._engine.python" not in result.stdout
