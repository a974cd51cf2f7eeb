"""Measure patterns that backtrack exponentially: the cost of a request by the length of its Origin.

``python -m measure.hostile RESULTS`` adds the measurements to the results of a run. The lengths grow until a request to
Flask-CORS takes half a second. The Rust engine is then measured at that length and at longer ones.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask_cors_rs import BACKEND
from measure import results
from measure.candidates import caller, environ_of
from measure.scenarios import Policy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

PATTERNS: dict[str, Callable[[int], str]] = {
    r"(a+)+$": lambda length: "a" * (length - 1) + "!",
    r"(a|aa)+$": lambda length: "a" * (length - 1) + "!",
    r"([a-z]+)*x": lambda length: "a" * (length - 1) + "!",
    r"(.*a){12}": lambda length: ("a" + "b" * (length // 11 - 1)) * 11,
}
"""Regular expressions, and functions that return an Origin of a length that the expression nearly matches."""

LONG = (1_000, 10_000, 100_000)
TOO_LONG = 0.5
"""The seconds of one request after which no longer Origin is tried."""


def seconds(candidate: str, pattern: str, length: int) -> float:
    """Return the seconds of one request with an Origin of some length, after a request with a short one."""
    policy = Policy({"origins": pattern})
    headers = {"REQUEST_METHOD": "GET", "HTTP_ORIGIN": "https://short.example"}
    environ = environ_of(policy, headers)
    call = caller(candidate, policy, environ)
    environ["HTTP_ORIGIN"] = PATTERNS[pattern](length)
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def measure(candidate: str, pattern: str, lengths: Iterable[int]) -> list[tuple[int, float]]:
    """Return lengths and seconds, up to the first request that takes too long."""
    found = []
    for length in lengths:
        found.append((length, seconds(candidate, pattern, length)))
        if found[-1][1] > TOO_LONG:
            break
    return found


def growing() -> Iterator[int]:
    """Yield lengths that grow by a tenth, because one more character can double the time."""
    length = 22
    while length <= LONG[-1]:
        yield length
        length += max(2, length // 10)


def main() -> None:
    """Measure, and add the measurements to the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="the JSON file of a run of pytest-benchmark")
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
