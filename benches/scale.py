"""Big policies and many threads: what they cost to set up, and whether requests wait for one another.

``scale.py RESULTS`` measures and adds what it found. Everything is measured in a new process.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import results
from candidates import CANDIDATES, caller, environ_of
from scenarios import POLICIES, REQUESTS, Policy, origins, rules

if TYPE_CHECKING:
    from collections.abc import Callable

ValueT = TypeVar("ValueT")

POLICIES_TO_SET_UP: dict[str, Callable[[], Policy]] = {
    "100,000 origins": lambda: Policy({"origins": origins(100_000)}),
    "10,000 rules": lambda: Policy({"resources": rules(10_000)}),
}
THREADS = (1, 2, 16)
REQUESTS_IN_ALL = 16_000
TIMES = 3


def in_new_process(function: Callable[..., ValueT], *arguments: Any) -> ValueT:
    """Call a function of a module in a process that has done nothing else."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)


def extensions() -> list[str]:
    """The candidates that differ here; not for the new processes, whose engine is chosen by their candidate."""
    from flask_cors_rs import BACKEND

    return ["Flask-CORS", *(["hook, Rust"] if BACKEND == "rust" else []), "hook, Python"]


def _resident() -> int:
    """The memory of this process in bytes, where the system is Linux; else 0."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if statm.exists() else 0


def set_up(candidate: str, policy: str) -> tuple[float, int]:
    """The seconds and the bytes that an application with a policy takes, besides the user's own lists."""
    big = POLICIES_TO_SET_UP[policy]()
    CANDIDATES[candidate](POLICIES["10 regex origins"])
    gc.collect()
    before = _resident()
    start = time.perf_counter()
    app = CANDIDATES[candidate](big)
    seconds = time.perf_counter() - start
    gc.collect()
    used = _resident() - before
    del app
    return seconds, used


def throughput(candidate: str, threads: int) -> float:
    """Requests a second when so many threads send them to one application."""
    policy = POLICIES["10 origins"]
    call = caller(candidate, policy, environ_of(policy, REQUESTS["simple"]))

    def work(count: int) -> None:
        for _ in range(count):
            call()

    work(1_000)
    with ThreadPoolExecutor(threads) as pool:
        start = time.perf_counter()
        list(pool.map(work, [REQUESTS_IN_ALL // threads] * threads))
        return REQUESTS_IN_ALL / (time.perf_counter() - start)


def measure_set_up() -> list[dict[str, Any]]:
    """Medians of several processes."""
    found = []
    for policy in POLICIES_TO_SET_UP:
        for candidate in extensions():
            seconds, used = zip(*(in_new_process(set_up, candidate, policy) for _ in range(TIMES)))
            row = {"seconds": statistics.median(seconds), "bytes": statistics.median(used)}
            found.append({"policy": policy, "candidate": candidate, **row})
    return found


def measure_threads() -> list[dict[str, Any]]:
    """The best of several processes, which take turns."""
    cases = [(candidate, threads) for threads in THREADS for candidate in ("empty hook", *extensions())]
    best = dict.fromkeys(cases, 0.0)
    for _ in range(TIMES):
        for case in cases:
            best[case] = max(best[case], in_new_process(throughput, *case))
    return [
        {"threads": threads, "candidate": candidate, "requests": value} for (candidate, threads), value in best.items()
    ]


def main() -> None:
    """Measure, and add it to the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="a JSON file of pytest-benchmark")
    path: Path = parser.parse_args().results
    results.add(path, "set-up", measure_set_up())
    results.add(path, "threads", measure_threads())


if __name__ == "__main__":
    main()
