"""The parse trees of regular expressions, as the parser of :mod:`re` makes them."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Any

from .._regex.translation import parser

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .patterns import RegexPattern

PARSER_ERRORS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError, re.error)
"""What can be raised where a parse tree is read: the parser is private to Python, and may change."""


def parse_tree(regex: RegexPattern) -> Iterable[Any]:
    """Return the nodes that a regular expression is parsed to."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # They were shown when the expression was compiled.
        nodes: Iterable[Any] = parser.parse(regex.text, regex.flags & ~re.DEBUG)  # That flag would print the tree.
    return nodes


def is_member(character: str, members: Iterable[Any], flags: int) -> bool:
    """Whether a class matches an ASCII character."""
    kinds = [(str(kind), argument) for kind, argument in members]
    cases = {character, character.swapcase()} if flags & re.IGNORECASE else {character}
    return any(_has(kind, argument, cases) for kind, argument in kinds) is not (kinds[0][0] == "NEGATE")


def _has(kind: str, argument: Any, cases: set[str]) -> bool:
    """Whether a member of a class matches one of the cases of an ASCII character."""
    if kind == "LITERAL":
        return chr(argument) in cases
    if kind == "RANGE":
        return any(argument[0] <= ord(case) <= argument[1] for case in cases)
    if kind != "CATEGORY":
        return False
    category, character = str(argument), min(cases)
    if category.endswith("DIGIT"):
        has = character.isdigit()
    elif category.endswith("SPACE"):
        has = character.isspace()
    else:
        has = character.isalnum() or character == "_"
    return has is not ("_NOT_" in category)
