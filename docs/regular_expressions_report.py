"""Writes the table of regular-expressions.md: each construct of Python's ``re``, translated here and now.

Run it from anywhere, on Python 3.11 or later, with flask-cors-rs installed. With ``--check`` nothing is written, and
the exit status says whether the table is current.
"""

from __future__ import annotations

import argparse
import re
import sys
import warnings
from pathlib import Path

from flask_cors_rs._regex import translate

PAGE = Path(__file__).with_name("regular-expressions.md")
BEGIN, END = "<!-- table: made by regular_expressions_report.py -->\n", "<!-- end of table -->\n"
A, I, M, S, X = re.ASCII, re.IGNORECASE, re.MULTILINE, re.DOTALL, re.VERBOSE  # noqa: E741

CONSTRUCTS: list[tuple[str, str, int]] = [
    ("characters, escapes", r"a\.b\x2F\u00e9", 0),
    ("any character", "a.b", 0),
    ("any character, newline too", "a.b", S),
    ("class, range, negation", "[a-z0-9-][^/]", 0),
    ("class that looks like a set operation", "[a&&b][[a]", 0),
    ("digits, white space, word characters", r"\d\D\s\S\w\W", 0),
    ("the same, ASCII only", r"\d\D\s\S\w\W", A),
    ("either case", "https://[a-z]+", I),
    ("either case, with word characters", r"[\w.a]+", I),
    ("alternatives", "(?:a|b|)", 0),
    ("group, named group, comment", "(a)(?P<name>b)(?:c)(?#d)", 0),
    ("flags in a group", "(?i:a)(?-i:b)(?s:.)", 0),
    ("verbose", "a b # c", X),
    ("greedy repeat", "a*b+c?d{2,3}", 0),
    ("lazy repeat", "a*?b+?c??d{2,3}?", 0),
    ("a large repeat", "(?:a{1000}){1000}", 0),
    ("possessive repeat", "a*+b", 0),
    ("atomic group", "(?>a|ab)c", 0),
    ("start of the text", r"^\Aa", 0),
    ("start of a line", "^a", M),
    ("end of the text", r"a\Z", 0),
    ("end of the text, or before its last newline", "a$", 0),
    ("the same in alternatives", "(?:a$|b$)", 0),
    ("the same with something after it", "a$b", 0),
    ("end of a line", "a$", M),
    ("word boundary", r"\ba", 0),
    ("word boundary, ASCII only", r"\ba", A),
    ("no word boundary", r"\Ba", A),
    ("look-ahead", "(?=a)", 0),
    ("negative look-ahead", "(?!a)", 0),
    ("look-behind", "a(?<=a)", 0),
    ("negative look-behind", "a(?<!b)", 0),
    ("back-reference", r"(a)\1", 0),
    ("named back-reference", "(?P<name>a)(?P=name)", 0),
    ("conditional", "(a)?(?(1)b|c)", 0),
]


def code(text: str) -> str:
    """The text as code in a cell."""
    return f"`{text}`".replace("|", r"\|")


def row(title: str, pattern: str, flags: int) -> str:
    """One construct."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        refusal = translate(re.compile(pattern, flags)).refusal
    letters = ", ".join(letter for letter, flag in zip("AIMSX", (A, I, M, S, X)) if flags & flag)
    engine = "Rust" if refusal is None else f"Python: {refusal}"
    return f"| {title} | {code(pattern)} | {letters} | {engine} |\n"


def table() -> str:
    """All of them."""
    head = "| Construct | Example | Flags | Runs in |\n|---|---|---|---|\n"
    return head + "".join(row(*construct) for construct in CONSTRUCTS)


def main() -> int:
    """Writes the page, or checks it."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--check", action="store_true", help="write nothing; fail if the table is not current")
    check = arguments.parse_args().check
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    _old, after = rest.split(END)
    current = f"{before}{BEGIN}\n{table()}\n{END}{after}"
    if page == current:
        return 0
    if check:
        print(f"{PAGE.name} is not current: run {Path(__file__).name}", file=sys.stderr)
        return 1
    PAGE.write_text(current, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
