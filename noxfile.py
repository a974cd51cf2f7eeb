"""The test matrix: installed interpreters, both engines, and supported releases of Flask. ``make matrix`` runs it."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import nox

nox.needs_version = ">=2024.10"
nox.options.default_venv_backend = "virtualenv"
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["interpreters", "flasks"]

THIS_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
PYTHONS = [python for python in ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14") if python != THIS_PYTHON]
"""The supported interpreters, on which the newest Flask is tested. `make test` does so on the one that runs nox."""
FLASKS = ["2.2", "2.3", "3.0"]
"""The other minor releases that are supported, tested on 3.11. Those of Werkzeug have the same numbers."""

FEW_EXAMPLES = {"FLASK_CORS_RS_DIFFERENTIAL": "500", "HYPOTHESIS_PROFILE": "few"}
"""Short random comparisons. `make test` runs the long ones; here the versions matter."""
LEFT_OUT = ["documentation", "packaging", "public_suffixes", "typing"]
"""Tests that take long and depend little on the versions. `make test` and the jobs of each platform run them."""
WITHOUT_FLASK = ["engines_agree", "regex_translation"]
"""Tests that take long and need no Flask: they depend on the interpreter alone."""

WITHOUT_INTERPRETER = ["common_configurations"]
"""Tests that depend on the versions of Flask and Werkzeug alone."""

# pyenv only puts its selected interpreters on the PATH.
PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
os.environ["PATH"] = os.pathsep.join([*map(str, sorted(PYENV.glob("versions/3.*/bin"))), os.environ["PATH"]])

RESULTS = Path(".nox/results.tsv")


def record(session: nox.Session, flask: str, output: str) -> None:
    """Append the result of a session to the table."""
    engines = re.search(r"^engines: (.*)$", output, re.MULTILINE)
    summary = re.search(r"=+ (.* in [\d.]+s.*?) =+\s*$", output)
    row = [
        str(session.python or sys.version.split()[0]),
        flask,
        *(found[1] if found else "?" for found in (engines, summary)),
    ]
    RESULTS.parent.mkdir(exist_ok=True)
    with RESULTS.open("a", encoding="utf-8") as results:
        results.write("\t".join(row) + "\n")
    session.log(" | ".join(row))


def run_tests(session: nox.Session, flask: str, left_out: list[str]) -> None:
    """Run pytest without some of the tests, log the last line of its output, and record the result."""
    in_parallel = ("-n", "auto", "--dist", "worksteal")
    ignored = [f"--ignore=tests/test_{name}.py" for name in left_out]
    output = session.run(
        "python", "-m", "pytest", "-p", "no:cacheprovider", *in_parallel, *ignored, env=FEW_EXAMPLES, silent=True
    )
    session.log(str(output).rstrip().rsplit("\n", 1)[-1])
    record(session, flask, str(output))


def wheel() -> str:
    """Return the folder of the wheels, from which pip selects one for each interpreter."""
    if not list(Path("dist").glob("*.whl")):
        raise SystemExit("dist contains no wheel: run make wheels first")
    return "dist"


def install(session: nox.Session, flask: str) -> None:
    """Install the wheel that pip selects, and the dependencies of the tests."""
    groups = nox.project.dependency_groups(nox.project.load_toml("pyproject.toml"), "test")
    dependencies = [*nox.project.load_toml("pyproject.toml")["project"]["dependencies"], *groups]
    session.install(
        *(name for name in dependencies if not name.lower().startswith("flask[") and not name.startswith("Flask>")),
        f"flask[async]{flask}",
    )
    session.install("--no-index", "--no-deps", "--find-links", wheel(), "--only-binary", ":all:", "flask-cors-rs")


@nox.session(python=PYTHONS)
def interpreters(session: nox.Session) -> None:
    """Test the newest Flask on every interpreter."""
    install(session, "")
    run_tests(session, "newest", LEFT_OUT + WITHOUT_INTERPRETER)


@nox.session(python="3.11")
@nox.parametrize("flask", FLASKS, ids=FLASKS)
def flasks(session: nox.Session, flask: str) -> None:
    """Test each minor release of Flask on one interpreter."""
    install(session, f"=={flask}.*")
    session.install(f"werkzeug=={flask}.*")
    run_tests(session, flask, LEFT_OUT + WITHOUT_FLASK)


@nox.session(python="3.11")
def without_cargo(session: nox.Session) -> None:
    """Install the sdist as on a machine without cargo, and test it."""
    groups = nox.project.dependency_groups(nox.project.load_toml("pyproject.toml"), "test")
    (sdist,) = Path(wheel()).glob("*.tar.gz")
    path = os.pathsep.join(
        folder for folder in os.environ["PATH"].split(os.pathsep) if not Path(folder, "cargo").exists()
    )
    session.install(*groups, str(sdist), env={"PATH": path})
    session.run("python", "-c", "import flask_cors_rs; assert flask_cors_rs.BACKEND == 'python'")
    run_tests(session, "newest, sdist", LEFT_OUT + WITHOUT_FLASK)


@nox.session(python="3.13")
def prerelease(session: nox.Session) -> None:
    """Test the newest pre-releases of Flask and Werkzeug. Failures are reported, and allowed."""
    install(session, "")
    session.install("--pre", "--upgrade", "flask[async]", "werkzeug")
    run_tests(session, "pre-release", LEFT_OUT)


@nox.session(venv_backend="none")
def table(session: nox.Session) -> None:
    """Print the results. In CI, fail if fewer than three interpreters were tested."""
    rows = [row.split("\t") for row in RESULTS.read_text(encoding="utf-8").splitlines()]
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)))
    tested = {row[0] for row in rows}
    if os.environ.get("CI") and len(tested) < 3:
        session.error(f"only {len(tested)} interpreters were tested: {', '.join(sorted(tested))}")


@nox.session(venv_backend="none")
def forget(session: nox.Session) -> None:
    """Remove the results of an earlier run."""
    RESULTS.unlink(missing_ok=True)
    shutil.rmtree(".nox/tmp", ignore_errors=True)
