"""Check that a tag is ``v`` followed by the version in pyproject.toml."""

from __future__ import annotations

import re
import sys
from pathlib import Path

if __name__ == "__main__":
    project = (Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8")
    found = re.search(r'^version = "(.+)"$', project, re.MULTILINE)
    version = found[1] if found else "unknown"
    if sys.argv[1] != f"v{version}":
        raise SystemExit(
            f"the tag is {sys.argv[1]}, but the version in pyproject.toml is {version}: change one of them"
        )
