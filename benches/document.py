"""Tables between the markers of a document."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def write(document: Path, source: str, table: str) -> None:
    """Put a table between the markers of a document that say where it comes from.

    :raises ValueError: the document has no such markers
    """
    start, end = f"<!-- made by benches/{source} -->", "<!-- end -->"
    pattern = re.compile(f"{re.escape(start)}.*?{re.escape(end)}", re.DOTALL)
    text, found = pattern.subn(lambda _: f"{start}\n\n{table}\n\n{end}", document.read_text())
    if not found:
        raise ValueError(f"{document} has no {start}: put it where the table belongs, and {end} after it")
    document.write_text(text)
