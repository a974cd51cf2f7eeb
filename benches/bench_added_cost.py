"""Time of a request to each candidate, in each scenario.

The benchmarked function is a block of requests, and before each comes a block of an empty hook: what a machine does
meanwhile falls on both. Each candidate gets a new process in each repeat, as one process differs from the next; the
repeats are outermost. ``BENCH_REPEATS`` says how many there are.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from candidates import candidates_of, share
from flask_cors_rs import BACKEND
from process import serving
from results import EMPTY
from scenarios import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_benchmark.fixture import BenchmarkFixture

pytest_plugins = ["versions"]

REPEATS = int(os.environ.get("BENCH_REPEATS", "5"))
BLOCKS = 40
REQUESTS_A_BLOCK = 50

_served = 0.0


def served() -> float:
    """The seconds that requests have taken so far, by the clocks of the processes: without the way there."""
    return _served


@pytest.mark.parametrize(
    ("scenario", "candidate"),
    [
        pytest.param(name, candidate, marks=pytest.mark.benchmark(group=name, timer=served))
        for name, scenario in SCENARIOS.items()
        for candidate in candidates_of(scenario, rust=BACKEND == "rust")
    ],
)
@pytest.mark.parametrize("repeat", range(REPEATS))
def test_time_of_a_block(benchmark: BenchmarkFixture, scenario: str, candidate: str, repeat: int) -> None:
    """Time blocks of requests in a new process, and of an empty hook in another."""
    requests = int(REQUESTS_A_BLOCK * share(SCENARIOS[scenario], candidate))
    zeros: list[float] = []
    pedantic: Callable[..., None] = benchmark.pedantic

    def block() -> None:
        global _served
        _served += process(requests)

    with serving(scenario, EMPTY) as zero, serving(scenario, candidate) as process:
        pedantic(block, setup=lambda: zeros.append(zero(REQUESTS_A_BLOCK)), rounds=BLOCKS)
    benchmark.extra_info.update(requests=requests, zero_requests=REQUESTS_A_BLOCK, zeros=zeros)
