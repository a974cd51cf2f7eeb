"""Count what observing decisions adds to a request: ``python -m measure.observed`` (needs valgrind).

The rows are those of the benchmarks, and the candidates are compared with Flask-CORS, which observes nothing.
"""

from __future__ import annotations

from statistics import median

from tabulate import tabulate

from measure.instructions import count

LAYOUTS = (0, 2_777, 7_321)
SCENARIOS = [
    f"{policy}, {request}" for request in ("simple", "preflight") for policy in ("10 origins", "report-only", "signals")
]
CANDIDATES = ["Flask-CORS", "hook, Rust", "hook, Python", "middleware, Rust", "middleware, Python"]
EMPTY = "empty hook"


def main() -> None:
    """Print the table."""
    cases = [(scenario, candidate) for scenario in SCENARIOS for candidate in (EMPTY, *CANDIDATES)]
    runs = [dict(zip(cases, count(layout, cases))) for layout in LAYOUTS]
    rows = []
    for scenario in SCENARIOS:
        # A preflight that a middleware answers costs less than an empty hook.
        whole = {name: median(run[scenario, name] for run in runs) for name in (EMPTY, *CANDIDATES)}
        theirs = whole["Flask-CORS"] - whole[EMPTY]
        cells = [f"{theirs:,.0f}"]
        for name in CANDIDATES[1:]:
            added = whole[name] - whole[EMPTY]
            cells.append(f"{added:,.0f}, {theirs / added:.1f}x" if added > 0 else f"{added:,.0f}")
        rows.append([scenario, *cells])
    print(tabulate(rows, ["instructions added", *CANDIDATES], "github", disable_numparse=True))


if __name__ == "__main__":
    main()
