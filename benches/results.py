"""The results of one run: a file in the JSON of pytest-benchmark, to which the other instruments add theirs."""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

EMPTY = "empty hook"


def add(path: Path, name: str, value: object) -> None:
    """Add what an instrument found to the results of a run."""
    path.write_text(json.dumps({**json.loads(path.read_text()), name: value}, indent=1))


class Spread(NamedTuple):
    """The median of several processes, and the quartiles between which half of them are."""

    low: float
    median: float
    high: float


def spread(values: list[float]) -> Spread:
    """Median and quartiles."""
    return Spread(*statistics.quantiles(values, n=4, method="inclusive")) if len(values) > 1 else Spread(*values * 3)


class Results:
    """What was measured in one run, by scenario and candidate."""

    def __init__(self, path: Path) -> None:
        self.raw: dict[str, Any] = json.loads(path.read_text())
        self.instructions: dict[str, dict[str, int]] = self.raw.get("instructions", {})
        """Of a whole request; empty where there is no valgrind."""
        self.times: dict[str, dict[str, list[float]]] = defaultdict(dict)
        """Of a whole request in microseconds, for each process: the 10th percentile of its blocks."""
        for benchmark in sorted(self.raw["benchmarks"], key=lambda benchmark: benchmark["params"]["repeat"]):
            scenario, candidate = benchmark["params"]["scenario"], benchmark["params"]["candidate"]
            block = statistics.quantiles(benchmark["stats"]["data"], n=10)[0]
            time = block / benchmark["extra_info"]["requests"] * 1e6
            self.times[scenario].setdefault(candidate, []).append(time)

    def added_instructions(self, scenario: str, candidate: str) -> int | None:
        """What a candidate adds to a request, from the empty hook; None where it was not counted."""
        counted = self.instructions.get(scenario, {})
        return counted[candidate] - counted[EMPTY] if candidate in counted else None

    def time(self, scenario: str, candidate: str) -> Spread | None:
        """Microseconds of a whole request; None where it was not measured."""
        times = self.times.get(scenario, {})
        return spread(times[candidate]) if candidate in times else None

    def added_time(self, scenario: str, candidate: str) -> Spread | None:
        """Microseconds that a candidate adds to a request, from the empty hook of the same repeat."""
        times = self.times.get(scenario, {})
        if candidate not in times:
            return None
        return spread([whole - empty for whole, empty in zip(times[candidate], times[EMPTY])])

    def machine(self) -> str:
        """Where it was measured, and with what."""
        info = self.raw["machine_info"]
        versions = ", ".join(f"{name} {version}" for name, version in info["versions"].items())
        python = f"{info['python_implementation']} {info['python_version']}"
        cores = info["cpu"]["count"]
        return f"{info['cpu'].get('brand_raw', info['machine'])}, {cores} cores, {info['system']} {info['machine']}; {python}, {versions}"
