"""The engines of this installation."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from flask_cors_rs import _engine
from support.processes import run_python

_NAMES = ["python", "rust"] if find_spec("flask_cors_rs._rust") else ["python"]

ENGINES = {name: _engine.load(name)[1] for name in _NAMES}
"""The engines by name. A pure installation does not have ``rust``. A compiled module that cannot be imported would be
passed over by ``auto``; here it is an error, as all tests of Rust would be skipped.
"""

needs_rust = pytest.mark.skipif("rust" not in ENGINES, reason="this installation does not have the Rust engine")


def assert_prints(code: str, *lines: str) -> None:
    """Check what a program prints with each engine. It runs in new interpreters, for what concerns a whole process."""
    for backend in ENGINES:
        result = run_python("-c", code, FLASK_CORS_RS_BACKEND=backend)
        assert (result.stdout.splitlines(), result.returncode) == ([*lines], 0), result.stderr
