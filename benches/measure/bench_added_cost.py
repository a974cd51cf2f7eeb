"""Time requests to each candidate in each scenario.

A round is a block of requests to the candidate, preceded by a block of requests to an application with an empty hook,
so that other activity on the machine affects both. Every repeat starts new processes, because one process differs from
the next, and all candidates are measured once before any is measured again. ``BENCH_REPEATS`` sets the number of
repeats.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from flask_cors_rs import BACKEND
from measure.candidates import BENCHES, candidates_of, share
from measure.results import EMPTY
from measure.scenarios import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_benchmark.fixture import BenchmarkFixture

REPEATS = int(os.environ.get("BENCH_REPEATS", "5"))
BLOCKS = 40
REQUESTS_PER_BLOCK = 50

_seconds_of_requests = 0.0


def seconds_of_requests() -> float:
    """Return the seconds that requests have taken so far, by the clocks of the serving processes."""
    return _seconds_of_requests


@contextmanager
def serving(scenario: str, candidate: str) -> Iterator[Callable[[int], float]]:
    """Serve a candidate in a new process.

    :returns: a function that makes a number of requests, and returns the seconds that they took by the clock of the
        process
    """
    with subprocess.Popen(
        [sys.executable, "-m", "measure.candidates", "serve", scenario, candidate],
        env={**os.environ, "PYTHONHASHSEED": "0", "PYTHONPATH": BENCHES},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        counts, seconds = process.stdin, process.stdout

        def make_requests(count: int) -> float:
            counts.write(f"{count}\n")
            counts.flush()
            return float(seconds.readline())

        yield make_requests


@pytest.mark.parametrize(
    ("scenario", "candidate"),
    [
        pytest.param(name, candidate, marks=pytest.mark.benchmark(group=name, timer=seconds_of_requests))
        for name, scenario in SCENARIOS.items()
        for candidate in candidates_of(scenario, rust=BACKEND == "rust")
    ],
)
@pytest.mark.parametrize("repeat", range(REPEATS))
def test_time_of_a_block(benchmark: BenchmarkFixture, scenario: str, candidate: str, repeat: int) -> None:
    """Time blocks of requests to a candidate in a new process, and to an empty hook in another."""
    requests = int(REQUESTS_PER_BLOCK * share(SCENARIOS[scenario], candidate))
    zeros: list[float] = []
    pedantic: Callable[..., None] = benchmark.pedantic

    def block() -> None:
        global _seconds_of_requests
        _seconds_of_requests += make_requests(requests)

    with serving(scenario, EMPTY) as zero, serving(scenario, candidate) as make_requests:
        pedantic(block, setup=lambda: zeros.append(zero(REQUESTS_PER_BLOCK)), rounds=BLOCKS)
    benchmark.extra_info.update(requests=requests, zero_requests=REQUESTS_PER_BLOCK, zeros=zeros)
