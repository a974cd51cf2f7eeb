"""The tables of a run of the benchmarks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tabulate import tabulate

from measure.candidates import CANDIDATES
from measure.cold_start import CASES, STARTS
from measure.results import added, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from measure.results import Instrument, Results, Spread

    Measure = Callable[[Instrument, str, str], "Spread | None"]

COMPARED = [name for name in CANDIDATES if name not in ("no CORS", "empty hook")]
MISSING = "-"
NOISE = "within noise"
"""The text of a cost that cannot be distinguished from that of an empty hook, or of no CORS at all."""

TEXTS: dict[str, str] = {
    "instructions": "{:,.0f}",
    "million instructions": "{:,.2f}",
    "µs": "{:,.1f} µs",
    "ms": "{:,.2f} ms",
    "MB": "{:,.2f} MB",
    "modules": "{:,.0f}",
}
"""How a cost is written, by its unit."""
TIMES = ("µs", "ms")

SUMMARY: list[tuple[str, str, str, Measure]] = [
    ("hook: simple", "defaults, simple", "hook", added),
    ("hook: preflight", "defaults, preflight", "hook", added),
    ("hook: simple, 1,000 origins", "1,000 origins, simple", "hook", added),
    ("hook: simple, 100 rules", "100 rules, simple", "hook", added),
    ("`@cross_origin`: simple", "@cross_origin, simple", "hook", added),
    ("`@cross_origin`: preflight", "@cross_origin, preflight", "hook", added),
    ("middleware: simple", "defaults, simple", "middleware", added),
    ("middleware: preflight, the whole request", "defaults, preflight", "middleware", whole),
]
"""The rows of the tables in the documentation: title, scenario, candidate and measure."""


def table(rows: Iterable[Iterable[Any]], header: list[str]) -> str:
    """Return a table in Markdown."""
    return tabulate(list(rows), header, tablefmt="github", disable_numparse=True)


def is_noise(unit: str, value: Spread) -> bool:
    """Whether a cost cannot be distinguished from zero.

    That is so if its lower quartile is not above zero, and for a time also if the quartiles differ by more than the
    median.
    """
    return value.low <= 0 or (unit in TIMES and value.high - value.low > value.median)


def _ratio(theirs: float, ours: float) -> str:
    ratio = theirs / ours
    return f"{ratio:,.1f}x" if ratio >= 2 else f"{ratio:.2f}x"


def cell(unit: str, value: Spread | None, theirs: Spread | None) -> str:
    """Return a cost, and how many times that of Flask-CORS is as high, if the two can be distinguished."""
    if value is None:
        return MISSING
    if is_noise(unit, value):
        return NOISE
    text = TEXTS[unit].format(value.median)
    if unit in TIMES:
        low, high = (TEXTS[unit].format(bound).split()[0] for bound in (value.low, value.high))
        text += f" ({low} to {high})"
    overlap = theirs is not None and value.high >= theirs.low and value.low <= theirs.high
    if theirs is None or theirs is value or is_noise(unit, theirs) or overlap:
        return text
    return f"{text}, {_ratio(theirs.median, value.median)}"


def _measured(instrument: Instrument) -> list[str]:
    return [name for name in COMPARED if any(name in found for found in instrument.values())]


def _row(unit: str, instrument: Instrument, scenario: str, names: list[str], measure: Measure) -> list[str]:
    theirs = measure(instrument, scenario, "Flask-CORS")
    cells = (cell(unit, measure(instrument, scenario, name), theirs if "," in name else None) for name in names)
    return [scenario, *cells]


def added_table(unit: str, instrument: Instrument) -> str:
    """Return what every candidate adds to a request in every scenario."""
    names = _measured(instrument)
    rows = [_row(unit, instrument, scenario, names, added) for scenario in instrument]
    return table(rows, [f"{unit} added", *names])


def whole_table(unit: str, instrument: Instrument) -> str:
    """Return the cost of every whole preflight. One that a middleware answers does not reach Flask."""
    names = ["no CORS", *_measured(instrument)]
    preflights = (scenario for scenario in instrument if scenario.endswith("preflight"))
    rows = [_row(unit, instrument, scenario, names, whole) for scenario in preflights]
    return table(rows, [f"{unit}, whole request", *names])


def summary_table(unit: str, instrument: Instrument) -> str:
    """Return the short table of the documentation."""
    rows = []
    for title, scenario, way, measure in SUMMARY:
        theirs = measure(instrument, scenario, "Flask-CORS")
        ours = [measure(instrument, scenario, f"{way}, {engine}") for engine in ("Rust", "Python")]
        if any(ours):
            rows.append([title, cell(unit, theirs, theirs), *(cell(unit, value, theirs) for value in ours)])
    name = "time" if unit == "µs" else unit
    return table(rows, [f"{name} added to a request", "Flask-CORS", "Rust engine", "Python engine"])


def _cold_start_row(instrument: Instrument, unit: str, case: str) -> list[str]:
    theirs = added(instrument, case, "Flask-CORS")
    ours = (added(instrument, case, f"hook, {engine}") for engine in ("Rust", "Python"))
    return [case, cell(unit, theirs, theirs), *(cell(unit, value, theirs) for value in ours)]


def cold_start_tables(results: Results) -> dict[str, str]:
    """Return the tables of what happens before the first request, by their names in the documentation."""
    found = {}
    parts = {"the first request": list(STARTS), "many": [name for name in CASES if name not in STARTS]}
    for unit in ("million instructions", "ms"):
        instrument = results.cold_start.get(unit, {})
        name = "time" if unit in TIMES else "instructions"
        for part, cases in parts.items():
            if instrument:
                rows = [_cold_start_row(instrument, unit, case) for case in cases]
                header = ["time" if unit in TIMES else unit, "Flask-CORS", "Rust engine", "Python engine"]
                found[f"{name} of {part}" if part == "many" else f"{name} before {part}"] = table(rows, header)
    if instrument := results.cold_start.get("memory", {}):
        rows = [_cold_start_row(instrument, "modules" if what == "modules" else "MB", what) for what in instrument]
        header = [f"added by {next(iter(STARTS))}", "Flask-CORS", "Rust engine", "Python engine"]
        found["memory before the first request"] = table(rows, header)
    return found


def set_up_table(rows: list[dict[str, Any]]) -> str:
    """Return how long large policies take to set up, and how much memory they use."""
    return table(
        (
            [row["policy"], row["candidate"], f"{row['seconds']:.2f} s", f"{row['bytes'] / 2**20:.1f} MiB"]
            for row in rows
        ),
        ["policy", "candidate", "set-up", "memory"],
    )


def threads_table(rows: list[dict[str, Any]]) -> str:
    """Return the requests per second by the number of threads."""
    names = list(dict.fromkeys(row["candidate"] for row in rows))
    found = {(row["threads"], row["candidate"]): row["requests"] for row in rows}
    return table(
        (
            [str(threads), *(f"{found[threads, name]:,.0f}" for name in names)]
            for threads in dict.fromkeys(row["threads"] for row in rows)
        ),
        ["threads, requests per second", *names],
    )


def hostile_table(rows: list[dict[str, Any]]) -> str:
    """Return what one request costs by the length of its Origin."""
    cells = []
    for row in rows:
        length, seconds = row["Flask-CORS"][-1]
        ours = ", ".join(f"{time * 1e6:,.0f} µs at {at:,}" for at, time in row["hook, Rust"]) or MISSING
        cells.append([f"`{row['pattern']}`", f"{seconds * 1e6:,.0f} µs at {length:,}", ours])
    return table(cells, ["pattern, one request by length of Origin", "Flask-CORS, where it was stopped", "hook, Rust"])


OTHER_TABLES: dict[str, Callable[[list[dict[str, Any]]], str]] = {
    "set-up": set_up_table,
    "threads": threads_table,
    "hostile": hostile_table,
}
"""The tables of the other measurements, by their name in the results."""
