r"""Add what ``\d``, ``\s`` and ``\w`` match in the running Python to the table of the translation.

If ``unicodedata2`` is installed, its version of Unicode is added as well, by the definitions of ``str.isdecimal``,
``str.isspace`` and ``str.isalnum``, so that a Python that is not installed here finds its version. A test compares the
table with the running Python.
"""

from __future__ import annotations

import importlib
import re
import sys
import textwrap
import unicodedata
from pathlib import Path
from struct import iter_unpack
from typing import TYPE_CHECKING, Any

from flask_cors_rs._regex.translation import merged_ranges
from flask_cors_rs._regex.unicode_ranges import ADDED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Matches = Callable[[str], object]

TARGET = Path(__file__).parent.parent / "python/flask_cors_rs/_regex/unicode_ranges.py"

HEADER = '''\
r"""What ``\\d``, ``\\s`` and ``\\w`` match in Python's regular expressions, by the version of its Unicode database.

``make unicode-ranges`` writes this module.
"""

from __future__ import annotations

ADDED = {
'''
FOOTER = r'''}
"""What each version of Unicode has added: the first and last code points of ranges, in hexadecimal.
None has ever taken any away."""
'''


def of_this_python() -> dict[str, Matches]:
    """Return functions that tell whether the running Python matches a character, by escape."""
    return {escape: re.compile(escape).match for escape in ADDED}


def of(database: Any) -> dict[str, Matches]:
    """Return functions that tell by a Unicode database whether Python matches a character, by escape."""

    def is_space(character: str) -> bool:
        is_separator = database.bidirectional(character) in {"WS", "B", "S"}
        return is_separator or database.category(character) == "Zs"

    def is_word(character: str) -> bool:
        values = (database.decimal, database.digit, database.numeric)
        is_letter = database.category(character).startswith("L")
        return character == "_" or is_letter or any(value(character, None) is not None for value in values)

    return {r"\d": lambda character: database.decimal(character, None) is not None, r"\s": is_space, r"\w": is_word}


def written(code_points: Iterable[int]) -> str:
    """Return code points as ranges, in lines of the table."""
    ranges = merged_ranges((code_point, code_point) for code_point in code_points)
    return textwrap.fill(" ".join(f"{first:08X} {last:08X}" for first, last in ranges), 120)


def read(text: str) -> set[int]:
    """Return the code points in some ranges."""
    return {
        code_point for first, last in iter_unpack(">2I", bytes.fromhex(text)) for code_point in range(first, last + 1)
    }


def known() -> dict[str, dict[str, set[int]]]:
    """Return all code points of each version in the table, by escape."""
    found: dict[str, dict[str, set[int]]] = {}
    for escape, versions in ADDED.items():
        everything: set[int] = set()
        found[escape] = {}
        for version, text in versions.items():
            everything = found[escape][version] = everything | read(text)
    return found


def main() -> int:
    """Write the table."""
    versions = {unicodedata.unidata_version: of_this_python()}
    try:
        other: Any = importlib.import_module("unicodedata2")
        versions.setdefault(other.unidata_version, of(other))
    except ImportError:
        pass
    table = known()
    for version, by_escape in versions.items():
        for escape, matches in by_escape.items():
            table[escape][version] = {number for number in range(sys.maxunicode + 1) if matches(chr(number))}
    lines: list[str] = []
    for escape, sets in table.items():
        lines.append(f'    r"{escape}": {{\n')
        before: set[int] = set()
        for version in sorted(sets, key=lambda version: [*map(int, version.split("."))]):
            if before - sets[version]:
                raise ValueError(f"Unicode {version} has taken something away from {escape}: the table cannot say that")
            lines.append(f'        "{version}": """\n{written(sets[version] - before)}""",\n')
            before = sets[version]
        lines.append("    },\n")
    TARGET.write_text(HEADER + "".join(lines) + FOOTER, encoding="ascii")
    return 0


if __name__ == "__main__":
    sys.exit(main())
