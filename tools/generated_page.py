"""Write a generated page of the documentation, or check that it is up to date."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


def main(description: str | None, page: str, make: Callable[[str], str]) -> int:
    """Run the command line of a script that generates a page.

    :param description: what the script does
    :param page: the name of the page in ``docs``
    :param make: a function that returns the new text of the page for the current one
    :returns: the exit status, 1 if the page is out of date
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--check", action="store_true", help="change nothing; fail if the page is out of date")
    only_check = parser.parse_args().check
    path = DOCS / page
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    after = make(before)
    if after == before:
        return 0
    if only_check:
        print(f"docs/{page} is out of date: run make docs", file=sys.stderr)
        return 1
    path.write_text(after, encoding="utf-8")
    return 0
