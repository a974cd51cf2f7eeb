"""Texts that a regular expression matches, and one that it takes very long over: for the audit."""

from __future__ import annotations

import re
import warnings
from itertools import chain, islice, product
from time import thread_time
from typing import TYPE_CHECKING, Any

from . import _regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LIMIT = 24
"""Samples of a pattern, or of a part of it."""

_PREFERRED = "a1-./:x"


def matching(pattern: re.Pattern[str]) -> list[str]:
    """Some texts that a pattern matches; none if its parse tree is not to be had."""
    return [text for text in _samples(pattern, replaced=-1) if pattern.match(text)]


def with_dots_replaced(pattern: re.Pattern[str]) -> list[str]:
    """Texts that it matches in which one of the dots that match any character is a letter."""
    found: list[str] = []
    with_dots = _samples(pattern, replaced=-1)
    for number in range(8):
        samples = _samples(pattern, replaced=number)
        if samples == with_dots:
            break
        found += [text for text in samples if pattern.match(text)]
    return found


def _tree(pattern: re.Pattern[str]) -> list[Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return list(_regex.parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG))
    except Exception:
        return []  # A parse tree that is not known.


def _samples(pattern: re.Pattern[str], replaced: int) -> list[str]:
    try:
        return _Sampler(pattern.flags, replaced).sequence(_tree(pattern))
    except (LookupError, TypeError, ValueError, RecursionError):
        return []


class _Sampler:
    """Walks a parse tree. Of the single dots, the one with the number ``replaced`` becomes a letter."""

    def __init__(self, flags: int, replaced: int) -> None:
        self._flags = flags
        self._replaced = replaced
        self._dots = 0

    def sequence(self, nodes: Iterable[Any]) -> list[str]:
        parts = [self.node(node) for node in nodes]
        return ["".join(texts) for texts in islice(product(*parts), _LIMIT)]

    def node(self, node: Any, *, repeated: bool = False) -> list[str]:
        op, argument = str(node[0]), node[1]
        if op == "LITERAL":
            return [chr(argument)]
        if op == "ANY":
            if repeated:
                return ["a"]
            self._dots += 1
            return ["x" if self._dots - 1 == self._replaced else "."]
        if op == "NOT_LITERAL":
            return [next(letter for letter in _PREFERRED if ord(letter) != argument)]
        if op == "IN":
            matches = re.compile(_regex.written(argument), self._flags & re.IGNORECASE).match
            letters = [letter for letter in chain(_PREFERRED, map(chr, range(0x21, 0x7F))) if matches(letter)]
            return letters[:1] or [""]
        if op == "BRANCH":
            return list(chain.from_iterable(map(self.sequence, argument[1])))[:_LIMIT]
        if op == "SUBPATTERN":
            return self.sequence(argument[3])
        if op == "ATOMIC_GROUP":
            return self.sequence(argument)
        if op in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}:
            low, high, nodes = argument
            body = [self.node(inner, repeated=True) for inner in nodes]
            texts = ["".join(parts) for parts in islice(product(*body), _LIMIT)]
            counts = {max(int(low), 1), int(low)} if int(high) > 0 else {0}
            return [text * count for count in sorted(counts, reverse=True) for text in texts][:_LIMIT]
        return [""]  # An assertion, or a group that was matched before.


def explosive(pattern: re.Pattern[str]) -> str | None:
    """A text of less than 400 characters over which ``re`` takes 20 milliseconds and more, found by trial."""
    for before, pump in islice(_pumps(_tree(pattern), "", pattern.flags), 40):
        for end in ("!", "\x00", ""):
            for count in range(2, 40):
                text = before + pump * count + end
                if len(text) > 400:
                    break
                if _time(pattern, text) > 0.02 and _time(pattern, text) > 0.02:
                    return text
    return None


def _time(pattern: re.Pattern[str], text: str) -> float:
    start = thread_time()
    pattern.match(text)
    return thread_time() - start


def _pumps(nodes: Iterable[Any], before: str, flags: int) -> Iterator[tuple[str, str]]:
    """What comes before a part that repeats, and what it repeats."""
    for node in nodes:
        op, argument = str(node[0]), node[1]
        try:
            sample = next(iter(_Sampler(flags, -1).node(node)), "")
        except (LookupError, TypeError, ValueError, RecursionError):
            return
        if op in {"MAX_REPEAT", "MIN_REPEAT"}:
            if int(argument[1]) >= 10:
                for text in _Sampler(flags, -1).sequence(argument[2])[:4]:
                    if text:
                        yield before, text
            yield from _pumps(argument[2], before, flags)
        elif op == "SUBPATTERN":
            yield from _pumps(argument[3], before, flags)
        elif op in {"ASSERT", "ASSERT_NOT"}:
            yield from _pumps(argument[1], before, flags)
        elif op == "BRANCH":
            for branch in argument[1]:
                yield from _pumps(branch, before, flags)
        before += sample
