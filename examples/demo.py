"""Run the example API, send it cross-origin requests, show what is allowed and why, and measure what CORS adds.

``make demo`` runs it.
"""

from __future__ import annotations

import http.client
import logging
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from waitress.server import create_server

import flask_cors_rs
from api import create_app

REQUESTS: list[tuple[str, str, dict[str, str]]] = [
    ("GET", "/public/products", {"Origin": "https://anyone.example"}),
    ("GET", "/account/address", {"Origin": "https://shop.example"}),
    ("GET", "/account/address", {"Origin": "https://preview-17.shop.example"}),
    ("GET", "/account/address", {"Origin": "https://shop.example.evil.example"}),
    (
        "OPTIONS",
        "/account/address",
        {
            "Origin": "https://shop.example",
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": "content-type,x-csrf-token",
        },
    ),
    (
        "OPTIONS",
        "/account/address",
        {
            "Origin": "https://shop.example",
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": "x-debug",
        },
    ),
    (
        "OPTIONS",
        "/account/address",
        {"Origin": "https://shop.example", "Access-Control-Request-Method": "PATCH"},
    ),
    (
        "OPTIONS",
        "/widget",
        {
            "Origin": "https://eu.partner.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "x-widget-version",
        },
    ),
    ("POST", "/widget", {"Origin": "https://partner.example"}),
    ("GET", "/internal", {"Origin": "https://shop.example"}),
    ("GET", "/public/products", {}),
]


class Reasons(logging.Handler):
    """Collects what the package logs about the requests."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Collect the message of a record."""
        self.messages.append(record.getMessage())

    def last_reason(self) -> str:
        """Return the reason in the messages of the last request, and clear them."""
        skipped = ("CORS headers", "CORS request received", "Request to")
        reason = next((text for text in self.messages if not text.startswith(skipped)), "")
        self.messages.clear()
        return reason.removeprefix("CORS: ")


def show(connection: http.client.HTTPConnection, method: str, path: str, headers: dict[str, str]) -> None:
    """Send a request, and print the CORS headers of the response."""
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    response.read()
    print(f"\n{method} {path}")
    for name, value in headers.items():
        print(f"  > {name}: {value}")
    print(f"  < {response.status}")
    for name, value in response.getheaders():
        if name.startswith("Access-Control-") or name == "Vary":
            print(f"  < {name}: {value}")


def main() -> None:
    """Run the demonstration."""
    reasons = Reasons()
    logger = logging.getLogger("flask_cors_rs")
    server = create_server(create_app(), host="127.0.0.1", port=0)
    logger.addHandler(reasons)
    logger.setLevel(logging.DEBUG)
    threading.Thread(target=server.run, daemon=True).start()
    print(f"flask-cors-rs {flask_cors_rs.__version__}, {flask_cors_rs.BACKEND} engine, on port {server.effective_port}")
    connection = http.client.HTTPConnection("127.0.0.1", server.effective_port, timeout=10)
    for method, path, headers in REQUESTS:
        show(connection, method, path, headers)
        print(f"  = {reasons.last_reason()}")
    connection.close()
    # The worker threads use the sockets of the server until they have finished.
    server.task_dispatcher.shutdown()
    server.close()
    print("\nTime that CORS adds to a request on this machine:\n", flush=True)
    measure()


def measure() -> None:
    """Run a small part of the benchmarks, and print the table."""
    benches = Path(__file__).parent.parent / "benches"
    with tempfile.TemporaryDirectory() as folder:
        results = str(Path(folder, "results.json"))
        pytest = ["-m", "pytest", "-k", "defaults and (Flask or hook)", f"--benchmark-json={results}"]
        run = subprocess.run(
            [sys.executable, *pytest, str(benches)],
            env={**os.environ, "BENCH_REPEATS": "3"},
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode:
            raise SystemExit(run.stdout + run.stderr)
        subprocess.run(
            [sys.executable, "-m", "report", "--brief", results],
            env={**os.environ, "PYTHONPATH": str(benches)},
            check=True,
        )


if __name__ == "__main__":
    main()
