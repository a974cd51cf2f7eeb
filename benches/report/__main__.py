"""Print the tables of a run of the benchmarks, or write what the documentation shows of them.

``python -m report RESULTS`` prints every table, with ``--brief`` only the added costs. ``--write`` writes the tables
into ``docs/benchmarks.md``, the figures into the README, and the chart into ``docs/benchmarks.svg``. ``--cold-start``
restricts both to what happens before the first request, as after ``make bench-start``.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from measure.results import Results, added, whole
from report import tables, targets

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"


def show_cold_start(results: Results) -> None:
    """Print what happens before the first request."""
    for name, table in tables.cold_start_tables(results).items():
        print(f"\n{name[0].upper()}{name[1:]}:\n\n{table}")


def write_cold_start(results: Results) -> None:
    """Write the tables of what happens before the first request."""
    for name, table in tables.cold_start_tables(results).items():
        write_part(PAGE, name, table)


def show(results: Results) -> None:
    """Print every table."""
    for unit, instrument in results.instruments().items():
        print(f"\n{tables.added_table(unit, instrument)}\n\n{tables.whole_table(unit, instrument)}")
    unit, instrument = next(iter(results.instruments().items()))
    rows = (target.row(instrument) for target in targets.TARGETS)
    print(f"\nTargets, in {unit}:\n\n{tables.table(rows, targets.HEADER)}")
    for name, table in tables.OTHER_TABLES.items():
        if name in results.raw:
            print(f"\n{table(results.raw[name])}")
    show_cold_start(results)
    print(f"\n{results.machine()}")


def show_brief(results: Results) -> None:
    """Print what every candidate adds to a request."""
    for unit, instrument in results.instruments().items():
        print(tables.added_table(unit, instrument))
    print(f"\n{results.machine()}")


def figures(results: Results) -> str:
    """Return the sentences of the README, which compare instructions with Flask-CORS."""
    counts = results.instructions

    def ratio(scenario: str, candidate: str, measure: tables.Measure = added) -> str:
        theirs, ours = (measure(counts, scenario, name) for name in ("Flask-CORS", candidate))
        if theirs is None or ours is None:
            raise SystemExit(f"the results do not have the instructions of {candidate} in {scenario}: install valgrind")
        return f"{theirs.median / ours.median:,.0f} times"

    simple, preflight = ratio("defaults, simple", "hook, Rust"), ratio("defaults, preflight", "hook, Rust")
    origins = ratio("1,000 origins, simple", "hook, Rust")
    early = ratio("defaults, preflight", "middleware, Rust", whole)
    return (
        f"- Flask-CORS adds {simple} as many processor instructions to a simple request as flask-cors-rs,"
        f" and {preflight} as many to a preflight.\n"
        f"- With 1,000 allowed origins, Flask-CORS adds {origins} as many.\n"
        f"- A whole preflight takes {early} as many with Flask-CORS as with the middleware of flask-cors-rs,"
        " which answers it before Flask."
    )


def write_part(document: Path, name: str, text: str) -> None:
    """Replace the text between the markers of a document.

    :raises ValueError: the document does not have the markers
    """
    start, end = f"<!-- made by benches/report: {name} -->", "<!-- end -->"
    pattern = re.compile(f"{re.escape(start)}.*?{re.escape(end)}", re.DOTALL)
    before = document.read_text(encoding="utf-8")
    after, found = pattern.subn(lambda _: f"{start}\n\n{text}\n\n{end}", before)
    if not found:
        raise ValueError(f"{document} does not contain {start}: put it where the text belongs, followed by {end}")
    document.write_text(after, encoding="utf-8")


def write(results: Results) -> None:
    """Write the tables, the figures and the chart."""
    from report import chart

    for unit, instrument in results.instruments().items():
        write_part(PAGE, "time" if unit == "µs" else unit, tables.summary_table(unit, instrument))
    write_cold_start(results)
    write_part(PAGE, "machine", f"{results.machine()}.")
    write_part(ROOT / "README.md", "figures", figures(results))
    chart.draw(results, PAGE.with_suffix(".svg"))


def main() -> None:
    """Print the tables, and write them if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="the JSON file of a run")
    parser.add_argument("--brief", action="store_true", help="print only what is added in each scenario")
    parser.add_argument("--cold-start", action="store_true", help="only what happens before the first request")
    parser.add_argument("--write", action="store_true", help="write the tables, figures and chart of the documentation")
    arguments = parser.parse_args()
    results = Results(arguments.results)
    (show_cold_start if arguments.cold_start else show_brief if arguments.brief else show)(results)
    if arguments.write:
        (write_cold_start if arguments.cold_start else write)(results)


if __name__ == "__main__":
    main()
