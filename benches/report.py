"""The tables of a run of the benchmarks, and what the documentation shows of them.

``report.py RESULTS`` prints every table, or with ``--brief`` the first; ``--write`` puts those of the README between
its markers, and draws ``docs/benchmarks.svg``.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tabulate import tabulate

import document
import targets
from candidates import CANDIDATES
from results import Instrument, Results, Spread, added, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ROOT = Path(__file__).parent.parent
COMPARED = [name for name in CANDIDATES if name not in ("no CORS", "empty hook")]
README_ROWS = {
    "simple": "defaults, simple",
    "preflight": "defaults, preflight",
    "simple, 1,000 origins": "1,000 origins, simple",
    "simple, 100 rules": "100 rules, simple",
    "`@cross_origin`, simple": "@cross_origin, simple",
    "`@cross_origin`, preflight": "@cross_origin, preflight",
}
MISSING = "-"


def _table(rows: Iterable[Iterable[Any]], header: list[str]) -> str:
    return tabulate(list(rows), header, tablefmt="github", disable_numparse=True)


def _amount(unit: str, value: Spread) -> str:
    if unit == "us":
        return f"{value.median:,.1f} us ({value.low:,.1f} to {value.high:,.1f})"
    return f"{value.median:,.0f}"


def _cell(unit: str, value: Spread | None, theirs: Spread | None) -> str:
    """An amount, and how many times less that is than theirs, unless one of both cannot be told from nothing."""
    if value is None:
        return MISSING
    text = _amount(unit, value)
    if theirs is None or theirs is value or value.low <= 0 or theirs.low <= 0:
        return text
    return f"{text}, {theirs.median / value.median:,.1f}x"


def _measured(instrument: Instrument) -> list[str]:
    return [name for name in COMPARED if any(name in found for found in instrument.values())]


def added_table(unit: str, instrument: Instrument) -> str:
    """What every candidate adds in every scenario."""
    names = _measured(instrument)
    rows = []
    for scenario in instrument:
        theirs = added(instrument, scenario, "Flask-CORS")
        cells = (_cell(unit, added(instrument, scenario, name), theirs if "," in name else None) for name in names)
        rows.append([scenario, *cells])
    return _table(rows, [f"{unit} added", *names])


def whole_table(unit: str, instrument: Instrument) -> str:
    """The whole of every preflight: what a middleware answers never comes to Flask."""
    names = ["no CORS", *_measured(instrument)]
    rows = []
    for scenario in instrument:
        if scenario.endswith("preflight"):
            theirs = whole(instrument, scenario, "Flask-CORS")
            cells = (_cell(unit, whole(instrument, scenario, name), theirs if "," in name else None) for name in names)
            rows.append([scenario, *cells])
    return _table(rows, [f"{unit}, whole request", *names])


def set_up_table(rows: list[dict[str, Any]]) -> str:
    """How long big policies take to be made, and their memory."""
    return _table(
        (
            [row["policy"], row["candidate"], f"{row['seconds']:.2f} s", f"{row['bytes'] / 2**20:.1f} MiB"]
            for row in rows
        ),
        ["policy", "candidate", "set-up", "memory"],
    )


def threads_table(rows: list[dict[str, Any]]) -> str:
    """Requests a second, by threads."""
    names = list(dict.fromkeys(row["candidate"] for row in rows))
    found = {(row["threads"], row["candidate"]): row["requests"] for row in rows}
    return _table(
        (
            [str(threads), *(f"{found[threads, name]:,.0f}" for name in names)]
            for threads in dict.fromkeys(row["threads"] for row in rows)
        ),
        ["threads, requests a second", *names],
    )


def hostile_table(rows: list[dict[str, Any]]) -> str:
    """What a request costs as its Origin grows."""
    table = []
    for row in rows:
        length, seconds = row["Flask-CORS"][-1]
        ours = ", ".join(f"{time * 1e6:,.0f} us at {at:,}" for at, time in row["hook, Rust"]) or MISSING
        table.append([f"`{row['pattern']}`", f"{seconds * 1e6:,.0f} us at {length:,}", ours])
    return _table(table, ["pattern, one request by length of Origin", "Flask-CORS, where it was stopped", "hook, Rust"])


PARTS: dict[str, Callable[[list[dict[str, Any]]], str]] = {
    "set-up": set_up_table,
    "threads": threads_table,
    "hostile": hostile_table,
}


def readme_table(unit: str, instrument: Instrument) -> str:
    """The short table of the README."""
    rows = []
    for label, scenario in README_ROWS.items():
        theirs = added(instrument, scenario, "Flask-CORS")
        cells = [_cell(unit, theirs, theirs)]
        cells += [_cell(unit, added(instrument, scenario, f"hook, {engine}"), theirs) for engine in ("Rust", "Python")]
        rows.append([f"hook: {label}" if "@" not in label else label, *cells])
    for label, scenario, measure in (
        ("middleware: simple", "defaults, simple", added),
        ("middleware: preflight, the whole request", "defaults, preflight", whole),
    ):
        theirs = measure(instrument, scenario, "Flask-CORS")
        ours = [measure(instrument, scenario, f"middleware, {engine}") for engine in ("Rust", "Python")]
        if any(ours):
            rows.append([label, _cell(unit, theirs, theirs), *(_cell(unit, value, theirs) for value in ours)])
    return _table(rows, [f"{unit} added to a request", "Flask-CORS", "Rust engine", "Python engine"])


def show(results: Results) -> None:
    """Print every table."""
    for unit, instrument in results.instruments().items():
        print(f"\n{added_table(unit, instrument)}\n\n{whole_table(unit, instrument)}")
    unit, instrument = next(iter(results.instruments().items()))
    print(f"\nTargets, in {unit}:\n\n{_table((target.row(instrument) for target in targets.TARGETS), targets.HEADER)}")
    for name, table in PARTS.items():
        if name in results.raw:
            print(f"\n{table(results.raw[name])}")
    print(f"\n{results.machine()}")


def write(results: Results) -> None:
    """Put the short tables into the README, and draw the picture."""
    import chart

    for unit, instrument in results.instruments().items():
        name = "time" if unit == "us" else unit
        document.write(ROOT / "README.md", f"report.py: {name}", readme_table(unit, instrument))
    document.write(ROOT / "README.md", "report.py: machine", f"{results.machine()}.")
    chart.draw(results, ROOT / "docs" / "benchmarks.svg")


def main() -> None:
    """Print the tables, or write them where asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="the JSON file of a run")
    parser.add_argument("--brief", action="store_true", help="print only what is added in each scenario")
    parser.add_argument("--write", action="store_true", help="write the README's tables and its picture")
    arguments = parser.parse_args()
    results = Results(arguments.results)
    if arguments.brief:
        for unit, instrument in results.instruments().items():
            print(added_table(unit, instrument))
        print(f"\n{results.machine()}")
    else:
        show(results)
    if arguments.write:
        write(results)


if __name__ == "__main__":
    main()
