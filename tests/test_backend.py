"""Which engine is taken, and what is said when it cannot be."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import flask_cors_rs
from conftest import ENGINES

PACKAGE = Path(flask_cors_rs.__file__).parent
needs_rust = pytest.mark.skipif("rust" not in ENGINES, reason="this installation is a pure one")


def run(code: str, backend: str | None = None, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter, as the backend is chosen when the package is imported."""
    environment = {name: value for name, value in os.environ.items() if name != "FLASK_CORS_RS_BACKEND"}
    if backend is not None:
        environment["FLASK_CORS_RS_BACKEND"] = backend
    if path is not None:
        code = f"import sys; sys.path.insert(0, {str(path)!r})\n{code}"
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)


PRINT = "import flask_cors_rs; print(flask_cors_rs.BACKEND)"


@pytest.mark.parametrize(
    ("backend", "expected"),
    [
        pytest.param(None, "rust", marks=needs_rust),
        pytest.param("auto", "rust", marks=needs_rust),
        pytest.param("rust", "rust", marks=needs_rust),
        ("python", "python"),
    ],
)
def test_the_variable_chooses(backend: str | None, expected: str) -> None:
    assert run(PRINT, backend).stdout.split() == [expected]


def test_a_wrong_value_is_an_import_error() -> None:
    result = run(PRINT, "Rust")
    assert result.returncode == 1
    assert "ImportError: FLASK_CORS_RS_BACKEND='Rust' is unknown: set it to auto, rust or python" in result.stderr


@pytest.fixture(params=["missing", "broken"])
def without_rust(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of the package whose compiled module is not there, or is no module at all."""
    shutil.copytree(PACKAGE, tmp_path / "flask_cors_rs", ignore=shutil.ignore_patterns("_rust*.so", "_rust*.pyd"))
    if request.param == "broken":
        (tmp_path / "flask_cors_rs" / "_rust.abi3.so").write_bytes(b"this is no shared object")
        (tmp_path / "flask_cors_rs" / "_rust.pyd").write_bytes(b"this is no shared object")
    return tmp_path


def test_auto_falls_back_with_one_record(without_rust: Path) -> None:
    code = """
import logging
records = []
class Keep(logging.Handler):
    def emit(self, record): records.append(record)
logging.getLogger().addHandler(Keep())
import flask_cors_rs
print(flask_cors_rs.BACKEND, [(record.name, record.levelname) for record in records])
"""
    assert run(code, "auto", without_rust).stdout.strip() == "python [('flask_cors_rs', 'WARNING')]"


def test_rust_is_an_import_error_that_says_what_to_do(without_rust: Path) -> None:
    result = run(PRINT, "rust", without_rust)
    assert result.returncode == 1
    assert "ImportError: FLASK_CORS_RS_BACKEND=rust, but the compiled module cannot be imported" in result.stderr
    assert "set FLASK_CORS_RS_BACKEND to auto or python" in result.stderr
