"""Moto's server, which imports Flask-CORS, sends the same CORS headers on this package. `make third-party` runs it."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ORIGIN = "https://app.example"
PREFLIGHT = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type, x-amz-date"}


@contextmanager
def moto(*prefix: str) -> Iterator[int]:
    """Run Moto's server on a free port, and return the port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, *prefix, "-m", "moto.server", "--host", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        for _ in range(300):
            assert process.poll() is None, process.stderr and process.stderr.read()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.communicate()


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
def test_moto_s_server_answers_as_with_flask_cors(monkeypatch: pytest.MonkeyPatch, engine_name: str) -> None:
    monkeypatch.setitem(os.environ, "FLASK_CORS_RS_BACKEND", engine_name)
    with moto() as port:
        theirs = answers(port)
    with moto("-m", "flask_cors_rs") as port:
        ours = answers(port)
    assert ours == theirs
    assert sum(bool(cors) for _, cors in theirs) > 3
