"""Count the instructions of one decision of the Rust engine with valgrind's callgrind, and compare with a record.

Each figure is the difference between a process that decides many times and one that only sets up, divided by the number
of decisions. Hash tables have a new seed in each process, so keys may collide in one process and not in the next. A
decision that seems more expensive than recorded is counted again, and the lowest count is used.
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

ROOT = Path(__file__).parent.parent.parent
RECORD = Path(__file__).with_suffix(".json")
TOLERANCE = 0.05

DECISIONS = 5_000
BYTES = 1_000_000
"""The number of bytes that all decisions about a long text read together."""
TRIES = 3


def build() -> str:
    """Compile the scenarios, and return the path of the program."""
    command = ["cargo", "build", "--release", "--locked", "--package", "cors-engine", "--bench", "instructions"]
    result = subprocess.run(
        [*command, "--message-format", "json-render-diagnostics"], cwd=ROOT, check=True, stdout=subprocess.PIPE
    )
    messages = map(json.loads, result.stdout.splitlines())
    return next(str(message["executable"]) for message in messages if message.get("executable"))


def count(program: str, name: str, decisions: int) -> int:
    """Return the instructions of a process that makes a number of decisions."""
    valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    result = subprocess.run([*valgrind, program, name, str(decisions)], capture_output=True, text=True, check=True)
    found = re.search(r"Collected : (\d+)", result.stderr)
    assert found, result.stderr
    return int(found[1])


def instructions_of(program: str, name: str, length: int, recorded: float) -> int:
    """Return the instructions of one decision.

    :param length: the length in bytes of the text that it reads, or 0 if that does not matter
    :param recorded: the recorded instructions; a count that is not higher is not repeated
    """
    decisions = max(1, BYTES // length) if length else DECISIONS
    least = float("inf")
    for _ in range(TRIES):
        least = min(least, (count(program, name, decisions) - count(program, name, 0)) / decisions)
        if least <= recorded * (1 + TOLERANCE):
            break
    return round(least)


def measure(program: str, recorded: dict[str, int]) -> dict[str, int]:
    """Return the instructions of one decision in each scenario."""
    listed = subprocess.run([program, "--list"], capture_output=True, text=True, check=True).stdout.splitlines()
    lengths = {name: int(length) for name, length in (line.split("\t") for line in listed)}

    def of(name: str) -> int:
        return instructions_of(program, name, lengths[name], recorded.get(name, 0))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(lengths, pool.map(of, lengths)))


def compiler() -> str:
    """Return the compiler and the platform, on which the figures depend."""
    lines = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout.splitlines()
    host = next(line for line in lines if line.startswith("host: "))
    return f"{lines[0]}, {host.removeprefix('host: ')}"


def change(before: int | None, now: int | None) -> float:
    """Return the relative change of a figure, or infinity if one of the two is missing."""
    return now / before - 1 if before and now else float("inf")


def table(before: dict[str, int], now: dict[str, int], least: float) -> str:
    """Return a table of the scenarios that changed by more than a fraction."""
    rows = []
    for name in sorted(before | now):
        grew = change(before.get(name), now.get(name))
        if abs(grew) > least:
            rows.append([name, before.get(name), now.get(name), f"{grew:+.1%}" if grew < float("inf") else "no figure"])
    return tabulate(rows, ["decision", "recorded", "now", "change"], intfmt=",", missingval="none") if rows else ""


def check(record: dict[str, object], now: dict[str, int]) -> int:
    """Compare with the record. Return 1 if a decision has become more expensive, or is missing on one side."""
    before = record["instructions"]
    assert isinstance(before, dict)
    if changed := table(before, now, TOLERANCE):
        print(changed)
    if record["compiler"] != compiler():
        print(
            f"The record was made with {record['compiler']}, not with {compiler()}. That alone may explain the changes."
        )
    changes = [change(before.get(name), now.get(name)) for name in before | now]
    if max(changes) > TOLERANCE:
        print(f"Some decisions are more than {TOLERANCE:.0%} more expensive than recorded, or missing on one side.")
        print("Make them cheaper, or run make instructions-record and explain the cost in the commit.")
        return 1
    if min(changes) < -TOLERANCE:
        print(f"Some decisions are more than {TOLERANCE:.0%} cheaper than recorded: run make instructions-record.")
    print(f"Counted {len(now)} decisions. The largest changes are {min(changes):+.1%} and {max(changes):+.1%}.")
    return 0


def main() -> int:
    """Count the instructions, and print, record or compare them."""
    parser = argparse.ArgumentParser(description=__doc__)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="fail if a decision has become more expensive than recorded")
    what.add_argument("--record", action="store_true", help="write the record")
    arguments = parser.parse_args()
    if missing := [tool for tool in ("cargo", "valgrind") if not shutil.which(tool)]:
        print(f"The instructions are not counted: {' and '.join(missing)} not found on the PATH.")
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
