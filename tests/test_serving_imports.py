"""Serving requests does not load the diagnostics or the command line."""

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
CORS(apps[0], audit="off")
CORS(apps[1], audit="off", middleware=True)
apps[2].wsgi_app = CORSMiddleware(apps[2].wsgi_app, audit="off")
apps.append(app_with(cross_origin(intercept_exceptions=True)(view)))
apps.append(app_with(cross_origin()(view)))
CORS(apps[4], audit="off", middleware=True)
for app in apps:
    client = app.test_client()
    for response in (client.get("/", headers=PREFLIGHT), client.options("/", headers=PREFLIGHT)):
        assert response.status_code in {200, 204}, response.status
        assert response.headers["Access-Control-Allow-Origin"] == "https://a.example"
diagnostics = ("flask_cors_rs._diagnostics", "flask_cors_rs.cli")
print(sorted(name for name in sys.modules if name.startswith(diagnostics)))
"""


@pytest.mark.parametrize("name", sorted(ENGINES))
def test_requests_are_served_without_the_diagnostics(name: str) -> None:
    result = run_python("-c", SERVE, FLASK_CORS_RS_BACKEND=name)
    assert result.returncode == 0, result.stderr
    assert result.stdout == "[]\n"
