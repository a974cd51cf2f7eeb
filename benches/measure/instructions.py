"""Count the instructions of a request to each candidate with valgrind's callgrind.

``python -m measure.instructions RESULTS`` counts them for every scenario and candidate whose time is in the results,
and adds them to the results. Requests 61 to 160 are counted. Repeating a run gives the same count, but the addresses of
Python's objects change it by a few thousand, for example through collisions in the method cache. So there are several
runs, each with a different memory layout.
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

from measure import results
from measure.candidates import BENCHES, share
from measure.scenarios import SCENARIOS

WARM, REQUESTS = 60, 100
LAYOUTS = (0, 1_111, 2_777, 5_003, 7_321, 9_973)
"""How many objects are created before the imports, one run for each number."""

START = """
import runpy, sys
before = [str(number) for number in range(int(sys.argv.pop(1)))]
runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
"""


def count(layout: int, cases: list[tuple[str, str]], module: str = "measure.candidates") -> list[int]:
    """Return the instructions of a request for each pair of a scenario and a candidate.

    :param module: the module that knows the candidates
    """
    with tempfile.TemporaryDirectory() as folder:
        valgrind = [
            "valgrind",
            "--tool=callgrind",
            f"--callgrind-out-file={folder}/%p",
            # candidates.py calls it before the first request that counts.
            "--zero-before=getppid",
        ]
        result = subprocess.run(
            [*valgrind, sys.executable, "-c", START, str(layout), module, "count", str(WARM), str(REQUESTS)],
            env={**os.environ, "PYTHONHASHSEED": "0", "PYTHONPATH": BENCHES},
            input="".join(json.dumps(case) + "\n" for case in cases),
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode:
            raise RuntimeError(result.stderr)
        print(f"counted the instructions with {layout:,} objects before the imports", flush=True)
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
    parser.add_argument("results", type=Path, help="the JSON file of a run of pytest-benchmark")
    path: Path = parser.parse_args().results
    if not shutil.which("valgrind"):
        print("valgrind is not on the PATH: instructions are not counted, and the report compares only times")
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
