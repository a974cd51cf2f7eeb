"""What a regular expression that does not match to the end allows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .._origins.syntax import origin_problem
from .parse_trees import PARSER_ERRORS, is_member, parse_tree

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .patterns import RegexPattern

ENDS = ("evil.example", ".evil.example")
"""What is added to a text to see whether an expression has to match to the end."""

_ORIGINS = ("https://evil.example", "http://evil.example")
"""What an expression allows that ends before the host, such as ``^http``."""

_MAX_TEXTS = 24
"""The largest number of texts that are followed through an expression."""

_MAX_LENGTH = 300
"""The length of the longest text that is followed: no origin is much longer."""


def longer_origin(regex: RegexPattern) -> str | None:
    """Return an origin that an expression allows only because it does not have to match to the end.

    The origin is found in the parse tree: nothing is matched. A construct that can depend on what follows, such as an
    assertion, a back-reference or a possessive repeat, is not followed, so None proves nothing.
    """
    flags = regex.flags
    try:
        texts = _sequence(parse_tree(regex), [""], flags)
    except PARSER_ERRORS:
        return None
    for text in texts:
        # Not a Kelvin sign, for example, whose lower case is ASCII.
        folded = text.lower() if flags & re.IGNORECASE and text.isascii() else text
        for end in ENDS:
            if origin_problem(folded + end) is None:
                return folded + end
        for origin in _ORIGINS if folded else ():
            if origin.startswith(folded):
                return origin
    return None


def _sequence(nodes: Iterable[Any], texts: list[str], flags: int, dot: str = ".") -> list[str]:
    """Return some of the texts that nodes match after one of some texts, whatever follows.

    :param dot: the character that an unescaped dot stands for: a letter where it is repeated, as a host name has no two
        dots in a row
    """
    for node in nodes:
        longer = _node(str(node[0]), node[1], texts, flags, dot)
        texts = list(dict.fromkeys(text for text in longer if len(text) <= _MAX_LENGTH))[:_MAX_TEXTS]
    return texts


def _node(op: str, argument: Any, texts: list[str], flags: int, dot: str) -> list[str]:
    if op == "LITERAL":
        return [text + chr(argument) for text in texts]
    if op == "ANY":
        return [text + dot for text in texts]
    if op in {"IN", "NOT_LITERAL"}:
        members = argument if op == "IN" else [("NEGATE", None), ("LITERAL", argument)]
        character = _member(members, flags)
        return [text + character for text in texts if character]
    if op == "AT":
        return [text for text in texts if not text and str(argument) in {"AT_BEGINNING", "AT_BEGINNING_STRING"}]
    if op == "SUBPATTERN":
        _group, add, remove, nodes = argument
        return [] if add or remove else _sequence(nodes, texts, flags, dot)
    if op == "BRANCH":
        found: list[str] = []
        for nodes in argument[1]:
            if len(found) < _MAX_TEXTS:
                found += _sequence(nodes, texts, flags, dot)
        return found
    if op in {"MAX_REPEAT", "MIN_REPEAT"}:
        low, high, nodes = int(argument[0]), int(argument[1]), argument[2]
        repeated = texts
        for _ in range(min(max(low, 1), high)):
            before, repeated = repeated, _sequence(nodes, repeated, flags, dot="a")
            if repeated == before:
                break
        return repeated if low else [*repeated, *texts]
    return []


def _member(members: Iterable[Any], flags: int) -> str:
    """Return an ASCII character that a class certainly matches, or an empty text."""
    kinds = [(str(kind), argument) for kind, argument in members]
    negated = kinds[0][0] == "NEGATE"
    # Without `k` and `s`, which are also the lower case of characters outside ASCII.
    characters = ["a", "1", "-"]
    for kind, argument in [] if negated else kinds:
        if kind in {"LITERAL", "RANGE"}:
            characters.append(chr(argument if kind == "LITERAL" else argument[0]))
    for character in characters:
        if character.isascii() and is_member(character, kinds, flags):
            return character
    return ""
