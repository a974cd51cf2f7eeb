"""Patterns that can be made to blow up: cost of a request against the length of its Origin.

``hostile.py RESULTS`` measures and adds what it found. The lengths grow until a request to Flask-CORS takes half a
second; ours then goes on to longer ones.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import results
from candidates import caller, environ_of
from flask_cors_rs import BACKEND
from scenarios import Policy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

PATTERNS: dict[str, Callable[[int], str]] = {
    r"(a+)+$": lambda length: "a" * (length - 1) + "!",
    r"(a|aa)+$": lambda length: "a" * (length - 1) + "!",
    r"([a-z]+)*x": lambda length: "a" * (length - 1) + "!",
    r"(.*a){12}": lambda length: ("a" + "b" * (length // 11 - 1)) * 11,
}
"""Regular expressions, and an Origin of a length that each of them nearly matches."""

LONG = (1_000, 10_000, 100_000)
TOO_LONG = 0.5
"""Seconds of a request after which no longer Origin is tried."""


def seconds(candidate: str, pattern: str, length: int) -> float:
    """The time of one request whose Origin has that length, after another that is short."""
    policy = Policy({"origins": pattern})
    headers = {"REQUEST_METHOD": "GET", "HTTP_ORIGIN": "https://short.example"}
    environ = environ_of(policy, headers)
    call = caller(candidate, policy, environ)
    environ["HTTP_ORIGIN"] = PATTERNS[pattern](length)
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def measure(candidate: str, pattern: str, lengths: Iterable[int]) -> list[tuple[int, float]]:
    """Lengths and seconds, up to the first that takes too long."""
    found = []
    for length in lengths:
        found.append((length, seconds(candidate, pattern, length)))
        if found[-1][1] > TOO_LONG:
            break
    return found


def growing() -> Iterator[int]:
    """Lengths that grow by a tenth, as one character more can double the time."""
    length = 22
    while length <= LONG[-1]:
        yield length
        length += max(2, length // 10)


def main() -> None:
    """Measure, and add it to the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="a JSON file of pytest-benchmark")
    path: Path = parser.parse_args().results
    found: list[dict[str, Any]] = []
    for pattern in PATTERNS:
        theirs = measure("Flask-CORS", pattern, growing())
        lengths = [theirs[-1][0], *(length for length in LONG if length > theirs[-1][0])]
        ours = measure("hook, Rust", pattern, lengths) if BACKEND == "rust" else []
        found.append({"pattern": pattern, "Flask-CORS": theirs, "hook, Rust": ours})
    results.add(path, "hostile", found)


if __name__ == "__main__":
    main()
