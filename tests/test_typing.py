"""mypy reports errors on exactly those lines of misuse.py that expect one. `make types` checks usage.py."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

MISUSE = Path(__file__).parent / "typing" / "misuse.py"


def test_misuse_is_refused_line_by_line() -> None:
    pytest.importorskip("mypy")
    expected = {
        number: found[1]
        for number, line in enumerate(MISUSE.read_text().splitlines(), 1)
        if (found := re.search(r"# error: (\S+)$", line))
    }
    result = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--hide-error-context", str(MISUSE)],
        cwd=MISUSE.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    errors = re.findall(r"misuse\.py:(\d+): error: .*\[(\S+)\]$", result.stdout, re.MULTILINE)
    assert {int(number): code for number, code in errors} == expected, result.stdout
