"""Python's regular expressions in the syntax of Rust's ``regex``, where both can be made to mean the same.

The translation works on Python's own parse tree, operation by operation; what it does not know to be exactly
the same it refuses, and the engine calls Python's ``re`` for that pattern. One question is asked of a pattern:
whether there is a match at the start of a text. So greediness and groups do not matter.

No class, flag or escape of Rust's is used that Python might read in another way: every set of characters is
spelt out as ranges of code points, computed from the running Python where its own tables decide.
"""

from __future__ import annotations

import re
import sys
import warnings
from array import array
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

try:
    from re import _parser  # type: ignore[attr-defined]
except ImportError:
    try:
        import sre_parse as _parser
    except ImportError:
        _parser = None

Ranges = tuple[tuple[int, int], ...]
"""Code points, as ascending ranges that do not touch, both ends included."""

_LAST = sys.maxunicode
_LONGEST = 200_000
"""Characters of Rust pattern beyond which a pattern is refused."""


class Translation(NamedTuple):
    """What became of a pattern."""

    rust: str | None
    """The same for Rust, to be searched for at the start of a text; None where it is refused."""

    refusal: str | None
    """What cannot be translated, in words; None where it is translated."""

    matches_all: bool
    """Whether every text matches, as the pattern can match the empty string anywhere."""


class _RefusedError(Exception):
    """A construct that does not exist in Rust, or is not the same."""


def translate(pattern: re.Pattern[str]) -> Translation:
    """Translate a compiled pattern; never raises."""
    if _parser is None:
        return Translation(None, "this Python does not show its parse tree", False)
    flags = pattern.flags & ~re.DEBUG
    matches_all = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = _parser.parse(pattern.pattern, flags)
        matches_all = all(map(_always, tree))
        rust = _sequence(tree, tree.state.flags | flags, last=True)
    except _RefusedError as refusal:
        return Translation(None, str(refusal), matches_all)
    except RecursionError:
        return Translation(None, "nesting this deep", matches_all)
    if len(rust) > _LONGEST:
        return Translation(None, "a pattern this long", matches_all)
    return Translation(rust, None, matches_all)


def _always(node: tuple[Any, Any]) -> bool:
    """Whether a node succeeds wherever it is tried, as it can match the empty string."""
    operation, argument = node
    name = str(operation)
    if name == "BRANCH":
        return any(all(map(_always, branch)) for branch in argument[1])
    if name == "SUBPATTERN":
        return all(map(_always, argument[3]))
    if name in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
        return argument[0] == 0 or all(map(_always, argument[2]))
    return False


def _sequence(nodes: Iterable[tuple[Any, Any]], flags: int, *, last: bool) -> str:
    """Nodes one after the other. ``last`` says that whatever follows them succeeds in any case."""
    translated = []
    for node in reversed(list(nodes)):
        translated.append(_node(node, flags, last=last))
        last = last and _always(node)
    return "".join(reversed(translated))


def _node(node: tuple[Any, Any], flags: int, *, last: bool) -> str:
    operation, argument = node
    name = str(operation)
    if name in {"LITERAL", "NOT_LITERAL", "IN", "ANY"}:
        return _class(_members(name, argument, flags))
    if name == "BRANCH":
        return "(?:" + "|".join(_sequence(branch, flags, last=last) for branch in argument[1]) + ")"
    if name == "SUBPATTERN":
        _, added, removed, nodes = argument
        if added & (re.ASCII | re.UNICODE):
            flags &= ~(re.ASCII | re.UNICODE)
        return "(?:" + _sequence(nodes, (flags | added) & ~removed, last=last) + ")"
    if name in {"MAX_REPEAT", "MIN_REPEAT"}:
        least, most, nodes = argument
        return _repeat(least, most, nodes, flags, last=last)
    if name == "AT":
        return _position(str(argument), flags, last=last)
    raise _RefusedError(_NAMES.get(name, name))


_NAMES = {
    "ASSERT": "look-around",
    "ASSERT_NOT": "look-around",
    "GROUPREF": "a back-reference",
    "GROUPREF_EXISTS": "a conditional",
    "ATOMIC_GROUP": "an atomic group",
    "POSSESSIVE_REPEAT": "a possessive repeat",
    "FAILURE": "look-around",
}


def _repeat(least: int, most: Any, nodes: Any, flags: int, *, last: bool) -> str:
    unbounded = str(most) == "MAXREPEAT"
    # After one round of several, another may have to follow.
    body = _sequence(nodes, flags, last=last and not unbounded and most <= 1)
    counts = f"{{{least},}}" if unbounded else f"{{{least},{most}}}"
    return f"(?:{body}){counts}"


def _position(name: str, flags: int, *, last: bool) -> str:
    multiline = bool(flags & re.MULTILINE)
    if name == "AT_BEGINNING_STRING" or (name == "AT_BEGINNING" and not multiline):
        return r"\A"
    if name == "AT_BEGINNING":
        return "(?m:^)"
    if name == "AT_END_STRING":
        return r"\z"
    if name == "AT_END" and multiline:
        return "(?m:$)"
    if name == "AT_END":
        # At the end, or before a line feed that ends the text: the latter looks ahead, unless what follows is
        # sure to succeed, so that the line feed may be taken.
        if last:
            return r"(?:\n?\z)"
        raise _RefusedError("$ with something after it")
    if name == "AT_BOUNDARY" and flags & re.ASCII:
        return r"(?-u:\b)"
    raise _RefusedError(r"\b without re.ASCII" if name == "AT_BOUNDARY" else r"\B")


def _members(name: str, argument: Any, flags: int) -> Ranges:
    """The characters that a node for one character matches."""
    if name == "ANY":
        return ((0, _LAST),) if flags & re.DOTALL else ((0, 9), (11, _LAST))
    if name == "LITERAL":
        return _cases(argument, flags)
    if name == "NOT_LITERAL":
        return _complement(_cases(argument, flags))
    items = [(str(operation), value) for operation, value in argument]
    if flags & re.IGNORECASE and not flags & re.ASCII and not _is_ascii(items):
        return _scan(_source(items), re.IGNORECASE)
    members: list[tuple[int, int]] = []
    for operation, value in items:
        if operation == "LITERAL":
            members += _cases(value, flags)
        elif operation == "RANGE":
            members += [value] if not flags & re.IGNORECASE else _range_cases(value, flags)
        elif operation == "CATEGORY":
            members += _scan(_category(value), flags & re.ASCII)
        elif operation != "NEGATE":
            raise _RefusedError(operation)
    ranges = _normalized(members)
    return _complement(ranges) if items[0][0] == "NEGATE" else ranges


def _is_ascii(items: list[tuple[str, Any]]) -> bool:
    """Whether a class holds nothing but ASCII characters, whose cases are few and known."""

    def is_ascii(operation: str, value: Any) -> bool:
        last = value[1] if operation == "RANGE" else value
        return operation == "NEGATE" or (operation in {"LITERAL", "RANGE"} and last < 128)

    return all(is_ascii(operation, value) for operation, value in items)


def _cases(character: int, flags: int) -> Ranges:
    """The characters that a literal matches."""
    if not flags & re.IGNORECASE:
        return ((character, character),)
    if flags & re.ASCII or character < 128:
        others = "" if flags & re.ASCII else _OTHER_CASES.get(chr(character).lower(), "")
        letter = chr(character)
        cases = {letter, letter.lower(), letter.upper(), *others} if letter.isascii() else {letter}
        return _normalized((ord(case), ord(case)) for case in cases)
    return _scan(f"\\U{character:08x}", re.IGNORECASE)


def _other_cases() -> dict[str, str]:
    """The characters beyond ASCII that IGNORECASE takes for an ASCII letter, as this Python says."""
    candidates = "\u0130\u0131\u017f\u212a"
    letters = "abcdefghijklmnopqrstuvwxyz"
    return {
        letter: "".join(other for other in candidates if re.match(letter, other, re.IGNORECASE)) for letter in letters
    }


_OTHER_CASES = _other_cases()


def _range_cases(ends: tuple[int, int], flags: int) -> list[tuple[int, int]]:
    first, final = ends
    # Beyond ASCII, re.ASCII leaves every character its own case.
    beyond = [(max(first, 128), final)] if final >= 128 else []
    return [*beyond, *(case for character in range(first, min(final, 127) + 1) for case in _cases(character, flags))]


def _category(name: Any) -> str:
    try:
        return _CATEGORIES[str(name)]
    except KeyError:
        raise _RefusedError(str(name)) from None


_CATEGORIES = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
}


def _source(items: list[tuple[str, Any]]) -> str:
    """A class in Python's own syntax again, to ask Python what is in it."""
    parts = []
    for operation, value in items:
        if operation == "NEGATE":
            parts.append("^")
        elif operation == "LITERAL":
            parts.append(f"\\U{value:08x}")
        elif operation == "RANGE":
            parts.append(f"\\U{value[0]:08x}-\\U{value[1]:08x}")
        elif operation == "CATEGORY":
            parts.append(_category(value))
        else:
            raise _RefusedError(operation)
    return f"[{''.join(parts)}]"


@lru_cache(maxsize=512)
def _scan(source: str, flags: int) -> Ranges:
    """The characters that a pattern for one character matches, found by matching all of them.

    Surrogates are none of them, as they do not occur in the texts that Rust is given.
    """
    before, after = 0xD800, 0xE000
    code = "utf-32-le" if sys.byteorder == "little" else "utf-32-be"
    everything = array("I", [*range(before), *range(after, _LAST + 1)]).tobytes().decode(code)
    ranges = []
    for match in re.compile(f"(?:{source})+", flags).finditer(everything):
        first, final = match.start(), match.end() - 1
        ranges.append((first + (after - before) * (first >= before), final + (after - before) * (final >= before)))
    return tuple(ranges)


def _normalized(ranges: Iterable[tuple[int, int]]) -> Ranges:
    merged: list[tuple[int, int]] = []
    for first, final in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(final, merged[-1][1]))
        else:
            merged.append((first, final))
    return tuple(merged)


def _complement(ranges: Ranges) -> Ranges:
    starts = [0, *(final + 1 for _, final in ranges)]
    ends = [*(first - 1 for first, _ in ranges), _LAST]
    return tuple((first, final) for first, final in zip(starts, ends) if first <= final)


def _class(ranges: Ranges) -> str:
    """Characters in Rust's syntax, where surrogates cannot be named."""
    parts = []
    for start, end in ranges:
        first = 0xE000 if 0xD800 <= start <= 0xDFFF else start
        final = 0xD7FF if 0xD800 <= end <= 0xDFFF else end
        if first <= final:
            parts.append(_escaped(first) if first == final else f"{_escaped(first)}-{_escaped(final)}")
    if not parts:
        return r"[^\x{0}-\x{10ffff}]"
    if len(parts) == 1 and "-" not in parts[0]:
        return parts[0]
    return f"[{''.join(parts)}]"


def _escaped(character: int) -> str:
    text = chr(character)
    return text if text.isascii() and text.isalnum() else f"\\x{{{character:x}}}"
