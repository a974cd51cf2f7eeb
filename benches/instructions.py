"""Instructions that CORS adds to a request, under valgrind's callgrind: the same on every run.

Each figure is the difference between a run of 300 requests and one of 100, less that of an application with an
empty hook.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

from tabulate import tabulate

import document
from candidates import HEADERS

FEW, MANY = 100, 300


def count(candidate: str, request: str, backend: str, requests: int) -> int:
    """The instructions of a process that makes so many requests."""
    valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    program = [sys.executable, str(Path(__file__).with_name("candidates.py"))]
    result = subprocess.run(
        [*valgrind, *program, candidate, request, str(requests)],
        env={**os.environ, "FLASK_CORS_RS_BACKEND": backend, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r"Collected : (\d+)", result.stderr)
    assert found, result.stderr
    return int(found[1])


def a_request(candidate: str, request: str, backend: str) -> int:
    """The instructions of one request."""
    many, few = (count(candidate, request, backend, requests) for requests in (MANY, FEW))
    return (many - few) // (MANY - FEW)


def main() -> None:
    """Count, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the table into this document")
    arguments = parser.parse_args()
    rows = []
    for request in HEADERS:
        empty = a_request("empty_hook", request, "python")
        theirs, rust, python = (
            a_request(candidate, request, backend) - empty
            for candidate, backend in (("flask_cors", "python"), ("flask_cors_rs", "rust"), ("flask_cors_rs", "python"))
        )
        ours = [f"{added:,}, {theirs / added:.1f} times fewer" for added in (rust, python)]
        rows.append([f"a {request} request", f"{theirs:,}", *ours])
    header = ["instructions added to", "Flask-CORS", "Rust engine", "Python engine"]
    table = tabulate(rows, header, tablefmt="github")
    print(table)
    if arguments.write:
        document.write(arguments.write, Path(__file__).name, table)


if __name__ == "__main__":
    main()
