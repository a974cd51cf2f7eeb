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
