"""Print how many mutants each file has, how many the tests notice, and those that they do not: ``table.py FOLDER``.

FOLDER is where ``make mutants`` has run mutmut (``tree``) and cargo-mutants (``mutants.out``).
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from tabulate import tabulate

Outcomes = dict[str, dict[str, list[str]]]
"""The names of the mutants, by file and by outcome."""

CAUGHT, MISSED, IGNORED = "caught", "missed", "ignored"
MUTMUT = {
    "killed": CAUGHT,
    "timeout": CAUGHT,
    "segfault": CAUGHT,
    "survived": MISSED,
    "no tests": MISSED,
    "suspicious": MISSED,
}
CARGO_MUTANTS = {"CaughtMutant": CAUGHT, "Timeout": CAUGHT, "MissedMutant": MISSED}


def python_outcomes(tree: Path) -> Outcomes:
    """Read the outcomes of mutmut."""
    command = [str(Path(sys.executable).with_name("mutmut")), "results", "--all", "true"]
    output = subprocess.run(command, cwd=tree, check=True, capture_output=True, text=True).stdout
    outcomes: Outcomes = defaultdict(lambda: defaultdict(list))
    for line in output.splitlines():
        name, _, status = line.strip().partition(": ")
        module, _, function = name.rpartition(".")
        outcomes[module][MUTMUT.get(status, IGNORED)].append(function)
    return outcomes


def rust_outcomes(folder: Path) -> Outcomes:
    """Read the outcomes of cargo-mutants. A mutant of the bindings that cannot be compiled is one of those ignored."""
    outcomes: Outcomes = defaultdict(lambda: defaultdict(list))
    for outcome in json.loads((folder / "outcomes.json").read_text(encoding="utf-8"))["outcomes"]:
        if outcome["scenario"] == "Baseline":
            continue
        mutant = outcome["scenario"]["Mutant"]
        result = CARGO_MUTANTS.get(outcome["summary"], IGNORED)
        log = (folder / outcome["log_path"]).read_text(encoding="utf-8", errors="replace")
        if "error: could not compile `flask-cors-rs` (lib)" in log:
            result = IGNORED
        outcomes[mutant["file"]][result].append(mutant["name"])
    return outcomes


def rows(outcomes: Outcomes) -> list[list[str | int]]:
    """Return a row for each file, and one for all of them."""
    counts = {name: (len(found[CAUGHT]), len(found[MISSED])) for name, found in sorted(outcomes.items())}
    counts = {name: numbers for name, numbers in counts.items() if sum(numbers)}
    counts["all"] = (sum(caught for caught, _ in counts.values()), sum(missed for _, missed in counts.values()))
    return [
        [name, caught + missed, caught, missed, f"{100 * caught / max(1, caught + missed):.0f}%"]
        for name, (caught, missed) in counts.items()
    ]


def main(folder: Path) -> None:
    """Print the tables and the names."""
    for title, outcomes in (
        ("Python", python_outcomes(folder / "tree")),
        ("Rust", rust_outcomes(folder / "mutants.out") if (folder / "mutants.out").exists() else {}),
    ):
        if outcomes:
            print(tabulate(rows(outcomes), [title, "mutants", "caught", "missed", "caught of all"], "github"))
            print(*(name for found in outcomes.values() for name in found[MISSED]), sep="\n", end="\n\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
