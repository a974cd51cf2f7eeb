"""What CORS adds to a request, Flask-CORS beside this package, in one run.

In each round every application has a new process; they take turns block by block, and of its blocks the 10th
percentile counts. "Added" is the difference to an application with an empty hook: the median of the rounds and, in
brackets, their quartiles. ``--write FILE`` puts the table between the markers of a document, which is how the README
got it.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

from tabulate import tabulate

import document
from candidates import HEADERS
from flask_cors_rs import BACKEND

REQUESTS_A_BLOCK = 100
BLOCKS_A_ROUND = 20


class Candidate:
    """An application in a process of its own."""

    def __init__(self, name: str, request: str, backend: str) -> None:
        self.blocks: list[float] = []
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("candidates.py")), name, request],
            env={**os.environ, "FLASK_CORS_RS_BACKEND": backend, "PYTHONHASHSEED": "0"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def block(self) -> None:
        """Time one block of requests, in microseconds a request."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{REQUESTS_A_BLOCK}\n")
        self._process.stdin.flush()
        self.blocks.append(float(self._process.stdout.readline()) / REQUESTS_A_BLOCK * 1e6)

    def close(self) -> float:
        """End the process; the 10th percentile of its blocks."""
        self._process.communicate()
        return statistics.quantiles(self.blocks, n=10)[0]


def one_round(request: str, names: list[tuple[str, str]]) -> list[float]:
    """What each application adds to the first, each in a new process, as one process differs from the next."""
    candidates = [Candidate(name, request, engine) for name, engine in names]
    for _ in range(BLOCKS_A_ROUND):
        for candidate in candidates:
            candidate.block()
    empty, *others = [candidate.close() for candidate in candidates]
    return [other - empty for other in others]


def measure(seconds: float) -> str:
    """Measure for about that long, and give the table."""
    engines = ["rust", "python"] if BACKEND == "rust" else ["python"]
    names = [("empty_hook", "python"), ("flask_cors", "python"), *(("flask_cors_rs", engine) for engine in engines)]
    labels = [
        f"Flask-CORS {importlib.metadata.version('flask-cors')}",
        *(f"flask-cors-rs, {engine.capitalize()} engine" for engine in engines),
    ]
    rows = [[label] for label in labels]
    for request in HEADERS:
        rounds: list[list[float]] = []
        end = time.monotonic() + seconds / len(HEADERS)
        while time.monotonic() < end or len(rounds) < 3:
            rounds.append(one_round(request, names))
        theirs, *_ = medians = [statistics.median(values) for values in zip(*rounds)]
        for row, values, median in zip(rows, zip(*rounds), medians):
            low, _, high = statistics.quantiles(values, n=4)
            # A ratio of what cannot be told from nothing would be invented.
            ratio = f", {theirs / median:.0f} times less" if median != theirs and low > 0 else ""
            row.append(f"{median:.1f} us ({low:.1f} to {high:.1f}){ratio}")
    return tabulate(rows, ["added to", *(f"a {request} request" for request in HEADERS)], tablefmt="github")


def machine() -> str:
    """Where it was measured."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("Flask", "Werkzeug"))
    return f"CPython {platform.python_version()}, {versions}, {platform.system()} {platform.machine()}"


def main() -> None:
    """Measure, print, and write the table where asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="how long to measure (default: 60)")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the table into this document")
    arguments = parser.parse_args()
    table = f"{measure(arguments.seconds)}\n\n{machine()}"
    print(table)
    if arguments.write:
        document.write(arguments.write, Path(__file__).name, table)


if __name__ == "__main__":
    main()
