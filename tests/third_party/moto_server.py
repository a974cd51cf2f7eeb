"""Moto's server, which imports Flask-CORS, sends the same CORS headers on this package. `make third-party` runs it."""

from __future__ import annotations

import http.client
import sys
from typing import TYPE_CHECKING

import pytest

from support.servers import started

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

ORIGIN = "https://app.example"
PREFLIGHT = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type, x-amz-date"}


def moto(engine_name: str, *prefix: str) -> AbstractContextManager[int]:
    """Run Moto's server on a free port, and return the port."""
    command = sys.executable, *prefix, "-m", "moto.server", "--host", "127.0.0.1", "--port", "{port}"
    return started(*command, variables={"FLASK_CORS_RS_BACKEND": engine_name})


def answers(port: int) -> list[tuple[int, list[tuple[str, str]]]]:
    """Return the status and the CORS headers of some requests."""
    found = []
    for method, path, headers in [
        ("GET", "/moto-api/", {"Origin": ORIGIN}),
        ("GET", "/moto-api/", {}),
        ("OPTIONS", "/moto-api/data.json", {"Origin": ORIGIN, **PREFLIGHT}),
        ("GET", "/moto-api/data.json", {"Origin": "null"}),
        ("PUT", "/bucket", {"Origin": ORIGIN, "Host": "s3.amazonaws.com"}),
        ("OPTIONS", "/bucket/key", {"Origin": ORIGIN, "Host": "s3.amazonaws.com", **PREFLIGHT}),
        ("GET", "/missing", {"Origin": ORIGIN}),
    ]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        response.read()
        cors = [pair for pair in response.getheaders() if pair[0].lower().startswith(("access-control-", "vary"))]
        found.append((response.status, cors))
        connection.close()
    return found


@pytest.mark.parametrize("engine_name", ["auto", "python"])
def test_moto_s_server_answers_as_with_flask_cors(engine_name: str) -> None:
    with moto(engine_name) as port:
        theirs = answers(port)
    with moto(engine_name, "-m", "flask_cors_rs") as port:
        ours = answers(port)
    assert ours == theirs
    assert sum(bool(cors) for _, cors in theirs) > 3
