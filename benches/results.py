"""The results of one run: a file in the JSON of pytest-benchmark, to which the other instruments add theirs."""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
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


def spread(values: Sequence[float]) -> Spread:
    """Median and quartiles."""
    return (
        Spread(*statistics.quantiles(values, n=4, method="inclusive"))
        if len(values) > 1
        else Spread(values[0], values[0], values[0])
    )


class Measured(NamedTuple):
    """A whole request, in each process, and one to an application with an empty hook, measured beside it."""

    whole: list[float]
    empty: list[float]


Instrument = Mapping[str, Mapping[str, Measured]]
"""What one instrument found, by scenario and candidate."""


class Results:
    """What was measured in one run."""

    def __init__(self, path: Path) -> None:
        self.raw: dict[str, Any] = json.loads(path.read_text())
        self.times: dict[str, dict[str, Measured]] = defaultdict(dict)
        """In microseconds: the 10th percentile of the blocks of a process."""
        for benchmark in self.raw["benchmarks"]:
            scenario, candidate = benchmark["params"]["scenario"], benchmark["params"]["candidate"]
            info = benchmark["extra_info"]
            measured = self.times[scenario].setdefault(candidate, Measured([], []))
            measured.whole.append(_microseconds(benchmark["stats"]["data"], info["requests"]))
            measured.empty.append(_microseconds(info["zeros"], info["zero_requests"]))
        self.instructions: dict[str, dict[str, Measured]] = {
            scenario: {candidate: Measured(values, counted[EMPTY]) for candidate, values in counted.items()}
            for scenario, counted in self.raw.get("instructions", {}).items()
        }
        """Empty where there is no valgrind."""

    def instruments(self) -> dict[str, Instrument]:
        """What was measured with each instrument that is here, by its unit."""
        return {"instructions": self.instructions, "us": self.times} if self.instructions else {"us": self.times}

    def machine(self) -> str:
        """Where it was measured, and with what."""
        info = self.raw["machine_info"]
        processor = info["cpu"].get("brand_raw", info["machine"])
        return (
            f"{processor}, {info['cpu']['count']} cores, {info['system']} {info['machine']}; "
            f"{info['python_implementation']} {info['python_version']}, "
            + ", ".join(f"{name} {version}" for name, version in info["versions"].items())
        )


def _microseconds(blocks: list[float], requests: int) -> float:
    return statistics.quantiles(blocks, n=10)[0] / requests * 1e6


def whole(instrument: Instrument, scenario: str, candidate: str) -> Spread | None:
    """A whole request; None where it was not measured."""
    found = instrument.get(scenario, {})
    return spread(found[candidate].whole) if candidate in found else None


def added(instrument: Instrument, scenario: str, candidate: str) -> Spread | None:
    """What a candidate adds to a request, from an empty hook; None where it was not measured."""
    found = instrument.get(scenario, {})
    if candidate not in found:
        return None
    return spread([request - empty for request, empty in zip(*found[candidate])])
