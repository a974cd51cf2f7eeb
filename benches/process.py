"""A candidate in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CANDIDATES = str(Path(__file__).with_name("candidates.py"))


@contextmanager
def serving(scenario: str, candidate: str) -> Iterator[Callable[[int], float]]:
    """A process that serves a candidate in a scenario, as a function that has so many requests made and gives the
    seconds that they took by the clock of the process.
    """
    with subprocess.Popen(
        [sys.executable, CANDIDATES, "serve", scenario, candidate],
        env={**os.environ, "PYTHONHASHSEED": "0"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        orders, answers = process.stdin, process.stdout

        def requests(count: int) -> float:
            orders.write(f"{count}\n")
            orders.flush()
            return float(answers.readline())

        yield requests
