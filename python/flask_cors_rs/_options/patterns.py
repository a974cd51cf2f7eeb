"""Patterns in options: what is a literal, what is a regular expression, and what matches everything."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .. import _engine, _process_state

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Union

    from typing_extensions import TypeGuard

    from .._regex.translation import Translation

    Pattern = Union[str, "RegexPattern"]
    """A literal or a regular expression, told apart once, at set-up."""

ANY = ".*"
"""The regular expression that Flask-CORS reads ``"*"`` as."""

_REGEX_CHARACTERS = frozenset("*\\]?$^[]()")
_OPTIONAL = ("*", "?", "{")
"""What can make the character before it optional."""
_PLAIN_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_/ -")


def expand_wildcard(pattern: Any) -> Any:
    """Return the regular expression that ``"*"`` stands for, and anything else as it is."""
    return ANY if pattern == "*" else pattern


def is_compiled(value: object) -> TypeGuard[re.Pattern[Any]]:
    """Whether a value is a compiled regular expression of :mod:`re`."""
    return isinstance(value, re.Pattern)


def looks_like_regex(pattern: Any) -> bool:
    r"""Whether Flask-CORS takes a pattern for a regular expression.

    It does if the pattern is compiled, or a string with one of ``* \ ] ? $ ^ [ ( )``.
    """
    return is_compiled(pattern) or not _REGEX_CHARACTERS.isdisjoint(pattern)


def pattern_text(pattern: Pattern) -> str:
    """Return a pattern as it was written."""
    return pattern.text if isinstance(pattern, RegexPattern) else pattern


class ConvertedText(str):
    """An item of ``origins`` that is not a str, as text.

    As in Flask-CORS it matches as a literal does, but is never sent to a request without an Origin.
    """

    __slots__ = ()
    case_sensitive = False


def _prefix(text: str) -> str | None:
    """Return what a path must begin with, if a pattern is only that and one character that may repeat, like ``/a/*``.

    Most patterns in ``resources`` are of this kind.
    """
    body = text
    if text.endswith("*"):
        body, repeated = text[:-2], text[-2:-1]
        if repeated != "." and repeated not in _PLAIN_CHARACTERS:
            return None
    return body if _PLAIN_CHARACTERS.issuperset(body) else None


class RegexPattern:
    """A regular expression in an option, and its translation for the Rust engine.

    :param pattern: the expression, or its text
    :param flags: the flags of :mod:`re` for a text
    :raises re.error: the text is not a valid regular expression
    """

    __slots__ = ("_compiled", "_translation", "flags", "prefix", "text")

    is_wildcard = False
    answers_can_change = False

    def __init__(self, pattern: str | re.Pattern[str], flags: int = 0) -> None:
        self._compiled: re.Pattern[str] | None
        self._translation: Translation | None = None
        self.prefix: str | None = None
        """The text that a path must begin with, where the pattern says no more."""
        if isinstance(pattern, str):
            self.text, self.flags, self._compiled = pattern, flags, None
            self.prefix = _prefix(pattern) if not flags else None
            # A pattern with a prefix is valid, and the engines match it without `re`.
            if self.prefix is None:
                self._check()
        else:
            self.text, self.flags, self._compiled = pattern.pattern, pattern.flags, pattern
            if pattern.flags == re.UNICODE:
                self.prefix = _prefix(pattern.pattern)

    def _check(self) -> None:
        """Raise the error of an invalid text."""
        if _engine.BACKEND == "rust":
            with _process_state.import_lock.current:
                from .._regex.translation import cached_translation_of_text

            # A translated pattern is valid too, and need not be compiled.
            self._translation, self.flags = cached_translation_of_text(self.text, self.flags)
            if self._translation.rust is not None:
                return
        self.flags = self.pattern.flags

    @property
    def pattern(self) -> re.Pattern[str]:
        """The compiled expression."""
        if self._compiled is None:
            self._compiled = re.compile(self.text, self.flags)
        return self._compiled

    @property
    def match(self) -> Callable[[str], object]:
        """The ``match`` method of the compiled expression."""
        return self.pattern.match

    @property
    def rust(self) -> str | None:
        """The same expression for Rust's ``regex``, or None where it has no exact equivalent there."""
        return self.prefix if self.prefix is not None else self._translated().rust

    @property
    def matches_all(self) -> bool:
        """Whether every text matches."""
        if self.prefix is not None:
            return not self.prefix
        # Most paths have to begin with a slash. To see that, they need not be translated.
        if self.text[:1] == "/" and self.text[1:2] not in _OPTIONAL and "|" not in self.text:
            return False
        return self._translated().matches_all

    def _translated(self) -> Translation:
        if self._translation is None:
            with _process_state.import_lock.current:
                from .._regex.translation import cached_translation

            self._translation = cached_translation(self.pattern)
        return self._translation

    def __eq__(self, other: object) -> bool:
        if self.is_wildcard or not isinstance(other, RegexPattern) or other.is_wildcard:
            return self is other
        return other.pattern == self.pattern

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return repr(self.pattern)


class _Wildcard(RegexPattern):
    """The ``"*"`` of ``origins``, ``allow_headers`` or ``resources``."""

    __slots__ = ()

    is_wildcard = True


WILDCARD = _Wildcard(ANY)
