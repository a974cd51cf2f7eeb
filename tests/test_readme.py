"""What the README shows runs, and says what is so."""

from __future__ import annotations

import re
import runpy
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from flask_cors_rs.options import DEFAULT_OPTIONS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
ALLOW_ORIGIN = "Access-Control-Allow-Origin"
POLICIES = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")


def run(source: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "example"}
    exec(source, names)
    return names


@pytest.mark.usefixtures("engine")
def test_its_examples_run() -> None:
    first, second, more, *_ = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names: dict[str, Any] = {"__name__": "readme"}
    exec(first, names)
    exec(second, names)
    names["is_tenant"] = lambda origin: origin == "https://tenant.example"
    exec(more, {**names, "app": Flask("more")})
    client = names["app"].test_client()
    names["app"].add_url_rule("/account/me", endpoint="me", view_func=lambda: "me")
    response = client.get("/account/me", headers={"Origin": "https://shop.example"})
    assert response.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert response.headers["Access-Control-Allow-Credentials"] == "true"
    response = client.post("/widget", headers={"Origin": "https://eu.partner.example"})
    assert response.json == {"accepted": True}
    assert response.headers["Access-Control-Allow-Origin"] == "https://eu.partner.example"


def answers(app: Flask, path: str, *origins: str) -> list[str | None]:
    client = app.test_client()
    return [client.get(path, headers={"Origin": origin}).headers.get(ALLOW_ORIGIN) for origin in origins]


@pytest.mark.usefixtures("engine")
def test_the_examples_of_policies_run() -> None:
    plain, function, caches, errors = map(run, re.findall(r"```python\n(.*?)```", POLICIES, re.DOTALL))
    allowed = ["https://shop.example", "https://a.tenants.example", "https://pr-1.preview.example"]
    assert answers(plain["app"], "/", *allowed) == allowed
    assert answers(plain["app"], "/", "https://tenants.example", "https://shop.example.evil.org") == [None, None]
    assert answers(function["app"], "/", "https://a.example", "https://c.example") == ["https://a.example", None]
    assert caches["app"].test_client().get("/").headers["Vary"] == "Origin"
    assert answers(errors["app"], "/teapot", "https://shop.example") == ["https://shop.example"]


@pytest.mark.usefixtures("engine")
@pytest.mark.skipif(not find_spec("asgiref"), reason="Flask's async support is not installed")
def test_the_example_of_tenants() -> None:
    app = runpy.run_path(str(ROOT / "examples" / "tenants.py"))["create_app"]()
    app.url_map.strict_slashes = True
    allowed = ["https://app.example", "https://x.tenants.example", "https://pr-1.preview.example"]
    allowed.append("https://shop.customer.example")
    assert answers(app, "/api/orders/", *allowed, "https://other.example") == [*allowed, None]
    partner = "https://eu.partner.example"
    for number, status in ((1, 200), (3, 404)):
        response = app.test_client().get(f"/api/orders/{number}", headers={"Origin": partner})
        assert (response.status_code, response.headers[ALLOW_ORIGIN]) == (status, partner)
    ask = {"Origin": allowed[0], "Access-Control-Request-Method": "GET"}
    assert app.test_client().options("/api/orders", headers=ask).status_code == 204


def test_it_tells_every_option() -> None:
    assert set(re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE)) >= set(DEFAULT_OPTIONS)
