"""Origins said plainly, and origins by function: what ``origins`` takes besides strings and compiled patterns.

None of these falls under the heuristics that tell a regular expression from a literal in a string.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from . import _log, _regex
from ._linear import LinearMatcher

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

__all__ = ["Cached", "Origin", "Regex", "Subdomains"]


class Matcher(Protocol):
    """A pattern as the engines take it."""

    @property
    def rust(self) -> str | None:
        """The pattern for Rust's ``regex``; None where only :attr:`match` can tell."""
        ...

    @property
    def matches_all(self) -> bool:
        """Whether every text matches."""
        ...

    @property
    def match(self) -> Callable[[str], object]:
        """A function of a text that answers None where it does not match."""
        ...


class Origin(str):
    """One origin, compared exactly.

    >>> Origin("https://app.example")
    Origin('https://app.example')

    :param origin: as browsers serialize it: scheme, host and, unless it is the scheme's own, port
    :raises ValueError: no browser sends such an Origin; the message says what it would send
    :raises TypeError: it is no str

    Source: `HTML, serialization of an origin
    <https://html.spec.whatwg.org/multipage/browsers.html#ascii-serialisation-of-an-origin>`_.
    """

    __slots__ = ()

    def __new__(cls, origin: str) -> Self:
        """Check it."""
        _parts("Origin", origin)
        return super().__new__(cls, origin)

    def __repr__(self) -> str:
        return f"Origin({str(self)!r})"


@dataclass(frozen=True)
class Subdomains:
    """The subdomains of a host, at any depth, with the same scheme and port.

    >>> Subdomains("https://app.example")
    Subdomains(origin='https://app.example', apex=False, any_port=False)

    :param origin: the origin whose host stands above them
    :param apex: whether that origin itself is allowed too
    :param any_port: whether every port is allowed
    :raises ValueError: no browser sends such an Origin; or the host is an IP address, which has no subdomains; or a
        public suffix (https://publicsuffix.org), whose subdomains belong to anyone
    :raises TypeError: it is no str
    """

    origin: str
    apex: bool = False
    any_port: bool = False

    def __post_init__(self) -> None:
        parts = _parts("Subdomains", self.origin)
        if parts.is_address:
            raise ValueError(f"origins: {self!r}: an IP address has no subdomains: use Origin({self.origin!r})")
        if self.any_port and parts.port:
            raise ValueError(f"origins: {self!r}: any_port leaves no port to name: leave out :{parts.port}")
        if is_public_suffix(parts.host):
            raise ValueError(
                f"origins: {self!r}: {parts.host} is a public suffix, and anyone can have a name under it: name the"
                " domain that is yours"
            )

    @property
    def matches_all(self) -> bool:
        """Never."""
        return False

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        scheme, host, port, _ = _parts("Subdomains", self.origin)
        labels = rf"(?:[a-z0-9_-]+\.){'*' if self.apex else '+'}"
        ports = "(?::[0-9]+)?" if self.any_port else f":{port}" if port else ""
        return re.compile(f"{re.escape(scheme)}://{labels}{re.escape(host)}{ports}")

    @property
    def rust(self) -> str | None:
        """The same for Rust's ``regex``."""
        return _regex.translate(self._compiled, whole=True).rust

    @property
    def match(self) -> Callable[[str], object]:
        """Whether an origin is one of them. No two parts of the pattern can take the same text: it is linear."""
        return self._compiled.fullmatch


@dataclass(frozen=True)
class Regex:
    r"""Origins by a regular expression that has to match the whole origin, in time linear in its length.

    >>> Regex(r"https://pr-[0-9]+\.app\.example")
    Regex(pattern='https://pr-[0-9]+\\.app\\.example')

    :param pattern: in the syntax of ``re``; compiled, where it needs flags
    :raises ValueError: it is invalid, or holds what cannot be matched in linear time, as look-around and
        back-references
    :raises TypeError: it is neither a str nor a compiled pattern of str
    """

    pattern: str | re.Pattern[str]

    def __post_init__(self) -> None:
        pattern: Any = self.pattern
        if not isinstance(getattr(pattern, "pattern", pattern), str):
            raise TypeError(f"origins: {self!r}: a pattern is a str, or compiled from one")
        try:
            compiled = re.compile(pattern)
        except (re.error, OverflowError, RecursionError) as error:
            raise ValueError(f"origins: {self!r} is not a valid regular expression ({error}): mend it") from error
        rust, refusal, _ = _regex.translate(compiled, whole=True)
        if rust is None:
            raise ValueError(
                f"origins: {self!r} holds {refusal}, and cannot be matched in linear time: write it without, or give"
                " a function of the origin"
            )
        try:
            matcher = LinearMatcher(rust)
        except OverflowError as error:
            raise ValueError(f"origins: {self!r}: {error}: repeat less, or give a function of the origin") from error
        vars(self).update(rust=rust, match=matcher.match)

    @property
    def matches_all(self) -> bool:
        """Not even where every origin matches: what is longer is none."""
        return False

    if TYPE_CHECKING:

        @property
        def rust(self) -> str | None:
            """The same for Rust's ``regex``."""
            ...

        @property
        def match(self) -> Callable[[str], object]:
            """Whether an origin matches as a whole."""
            ...


class Cached:
    """A function of an origin whose answers are kept for a time.

    >>> allowed = Cached(lambda origin: origin.endswith(".example"), max_age=60)

    :param function: what ``origins`` takes: a function of the origin, sync or async
    :param max_age: how long an answer is kept, in seconds; a timedelta will do
    :param maxsize: of how many origins; beyond that, what was least recently asked is forgotten
    :raises ValueError: one of the two is not more than 0
    :raises TypeError: ``function`` cannot be called with an origin

    What the function raises is not kept. Threads that ask for the same origin at once may each call it.
    """

    def __init__(self, function: Callable[[str], object], *, max_age: float | timedelta, maxsize: int = 1024) -> None:
        self._seconds = max_age.total_seconds() if isinstance(max_age, timedelta) else max_age
        self._maxsize = maxsize
        for name, value in (("max_age", self._seconds), ("maxsize", maxsize)):
            if not value > 0:
                raise ValueError(f"Cached({function!r}): {name}={value!r} keeps nothing: give more than 0")
        self._ask = synchronous(function)
        self._kept: dict[str, tuple[bool, float]] = {}
        self._lock = Lock()
        self.__wrapped__ = function

    def __call__(self, origin: str) -> bool:
        """The function's answer, or a kept one."""
        now = monotonic()
        with self._lock:
            kept = self._kept.pop(origin, None)
            if kept is not None and now < kept[1]:
                self._kept[origin] = kept  # Now the last to be forgotten.
                return kept[0]
        allowed = self._ask(origin)
        with self._lock:
            self._kept[origin] = allowed, now + self._seconds
            while len(self._kept) > self._maxsize:
                del self._kept[next(iter(self._kept))]
        return allowed

    def __repr__(self) -> str:
        return f"Cached({self.__wrapped__!r}, max_age={self._seconds!r}, maxsize={self._maxsize!r})"


class OriginFunction:
    """A user's function as a matcher."""

    rust = None
    matches_all = False

    def __init__(self, function: Callable[[str], object]) -> None:
        self.function = function
        self._ask = synchronous(function)

    def match(self, origin: str) -> bool | None:
        """Whether the function allows an origin; where it fails, it does not."""
        try:
            return True if self._ask(origin) else None
        except Exception:
            _log.LOG.exception("origins: %r failed: the origin %s is not allowed", self.function, _log.escaped(origin))
            return None

    def __repr__(self) -> str:
        return repr(self.function)


def synchronous(function: Any) -> Callable[[str], bool]:
    """A user's function of an origin, checked as far as can be, as one that gives True or False.

    :raises TypeError: it cannot be called with an origin, or is async where nothing can run it
    """
    if isinstance(function, Cached):
        return function
    try:
        inspect.signature(function).bind("https://app.example")
    except TypeError as error:
        raise TypeError(f"origins: {function!r} must take an origin, a str ({error})") from error
    except ValueError:
        pass  # Some functions in C do not say what they take.
    kinds = (function, getattr(function, "__call__", None))  # noqa: B004 - it may be a method, and async
    if any(map(inspect.isgeneratorfunction, kinds)) or any(map(inspect.isasyncgenfunction, kinds)):
        raise TypeError(f"origins: {function!r} is a generator: return whether the origin is allowed")
    ask = _synchronized(function) if any(map(inspect.iscoroutinefunction, kinds)) else function

    def answer(origin: str) -> bool:
        answer = ask(origin)
        if inspect.isawaitable(answer):
            getattr(answer, "close", lambda: None)()
            # It would count as true.
            raise TypeError(f"{function!r} returned an awaitable, and is no async function: return its result")
        return bool(answer)

    return answer


def _synchronized(function: Callable[[str], Any]) -> Callable[[str], object]:
    """An async function run to its end, as Flask runs async views."""
    try:
        from asgiref.sync import async_to_sync
    except ImportError as error:
        raise TypeError(
            f"origins: {function!r} is async, and nothing is installed to run it: install Flask with its async extra,"
            " flask[async], or give a function that is not async"
        ) from error
    from asyncio import get_running_loop, run as run_in_loop
    from concurrent.futures import ThreadPoolExecutor
    from contextvars import copy_context

    run = async_to_sync(function)

    def ask(origin: str) -> object:
        try:
            get_running_loop()
        except RuntimeError:
            return run(origin)
        # Under an async view: its loop is in this thread, and waits for it. What asgiref runs beside it could wait for
        # this thread in turn; a loop of its own cannot.
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(copy_context().run, lambda: run_in_loop(function(origin))).result()

    return ask


class _Parts(NamedTuple):
    scheme: str
    host: str
    port: str
    is_address: bool


_DEFAULT_PORTS = {"http": "80", "https": "443"}
_SPLIT = re.compile(
    r"(?P<scheme>[^:/?#]*)://(?P<userinfo>[^/?#]*@)?(?P<host>\[[^]/?#]*\]|[^:/?#]*)(?::(?P<port>[^/?#]*))?(?P<rest>.*)",
    re.DOTALL,
)
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")


def _parts(kind: str, origin: Any) -> _Parts:
    """Split an origin as browsers serialize it.

    :raises ValueError: it is not such
    :raises TypeError: it is no str
    """
    if not isinstance(origin, str):
        raise TypeError(f"origins: {kind}({origin!r}): an origin is a str")
    found = _SPLIT.fullmatch(origin)
    problem = _problem(origin, found)
    if problem or found is None:
        raise ValueError(f"origins: {kind}({str(origin)!r}): {problem}{_remedy(kind, found)}")
    scheme, _, host, port, _ = found.groups(default="")
    return _Parts(scheme, host, port, host.startswith("[") or _ends_in_number(host))


def origin_problem(origin: str) -> str | None:
    """Why no browser sends an Origin, None if one does."""
    return _problem(origin, _SPLIT.fullmatch(origin))


def browser_origin(origin: str) -> str | None:
    """What a browser sends where somebody wrote an origin, if that can be told."""
    meant = _meant(_SPLIT.fullmatch(origin))
    return None if meant is None or origin_problem(meant) else meant


def registrable_domain(origin: str, *, listed: bool = True) -> str | None:
    """The domain of an origin that somebody can register; None for an address and a suffix.

    :param listed: whether the suffix must be on the list; if not, every top-level domain counts as one
    """
    parts = _parts("Origin", origin)
    domain: str | None = None
    if not parts.is_address:
        domain = _suffixes().privatesuffix(parts.host, accept_unknown=not listed)
    return domain


def is_public_suffix(host: str) -> bool:
    """Whether anyone can have a name under a host."""
    return bool(_suffixes().is_public(host))


def _problem(origin: str, found: re.Match[str] | None) -> str | None:
    """Why no browser sends an Origin, if none does."""
    if origin == "null":
        return "it is what any page can send that hides its origin: leave it out"
    if "*" in origin:
        return 'it holds a wildcard: use "*" for any origin, Subdomains for those under a host'
    if found is None:
        return "it is not of the form scheme://host or scheme://host:port"
    scheme, userinfo, host, port, rest = found.groups(default="")
    if rest == "/":
        return "browsers send an origin without a slash at its end"
    if rest:
        return "browsers send an origin without path, query and fragment"
    if userinfo:
        return "browsers send an origin without a user"
    if not origin.isascii():
        return "browsers send the ASCII form of an international name"
    if origin != origin.lower():
        return "browsers send it in lower case"
    if not re.fullmatch(r"[a-z][a-z0-9+.-]{0,63}", scheme):
        return f"{scheme!r} is no scheme"
    if scheme == "file":
        return "browsers send null for files"
    if found["port"] is not None and not (re.fullmatch("[1-9][0-9]{0,4}", port) and int(port) <= 65535):
        return f"{port!r} is no port"
    if port and port == _DEFAULT_PORTS.get(scheme):
        return f"browsers leave out the port that {scheme} has anyway"
    return _host_problem(host)


def _host_problem(host: str) -> str | None:
    if host.startswith("["):
        try:
            address = IPv6Address(host[1:-1])
        except AddressValueError as error:
            return f"it holds no IPv6 address ({error})"
        if address.ipv4_mapped or address.scope_id:
            return "it holds an IPv6 address of a kind that no browser sends"
        return None if host[1:-1] == address.compressed else f"browsers write the address as [{address.compressed}]"
    if not host:
        return "it has no host"
    if _ends_in_number(host):
        try:
            IPv4Address(host)
        except AddressValueError as error:
            return f"its host ends in a number and is no IPv4 address ({error})"
        return None
    if len(host) > 253:
        return "its host is longer than 253 characters"
    for label in host.split("."):
        if not _LABEL.fullmatch(label):
            return f"{label!r} is no label of a host"
    return None


def _ends_in_number(host: str) -> bool:
    return re.fullmatch(r"[0-9]+|0x[0-9a-f]*", host.rpartition(".")[2]) is not None


def _remedy(kind: str, found: re.Match[str] | None) -> str:
    """What to write instead, if that can be told."""
    meant = _meant(found)
    return "" if meant is None or origin_problem(meant) else f": write {kind}({meant!r})"


def _meant(found: re.Match[str] | None) -> str | None:
    if found is None:
        return None
    scheme, _, host, port, _ = found.groups(default="")
    if not host.isascii():
        import idna

        try:
            host = idna.encode(host, uts46=True).decode()
        except idna.IDNAError:
            return None
    scheme, host = scheme.lower(), host.lower()
    port = f":{port}" if port and port != _DEFAULT_PORTS.get(scheme) else ""
    return f"{scheme}://{host}{port}"


@lru_cache(maxsize=1)
def _suffixes() -> Any:
    """The Public Suffix List, as it was when its package was made: nothing is fetched."""
    from publicsuffixlist import PublicSuffixList

    # A name like `internal`, which is on no list, is a network's own.
    return PublicSuffixList(accept_unknown=False)
