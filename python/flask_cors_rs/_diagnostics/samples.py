"""Sample texts that a regular expression matches, and a text that takes it very long."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import warnings
from functools import lru_cache
from itertools import chain, islice, product
from typing import TYPE_CHECKING, Any, cast

from .._regex import translation
from .._regex.linear import LinearMatcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Match = Callable[[str], object]

_LIMIT = 24
"""The largest number of samples of a pattern, and of each part of it."""

_PREFERRED = "a1-./:x"
"""The characters that are tried first for a character class."""


def safe_match(pattern: re.Pattern[str]) -> Match:
    """Return a function that takes as little time to match a text as the ``match`` method of a pattern should.

    If the pattern repeats what can match in several ways, ``re`` is not asked: it could take minutes, and no thread of
    the process runs meanwhile. If the pattern cannot be matched in linear time either, the function matches nothing.
    """
    if not _is_ambiguous(_tree(pattern), repeated=False):
        return pattern.match
    rust = translation.translate(pattern).rust
    try:
        return _matches_nothing if rust is None else LinearMatcher(rf"(?:{rust})[\x{{21}}-\x{{7E}}]*").match
    except OverflowError:
        return _matches_nothing


def _matches_nothing(text: str) -> None:
    """Match no text."""


def _is_ambiguous(nodes: Iterable[Any], *, repeated: bool) -> bool:
    """Whether a part of a pattern that can repeat often has another repeat or alternatives in it."""
    for node in nodes:
        op, argument = str(node[0]), node[1]
        is_repeat = op in {"MAX_REPEAT", "MIN_REPEAT"}
        if repeated and (op == "BRANCH" or (is_repeat and argument[0] != argument[1])):
            return True
        inside = repeated or _is_often(op, argument)
        if any(_is_ambiguous(part, repeated=inside) for part in _parts(op, argument)):
            return True
    return False


def _is_often(op: str, argument: Any) -> bool:
    """Whether a node is a repeat that can repeat often and give back what it has matched."""
    return op in {"MAX_REPEAT", "MIN_REPEAT"} and int(argument[1]) >= _OFTEN


def _parts(op: str, argument: Any) -> Iterable[Iterable[Any]]:
    """Return the sequences of nodes in a node."""
    if op == "BRANCH":
        return cast("Iterable[Iterable[Any]]", argument[1])
    if op == "ATOMIC_GROUP":
        return (argument,)
    if op == "GROUPREF_EXISTS":
        return (argument[1], argument[2] or ())
    if op in {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT", "SUBPATTERN", "ASSERT", "ASSERT_NOT"}:
        return (argument[-1],)
    return ()


def matching(pattern: re.Pattern[str], match: Match) -> list[str]:
    """Return some texts that a pattern matches, or none if the parser behind ``re`` is not available.

    :param match: the function that matches it
    """
    return [text for text in _samples(pattern, replaced=-1) if match(text)]


def with_dots_replaced(pattern: re.Pattern[str], match: Match) -> list[str]:
    """Return texts that a pattern matches in which one of its unescaped dots stands for a letter."""
    found: list[str] = []
    with_dots = _samples(pattern, replaced=-1)
    for number in range(8):
        samples = _samples(pattern, replaced=number)
        if samples == with_dots:
            break
        found += [text for text in samples if match(text)]
    return found


_OFTEN = 10
"""How often a part of a pattern has to be able to repeat for it to matter."""

_TRIAL = """
import json, re, sys
from time import thread_time

def time(text):
    start = thread_time()
    pattern.match(text)
    return thread_time() - start

source, flags, texts = json.load(sys.stdin)
pattern = re.compile(source, flags)
for number, text in enumerate(texts):
    print(number, flush=True)
    # Twice, as another process may have taken the time.
    if time(text) > 0.02 and time(text) > 0.02:
        sys.exit(3)
"""
_TRIAL_SECONDS = 5


def slow_text(pattern: re.Pattern[str]) -> str | None:
    """Search for a text of at most 400 characters that takes ``re`` more than 20 milliseconds; None if none is found.

    The time is measured, in another process that is stopped after five seconds: while ``re`` searches, no thread of its
    process runs. It returns None if no other Python can be started.
    """
    # The executable of a frozen application is the application, and some programs that embed Python leave it empty.
    if getattr(sys, "frozen", False) or not sys.executable:
        return None
    repeats = islice(_repeats(_tree(pattern), "", pattern.flags), 40)
    made = (
        before + repeated * count + end
        for before, repeated in repeats
        for end in ("!", "\x00", "")
        for count in range(2, 40)
    )
    texts = [text for text in made if len(text) <= 400]
    if not texts:
        return None
    trial = json.dumps([pattern.pattern, pattern.flags & ~re.DEBUG, texts]).encode()
    try:
        result = subprocess.run(  # noqa: S603 - the text of the program is ours
            [sys.executable, "-I", "-c", _TRIAL],
            input=trial,
            capture_output=True,
            check=False,
            timeout=_TRIAL_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        tried = (error.stdout or b"").split()
    except OSError:
        return None
    else:
        tried = result.stdout.split() if result.returncode == 3 else []
    return texts[int(tried[-1])] if tried else None


# Each question about a pattern asks for its tree.
@lru_cache(maxsize=1)
def _tree(pattern: re.Pattern[str]) -> list[Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return list(translation.parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG))
    except Exception:
        return []  # The parser is private to Python, and may change.


def _samples(pattern: re.Pattern[str], replaced: int) -> list[str]:
    try:
        return _Sampler(pattern.flags, replaced).sequence(_tree(pattern))
    except (LookupError, TypeError, ValueError, RecursionError):
        return []


class _Sampler:
    """Makes texts from a parse tree.

    :param flags: the flags of the pattern
    :param replaced: the number of the unescaped dot that becomes a letter; the others become dots
    """

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
            matches = re.compile(translation.written(argument), self._flags & re.IGNORECASE).match
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
        return [""]  # An assertion, or a reference to a group.


def _repeats(nodes: Iterable[Any], before: str, flags: int) -> Iterator[tuple[str, str]]:
    """Yield for each part that can repeat often a text that leads to it, and a text that it repeats."""
    for node in nodes:
        op, argument = str(node[0]), node[1]
        try:
            sample = next(iter(_Sampler(flags, -1).node(node)), "")
        except (LookupError, TypeError, ValueError, RecursionError):
            return
        if _is_often(op, argument):
            for text in _Sampler(flags, -1).sequence(argument[2])[:4]:
                if text:
                    yield before, text
        for part in _parts(op, argument):
            yield from _repeats(part, before, flags)
        before += sample
