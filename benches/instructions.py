"""Instructions of a request to each candidate, under valgrind's callgrind.

``instructions.py RESULTS`` counts them for whatever these results have the time of, and adds them. Requests 61 to 160
are counted. The same run gives the same count; but where Python's objects lie in memory changes it by some thousand
(by what collides in the cache of methods, for one), so there are several runs, each with other objects before them.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import results
from candidates import share
from process import CANDIDATES
from scenarios import SCENARIOS

WARM, REQUESTS = 60, 100
LAYOUTS = (0, 1_111, 2_777, 5_003, 7_321, 9_973)
"""How many objects there are before anything is imported."""

START = """
import runpy, sys
before = [str(number) for number in range(int(sys.argv.pop(1)))]
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def count(layout: int, cases: list[tuple[str, str]]) -> list[int]:
    """The instructions of a request in each case, a scenario and a candidate."""
    with tempfile.TemporaryDirectory() as folder:
        valgrind = [
            "valgrind",
            "--tool=callgrind",
            f"--callgrind-out-file={folder}/%p",
            # Called by candidates.py when the requests begin that count.
            "--zero-before=getppid",
        ]
        result = subprocess.run(
            [*valgrind, sys.executable, "-c", START, str(layout), CANDIDATES, "count", str(WARM), str(REQUESTS)],
            env={**os.environ, "PYTHONHASHSEED": "0", "PYTHONPATH": str(Path(CANDIDATES).parent)},
            input="".join(json.dumps(case) + "\n" for case in cases),
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode:
            raise RuntimeError(result.stderr)
        print(f"counted with {layout:,} objects before", flush=True)
        return [
            round(_collected(Path(folder, pid)) / (REQUESTS * share(SCENARIOS[scenario], candidate)))
            for pid, (scenario, candidate) in zip(result.stdout.split(), cases)
        ]


def _collected(profile: Path) -> int:
    found = re.search(r"^summary: (\d+)", profile.read_text(), re.MULTILINE)
    assert found, profile
    return int(found[1])


def main() -> None:
    """Count, and add the counts to the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="a JSON file of pytest-benchmark")
    path: Path = parser.parse_args().results
    if not shutil.which("valgrind"):
        print("valgrind is not on the PATH: no instructions are counted, only times are compared")
        return
    times = results.Results(path).times
    cases = [(scenario, candidate) for scenario in times for candidate in times[scenario]]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        counts = list(pool.map(lambda layout: count(layout, cases), LAYOUTS))
    table: dict[str, dict[str, list[int]]] = defaultdict(dict)
    for (scenario, candidate), *values in zip(cases, *counts):
        table[scenario][candidate] = values
    results.add(path, "instructions", table)


if __name__ == "__main__":
    main()
