"""New interpreters, for tests of what concerns a whole process."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def run_python(*arguments: str, cwd: Path | None = None, **variables: str | None) -> subprocess.CompletedProcess[str]:
    """Run a new interpreter, and return its output and exit status.

    :param variables: environment variables to set, or to remove if the value is None
    """
    merged = {**os.environ, **variables}
    environment = {name: value for name, value in merged.items() if value is not None}
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=environment)
