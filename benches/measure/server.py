"""Load a whole server: gunicorn serves each candidate, and wrk sends requests over loopback.

The candidates take turns in several rounds. Each figure is the median of the rounds, with the lowest and the highest.
A difference within that spread is noise.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tabulate import tabulate

from measure import candidates
from measure.scenarios import ORIGIN, POLICIES, REQUESTED_HEADERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

WORKERS, CONNECTIONS = 2, 8
SCRIPTS = {
    "simple": f'wrk.headers["Origin"] = "{ORIGIN}"\n',
    "preflight": f"""
wrk.method = "OPTIONS"
wrk.headers["Origin"] = "{ORIGIN}"
wrk.headers["Access-Control-Request-Method"] = "PUT"
wrk.headers["Access-Control-Request-Headers"] = "{REQUESTED_HEADERS}"
""",
}
REPORT = """
done = function(summary, latency, requests)
  io.write(string.format('{"requests": %d, "us": %d, "p50": %d, "p99": %d, "errors": %d}\\n', summary.requests,
    summary.duration, latency:percentile(50), latency:percentile(99), summary.errors.connect + summary.errors.read
    + summary.errors.write + summary.errors.status + summary.errors.timeout))
end
"""


def make_app(candidate: str) -> Flask:
    """Return the application that gunicorn serves. It allows ten origins."""
    return candidates.CANDIDATES[candidate](POLICIES["10 origins"])


class Load(NamedTuple):
    """The measurements of wrk in one round."""

    requests_a_second: float
    p50: float
    """The median latency in milliseconds."""
    p99: float
    """The 99th percentile of the latency in milliseconds."""


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


@contextmanager
def served(candidate: str) -> Iterator[str]:
    """Serve a candidate with gunicorn, and return its address."""
    address = f"127.0.0.1:{free_port()}"
    gunicorn = [sys.executable, "-m", "gunicorn", "--workers", str(WORKERS), "--bind", address]
    process = subprocess.Popen(
        [*gunicorn, "--log-level", "error", f"measure.server:make_app({candidate!r})"], cwd=candidates.BENCHES
    )
    try:
        yield f"http://{address}/"
    finally:
        process.terminate()
        process.wait(10)


def check(url: str, candidate: str) -> None:
    """Wait until a candidate responds, and check that it sends CORS headers if it should."""
    request = urllib.request.Request(url, headers={"Origin": ORIGIN})
    for _ in range(100):
        with suppress(urllib.error.URLError), urllib.request.urlopen(request, timeout=5) as response:
            has_cors = response.headers["Access-Control-Allow-Origin"] == ORIGIN
            assert has_cors is (candidate not in candidates.WITHOUT_CORS), candidate
            return
        time.sleep(0.1)
    raise RuntimeError(f"gunicorn with {candidate} does not respond at {url}")


def load(url: str, script: Path, seconds: int) -> Load:
    """Load a server for a number of seconds."""
    wrk = [
        "wrk",
        "--threads",
        "1",
        "--connections",
        str(CONNECTIONS),
        "--duration",
        f"{seconds}s",
        "--script",
        str(script),
    ]
    result = subprocess.run([*wrk, url], capture_output=True, text=True, check=True)
    found = re.search(r"^\{.*\}$", result.stdout, re.MULTILINE)
    assert found, result.stdout
    measured = json.loads(found[0])
    assert not measured["errors"], f"{measured['errors']} requests failed"
    return Load(measured["requests"] / measured["us"] * 1e6, measured["p50"] / 1000, measured["p99"] / 1000)


def measure(names: list[str], seconds: int, rounds: int) -> dict[tuple[str, str], list[Load]]:
    """Return the loads of each candidate and request. Every round starts a new server."""
    loads: dict[tuple[str, str], list[Load]] = {}
    with tempfile.TemporaryDirectory() as folder:
        scripts = {request: Path(folder, f"{request}.lua") for request in SCRIPTS}
        for request, script in scripts.items():
            script.write_text(SCRIPTS[request] + REPORT)
        for _ in range(rounds):
            for name in names:
                with served(name) as url:
                    check(url, name)
                    for request, script in scripts.items():
                        loads.setdefault((name, request), []).append(load(url, script, seconds))
    return loads


def table(loads: dict[tuple[str, str], list[Load]]) -> str:
    """Return a table of latencies and throughputs, also relative to the application without CORS in the same round."""
    rows = []
    for (name, request), measured in loads.items():
        base = loads["no CORS", request]
        ratios = sorted(own.requests_a_second / theirs.requests_a_second for own, theirs in zip(measured, base))
        rate, p50, p99 = (statistics.median(values) for values in zip(*measured))
        spread = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
        rows.append([request, name, f"{rate:,.0f}", spread, f"{p50:.2f} ms", f"{p99:.2f} ms"])
    rows.sort(key=lambda row: list(SCRIPTS).index(row[0]))
    header = ["request", "application", "requests per second", "relative to no CORS (lowest to highest)", "p50", "p99"]
    return tabulate(rows, header, tablefmt="github", disable_numparse=True)


def main() -> None:
    """Load every candidate, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=2, help="the length of each load (default: 2)")
    parser.add_argument("--rounds", type=int, default=3, help="the number of rounds (default: 3)")
    arguments = parser.parse_args()
    if not shutil.which("wrk"):
        print("wrk is not on the PATH: install it from the packages of your system, or from https://github.com/wg/wrk")
        return
    rust = os.environ.get("FLASK_CORS_RS_BACKEND") != "python"
    names = [name for name in candidates.CANDIDATES if name not in ("empty hook", "hand-written")]
    names = [name for name in names if rust or "Rust" not in name]
    seconds = len(names) * arguments.rounds * len(SCRIPTS) * (arguments.seconds + 1)
    print(f"this takes about {seconds} seconds", flush=True)
    print(table(measure(names, arguments.seconds, arguments.rounds)))


if __name__ == "__main__":
    main()
