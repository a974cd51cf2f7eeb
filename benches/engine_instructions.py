"""Instructions of one decision of the Rust engine, under valgrind's callgrind, against the record of them.

Each figure is the difference between a process that decides many times and one that only sets up, a decision. Hash
tables draw their seeds anew in each process, so that keys collide in one and not in the next: what seems dearer than
recorded is counted again, and the least counts.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tabulate import tabulate

ROOT = Path(__file__).parent.parent
RECORD = Path(__file__).with_suffix(".json")
TOLERANCE = 0.05

DECISIONS = 5_000
BYTES = 1_000_000
"""Decisions on a long text are fewer, so many bytes of it in all."""
TRIES = 3


def build() -> str:
    """Compile the scenarios, and give the path of the program."""
    command = ["cargo", "build", "--release", "--locked", "--package", "cors-engine", "--bench", "instructions"]
    result = subprocess.run(
        [*command, "--message-format", "json-render-diagnostics"], cwd=ROOT, check=True, stdout=subprocess.PIPE
    )
    messages = map(json.loads, result.stdout.splitlines())
    return next(str(message["executable"]) for message in messages if message.get("executable"))


def count(program: str, name: str, decisions: int) -> int:
    """The instructions of a process that makes so many decisions."""
    valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    result = subprocess.run([*valgrind, program, name, str(decisions)], capture_output=True, text=True, check=True)
    found = re.search(r"Collected : (\d+)", result.stderr)
    assert found, result.stderr
    return int(found[1])


def a_decision(program: str, name: str, length: int, recorded: float) -> int:
    """The instructions of one decision, on a text of so many bytes if it is not 0."""
    decisions = max(1, BYTES // length) if length else DECISIONS
    least = float("inf")
    for _ in range(TRIES):
        least = min(least, (count(program, name, decisions) - count(program, name, 0)) / decisions)
        if least <= recorded * (1 + TOLERANCE):
            break
    return round(least)


def measure(program: str, recorded: dict[str, int]) -> dict[str, int]:
    """The instructions of each scenario."""
    listed = subprocess.run([program, "--list"], capture_output=True, text=True, check=True).stdout.splitlines()
    lengths = {name: int(length) for name, length in (line.split("\t") for line in listed)}

    def of(name: str) -> int:
        return a_decision(program, name, lengths[name], recorded.get(name, 0))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(lengths, pool.map(of, lengths)))


def compiler() -> str:
    """The compiler and the platform, on which the figures depend."""
    lines = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout.splitlines()
    host = next(line for line in lines if line.startswith("host: "))
    return f"{lines[0]}, {host.removeprefix('host: ')}"


def change(before: int | None, now: int | None) -> float:
    """The part by which a figure grew; infinite if there was none, or is none any more."""
    return now / before - 1 if before and now else float("inf")


def table(before: dict[str, int], now: dict[str, int], least: float) -> str:
    """The scenarios that changed by more than the least."""
    rows = []
    for name in sorted(before | now):
        grew = change(before.get(name), now.get(name))
        if abs(grew) > least:
            rows.append([name, before.get(name), now.get(name), f"{grew:+.1%}" if grew < float("inf") else "no figure"])
    return tabulate(rows, ["decision", "recorded", "now", "change"], intfmt=",", missingval="none") if rows else ""


def check(record: dict[str, object], now: dict[str, int]) -> int:
    """Compare with the record; 1 if a decision has become dearer, or the record lacks one or has one too many."""
    before = record["instructions"]
    assert isinstance(before, dict)
    if changed := table(before, now, TOLERANCE):
        print(changed)
    if record["compiler"] != compiler():
        print(f"Recorded with {record['compiler']}; this is {compiler()}, which may be all that changed.")
    changes = [change(before.get(name), now.get(name)) for name in before | now]
    if max(changes) > TOLERANCE:
        print(f"Decisions have become dearer by more than {TOLERANCE:.0%}, or have no figure to compare with.")
        print("Make them cheaper, or say why in the commit that has the new record: make instructions-record")
        return 1
    if min(changes) < -TOLERANCE:
        print(f"Decisions have become cheaper by more than {TOLERANCE:.0%}: keep it so with make instructions-record")
    print(f"{len(now)} decisions of the engine; the greatest changes are {min(changes):+.1%} and {max(changes):+.1%}.")
    return 0


def main() -> int:
    """Count, and print, record or compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="fail if a decision has become dearer than recorded")
    what.add_argument("--record", action="store_true", help="write the record")
    arguments = parser.parse_args()
    if missing := [tool for tool in ("cargo", "valgrind") if not shutil.which(tool)]:
        print(f"The engine's instructions are not counted: {' and '.join(missing)} not on the PATH.")
        return int(os.environ.get("CI") == "true")
    if arguments.record:
        record = {"compiler": compiler(), "instructions": measure(build(), {})}
        RECORD.write_text(json.dumps(record, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        return 0
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    now = measure(build(), record["instructions"])
    if arguments.check:
        return check(record, now)
    print(table(record["instructions"], now, -1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
