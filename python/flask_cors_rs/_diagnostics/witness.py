"""Texts that some automata accept and others do not, such as origins, found by walking the automata together."""

from __future__ import annotations

from collections import deque
from functools import lru_cache
from typing import TYPE_CHECKING

from .._regex.linear import LinearMatcher

if TYPE_CHECKING:
    from collections.abc import Sequence


def _host(label: str) -> str:
    return rf"{label}(?:\x{{2E}}{label})*(?::[1-9][0-9]{{0,4}})?"


_HOST = _host(r"[a-z0-9](?:[a-z0-9\x{2D}_]*[a-z0-9])?")
# The URL standard allows a hyphen at the end of a label.
_ANY_HOST = _host(r"[a-z0-9\x{2D}_]+")
_ORIGINS = [
    LinearMatcher(rf"https://{_HOST}"),
    LinearMatcher(rf"(?:null|[a-z][a-z0-9+\x{{2D}}\x{{2E}}]*://{_ANY_HOST})"),
]
"""The origins that browsers send: first those that people know best."""

_LIMIT = 5_000
"""How many states of all automata together are looked at."""

_PREFERRED = "aeobcdxyz0123456789-._:/"


class TooManyStatesError(Exception):
    """The search was given up."""


def witness(allowing: LinearMatcher, refusing: Sequence[LinearMatcher]) -> str | None:
    """Return the shortest origin that one automaton accepts and others do not, or None if there is none.

    :raises TooManyStatesError: there are too many states to look at
    """
    for origins in _ORIGINS:
        found = shortest([origins, allowing], refusing)
        if found is not None:
            return found
    return None


def shortest(
    accepting: Sequence[LinearMatcher], refusing: Sequence[LinearMatcher] = (), limit: int = _LIMIT
) -> str | None:
    """Return the shortest text of visible ASCII that some automata accept and others do not, or None.

    :param limit: how many states of all automata together are looked at
    :raises TooManyStatesError: there are more
    """
    matchers = list(map(_automaton, [*accepting, *refusing]))
    letters = _letters([*accepting, *refusing])
    start = tuple(matcher.start for matcher in matchers)
    waiting = deque([(start, "")])
    seen = {(start, "")}
    while waiting:
        states, text = waiting.popleft()
        before = text[-1:]
        accepts = [matcher.accepts(each, before) for matcher, each in zip(matchers, states)]
        if all(accepts[: len(accepting)]) and not any(accepts[len(accepting) :]):
            return text
        for letter in letters:
            # Nothing is accepted any more without the first ones.
            then = tuple(
                matcher.step(each, before, letter) if each else each for matcher, each in zip(matchers, states)
            )
            key = (then, _kind(letter))
            if key not in seen and all(then[: len(accepting)]):
                if len(seen) >= limit:
                    raise TooManyStatesError
                seen.add(key)
                waiting.append((then, text + letter))
    return None


class _Automaton:
    """An expression, whose steps are made once for all letters of a kind."""

    def __init__(self, matcher: LinearMatcher) -> None:
        self.start, self.accepts, self._step = matcher.start, matcher.accepts, matcher.step
        self._steps: dict[tuple[frozenset[int], str, str], frozenset[int]] = {}

    def step(self, states: frozenset[int], before: str, letter: str) -> frozenset[int]:
        """Return the states after one more letter."""
        key = (states, _kind(before), letter)
        then = self._steps.get(key)
        if then is None:
            then = self._steps[key] = self._step(states, before, letter)
        return then


# The same expression is compared with many others.
_automaton = lru_cache(maxsize=1_000)(_Automaton)


def _kind(letter: str) -> str:
    """Return what an assertion can know of a letter: whether it is one of a word, or none at all."""
    return letter and ("w" if letter.isalnum() or letter == "_" else "-")


def _letters(matchers: list[LinearMatcher]) -> list[str]:
    """Return one character for all that no automaton tells apart."""
    classes = [each for matcher in matchers for each in matcher.classes]
    visible = [*_PREFERRED, *(chr(code) for code in range(0x21, 0x7F) if chr(code) not in _PREFERRED)]
    found: dict[tuple[bool, ...], str] = {}
    for letter in visible:
        key = (letter.isalnum() or letter == "_", *(letter in each for each in classes))
        found.setdefault(key, letter)
    return list(found.values())
