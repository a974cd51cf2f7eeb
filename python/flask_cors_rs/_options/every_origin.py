"""Whether a regular expression certainly allows every origin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .parse_trees import PARSER_ERRORS, is_member, parse_tree

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .patterns import RegexPattern

_SHORT, _LONG = len("http://a"), 64
"""The lengths between which every origin has to match."""

_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789:/.-"
"""What origins consist of."""


class _Lengths(NamedTuple):
    """The lengths of texts, of which a part of an expression matches all with the characters of an origin."""

    low: int
    high: int
    is_end: bool = False
    """Whether the text has to end there."""


def matches_every_origin(regex: RegexPattern) -> bool:
    """Whether a regular expression allows every origin, as ``^.*$`` and ``.+`` do.

    This is decided by the parse tree: nothing is matched. A construct such as an assertion, a back-reference or a
    possessive repeat is not understood, so False proves nothing.
    """
    try:
        lengths = _sequence(parse_tree(regex), regex.flags, at_start=True)
    except PARSER_ERRORS:
        return False
    return lengths is not None and lengths.low <= _SHORT and (lengths.high >= _LONG or not lengths.is_end)


def _sequence(nodes: Iterable[Any], flags: int, *, at_start: bool) -> _Lengths | None:
    low, high, is_end = 0, 0, False
    for node in nodes:
        op, argument = str(node[0]), node[1]
        part = _node(op, argument, flags, at_start=at_start and not high)
        if part is None or (is_end and part.low):
            return None
        if not is_end:
            low, high, is_end = low + part.low, high + part.high, part.is_end
    return _Lengths(low, high, is_end)


def _node(op: str, argument: Any, flags: int, *, at_start: bool) -> _Lengths | None:
    if op == "ANY":
        return _Lengths(1, 1)
    if op in {"IN", "NOT_LITERAL"}:
        members = argument if op == "IN" else [("NEGATE", None), ("LITERAL", argument)]
        return _Lengths(1, 1) if all(is_member(character, members, flags) for character in _CHARACTERS) else None
    if op == "AT":
        if at_start and str(argument) in {"AT_BEGINNING", "AT_BEGINNING_STRING"}:
            return _Lengths(0, 0)
        return _Lengths(0, 0, is_end=True) if str(argument) in {"AT_END", "AT_END_STRING"} else None
    if op == "SUBPATTERN":
        _group, add, remove, nodes = argument
        return None if add or remove else _sequence(nodes, flags, at_start=at_start)
    if op == "BRANCH":
        parts = [_sequence(nodes, flags, at_start=at_start) for nodes in argument[1]]
        return max(filter(None, parts), key=lambda part: (part.high, -part.low), default=None)
    if op in {"MAX_REPEAT", "MIN_REPEAT"}:
        low, high, nodes = int(argument[0]), int(argument[1]), argument[2]
        part = _sequence(nodes, flags, at_start=at_start and high == 1)
        if part is None or (part.is_end and not low):
            return None if low else _Lengths(0, 0)
        return _Lengths(part.low * low, part.high * high, part.is_end)
    return None
