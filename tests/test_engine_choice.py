"""Which engine is used, and what happens if it cannot be loaded."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import flask_cors_rs
from support.engines import needs_rust
from support.processes import run_python

if TYPE_CHECKING:
    from subprocess import CompletedProcess

PACKAGE = Path(flask_cors_rs.__file__).parent


def run(code: str, wanted: str | None = None, path: Path | None = None) -> CompletedProcess[str]:
    """Run code in a new interpreter, because importing the package chooses the engine."""
    if path is not None:
        code = f"import sys; sys.path.insert(0, {str(path)!r})\n{code}"
    return run_python("-c", code, FLASK_CORS_RS_BACKEND=wanted)


PRINT = "import flask_cors_rs; print(flask_cors_rs.BACKEND)"


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        pytest.param(None, "rust", marks=needs_rust),
        pytest.param("auto", "rust", marks=needs_rust),
        pytest.param("rust", "rust", marks=needs_rust),
        ("python", "python"),
    ],
)
def test_the_variable_chooses(wanted: str | None, expected: str) -> None:
    assert run(PRINT, wanted).stdout.split() == [expected]


def test_a_wrong_value_is_an_import_error() -> None:
    result = run(PRINT, "Rust")
    assert result.returncode == 1
    assert (
        "ImportError: FLASK_CORS_RS_BACKEND='Rust' is not a known engine: set it to auto, rust or python"
        in result.stderr
    )


@pytest.fixture(params=["missing", "broken"])
def without_rust(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of the package whose compiled module is missing, or is not a module."""
    shutil.copytree(PACKAGE, tmp_path / "flask_cors_rs", ignore=shutil.ignore_patterns("_rust*.so", "_rust*.pyd"))
    if request.param == "broken":
        (tmp_path / "flask_cors_rs" / "_rust.abi3.so").write_bytes(b"this is not a shared object")
        (tmp_path / "flask_cors_rs" / "_rust.pyd").write_bytes(b"this is not a shared object")
    return tmp_path


def test_auto_falls_back_with_one_record(without_rust: Path) -> None:
    code = """
import logging
records = []
class Keep(logging.Handler):
    def emit(self, record): records.append(record)
logging.getLogger().addHandler(Keep())
import flask_cors_rs
print(flask_cors_rs.BACKEND)
for record in records: print(record.name, record.levelname, record.getMessage())
"""
    engine, record = run(code, "auto", without_rust).stdout.splitlines()
    assert engine == "python"
    assert re.fullmatch(
        r"flask_cors_rs\.core WARNING The Python engine is used, because the compiled module cannot be imported"
        r" \(.*_rust.*\)\. Set FLASK_CORS_RS_BACKEND=python to choose it without this warning\.",
        record,
    )


def test_only_a_module_that_is_broken_is_reported_on_stderr(without_rust: Path) -> None:
    lines = run(PRINT, "auto", without_rust).stderr.splitlines()
    # A pure wheel has no such module, and must not print a line at each start.
    assert len(lines) == bool(list((without_rust / "flask_cors_rs").glob("_rust.abi3.so")))
    assert all(line.startswith("The Python engine is used, because the compiled module cannot") for line in lines)
    assert run(PRINT, "python", without_rust).stderr == ""


def test_a_missing_module_is_called_missing(without_rust: Path) -> None:
    is_missing = not list((without_rust / "flask_cors_rs").glob("_rust.abi3.so"))
    stderr = run(PRINT, "rust", without_rust).stderr
    assert ("No module named 'flask_cors_rs._rust'" in stderr) == is_missing
    assert "circular import" not in stderr


def test_rust_is_an_import_error_that_says_what_to_do(without_rust: Path) -> None:
    result = run(PRINT, "rust", without_rust)
    assert result.returncode == 1
    assert "ImportError: FLASK_CORS_RS_BACKEND=rust, but the compiled module cannot be imported" in result.stderr
    assert "set FLASK_CORS_RS_BACKEND to auto or python" in result.stderr


@needs_rust
def test_another_interpreter_of_the_process_gets_the_python_engine() -> None:
    code = """
import os, sys
import flask_cors_rs
try:
    import _xxsubinterpreters as interpreters
except ImportError:
    import _interpreters as interpreters
inner = '''
import logging
logging.disable()
from flask import Flask
from flask_cors_rs import BACKEND, CORS, Origin
app = Flask("app")
CORS(app, origins=Origin("https://a.example"))
origins = "https://a.example", "HTTPS://A.EXAMPLE"
answers = [app.test_client().get("/", headers={"Origin": origin}).headers for origin in origins]
print(BACKEND, [answer.get("Access-Control-Allow-Origin") for answer in answers], flush=True)
'''
print(flask_cors_rs.BACKEND, flush=True)
if sys.version_info < (3, 13):
    interpreters.run_string(interpreters.create(isolated=False), inner)
else:
    interpreters.exec(interpreters.create("legacy"), inner)
"""
    result = run(code, "auto")
    assert result.stdout.splitlines() == ["rust", "python ['https://a.example', None]"], result.stderr
