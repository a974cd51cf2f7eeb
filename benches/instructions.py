"""Instructions of a request to each candidate, under valgrind's callgrind: the same on every run.

``instructions.py RESULTS`` counts them for whatever these results have the time of, and adds them. Each figure is the
difference of 300 and 100 requests.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import results
from candidates import share
from process import CANDIDATES
from scenarios import SCENARIOS

FEW, MANY = 100, 300

VALGRIND = [
    "valgrind",
    "--tool=callgrind",
    "--callgrind-out-file=/dev/null",
    # candidates.py calls it when a fork has set its application up.
    "--zero-before=getppid",
]


def count(scenario: str, candidates: list[str]) -> dict[str, int]:
    """The instructions of a request to each candidate.

    :raises RuntimeError: the process failed, or valgrind does not know where the counting begins
    """
    result = subprocess.run(
        [*VALGRIND, sys.executable, CANDIDATES, "count", str(FEW), str(MANY), scenario, *candidates],
        env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    *forks, parent = map(int, re.findall(r"Collected : (\d+)", result.stderr) or ["0"])
    if result.returncode or len(forks) != 2 * len(candidates) or forks[0] >= parent:
        raise RuntimeError(f"nothing was counted for {scenario}:\n{result.stderr}")
    found = {}
    for candidate, few, many in zip(candidates, forks[::2], forks[1::2]):
        found[candidate] = round((many - few) / ((MANY - FEW) * share(SCENARIOS[scenario], candidate)))
    print(f"counted: {scenario}", flush=True)
    return found


def main() -> None:
    """Count, and add the counts to the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="a JSON file of pytest-benchmark")
    path: Path = parser.parse_args().results
    if not shutil.which("valgrind"):
        print("valgrind is not on the PATH: no instructions are counted, only times are compared")
        return
    times = results.Results(path).times
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        counts = pool.map(lambda scenario: count(scenario, list(times[scenario])), times)
        results.add(path, "instructions", dict(zip(times, counts)))


if __name__ == "__main__":
    main()
