"""Measure what happens before the first request: importing an extension, and setting up policies.

``python -m measure.cold_start RESULTS`` adds the measurements to the results of a run, or to a new file. ``--check``
fails if one of the ``STARTS`` takes more instructions than it does with Flask-CORS, if the import loads the
diagnostics, or if the smallest start adds more than ``MOST_MEMORY``.

Each case runs in an interpreter that has imported Flask and made an application. What the same code costs without CORS
is measured beside it. Bytecode is compiled before, as an installer does. There are three instruments:

- instructions, counted by valgrind's callgrind, a few times with different memory layouts
- milliseconds, each in a new process, the candidates taking turns
- memory that the import and ``CORS(app)`` add: Python objects as tracemalloc counts them, anonymous and resident memory
  as Linux reports them (the latter includes the pages of the compiled module that were read), and modules
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
from typing import TYPE_CHECKING, Any, NamedTuple

from flask_cors_rs import BACKEND
from measure import results

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Found = dict[str, dict[str, list[float]]]

FRESH = str(Path(__file__).with_name("fresh_interpreter.py"))
LAYOUTS = (0, 2_777, 7_321)
"""How many objects are created before a case, one run for each number."""
TURNS = 9
TURNS_OF_MANY = 5
"""How many processes measure the time of each case and candidate."""
MOST_MEMORY = 0.9
"""The most megabytes of resident memory that the import and ``CORS(app)`` may add.

It is less than 0.75 where Linux maps 64 KB around a page that is read, and 1.2 if the functions that run first are not
next to each other in the compiled module (see ``tools/order_functions.py``).
"""

NO_CORS = results.NO_CORS
WITHOUT = """
WITHOUT_CORS = True
def CORS(app, **options): pass
def cross_origin(**options): return lambda view: view
"""
"""What code without CORS has in place of the extension."""


class Candidate(NamedTuple):
    """A package, and the engine that it is asked to use."""

    package: str
    engine: str = ""


CANDIDATES = {
    NO_CORS: Candidate(""),
    "Flask-CORS": Candidate("flask_cors"),
    "hook, Rust": Candidate("flask_cors_rs", "rust"),
    "hook, Python": Candidate("flask_cors_rs", "python"),
}


class Case(NamedTuple):
    """Code to measure, for any package.

    :param measured: the code
    :param before: code that runs before and is not measured
    :param imported: the names whose import from the package is measured; without it, everything is imported before
    """

    measured: str
    before: str = ""
    imported: str = ""

    def line(self, candidate: str) -> str:
        """Return the case with a candidate, for ``fresh_interpreter.py``."""
        package, engine = CANDIDATES[candidate]
        before, measured = [self.before], [self.measured]
        if not package:
            before.insert(0, WITHOUT)
        elif self.imported:
            measured.insert(0, f"from {package} import {self.imported}")
        else:
            before.insert(0, f"from {package} import CORS, cross_origin")
        return json.dumps([engine, "\n".join(before), "\n".join(measured)]) + "\n"


SMALLEST = "import, `CORS(app)`"
STARTS = {
    SMALLEST: Case("CORS(app)", imported="CORS"),
    "import, two literal origins, credentials": Case(
        'CORS(app, origins=["https://app.example", "https://www.example"], supports_credentials=True)', imported="CORS"
    ),
    "import, a resource with a literal and a regex origin, credentials": Case(
        'CORS(app, resources={"/api/*": {"origins": ["https://app.example", r"https://[a-z]+\\.example$"]}},'
        " supports_credentials=True)",
        imported="CORS",
    ),
    "import, `\\d` in the path of a resource and in an origin": Case(
        'CORS(app, resources={r"/api/v\\d+/.*": {"origins": r"http://localhost:\\d+$"}})', imported="CORS"
    ),
    "import, one decorated view": Case('@cross_origin()\ndef index(): return "hello"', imported="cross_origin"),
}
"""The start of a small application, with the import."""

ASK = """
def start_response(status, headers, exc_info=None):
    assert ("Access-Control-Allow-Origin" in dict(headers)) is allowed, headers
def ask(app, path, origin):
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "SCRIPT_NAME": "", "SERVER_NAME": "localhost",
        "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.url_scheme": "http", "wsgi.input": None,
        "wsgi.errors": None, "HTTP_ORIGIN": origin,
    }
    body = app.wsgi_app(environ, start_response)
    for _ in body: pass
    body.close()
# The first request to any application is more expensive.
allowed = False
ask(Flask("other"), "/", "https://app.example")
allowed = "WITHOUT_CORS" not in globals()
"""
"""Code that makes a request. The response is checked, also without CORS."""


class Many(NamedTuple):
    """Many policies.

    :param before: code that makes what is not a matter of CORS
    :param set_up: code that makes the policies
    :param requests: code that makes the first requests
    :param asked: which requests these are
    :param between: code that runs between the two
    """

    before: str
    set_up: str
    requests: str
    asked: str
    between: str = ""


MANY = {
    "300 decorated views": Many(
        """
def make_view():
    def view(): return "hello"
    return view
views = [make_view() for _ in range(300)]
""",
        """
for number, view in enumerate(views):
    views[number] = cross_origin(origins=f"https://app-{number}.example", supports_credentials=True)(view)
""",
        'for number in range(300): ask(app, f"/r{number}", f"https://app-{number}.example")',
        "first request to each",
        'for number, view in enumerate(views): app.add_url_rule(f"/r{number}", endpoint=f"r{number}", view_func=view)',
    ),
    "1,000 resources": Many(
        'paths = [f"/r{number}/*" for number in range(1_000)]\napp.add_url_rule("/r999/", view_func=lambda: "hello")',
        'CORS(app, resources=paths, origins=["https://app.example", "https://www.example"])',
        'ask(app, "/r999/", "https://app.example")',
        "first request",
    ),
    "10,000 rules": Many(
        """
rules = {f"/r{number}/*": {"origins": f"https://app-{number}.example"} for number in range(10_000)}
app.add_url_rule("/r9999/", view_func=lambda: "hello")
""",
        "CORS(app, resources=rules)",
        'ask(app, "/r9999/", "https://app-9999.example")',
        "first request",
    ),
    "200 applications": Many(
        """
apps = [Flask(f"app{number}") for number in range(200)]
for number, each in enumerate(apps): each.add_url_rule("/", endpoint="index", view_func=lambda: "hello")
""",
        """
for number, each in enumerate(apps):
    CORS(each, origins=[f"https://app-{number}.example", rf"https://[a-z]+\\.app-{number}\\.example$"])
""",
        'for number, each in enumerate(apps): ask(each, "/", f"https://www.app-{number}.example")',
        "first request to each",
    ),
}

CASES = dict(STARTS)
for _name, _many in MANY.items():
    _served = "\n".join((ASK, _many.before, _many.set_up, _many.between))
    CASES[f"{_name}: set-up"] = Case(_many.set_up, ASK + _many.before)
    CASES[f"{_name}: {_many.asked}"] = Case(_many.requests, _served)


def candidates() -> list[str]:
    """Return the candidates that can be measured here."""
    return [name for name in CANDIDATES if BACKEND == "rust" or "Rust" not in name]


class Interpreters:
    """Starts interpreters that find compiled bytecode in a folder of their own.

    :param folder: the folder
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        self._environ = {**kept, "PYTHONHASHSEED": "0", "PYTHONPYCACHEPREFIX": f"{folder}/bytecode"}

    def _run(self, command: Iterable[str], lines: str) -> str:
        result = subprocess.run(
            list(command), env=self._environ, input=lines, capture_output=True, text=True, check=False
        )
        if result.returncode:
            raise RuntimeError(result.stderr)
        return result.stdout

    def compile(self, cases: Mapping[str, Case]) -> None:
        """Compile the bytecode of everything that some cases import."""
        for candidate in candidates():
            self._run([sys.executable, FRESH, "count", "0"], "".join(case.line(candidate) for case in cases.values()))

    def measure(self, what: str, case: Case, candidate: str, layout: int = 0) -> Any:
        """Return what a function of ``fresh_interpreter.py`` measures."""
        return json.loads(self._run([sys.executable, FRESH, what, str(layout)], case.line(candidate)))

    def instructions(self, cases: list[tuple[Case, str]], layout: int) -> list[float]:
        """Return the millions of instructions of each case and candidate."""
        with tempfile.TemporaryDirectory(dir=self._folder) as profiles:
            valgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={profiles}/%p", "--zero-before=getppid"]
            lines = "".join(case.line(candidate) for case, candidate in cases)
            pids = self._run([*valgrind, sys.executable, FRESH, "count", str(layout)], lines).split()
            return [_collected(Path(profiles, pid)) / 1e6 for pid in pids]


def _collected(profile: Path) -> int:
    found = re.search(r"^summary: (\d+)", profile.read_text(), re.MULTILINE)
    assert found, profile
    return int(found[1])


def count(interpreters: Interpreters, jobs: Iterable[tuple[Mapping[str, Case], int]]) -> Found:
    """Return the millions of instructions by case and candidate, one count for each job that has the case.

    :param jobs: the cases that one process counts, and its layout
    """

    def of(job: tuple[Mapping[str, Case], int]) -> list[tuple[str, str, float]]:
        cases, layout = job
        pairs = [(name, candidate) for name in cases for candidate in candidates()]
        counts = interpreters.instructions([(cases[name], candidate) for name, candidate in pairs], layout)
        return [(*pair, counted) for pair, counted in zip(pairs, counts)]

    found: Found = defaultdict(lambda: defaultdict(list))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for counted in pool.map(of, jobs):
            for name, candidate, value in counted:
                found[name][candidate].append(value)
    return found


def jobs() -> Iterator[tuple[Mapping[str, Case], int]]:
    """Yield which cases to count together. Many policies are counted once: a layout changes them by less than 0.5%."""
    yield from ((STARTS, layout) for layout in LAYOUTS)
    yield from (({name: case}, LAYOUTS[0]) for name, case in CASES.items() if name not in STARTS)


def time(interpreters: Interpreters) -> Found:
    """Return the milliseconds by case and candidate, one for each process."""
    found: Found = {name: {candidate: [] for candidate in candidates()} for name in CASES}
    for turn in range(TURNS):
        for name, case in CASES.items():
            if name in STARTS or turn < TURNS_OF_MANY:
                for candidate, values in found[name].items():
                    values.append(interpreters.measure("seconds", case, candidate, turn) * 1e3)
    return found


def process_memory(interpreters: Interpreters, candidate: str) -> list[list[int]]:
    """Return what the function ``memory`` of ``fresh_interpreter.py`` measures in several processes, on Linux only."""
    if not Path("/proc/self/smaps_rollup").exists():
        return []
    return [interpreters.measure("memory", STARTS[SMALLEST], candidate, turn) for turn in range(TURNS_OF_MANY)]


def memory(interpreters: Interpreters) -> Found:
    """Return the megabytes, and the number of modules, that the import and ``CORS(app)`` add."""
    case = STARTS[SMALLEST]
    found: Found = defaultdict(dict)
    for candidate in candidates():
        found["Python objects"][candidate] = [
            interpreters.measure("traced", case, candidate, turn) / 1e6 for turn in range(TURNS_OF_MANY)
        ]
        if measured := process_memory(interpreters, candidate):
            found["memory of its own"][candidate] = [anonymous / 1e6 for anonymous, _, _ in measured]
            found["resident memory"][candidate] = [resident / 1e6 for _, resident, _ in measured]
            found["modules"][candidate] = [modules for _, _, modules in measured]
    return found


def failures(interpreters: Interpreters) -> Iterator[str]:
    """Yield what is wrong with the start of a small application, after printing what was counted."""
    imports = Case("", imported="CORS, cross_origin")
    for candidate in candidates()[2:]:
        if loaded := interpreters.measure("diagnostics", imports, candidate):
            yield f"{candidate}: the import loads {', '.join(loaded)}."
        if measured := process_memory(interpreters, candidate):
            resident = min(resident for _, resident, _ in measured) / 1e6
            text = f"{candidate}: {SMALLEST}: {resident:.2f} MB of resident memory"
            print(text)
            if resident > MOST_MEMORY:
                yield f"{text}, more than {MOST_MEMORY}."
    if not shutil.which("valgrind"):
        print("valgrind is not on the PATH: the instructions before the first request are not counted.")
        return
    for name, counts in count(interpreters, [(STARTS, LAYOUTS[0])]).items():
        theirs = counts["Flask-CORS"][0]
        for candidate in candidates()[2:]:
            ours = counts[candidate][0]
            text = (
                f"{candidate}: {name}: {ours:.2f} million instructions, {ours / theirs:.2f} times as many as Flask-CORS"
            )
            print(text)
            if ours > theirs:
                yield f"{text}."


def main() -> int:
    """Measure, and add the measurements to the results, or check them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "results", type=Path, nargs="?", help="the JSON file of a run of pytest-benchmark, or a new one"
    )
    parser.add_argument("--check", action="store_true", help="fail if a start costs too much")
    arguments = parser.parse_args()
    if arguments.check == bool(arguments.results):
        parser.error("give either the file of the results or --check")
    with tempfile.TemporaryDirectory() as folder:
        interpreters = Interpreters(folder)
        if arguments.check:
            interpreters.compile(STARTS)
            found = list(failures(interpreters))
            if found:
                print("\nStarting an application costs too much:", *found, sep="\n  ")
            return int(bool(found))
        interpreters.compile(CASES)
        measured = {"ms": time(interpreters), "memory": memory(interpreters)}
        if shutil.which("valgrind"):
            measured["million instructions"] = count(interpreters, jobs())
        results.add(arguments.results, "cold start", measured)
    return 0


if __name__ == "__main__":
    sys.exit(main())
