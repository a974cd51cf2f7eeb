"""Time the Rust engine, rs/cors (Go) and tower-http (Rust) in the same scenarios, in one run.

The figures are nanoseconds per operation: the best of several rounds, less the best round of doing nothing.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from tabulate import tabulate

HERE = Path(__file__).parent
ROUNDS = 7

ORIGIN = "https://www.example.com"
NAMES = [f"x-name-{number:02}" for number in range(20)]


def scenario(name: str, *, origin: str | None, allowed: bool = True, **options: Any) -> dict[str, Any]:
    """Return a scenario: the configuration, the request, and whether it is allowed."""
    lists: dict[str, list[str]] = {"literals": [], "subdomains": [], "regexes": [], "allow_headers": NAMES}
    return {**lists, "name": name, "origin": origin, "headers": None, "allowed": allowed, **options}


def literals(count: int) -> list[str]:
    """Return a number of origins."""
    return [f"https://www.example{number}.com" for number in range(count)]


def scenarios() -> list[dict[str, Any]]:
    """Return the scenarios. Requests ask for the last entry of each list."""
    found = [scenario(f"no Origin, {n:,}", origin=None, allowed=False, literals=literals(n)) for n in (1, 10_000)]
    found += [
        scenario(f"literal origin, one of {n:,}", origin=literals(n)[-1], literals=literals(n))
        for n in (1, 10, 100, 1_000, 10_000)
    ]
    for n in (1, 10, 100):
        origin = f"https://www.shop.example{n - 1}.com"
        hosts = [f"example{number}.com" for number in range(n)]
        regexes = [rf"https://(?:[a-z0-9-]+\.)+example{number}\.com" for number in range(n)]
        found.append(scenario(f"subdomain, one of {n}", origin=origin, subdomains=hosts))
        found.append(scenario(f"regex, one of {n}", origin=origin, regexes=regexes))
    one: dict[str, Any] = {"origin": ORIGIN, "literals": [ORIGIN]}
    found += [scenario(f"preflight, {n} headers of 20", headers=",".join(NAMES[:n]), **one) for n in (0, 1, 5, 20)]
    hostile = {"16 KiB of commas": "," * (1 << 14), "1 MiB of commas": "," * (1 << 20), "1 MiB name": "x" * (1 << 20)}
    for name, text in hostile.items():
        found.append(scenario(f"preflight, {name}", headers=text, allow_headers=NAMES[:5], allowed=False, **one))
    return found


def programs(folder: str) -> list[str]:
    """Compile both programs, and return their paths."""
    rust, go = f"{folder}/rust", f"{folder}/go"
    build = ["cargo", "build", "--release", "--locked", "--target-dir", rust]
    subprocess.run(build, cwd=HERE / "rust", check=True)
    subprocess.run(["go", "build", "-mod=readonly", "-o", go, "."], cwd=HERE / "go", check=True)
    return [f"{rust}/release/peers", go]


def main() -> None:
    """Time every library, and print a table."""
    if missing := [tool for tool in ("cargo", "go") if not shutil.which(tool)]:
        print(f"The libraries are not timed: {' and '.join(missing)} not found on the PATH.")
        return
    text = json.dumps(scenarios())
    best: dict[str, dict[str, list[float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        commands = programs(folder)
        for _ in range(ROUNDS):
            for command in commands:
                result = subprocess.run([command], input=text, stdout=subprocess.PIPE, text=True, check=True)
                for candidate, times in json.loads(result.stdout).items():
                    known = best.setdefault(candidate, times)
                    best[candidate] = {name: list(map(min, pair, known[name])) for name, pair in times.items()}
    rows = [
        [found["name"], *(whole - alone for whole, alone in (times[found["name"]] for times in best.values()))]
        for found in scenarios()
    ]
    print(tabulate(rows, ["ns", *best], floatfmt=",.0f"))
    print()
    print("rs/cors and tower-http write a header map. The Rust engine of this package returns a list of header pairs.")
    print("tower-http does not check the method or the header names of a preflight.")


if __name__ == "__main__":
    main()
