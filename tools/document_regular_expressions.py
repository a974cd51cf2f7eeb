"""Generate the table in docs/regular-expressions.md by translating an example of each construct of ``re``.

Needs Python 3.11 or later and an installed flask-cors-rs. With ``--check`` nothing is written, and the exit status says
whether the table is up to date.
"""

from __future__ import annotations

import re
import sys
import warnings

import generated_page
from flask_cors_rs._regex.translation import translate

BEGIN, END = "<!-- table: made by tools/document_regular_expressions.py -->\n", "<!-- end of table -->\n"
A, I, M, S, X = re.ASCII, re.IGNORECASE, re.MULTILINE, re.DOTALL, re.VERBOSE  # noqa: E741

CONSTRUCTS: list[tuple[str, str, int]] = [
    ("characters, escapes", r"a\.b\x2F\u00e9", 0),
    ("any character except a newline", "a.b", 0),
    ("any character", "a.b", S),
    ("class, range, negated class", "[a-z0-9-][^/]", 0),
    ("class that other syntaxes read as a set operation", "[a&&b][[a]", 0),
    ("digits, white space, word characters", r"\d\D\s\S\w\W", 0),
    ("ASCII digits, white space, word characters", r"\d\D\s\S\w\W", A),
    ("case-insensitive", "https://[a-z]+", I),
    ("case-insensitive word characters", r"[\w.a]+", I),
    ("alternatives", "(?:a|b|)", 0),
    ("group, named group, comment", "(a)(?P<name>b)(?:c)(?#d)", 0),
    ("flags in a group", "(?i:a)(?-i:b)(?s:.)", 0),
    ("verbose", "a b # c", X),
    ("greedy repeat", "a*b+c?d{2,3}", 0),
    ("lazy repeat", "a*?b+?c??d{2,3}?", 0),
    ("very large repeat", "(?:a{1000}){1000}", 0),
    ("possessive repeat", "a*+b", 0),
    ("atomic group", "(?>a|ab)c", 0),
    ("start of the text", r"^\Aa", 0),
    ("start of a line", "^a", M),
    ("end of the text", r"a\Z", 0),
    ("end of the text, or before its final newline", "a$", 0),
    ("`$` at the end of alternatives", "(?:a$|b$)", 0),
    ("`$` with something after it", "a$b", 0),
    ("end of a line", "a$", M),
    ("word boundary", r"\ba", 0),
    ("ASCII word boundary", r"\ba", A),
    ("not a word boundary", r"\Ba", A),
    ("look-ahead", "(?=a)", 0),
    ("negative look-ahead", "(?!a)", 0),
    ("look-behind", "a(?<=a)", 0),
    ("negative look-behind", "a(?<!b)", 0),
    ("back-reference", r"(a)\1", 0),
    ("named back-reference", "(?P<name>a)(?P=name)", 0),
    ("conditional", "(a)?(?(1)b|c)", 0),
]


def code(text: str) -> str:
    """Return a text as code in a cell of a table."""
    return f"`{text}`".replace("|", r"\|")


def row(title: str, pattern: str, flags: int) -> str:
    """Return the row of a construct."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        refusal = translate(re.compile(pattern, flags)).refusal
    letters = ", ".join(letter for letter, flag in zip("AIMSX", (A, I, M, S, X)) if flags & flag)
    engine = "Rust" if refusal is None else f"Python: {refusal}"
    return f"| {title} | {code(pattern)} | {letters} | {engine} |\n"


def page(before: str) -> str:
    """Return the page with the current table between its markers."""
    head, rest = before.split(BEGIN)
    _old, tail = rest.split(END)
    rows = "".join(row(*construct) for construct in CONSTRUCTS)
    table = f"| Construct | Example | Flags | Runs in |\n|---|---|---|---|\n{rows}"
    return f"{head}{BEGIN}\n{table}\n{END}{tail}"


if __name__ == "__main__":
    sys.exit(generated_page.main(__doc__, "regular-expressions.md", page))
