"""Load preflights: answered by Flask-CORS and by our middleware under gunicorn, and by each proxy in front of it.

The candidates take turns in several rounds, in one run. Each figure is the median of the rounds, with the lowest and
the highest.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tabulate import tabulate

from edge.proxies import PROXIES, Site, behind, program
from measure.server import REPORT, SCRIPTS, Load, check, load, make_app, served

FLASK_CORS, MIDDLEWARE = "Flask-CORS", "middleware, Rust"


def measure(seconds: int, rounds: int) -> dict[str, list[Load]]:
    """Return the loads of each candidate. Every round starts new servers."""
    loads: dict[str, list[Load]] = {}
    script_text = SCRIPTS["preflight"] + 'wrk.headers["Host"] = "site"\n' + REPORT
    for _ in range(rounds):
        for name in (FLASK_CORS, MIDDLEWARE, *filter(program, PROXIES)):
            with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
                candidate = name if name == FLASK_CORS else MIDDLEWARE
                url = stack.enter_context(served(candidate))
                check(url, candidate)
                if name in PROXIES:
                    site = Site("site", make_app(MIDDLEWARE), "preflights")
                    port = stack.enter_context(
                        behind(name, [site], int(url.rpartition(":")[2].strip("/")), Path(folder))
                    )
                    url = f"http://127.0.0.1:{port}/"
                script = Path(folder, "preflight.lua")
                script.write_text(script_text)
                loads.setdefault(name, []).append(load(url, script, seconds))
    return loads


def table(loads: dict[str, list[Load]]) -> str:
    """Return a table of throughputs and latencies, also relative to Flask-CORS in the same round."""
    rows: list[list[str]] = []
    for name, measured in loads.items():
        base = loads[FLASK_CORS]
        ratios = sorted(own.requests_a_second / theirs.requests_a_second for own, theirs in zip(measured, base))
        rate, p50, p99 = (statistics.median(values) for values in zip(*measured))
        spread = f"{statistics.median(ratios):.1f} ({ratios[0]:.1f} to {ratios[-1]:.1f})"
        where = f"{name} in front of gunicorn" if name in PROXIES else f"gunicorn with {name}"
        rows.append([where, f"{rate:,.0f}", spread, f"{p50:.2f} ms", f"{p99:.2f} ms"])
    header = ["preflights answered by", "a second", "relative to Flask-CORS (lowest to highest)", "p50", "p99"]
    return tabulate(rows, header, tablefmt="github", disable_numparse=True)


def main() -> None:
    """Load every candidate, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=3, help="the length of each load (default: 3)")
    parser.add_argument("--rounds", type=int, default=3, help="the number of rounds (default: 3)")
    arguments = parser.parse_args()
    if not shutil.which("wrk"):
        print("wrk is not on the PATH: install it from the packages of your system, or from https://github.com/wg/wrk")
        return
    print(table(measure(arguments.seconds, arguments.rounds)))


if __name__ == "__main__":
    main()
