"""The Python examples in the README and the documentation."""

from __future__ import annotations

import re

from support import ROOT

PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
}
"""The text of each page."""

EXAMPLES: list[tuple[str, str]] = [
    (page, code) for page, text in PAGES.items() for code in re.findall(r"```python\n(.*?)```", text, re.DOTALL)
]
"""Each example, with the page that it is on."""


def example(*parts: str) -> str:
    """Return the first example that contains all parts."""
    return next(code for _, code in EXAMPLES if all(part in code for part in parts))
