"""What the README shows runs, and says what is so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from flask_cors_rs.options import DEFAULT_OPTIONS

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


@pytest.mark.usefixtures("engine")
def test_its_examples_run() -> None:
    first, second, *_ = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names: dict[str, Any] = {"__name__": "readme"}
    exec(first, names)
    exec(second, names)
    client = names["app"].test_client()
    names["app"].add_url_rule("/account/me", endpoint="me", view_func=lambda: "me")
    response = client.get("/account/me", headers={"Origin": "https://shop.example"})
    assert response.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert response.headers["Access-Control-Allow-Credentials"] == "true"
    response = client.post("/widget", headers={"Origin": "https://eu.partner.example"})
    assert response.json == {"accepted": True}
    assert response.headers["Access-Control-Allow-Origin"] == "https://eu.partner.example"


def test_it_tells_every_option() -> None:
    assert set(re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE)) >= set(DEFAULT_OPTIONS)
