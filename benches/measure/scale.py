"""Measure how long large policies take to set up, and how throughput depends on the number of threads.

``python -m measure.scale RESULTS`` adds the measurements to the results of a run. Everything is measured in new
processes.
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

from measure import results
from measure.candidates import CANDIDATES, caller, environ_of
from measure.scenarios import POLICIES, REQUESTS, Policy, origins, rules

if TYPE_CHECKING:
    from collections.abc import Callable

ValueT = TypeVar("ValueT")

POLICIES_TO_SET_UP: dict[str, Callable[[], Policy]] = {
    "100,000 origins": lambda: Policy({"origins": origins(100_000)}),
    "10,000 rules": lambda: Policy({"resources": rules(10_000)}),
    "4,000 regex origins": lambda: Policy(
        {"origins": [rf"https://(?:app|api)-{number}\.example$" for number in range(4_000)]}
    ),
}
THREADS = (1, 2, 16)
REQUESTS_IN_ALL = 16_000
TIMES = 3


def in_new_process(function: Callable[..., ValueT], *arguments: Any) -> ValueT:
    """Call a function in a process that has done nothing else."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)


def extensions() -> list[str]:
    """Return the candidates to measure. Do not call it in a new process: importing the package chooses an engine."""
    from flask_cors_rs import BACKEND

    return ["Flask-CORS", *(["hook, Rust"] if BACKEND == "rust" else []), "hook, Python"]


def _resident() -> int:
    """Return the resident memory of this process in bytes on Linux, and 0 elsewhere."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if statm.exists() else 0


def set_up(candidate: str, policy: str) -> tuple[float, int]:
    """Return the seconds and bytes that setting up a policy takes, without the user's own lists."""
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
    """Return the requests per second that a number of threads get from one application."""
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
    """Return the set-up costs, as medians of several processes."""
    found = []
    for policy in POLICIES_TO_SET_UP:
        for candidate in extensions():
            seconds, used = zip(*(in_new_process(set_up, candidate, policy) for _ in range(TIMES)))
            row = {"seconds": statistics.median(seconds), "bytes": statistics.median(used)}
            found.append({"policy": policy, "candidate": candidate, **row})
    return found


def measure_threads() -> list[dict[str, Any]]:
    """Return the throughputs, each the best of several processes. The cases take turns."""
    cases = [(candidate, threads) for threads in THREADS for candidate in ("empty hook", *extensions())]
    best = dict.fromkeys(cases, 0.0)
    for _ in range(TIMES):
        for case in cases:
            best[case] = max(best[case], in_new_process(throughput, *case))
    return [
        {"threads": threads, "candidate": candidate, "requests": value} for (candidate, threads), value in best.items()
    ]


def main() -> None:
    """Measure, and add the measurements to the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="the JSON file of a run of pytest-benchmark")
    path: Path = parser.parse_args().results
    results.add(path, "set-up", measure_set_up())
    results.add(path, "threads", measure_threads())


if __name__ == "__main__":
    main()
