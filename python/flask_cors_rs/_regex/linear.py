"""Translated regular expressions, matched in linear time in Python, where there is no Rust to run them.

The expressions are in the syntax that :mod:`flask_cors_rs._regex.translation` writes, so that both engines run the same
translation. The matcher follows all states that a search can be in at the same time (Thompson, 1968) and visits none of
them twice at a character.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import Callable, NamedTuple, Union

MAX_STATES = 2000
"""In the worst case, each character of a text costs one step for every state."""

_VISIBLE = [chr(code) for code in range(0x21, 0x7F)]
_WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


class _Character(NamedTuple):
    one_of: frozenset[str]
    then: int


class _Assertion(NamedTuple):
    holds: Callable[[str, int], bool]
    then: int


class _Split(NamedTuple):
    then: tuple[int, ...]


class Edges(NamedTuple):
    """How an automaton goes on after a state."""

    characters: frozenset[str]
    """The characters that the state reads."""
    following: dict[int, int]
    """The states that read the next character, and in how many ways each is reached, at most 2."""


_State = Union[_Character, _Assertion, _Split, None]
_Build = Callable[[int], int]
"""A function that adds the states of a part of an expression. It takes the number of the state that follows, and
returns the number of the first state of the part."""

_ASSERTIONS: dict[str, Callable[[str, int], bool]] = {
    r"\A": lambda text, at: at == 0,
    r"\z": lambda text, at: at == len(text),
    # The texts have no line breaks.
    r"(?m:^)": lambda text, at: at == 0,
    r"(?m:$)": lambda text, at: at == len(text),
    r"(?-u:\b)": lambda text, at: (at > 0 and text[at - 1] in _WORD) != (at < len(text) and text[at] in _WORD),
}

TOKEN = re.compile(
    r"(?P<assertion>\\A|\\z|\(\?m:[$^]\)|\(\?-u:\\b\))|(?P<open>\(\?:)|(?P<class>\[[^\]]*\])|(?P<code>\\x\{[0-9A-F]+\})"
    r"|(?P<repeat>[*+?]|\{[0-9,]+\})|(?P<or>\|)|(?P<close>\))|(?P<plain>[^\\\[\](){}*+?|])"
)


class LinearMatcher:
    """A translated expression, for texts of visible ASCII.

    :param rust: the translation
    :raises OverflowError: the expression has more than :data:`MAX_STATES` states
    :raises ValueError: the syntax is not that of a translation
    """

    def __init__(self, rust: str) -> None:
        self._states: list[_State] = [None]
        self._tokens = list(TOKEN.finditer(rust))
        if sum(len(token[0]) for token in self._tokens) != len(rust):
            raise ValueError(f"{rust!r} is not a translated expression")
        self._next = 0
        self._first = self._alternatives()(0)

    @property
    def start(self) -> frozenset[int]:
        """The states before a text."""
        return frozenset({self._first})

    @property
    def classes(self) -> set[frozenset[str]]:
        """The sets of characters that the expression tells from the others."""
        return {state.one_of for state in self._states if type(state) is _Character}

    @property
    def first_characters(self) -> frozenset[str]:
        """The characters that a text can begin with."""
        states = map(self._states.__getitem__, self._reached({self._first}, "", 0))
        return frozenset(chain.from_iterable(state.one_of for state in states if type(state) is _Character))

    def edges(self) -> tuple[dict[int, int], dict[int, Edges]]:
        """Return the states that read the first character, and for each state those that read the next one.

        Assertions count as if they held.
        """
        return self._ways(self._first), {
            number: Edges(state.one_of, self._ways(state.then))
            for number, state in enumerate(self._states)
            if type(state) is _Character
        }

    def _ways(self, start: int) -> dict[int, int]:
        """Return the states that read a character after a state, and in how many ways each is reached, at most 2."""
        ways: dict[int, int] = {}
        waiting = [start]
        while waiting:
            number = waiting.pop()
            state = self._states[number]
            ways[number] = ways.get(number, 0) + 1
            if ways[number] > 2:
                ways[number] = 2
            elif type(state) is _Split:
                waiting += state.then
            elif type(state) is _Assertion:
                waiting.append(state.then)
        return {number: count for number, count in ways.items() if type(self._states[number]) is _Character}

    def step(self, states: frozenset[int], before: str, character: str) -> frozenset[int]:
        """Return the states after one more character.

        :param before: the character before it, empty at the start
        """
        reached = map(self._states.__getitem__, self._reached(set(states), before + character, len(before)))
        return frozenset(state.then for state in reached if type(state) is _Character and character in state.one_of)

    def accepts(self, states: frozenset[int], before: str) -> bool:
        """Whether the expression matches a text that ends in these states, with this last character."""
        return 0 in self._reached(set(states), before, len(before))

    def match(self, text: str) -> bool | None:
        """Return True if the expression matches the whole of a text, and None if not."""
        states, at = self._states, 0
        current = self._reached({self._first}, text, 0)
        while current and at < len(text):
            character = text[at]
            at += 1
            current = self._reached(
                {
                    state.then
                    for state in map(states.__getitem__, current)
                    if type(state) is _Character and character in state.one_of
                },
                text,
                at,
            )
        return True if 0 in current else None

    def _reached(self, found: set[int], text: str, at: int) -> set[int]:
        """Return the states that can be reached without another character."""
        waiting = list(found)
        while waiting:
            state = self._states[waiting.pop()]
            then: tuple[int, ...] = ()
            if type(state) is _Split:
                then = state.then
            elif type(state) is _Assertion and state.holds(text, at):
                then = (state.then,)
            for number in then:
                if number not in found:
                    found.add(number)
                    waiting.append(number)
        return found

    def _add(self, state: _State) -> int:
        if len(self._states) > MAX_STATES:
            raise OverflowError(f"the expression has more than {MAX_STATES} states")
        self._states.append(state)
        return len(self._states) - 1

    def _peek(self) -> str | None:
        return self._tokens[self._next].lastgroup if self._next < len(self._tokens) else None

    def _take(self) -> re.Match[str]:
        self._next += 1
        return self._tokens[self._next - 1]

    def _alternatives(self) -> _Build:
        branches = [self._sequence()]
        while self._peek() == "or":
            self._take()
            branches.append(self._sequence())
        if len(branches) == 1:
            return branches[0]
        return lambda then: self._add(_Split(tuple([branch(then) for branch in branches])))

    def _sequence(self) -> _Build:
        parts: list[_Build] = []
        while self._peek() not in {None, "or", "close"}:
            part = self._atom()
            while self._peek() == "repeat":
                part = self._repeat(part, self._take()[0])
            parts.append(part)

        def build(then: int) -> int:
            for part in reversed(parts):
                then = part(then)
            return then

        return build

    def _atom(self) -> _Build:
        token = self._take()
        if token.lastgroup == "open":
            inner = self._alternatives()
            self._take()
            return inner
        if token.lastgroup == "assertion":
            holds = _ASSERTIONS[token[0]]
            return lambda then: self._add(_Assertion(holds, then))
        # Python reads the syntax of the translation as Rust does, except for code points in hexadecimal.
        written = re.sub(r"\\x\{([0-9A-F]+)\}", lambda code: rf"\U{int(code[1], 16):08X}", token[0])
        matches = re.compile(written).match
        one_of = frozenset(filter(matches, _VISIBLE))
        return lambda then: self._add(_Character(one_of, then))

    def _repeat(self, part: _Build, sign: str) -> _Build:
        low, high = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(sign) or _bounds(sign)

        def build(then: int) -> int:
            current = then
            if high is None:
                current = self._add(None)
                self._states[current] = _Split((part(current), then))
            else:
                for _ in range(high - low):
                    current = self._add(_Split((part(current), then)))
            for _ in range(low):
                current = part(current)
            return current

        return build


def _bounds(sign: str) -> tuple[int, int | None]:
    """Return the limits of ``{2}``, ``{2,}`` or ``{2,3}``."""
    low, comma, high = sign[1:-1].partition(",")
    return int(low), int(high) if high else None if comma else int(low)
