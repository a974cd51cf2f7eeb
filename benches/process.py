"""A candidate in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

CANDIDATES = str(Path(__file__).with_name("candidates.py"))


class Process:
    """Serves one candidate in a scenario until it is left."""

    def __init__(self, scenario: str, candidate: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, CANDIDATES, "serve", scenario, candidate],
            env={**os.environ, "PYTHONHASHSEED": "0"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def requests(self, count: int) -> float:
        """Make so many requests, and give the seconds that they took by the clock of the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{count}\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())

    def __enter__(self) -> Process:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.communicate()
