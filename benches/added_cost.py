"""What CORS adds to a request, Flask-CORS beside this package, in one run.

Each application has processes of its own, which take turns block by block; of the blocks the 10th percentile
counts; "added" is the difference to an application with an empty hook. ``--write FILE`` puts the table between the
markers of a document, which is how the README got it.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

from tabulate import tabulate

from candidates import HEADERS
from flask_cors_rs import BACKEND

REQUESTS_A_BLOCK = 100
MARKERS = ("<!-- added cost: made by benches/added_cost.py -->", "<!-- end -->")
PROCESSES = 3
"""Of each application, as one process differs from the next."""


class Candidate:
    """An application in a process of its own."""

    def __init__(self, name: str, request: str, backend: str) -> None:
        self.blocks: list[float] = []
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("candidates.py")), name, request],
            env={**os.environ, "FLASK_CORS_RS_BACKEND": backend},
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


def measure(seconds: float) -> str:
    """Measure for about that long, and give the table."""
    engines = ["rust", "python"] if BACKEND == "rust" else ["python"]
    names = [
        ("an empty hook", "empty_hook", "python"),
        (f"Flask-CORS {importlib.metadata.version('flask-cors')}", "flask_cors", "python"),
        *((f"flask-cors-rs, {engine.capitalize()} engine", "flask_cors_rs", engine) for engine in engines),
    ]
    columns: list[list[float]] = []
    noises: list[float] = []
    for request in HEADERS:
        running = {label: [Candidate(name, request, engine) for _ in range(PROCESSES)] for label, name, engine in names}
        end = time.monotonic() + seconds / len(HEADERS)
        while time.monotonic() < end or min(len(c.blocks) for group in running.values() for c in group) < 10:
            for group in running.values():
                for candidate in group:
                    candidate.block()
        groups = [[candidate.close() for candidate in group] for group in running.values()]
        empty, *others = map(statistics.median, groups)
        columns.append([other - empty for other in others])
        noises.append(max(max(group) - min(group) for group in groups))
    rows = []
    for index, (label, *_) in enumerate(names[1:]):
        row = [label]
        for column, noise in zip(columns, noises):
            # A ratio of what cannot be told from nothing would be invented.
            ratio = f" ({column[0] / column[index]:.0f} times less)" if index and column[index] > noise / 2 else ""
            row.append(f"{column[index]:.1f} us{ratio}")
        rows.append(row)
    rows.append(["processes of one application differ by up to", *(f"{noise:.1f} us" for noise in noises)])
    return tabulate(rows, ["added to", "a simple request", "a preflight"], tablefmt="github")


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
        start, end = map(re.escape, MARKERS)
        text = arguments.write.read_text()
        replaced = f"{MARKERS[0]}\n{table}\n{MARKERS[1]}"
        arguments.write.write_text(re.sub(f"{start}.*?{end}", lambda _: replaced, text, flags=re.DOTALL))


if __name__ == "__main__":
    main()
