"""New interpreters, for tests of what concerns a whole process."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

_SECONDS = 120
"""How long an interpreter can take. It is far more than any of them needs, even on a busy machine."""


def run_python(*arguments: str, cwd: Path | None = None, **variables: str | None) -> subprocess.CompletedProcess[str]:
    """Run a new interpreter, and return its output and exit status. A test fails if it does not end.

    :param variables: environment variables to set, or to remove if the value is None
    """
    merged = {**os.environ, **variables}
    environment = {name: value for name, value in merged.items() if value is not None}
    command = [sys.executable, *arguments]
    try:
        return subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=cwd, env=environment, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        # These are bytes on some systems, also where text is asked for.
        pytest.fail(f"{command} has not ended after {_SECONDS} seconds: {error.stdout!r}, {error.stderr!r}")
