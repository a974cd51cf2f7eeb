"""Types for ``origins`` besides strings and compiled regular expressions.

A string in ``origins`` is a literal or a regular expression depending on the characters that it holds. These types
say which one is meant.
"""

from __future__ import annotations

import re
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any

from ._process_state import import_lock

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from typing_extensions import Self

    from ._regex.linear import LinearMatcher

__all__ = ["Cached", "Origin", "Regex", "Subdomains"]


class Origin(str):
    """One origin, compared exactly.

    >>> Origin("https://app.example")
    Origin('https://app.example')

    :param origin: the origin as browsers serialize it: scheme, host and, unless it is the default of the scheme, port
    :raises ValueError: no browser sends such an Origin; the message says what it would send
    :raises TypeError: ``origin`` is not a str

    Source: `HTML, serialization of an origin
    <https://html.spec.whatwg.org/multipage/browsers.html#ascii-serialisation-of-an-origin>`_.
    """

    __slots__ = ()

    case_sensitive = True

    def __new__(cls, origin: str) -> Self:
        """Validate the origin."""
        with import_lock.current:
            from ._origins.syntax import split_origin

        split_origin("Origin", origin)
        return super().__new__(cls, origin)

    def __repr__(self) -> str:
        return f"Origin({str(self)!r})"


class _Value:
    """An immutable object that equals another one of its type with the same arguments, and can be copied."""

    __slots__ = ()

    is_wildcard = False
    matches_all = False
    answers_can_change = False
    _arguments: tuple[str, ...]
    """The names of the arguments that it was made with."""

    def _values(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self._arguments)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other._values() == self._values()

    def __hash__(self) -> int:
        return hash((type(self), *self._values()))

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._arguments)
        return f"{type(self).__name__}({arguments})"

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable: make a new one instead of setting {name}")

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), **dict(zip(self._arguments, self._values()))), ()


class Subdomains(_Value):
    """The subdomains of a host, at any depth, with the same scheme and port.

    >>> Subdomains("https://app.example")
    Subdomains(origin='https://app.example', apex=False, any_port=False, allow_public_suffixes=False)

    :param origin: the origin whose host is above the subdomains
    :param apex: whether that origin itself is allowed too
    :param any_port: whether every port is allowed
    :param allow_public_suffixes: whether there may be a public suffix below the host, as ``s3.amazonaws.com`` below
        ``amazonaws.com``: anyone can register a name that is allowed then
    :raises ValueError: no browser sends such an Origin; or its host is an IP address, which has no subdomains; or it is
        a `public suffix <https://publicsuffix.org>`_, under which anyone can register a name, or above one
    :raises TypeError: ``origin`` is not a str
    :raises ImportError: the list of public suffixes cannot be imported, as in a frozen application that lacks it
    """

    __slots__ = ("_compiled", "allow_public_suffixes", "any_port", "apex", "origin")

    _arguments = ("origin", "apex", "any_port", "allow_public_suffixes")

    origin: str
    apex: bool
    any_port: bool
    allow_public_suffixes: bool
    _compiled: re.Pattern[str]

    def __init__(
        self, origin: str, apex: bool = False, any_port: bool = False, *, allow_public_suffixes: bool = False
    ) -> None:
        with import_lock.current:
            from ._origins.public_suffixes import is_public_suffix, public_suffix_below
            from ._origins.syntax import split_origin

        for name, value in zip(self._arguments, (origin, apex, any_port, allow_public_suffixes)):
            object.__setattr__(self, name, value)
        parts = split_origin("Subdomains", origin)
        if parts.is_address:
            raise ValueError(f"origins: {self!r}: an IP address has no subdomains: use Origin({origin!r})")
        if any_port and parts.port:
            raise ValueError(f"origins: {self!r}: any_port=True contradicts the port: leave out :{parts.port}")
        if is_public_suffix(parts.host):
            raise ValueError(
                f"origins: {self!r}: {parts.host} is a public suffix, under which anyone can register a name: name a"
                " domain of your own"
            )
        if not allow_public_suffixes and (below := public_suffix_below(parts.host)):
            raise ValueError(
                f"origins: {self!r}: anyone can register a name under {below}, which would be allowed: name a domain of"
                " your own, or set allow_public_suffixes=True"
            )
        labels = rf"(?:[a-z0-9_-]+\.){'*' if apex else '+'}"
        ports = "(?::[0-9]+)?" if any_port else f":{parts.port}" if parts.port else ""
        pattern = f"{re.escape(parts.scheme)}://{labels}{re.escape(parts.host)}{ports}"
        object.__setattr__(self, "_compiled", re.compile(pattern))

    @property
    def expression(self) -> re.Pattern[str]:
        """The regular expression that matches the whole of an allowed origin."""
        return self._compiled

    @property
    def rust(self) -> str | None:
        """The pattern for Rust's ``regex``."""
        with import_lock.current:
            from ._regex.translation import cached_translation

        return cached_translation(self._compiled, whole=True).rust

    @property
    def match(self) -> Callable[[str], object]:
        """A function that returns None where an origin is not one of the subdomains.

        No two parts of the expression can match the same text, so it takes linear time.
        """
        return self._compiled.fullmatch


class Regex(_Value):
    r"""Origins that a regular expression matches as a whole, in time linear in their length.

    >>> Regex(r"https://pr-[0-9]+\.app\.example")
    Regex(pattern='https://pr-[0-9]+\\.app\\.example')

    :param pattern: an expression in the syntax of :mod:`re`; compiled, if it needs flags
    :raises ValueError: the expression is invalid, or has a construct that cannot be matched in linear time, such as
        look-around or a back-reference
    :raises TypeError: ``pattern`` is neither a str nor a compiled expression of one
    """

    __slots__ = ("_matcher", "pattern", "rust")

    _arguments = ("pattern",)

    pattern: str | re.Pattern[str]
    rust: str | None
    """The pattern for Rust's ``regex``."""
    _matcher: LinearMatcher

    def __init__(self, pattern: str | re.Pattern[str]) -> None:
        with import_lock.current:
            from ._regex.linear import LinearMatcher
            from ._regex.translation import translate

        object.__setattr__(self, "pattern", pattern)
        given: Any = pattern
        if not isinstance(getattr(given, "pattern", given), str):
            raise TypeError(f"origins: {self!r}: the pattern must be a str, or compiled from one")
        try:
            compiled = re.compile(pattern)
        except (re.error, OverflowError, RecursionError) as error:
            raise ValueError(f"origins: {self!r} is not a valid regular expression ({error}): fix it") from error
        translation = translate(compiled, whole=True)
        if translation.rust is None:
            raise ValueError(
                f"origins: {self!r} has {translation.refusal} and cannot be matched in linear time: write it without"
                " that, or use a function of the origin"
            )
        try:
            matcher = LinearMatcher(translation.rust)
        except OverflowError as error:
            raise ValueError(
                f"origins: {self!r}: {error}: use smaller repeats, or use a function of the origin"
            ) from error
        object.__setattr__(self, "rust", translation.rust)
        object.__setattr__(self, "_matcher", matcher)

    @property
    def match(self) -> Callable[[str], object]:
        """A function that returns None where the expression does not match the whole of an origin."""
        return self._matcher.match


class Cached:
    """A function of an origin whose answers are cached for a time.

    >>> allowed = Cached(lambda origin: origin.endswith(".example"), max_age=60)

    :param function: a function that takes an origin and returns whether it is allowed, sync or async
    :param max_age: how long an answer is cached, in seconds or as a :class:`~datetime.timedelta`
    :param maxsize: for how many origins an answer is cached; beyond that, the least recently used one is dropped
    :raises ValueError: ``max_age`` or ``maxsize`` is not greater than 0
    :raises TypeError: ``function`` cannot be called with an origin, or ``max_age`` or ``maxsize`` has the wrong type

    Exceptions of the function are not cached. Threads that ask about the same origin at the same time may each call
    the function.
    """

    def __init__(self, function: Callable[[str], object], *, max_age: float | timedelta, maxsize: int = 1024) -> None:
        with import_lock.current:
            from ._origins.functions import named, synchronous

        duration: Any = max_age
        self._seconds: float = duration.total_seconds() if hasattr(duration, "total_seconds") else duration
        self._maxsize = maxsize
        for name, value in (("max_age", self._seconds), ("maxsize", maxsize)):
            what = f"Cached({named(function)}): {name}={value!r}"
            try:
                is_positive = value + 0.0 > 0  # The time, a float, is added to it.
            except (TypeError, OverflowError) as error:
                expected = "an int or a float, in seconds, or a timedelta" if name == "max_age" else "an int"
                raise TypeError(f"{what} must be {expected}") from error
            if not is_positive:
                raise ValueError(f"{what} caches nothing: it must be greater than 0")
        self._ask = synchronous(function)
        self._cache: dict[str, tuple[bool, float]] = {}
        self.__wrapped__ = function

    @property
    def max_age(self) -> float:
        """How long an answer is cached, in seconds."""
        return self._seconds

    def __call__(self, origin: str) -> bool:
        """Return the answer of the function, or a cached one."""
        now = monotonic()
        # Without a lock, which a signal handler or a forked process could wait for: each operation is atomic.
        cached = self._cache.pop(origin, None)
        if cached is not None and now < cached[1]:
            self._cache[origin] = cached  # It is now the most recently used.
            return cached[0]
        allowed = self._ask(origin)
        self._cache[origin] = allowed, now + self._seconds
        while len(self._cache) > self._maxsize:
            with suppress(StopIteration, RuntimeError):  # Another thread has changed the cache.
                self._cache.pop(next(iter(self._cache)), None)
        return allowed

    def __reduce__(self) -> tuple[Any, ...]:
        """Make a copy for :mod:`copy` and :mod:`pickle`, which has nothing in its cache."""
        return partial(Cached, self.__wrapped__, max_age=self._seconds, maxsize=self._maxsize), ()

    def __repr__(self) -> str:
        from ._origins.functions import named

        return f"Cached({named(self.__wrapped__)}, max_age={self._seconds!r}, maxsize={self._maxsize!r})"
