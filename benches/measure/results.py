"""The results of one run: the JSON file of pytest-benchmark, to which the other instruments add theirs."""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

EMPTY = "empty hook"
NO_CORS = "no CORS"


def add(path: Path, name: str, value: object) -> None:
    """Add the measurements of an instrument to the results of a run, or to a new file."""
    before = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({**before, name: value}, indent=1))


class Spread(NamedTuple):
    """The median and the quartiles of several processes."""

    low: float
    median: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    """Return the median and the quartiles."""
    return (
        Spread(*statistics.quantiles(values, n=4, method="inclusive"))
        if len(values) > 1
        else Spread(values[0], values[0], values[0])
    )


class Measured(NamedTuple):
    """The cost of a whole request in each process, and that of a request to an empty hook, measured beside it."""

    whole: list[float]
    empty: list[float]


Instrument = Mapping[str, Mapping[str, Measured]]
"""The measurements of one instrument, by scenario and candidate."""


class Results:
    """The results of one run.

    :param path: the JSON file
    """

    def __init__(self, path: Path) -> None:
        self.raw: dict[str, Any] = json.loads(path.read_text())
        self.times: dict[str, dict[str, Measured]] = defaultdict(dict)
        """Microseconds: the 10th percentile of the blocks of each process."""
        for benchmark in self.raw.get("benchmarks", ()):
            scenario, candidate = benchmark["params"]["scenario"], benchmark["params"]["candidate"]
            info = benchmark["extra_info"]
            measured = self.times[scenario].setdefault(candidate, Measured([], []))
            measured.whole.append(_microseconds(benchmark["stats"]["data"], info["requests"]))
            measured.empty.append(_microseconds(info["zeros"], info["zero_requests"]))
        self.instructions: dict[str, dict[str, Measured]] = {
            scenario: {candidate: Measured(values, counted[EMPTY]) for candidate, values in counted.items()}
            for scenario, counted in self.raw.get("instructions", {}).items()
        }
        """Instructions, one count for each memory layout. Empty if valgrind was not installed."""

        self.cold_start: dict[str, dict[str, dict[str, Measured]]] = {
            unit: {
                case: {candidate: Measured(values, found[NO_CORS]) for candidate, values in found.items()}
                for case, found in cases.items()
            }
            for unit, cases in self.raw.get("cold start", {}).items()
        }
        """What happens before the first request, by unit; what the same code costs without CORS is the empty hook."""

    def instruments(self) -> dict[str, Instrument]:
        """Return the measurements of each instrument that was used, by its unit."""
        return {"instructions": self.instructions, "µs": self.times} if self.instructions else {"µs": self.times}

    def machine(self) -> str:
        """Describe the machine and the versions."""
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
    """Return the cost of a whole request, or None if it was not measured."""
    found = instrument.get(scenario, {})
    return spread(found[candidate].whole) if candidate in found else None


def added(instrument: Instrument, scenario: str, candidate: str) -> Spread | None:
    """Return what a candidate adds to a request, relative to an empty hook, or None if it was not measured."""
    found = instrument.get(scenario, {})
    if candidate not in found:
        return None
    return spread([request - empty for request, empty in zip(*found[candidate])])
