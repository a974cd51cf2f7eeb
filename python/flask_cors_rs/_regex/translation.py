"""Python's regular expressions, translated exactly to the syntax of Rust's ``regex``.

An expression is translated operation by operation from Python's own parse tree, so that it means what Python takes it
to mean. A construct without an exact equivalent in Rust is refused, and the engine then calls Python's ``re``.

A translation answers one question: does the expression match at the start of the text, ``bool(pattern.match(text))``?
Where a match ends and what its groups hold does not matter, so greedy and lazy repeats are the same, and every group is
a plain one. With ``whole`` the question is whether the expression matches a whole text without line breaks. The
translation is searched anchored at the start, in UTF-8, with no flag set.

The two syntaxes differ most in the meaning of character classes and in case folding. So Rust's classes and flags are
not used: each construct that matches a single character becomes a list of code points. Where Unicode decides which
ones, the running Python is asked.
"""

from __future__ import annotations

import re
import warnings
from functools import cache, lru_cache
from importlib import import_module
from itertools import chain
from typing import TYPE_CHECKING, Any, cast

from .._process_state import import_lock

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = [
    "Translation",
    "cached_translation",
    "cached_translation_of_text",
    "merged_ranges",
    "parser",
    "translate",
    "written",
]


def _find_parser() -> Any:
    """Import the parser behind ``re``, or return None if this Python does not have it."""
    for name in ("re._parser", "sre_parse"):  # sre_parse is its name before Python 3.11.
        try:
            module = import_module(name)
        except ImportError:
            continue
        if hasattr(module, "parse") and hasattr(module, "MAXREPEAT"):
            return module
    return None


parser = _find_parser()


class Translation:
    """The result of a translation."""

    # Not a NamedTuple, which would add half a million instructions to the import.
    __slots__ = ("matches_all", "refusal", "rust")

    def __init__(self, rust: str | None, refusal: str | None, matches_all: bool) -> None:
        self.rust = rust
        """The expression for Rust, to be searched anchored at the start; None if it is refused."""
        self.refusal = refusal
        """The construct that cannot be translated, in words; None if there is none."""
        self.matches_all = matches_all
        """True only if every text certainly matches."""


def translate(pattern: re.Pattern[str], *, whole: bool = False) -> Translation:
    """Translate a compiled expression. An expression that is not understood is refused; no exception is raised.

    :param whole: whether the expression has to match a whole text, ``bool(pattern.fullmatch(text))``. The text has no
        line breaks then
    """
    flags = pattern.flags & ~_DEBUG  # That flag would print the tree.
    if parser is None:
        return Translation(None, _NO_PARSER, False)
    source: object = pattern.pattern
    if not isinstance(source, str):
        return Translation(None, "a pattern of bytes", False)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # They were shown when the expression was compiled.
            tree = list(parser.parse(source, flags))
    except RecursionError:
        return Translation(None, _TOO_DEEP, False)
    except _ERRORS:
        return Translation(None, _UNKNOWN_TREE, False)
    return _translate(tree, flags, whole=whole)


def translate_text(text: str, flags: int) -> tuple[Translation, int]:
    """Translate an expression that has not been compiled, which takes longer than parsing it.

    :returns: the translation, and the flags that the compiled expression has
    :raises re.error: the text is not a valid expression. If the translation is refused, it may be invalid too
    """
    if parser is None:
        return Translation(None, _NO_PARSER, False), flags
    tree = parser.parse(text, int(flags))  # The parser is slower with a RegexFlag.
    state = getattr(tree, "state", None)
    if state is None:
        return Translation(None, _UNKNOWN_TREE, False), flags
    return _translate(list(tree), state.flags, whole=False), state.flags


def _translate(tree: list[Any], flags: int, *, whole: bool) -> Translation:
    if flags & ~_KNOWN_FLAGS:
        return Translation(None, "a flag other than A, I, M, S, U, X", False)
    matches_all = False
    try:
        matches_all = _matches_empty(tree, at_start=True)
        if whole:
            matches_all = False
            flags |= _WHOLE
        piece = _sequence(tree, flags, last=not whole, depth=0)
    except _RefusalError as refused:
        return Translation(None, refused.construct, matches_all)
    except RecursionError:
        return Translation(None, _TOO_DEEP, False)
    except _ERRORS:
        return Translation(None, _UNKNOWN_TREE, matches_all)
    return Translation(rf"(?:{piece.text})\z" if whole else piece.text, None, matches_all)


cached_translation = lru_cache(maxsize=1024)(translate)
""":func:`translate`, for patterns that several policies have."""

cached_translation_of_text = lru_cache(maxsize=1024)(translate_text)
""":func:`translate_text`, for texts that several policies have."""


# --- the limits -------------------------------------------------------------------------------------------------------

_A, _I, _M, _S = int(re.ASCII), int(re.IGNORECASE), int(re.MULTILINE), int(re.DOTALL)
_CASE = _A | _I
_TYPES = _A | int(re.LOCALE) | int(re.UNICODE)
_KNOWN_FLAGS = _A | _I | _M | _S | int(re.UNICODE) | int(re.VERBOSE)
_DEBUG = int(re.DEBUG)
_WHOLE = 1 << 20
"""A flag of our own, which ``re`` does not use: the text has no line breaks."""

_MAX_DEPTH = 100
"""How deeply groups can be nested: less than Rust's limit of 250, and far from Python's recursion limit."""

_MAX_SIZE = 1 << 16
"""The size of an expression with its repeats written out, in ranges of code points. Rust compiles hardly any larger."""

_NO_PARSER = "any pattern: this Python does not show its parse tree"
_UNKNOWN_TREE = "a parse tree that is not known"
_ERRORS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, Warning, re.error)
"""What an unknown tree can raise. Those of current Pythons raise nothing; those of a future one must not stop an
application."""

_TOO_DEEP = "groups nested too deeply"
_TOO_LARGE = "a pattern too large with its repeats written out"


class _RefusalError(Exception):
    """A construct has no exact equivalent in Rust."""

    def __init__(self, construct: str) -> None:
        super().__init__(construct)
        self.construct = construct


class _Piece:
    """The translation of a part of an expression."""

    __slots__ = ("single", "size", "text")

    def __init__(self, text: str, size: int, single: bool = False) -> None:
        self.text = text
        self.size = size
        """The number of ranges of code points, with repeats written out."""
        self.single = single
        """Whether a repeat sign after the text applies to all of it."""


# --- the tree ---------------------------------------------------------------------------------------------------------


def _sequence(nodes: Sequence[Any], flags: int, *, last: bool, depth: int) -> _Piece:
    """Translate a sequence of nodes.

    :param last: whether everything after the sequence can match the empty text
    """
    if depth > _MAX_DEPTH:
        raise _RefusalError(_TOO_DEEP)
    lasts = [last]
    for node in nodes[:0:-1]:
        lasts.append(lasts[-1] and _matches_empty([node]))
    pieces = [_node(node, flags, last, depth) for node, last in zip(nodes, reversed(lasts))]
    if len(pieces) == 1:
        return pieces[0]
    return _Piece("".join([piece.text for piece in pieces]), _sized(sum([piece.size for piece in pieces])))


def _node(node: Any, flags: int, last: bool, depth: int) -> _Piece:
    """Translate one operation."""
    op, argument = str(node[0]), node[1]
    if op in {"LITERAL", "CATEGORY"}:
        return _characters(((op, _plain(argument)),), flags & _CASE)
    if op == "NOT_LITERAL":
        return _characters((("NEGATE", None), ("LITERAL", argument)), flags & _CASE)
    if op == "IN":
        return _characters(tuple([(str(kind), _plain(member)) for kind, member in argument]), flags & _CASE)
    if op == "ANY":
        return _ANYTHING if flags & _S else _ANY
    if op == "AT":
        return _assertion(str(argument), flags, last)
    if op == "SUBPATTERN":
        _group, add, remove, nodes = argument
        return _sequence(list(nodes), _scoped(flags, add, remove), last=last, depth=depth + 1)
    if op == "BRANCH":
        pieces = [_sequence(list(nodes), flags, last=last, depth=depth + 1) for nodes in argument[1]]
        text = "|".join([piece.text for piece in pieces])
        return _Piece(f"(?:{text})", _sized(sum([piece.size for piece in pieces])), single=True)
    if op in {"MAX_REPEAT", "MIN_REPEAT"}:
        low, high, nodes = argument
        most = None if high == parser.MAXREPEAT else int(high)
        # A repeated part can be followed by itself, unless it is repeated at most once.
        body = _sequence(list(nodes), flags, last=last and most is not None and most <= 1, depth=depth + 1)
        return _repeat(body, int(low), most)
    raise _RefusalError(_NO_EQUAL.get(op, f"an operation that is not known ({op})"))


_NO_EQUAL = {
    "ASSERT": "look-around",
    "ASSERT_NOT": "look-around",
    "FAILURE": "look-around",  # (?!) from Python 3.13 on
    "GROUPREF": "a back-reference",
    "GROUPREF_EXISTS": "a conditional",
    "ATOMIC_GROUP": "an atomic group",
    "POSSESSIVE_REPEAT": "a possessive repeat",
}


def _plain(argument: Any) -> Any:
    """Return the argument of a class member without the parser's own types."""
    if type(argument) is int:
        return argument
    if isinstance(argument, tuple):
        first, final = cast("tuple[int, int]", argument)
        return int(first), int(final)
    return str(argument) if str(argument).startswith("CATEGORY") else argument


def _scoped(flags: int, add: int, remove: int) -> int:
    """Return the flags inside ``(?add-remove:...)``, where ``a`` and ``u`` exclude each other."""
    if add & _TYPES:
        flags &= ~_TYPES
    return (flags | add) & ~remove


def _assertion(where: str, flags: int, last: bool) -> _Piece:
    r"""Translate ``^ $ \A \Z \z \b \B``."""
    if where == "AT_BEGINNING_STRING" or (where == "AT_BEGINNING" and not flags & _M):
        return _TEXT_START
    if where == "AT_BEGINNING":
        return _LINE_START
    if where == "AT_END_STRING" or (where == "AT_END" and flags & _WHOLE):
        return _TEXT_END
    if where == "AT_END" and flags & _M:
        return _LINE_END
    if where == "AT_END":
        # Python's `$` does not consume the newline that it looks at. That makes no difference if nothing has to follow.
        if last:
            return _NEARLY_TEXT_END
        raise _RefusalError("`$` before the end of the pattern")
    if where == "AT_BOUNDARY":
        if flags & _A:
            return _ASCII_BOUNDARY
        raise _RefusalError("`\\b` without the flag A")
    if where == "AT_NON_BOUNDARY":
        raise _RefusalError("`\\B`")  # Its meaning changed in Python 3.14.
    raise _RefusalError(f"an assertion that is not known ({where})")


_TEXT_START = _Piece(r"\A", 1, single=True)
_TEXT_END = _Piece(r"\z", 1, single=True)
_NEARLY_TEXT_END = _Piece(r"(?:\x{A}?\z)", 2, single=True)
_LINE_START = _Piece(r"(?m:^)", 1, single=True)
_LINE_END = _Piece(r"(?m:$)", 1, single=True)
_ASCII_BOUNDARY = _Piece(r"(?-u:\b)", 1, single=True)


def _repeat(body: _Piece, low: int, high: int | None) -> _Piece:
    """Translate a repeat, lazy or greedy."""
    if (low, high) == (0, None):
        sign = "*"
    elif (low, high) == (1, None):
        sign = "+"
    elif (low, high) == (0, 1):
        sign = "?"
    elif high is None:
        sign = f"{{{low},}}"
    else:
        sign = f"{{{low}}}" if low == high else f"{{{low},{high}}}"
    text = body.text if body.single else f"(?:{body.text})"
    times = low + 1 if high is None else high
    return _Piece(text + sign, _sized(max(body.size, 1) * max(times, 1)))


def _sized(size: int) -> int:
    """Return a size, or refuse the expression if it is too large."""
    if size > _MAX_SIZE:
        raise _RefusalError(_TOO_LARGE)
    return size


def _matches_empty(nodes: Iterable[Any], *, at_start: bool = False) -> bool:
    """Whether a sequence of nodes certainly matches the empty text anywhere, or at the start of a text."""
    for node in nodes:
        op, argument = str(node[0]), node[1]
        if op == "SUBPATTERN":
            empty = _matches_empty(argument[3], at_start=at_start)
        elif op == "BRANCH":
            empty = any(_matches_empty(branch, at_start=at_start) for branch in argument[1])
        elif op in {"MAX_REPEAT", "MIN_REPEAT"}:
            empty = argument[0] == 0 or _matches_empty(argument[2], at_start=at_start)
        elif op == "AT":
            empty = at_start and str(argument) in {"AT_BEGINNING", "AT_BEGINNING_STRING"}
        else:
            empty = False
        if not empty:
            return False
    return True


# --- characters -------------------------------------------------------------------------------------------------------

Ranges = tuple[tuple[int, int], ...]
"""Code points: the first and last of each range, in ascending order, with gaps between the ranges."""

Members = tuple[tuple[str, Any], ...]
"""The members of a character class: literals, ranges and categories, after an optional negation."""

_LAST = 0x10FFFF
_ALL: Ranges = ((0, _LAST),)
_SURROGATES: Ranges = ((0xD800, 0xDFFF),)


def merged_ranges(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Return the union of ranges."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = merged[-1][0], max(merged[-1][1], last)
        else:
            merged.append((first, last))
    return tuple(merged)


def _complement(ranges: Ranges) -> Ranges:
    """Return every code point outside some ranges."""
    edges = [-1, *chain.from_iterable(ranges), _LAST + 1]
    gaps = zip(edges[::2], edges[1::2])
    return tuple([(before + 1, after - 1) for before, after in gaps if after - before > 1])


def _without(ranges: Ranges, others: Ranges) -> Ranges:
    """Return the code points of some ranges that are not in others."""
    low, high = others[0][0], others[-1][1]
    if all(last < low or first > high for first, last in ranges):
        return ranges
    return _complement(merged_ranges((*_complement(ranges), *others)))


@lru_cache(maxsize=1024)
def _characters(members: Members, flags: int) -> _Piece:
    """Translate a construct that matches one character."""
    # Rust does not know surrogates as characters, and no text that is searched contains one.
    ranges = _without(_code_points(members, flags), _SURROGATES)
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return _Piece(_escaped(ranges[0][0]), 1, single=True)
    text = "".join(
        [_escaped(first) if first == last else f"{_escaped(first)}-{_escaped(last)}" for first, last in ranges]
    )
    return _Piece(f"[{text}]" if ranges else r"[^\x{0}-\x{10FFFF}]", max(len(ranges), 1), single=True)


def _escaped(code_point: int) -> str:
    """Write a code point so that it means only itself, inside and outside of brackets."""
    if code_point < 0x80 and (character := chr(code_point)).isalnum():
        return character
    return f"\\x{{{code_point:X}}}"


def _code_points(members: Members, flags: int) -> Ranges:
    """Return the code points that ``[members]`` matches."""
    exact = _exact(members, flags & _A)
    if not flags & _I:
        return exact
    literals = [
        (argument, argument) if kind == "LITERAL" else argument for kind, argument in members if kind in _LITERALS
    ]
    if all(last < 0x80 for _first, last in literals):
        if not any(first <= ord("z") and last >= ord("A") for first, last in literals):
            return exact  # No literal is a letter. Python then ignores case for the categories too.
        if all(kind in _LITERALS for kind, _argument in members):
            letters = [chr(code) for first, last in exact for code in range(first, last + 1) if chr(code).isalpha()]
            cases = "".join([_cases(letter, flags & _A) for letter in letters])
            return merged_ranges(chain(exact, [(ord(case), ord(case)) for case in cases]))
        return _folded(members, flags & _A, exact, _ASCII_RELATIVES)
    return _folded(members, flags & _A, exact, _cased())


_LITERALS = {"LITERAL", "RANGE"}


def _exact(members: Members, ascii_only: int) -> Ranges:
    """Return the code points that ``[members]`` matches with case."""
    ranges: list[tuple[int, int]] = []
    for kind, argument in members[_negated(members) :]:
        if kind == "LITERAL":
            ranges.append((argument, argument))
        elif kind == "RANGE":
            ranges.append(argument)
        elif kind == "CATEGORY" and argument in _CATEGORIES:
            ranges.extend(_category(argument, ascii_only))
        else:
            raise _RefusalError(f"a class of characters that is not known ({kind})")
    merged = merged_ranges(ranges)
    return _complement(merged) if _negated(members) else merged


def _negated(members: Members) -> bool:
    return members[0][0] == "NEGATE"


_CATEGORIES = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
}


_ASCII = "".join(map(chr, range(0x80)))


@cache
def _category(name: str, ascii_only: int) -> Ranges:
    r"""Return the code points of ``\d \s \w`` or their opposites, by this Python's Unicode database."""
    escape = _CATEGORIES[name]
    if escape.isupper():
        return _complement(_category(name.replace("NOT_", ""), ascii_only))
    known = None if ascii_only else _known_ranges(escape)
    if known is not None:
        return known
    runs = re.compile(f"{escape}+", ascii_only)
    texts = [(0, _ASCII)] if ascii_only else _planes()
    return merged_ranges(
        (first + match.start(), first + match.end() - 1) for first, text in texts for match in runs.finditer(text)
    )


def _known_ranges(escape: str) -> Ranges | None:
    """Return what an escape matches, from the table, or None if this Python has another version of Unicode."""
    with import_lock.current:
        from struct import iter_unpack
        from unicodedata import unidata_version

        from .unicode_ranges import ADDED

    added = ADDED[escape]
    if unidata_version not in added:
        return None
    ranges: list[tuple[int, int]] = []
    for version, text in added.items():
        ranges.extend(iter_unpack(">2I", bytes.fromhex(text)))
        if version == unidata_version:
            break
    return merged_ranges(ranges)


def _planes(count: int = 17) -> Iterator[tuple[int, str]]:
    """Iterate over the first planes of Unicode: the first code point of each, and a text of all its code points."""
    utf_32 = bytearray(0x40000)
    utf_32[0::4] = bytes(range(0x100)) * 0x100
    utf_32[1::4] = bytes([byte for byte in range(0x100) for _ in range(0x100)])
    for plane in range(count):
        utf_32[2::4] = bytes([plane]) * 0x10000
        yield plane << 16, utf_32.decode("utf-32-le", "surrogatepass")


# --- the other case ---------------------------------------------------------------------------------------------------
# Under the flag I, Python has rules of its own: `i` also matches U+0130 and U+0131, `s` U+017F, and `k` U+212A, and a
# class can match more or less than its members do one by one. So `re` is asked, but only about the characters that have
# another case, as the flag makes no difference to the others.


def _folded(members: Members, ascii_only: int, exact: Ranges, asked: Ranges) -> Ranges:
    """Return the code points that ``(?i)[members]`` matches.

    :param exact: those that ``[members]`` matches
    :param asked: all for which the flag can make a difference
    """
    both = re.compile(_written(members), ascii_only | _I)
    answers = [(ord(character), ord(character)) for character in both.findall(_text(asked))]
    return merged_ranges((*_without(exact, asked), *answers))


def _cases(letter: str, ascii_only: int) -> str:
    """Return the characters that an ASCII letter matches under the flag I. To ask ``re`` would be expensive."""
    lower = letter.lower()
    others = "" if ascii_only else {"i": "\u0130\u0131", "k": "\u212a", "s": "\u017f"}.get(lower, "")
    return letter.upper() + lower + others


@lru_cache(maxsize=2)
def _text(ranges: Ranges) -> str:
    return "".join([chr(code_point) for first, last in ranges for code_point in range(first, last + 1)])


def written(members: Iterable[tuple[Any, Any]]) -> str:
    """Return the members of a class in a parse tree as a class in Python's syntax."""
    return _written(tuple([(str(kind), _plain(member)) for kind, member in members]))


def _written(members: Members) -> str:
    """Return members as a class in Python's syntax."""
    written = ["[^" if _negated(members) else "["]
    for kind, argument in members[_negated(members) :]:
        if kind == "CATEGORY":
            written.append(_CATEGORIES[argument])
        else:
            first, last = (argument, argument) if kind == "LITERAL" else argument
            written.append(rf"\U{first:08X}" if kind == "LITERAL" else rf"\U{first:08X}-\U{last:08X}")
    return "".join([*written, "]"])


_ASCII_RELATIVES: Ranges = ((0, 0x24F), (0x2100, 0x214F), (0xFB00, 0xFB06))
"""ASCII, and blocks with every character that can be the other case of an ASCII letter."""


@cache
def _cased() -> Ranges:
    """Return every character that has another case."""
    cased: list[int] = []
    for plane, text in _planes(2):  # No other plane has any.
        for start in range(0, len(text), 256):
            block = text[start : start + 256]
            if _has_case(block):
                cased.extend([plane + start + offset for offset, character in enumerate(block) if _has_case(character)])
    return merged_ranges(zip(cased, cased))


def _has_case(text: str) -> bool:
    return not text == text.lower() == text.upper()


_ANY = _characters((("NEGATE", None), ("LITERAL", 0x0A)), 0)
_ANYTHING = _characters((("RANGE", (0, _LAST)),), 0)
