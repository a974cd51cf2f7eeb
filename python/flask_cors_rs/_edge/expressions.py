"""Regular expressions that PCRE, PCRE2 and RE2 read alike, made from the translations for Rust.

Nothing that could need quoting in the language of a proxy is left in them: nearly every character that is not a letter
or a digit is written as a code point.
"""

from __future__ import annotations

import re
from math import prod
from string import ascii_letters, digits
from typing import TYPE_CHECKING

from .._regex.linear import TOKEN, LinearMatcher

if TYPE_CHECKING:
    from collections.abc import Iterable

VISIBLE = frozenset(map(chr, range(0x21, 0x7F)))
"""The characters of an origin."""

PATH = frozenset(ascii_letters + digits + "-._~!$&'()*+,;=:@/")
"""The characters of a path that all servers and proxies read alike.

Source: `RFC 3986, section 3.3 <https://www.rfc-editor.org/rfc/rfc3986#section-3.3>`_, without percent-encoding.
"""

NAME = frozenset(ascii_letters + digits + "!#$%&'*+-.^_`|~")
"""The characters of a header name.

Source: `RFC 9110, section 5.6.2 <https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2>`_.
"""

_PLAIN = frozenset(ascii_letters + digits + "/:_")
_ASSERTIONS = {r"\A": "^", r"\z": "$", "(?m:^)": "^", "(?m:$)": "$", r"(?-u:\b)": r"\b"}


def is_plain(origin: str) -> bool:
    """Whether an origin means only itself in the languages of all proxies, without quotes."""
    return re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*://[A-Za-z0-9.:_-]+", origin) is not None


def literal(text: str, *, any_case: bool = False) -> str:
    """Return an expression that matches a text of visible ASCII.

    :param any_case: whether the case of its letters does not matter
    """
    return "".join(
        f"[{letter.upper()}{letter.lower()}]" if any_case and letter.isalpha() else _escaped(letter) for letter in text
    )


def any_of(texts: Iterable[str]) -> str:
    """Return an expression that matches one of some texts."""
    return f"(?:{'|'.join(map(literal, texts))})"


def one_of(characters: Iterable[str]) -> str:
    """Return an expression that matches one of some characters."""
    codes = sorted(map(ord, characters))
    runs: list[tuple[int, int]] = []
    for code in codes:
        if runs and code == runs[-1][1] + 1:
            runs[-1] = runs[-1][0], code
        else:
            runs.append((code, code))
    if not runs:
        return r"[^\x00-\x7F]"  # The texts are ASCII.
    if len(codes) == 1:
        return _escaped(chr(codes[0]))
    inside = (
        _escaped(chr(first)) if first == last else f"{_escaped(chr(first))}-{_escaped(chr(last))}"
        for first, last in runs
    )
    return f"[{''.join(inside)}]"


def portable(rust: str, alphabet: frozenset[str]) -> str:
    """Return a translated expression for texts of some characters."""
    written: list[str] = []
    for token in TOKEN.finditer(rust):
        kind, text = token.lastgroup, token[0]
        if kind == "assertion":
            written.append(_ASSERTIONS[text])
        elif kind in {"class", "code", "plain"}:
            written.append(one_of(characters(text) & alphabet))
        else:
            written.append(text)
    return "".join(written)


def translated(written: str) -> str:
    """Return a portable expression in the syntax of translations."""
    text = re.sub(r"\\x([0-9A-F]{2})", r"\\x{\1}", written)
    return text.removeprefix("^").replace("$", r"\z")


_MAX_REPEAT = 1000
"""RE2 refuses to repeat anything more often."""


def repeats_too_often(rust: str) -> bool:
    """Whether a translated expression has a repeat, or perhaps repeats in one another, beyond the limit of RE2."""
    counts = [int(count) for sign in re.findall(r"(?<!x)\{([0-9,]+)\}", rust) for count in sign.split(",") if count]
    if ")" + "{" in rust and len(counts) > 1:
        return prod(max(count, 1) for count in counts) > _MAX_REPEAT
    return max(counts, default=0) > _MAX_REPEAT


def characters(token: str) -> frozenset[str]:
    """Return the characters of visible ASCII that one token of a translation matches."""
    return LinearMatcher(token).first_characters


def _escaped(character: str) -> str:
    return character if character in _PLAIN else rf"\x{ord(character):02X}"


# --- the time that a backtracking matcher takes -----------------------------------------------------------------------

_MAX_STEPS = 100_000


def takes_linear_time(rust: str) -> bool:
    """Whether a backtracking matcher certainly takes linear time for a translated expression.

    The matchers of all proxies but Caddy are of this kind, and a single request could otherwise stop all others. The
    time is linear if no text can be read in two ways that lead to the same place. If that takes too long to find out,
    the answer is False.

    Source: Weideman, Van der Merwe, Berglund and Watson, "Analyzing Matching Time Behavior of Backtracking Regular
    Expression Matchers by Using Ambiguity of NFA" (CIAA 2016).
    """
    try:
        start, edges = LinearMatcher(rust).edges()
    except OverflowError:
        return False
    if any(ways > 1 for ways in start.values()):
        return False
    # Two ways of reading the same text, and whether they have been apart.
    waiting = [(left, right, left != right) for left in start for right in start if left <= right]
    seen = set(waiting)
    steps = 0
    while waiting:
        left, right, apart = waiting.pop()
        both = edges[left].characters & edges[right].characters
        if not both:
            continue
        for left_to, ways in edges[left].following.items():
            for right_to in edges[right].following:
                steps += 1
                if steps > _MAX_STEPS:
                    return False
                if left_to == right_to and (apart or ways > 1):
                    return False
                state = min(left_to, right_to), max(left_to, right_to), apart or left_to != right_to
                if state not in seen:
                    seen.add(state)
                    waiting.append(state)
    return True
