"""The engine in pure Python: the contract of ``_backend.py`` where no compiled module fits.

What a policy says to an origin depends on nothing else, so each answer is made once and kept, in caches
of a bounded size: an ordinary request costs a look-up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, NamedTuple
from urllib.parse import unquote

from ._path import decoded
from .decision import Decision
from .options import DEFAULT_OPTIONS, Options, Pattern
from .origins import Origin, OriginFunction

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Environ = dict[str, Any]
    Header = tuple[str, str]
    HeaderList = list[Header]

_CACHED_ENTRIES = 1024
_CACHED_LENGTH = 256
"""Longer keys are not kept: a request must not be able to fill the memory."""

_METHODS_BUT_OPTIONS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})


def merge(layers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Merge option layers, the strongest first; names that are no options are left out."""
    return {name: layer[name] for layer in reversed(layers) for name in DEFAULT_OPTIONS if name in layer}


def _is_text(value: str) -> bool:
    """Whether there is no lone surrogate: text that Rust can read, and a server can send."""
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


_LONGEST_ORIGIN = 64 + len("://") + 253 + len(":65535")
"""The longest scheme that is registered or plausible, the longest name of a host, a port, and what is between."""


def _may_be_origin(text: str) -> bool:
    """Whether text can be the serialization of an origin: visible ASCII of no more than its length."""
    return len(text) <= _LONGEST_ORIGIN and text.isascii() and text.isprintable() and " " not in text


def _is_single_line(value: str) -> bool:
    return "\r" not in value and "\n" not in value


def _is_options(environ: Environ) -> bool:
    method = environ.get("REQUEST_METHOD")
    return isinstance(method, str) and (method == "OPTIONS" or (method.isascii() and method.upper() == "OPTIONS"))


def _any_matches(matchers: Iterable[Callable[[str], object]], text: str) -> bool:
    return any(matches(text) is not None for matches in matchers)


class _PatternSet:
    """Patterns of which any may match; literals are compared without case."""

    __slots__ = ("_exact", "_literals", "_matchers", "any")

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        self.any = False
        literals: set[str] = set()
        exact: set[str] = set()
        matchers: list[Callable[[str], object]] = []
        for pattern in patterns:
            if isinstance(pattern, Origin):
                exact.add(pattern)
            elif isinstance(pattern, str):
                literals.add(pattern.casefold())
            elif pattern.matches_all:
                self.any = True
            else:
                matchers.append(pattern.match)
        self._literals = frozenset(literals)
        self._exact = frozenset(exact)
        self._matchers = tuple(dict.fromkeys(matchers))

    def matches(self, text: str) -> bool:
        return (
            self.any or text in self._exact or text.casefold() in self._literals or _any_matches(self._matchers, text)
        )


class _Answer(NamedTuple):
    """What a policy says to an origin."""

    reason: str
    headers: tuple[Header, ...]
    """All of them, on a request that asks for nothing more."""
    leading: tuple[Header, ...]
    """Those before what a preflight adds."""
    trailing: tuple[Header, ...]
    """Those after it."""
    sends: bool


def _answer(
    reason: str, leading: Iterable[Header] = (), trailing: Iterable[Header] = (), sends: bool = True
) -> _Answer:
    leading, trailing = tuple(leading), tuple(trailing)
    return _Answer(reason, leading + trailing, leading, trailing, sends)


class Policy:
    """The options of one resource or view, compiled."""

    __slots__ = (
        "_answers",
        "_constants",
        "_functions",
        "_matchers",
        "_max_age",
        "_method_names",
        "_methods",
        "_options",
        "_origins",
        "_private_network",
        "_request_headers",
        "_requested",
        "_vary",
    )

    def __new__(cls, options: Options) -> Policy:  # noqa: PYI034 - or a subclass
        """A policy that names what its answers vary by, where that is asked for."""
        kind: Any = _VaryAlwaysPolicy if options.vary_header == "always" else cls
        policy: Policy = super().__new__(kind)
        return policy

    def __init__(self, options: Options) -> None:
        self._options = options
        self._origins = _PatternSet(options.origins)
        matchers = options.origin_matchers
        self._matchers = tuple(matcher.match for matcher in matchers if not isinstance(matcher, OriginFunction))
        self._functions = tuple(matcher.match for matcher in matchers if isinstance(matcher, OriginFunction))
        self._request_headers = _PatternSet(options.allow_headers)
        constants: list[Header] = []
        if options.expose_headers:
            constants.append(("Access-Control-Expose-Headers", options.expose_headers))
        if options.supports_credentials:
            constants.append(("Access-Control-Allow-Credentials", "true"))
        self._constants = tuple(constants)
        self._private_network = (
            "Access-Control-Allow-Private-Network",
            "true" if options.allow_private_network else "false",
        )
        self._max_age = (("Access-Control-Max-Age", options.max_age),) if options.max_age else ()
        self._methods = (("Access-Control-Allow-Methods", options.methods),) if options.methods else ()
        self._method_names = frozenset(filter(None, (name.strip() for name in options.methods.split(","))))
        dynamic = (
            len(options.origins) > 1
            or any(not isinstance(origin, str) for origin in options.origins)
            or bool(options.origin_matchers)
        )
        self._vary = (("Vary", "Origin"),) if options.vary_header is True and dynamic else ()
        self._answers: dict[object, _Answer] = {}
        self._requested: dict[str, tuple[tuple[Header, ...], bool]] = {}

    def apply(self, environ: Environ, headers: HeaderList) -> None:
        """Append the response headers for the request in a WSGI environ."""
        try:
            answer = self._answers[environ.get("HTTP_ORIGIN")]
        except (KeyError, TypeError):
            answer = self._answer(environ.get("HTTP_ORIGIN"))
        if (
            environ.get("REQUEST_METHOD", "GET") in _METHODS_BUT_OPTIONS
            and "HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK" not in environ
        ):
            headers.extend(answer.headers)
        elif answer.sends:
            headers.extend(self._full(answer, environ)[0])

    def answer(self, environ: Environ, headers: HeaderList) -> str:
        """Append the response headers, and give the reason for them."""
        answer = self._answer(environ.get("HTTP_ORIGIN"))
        if not answer.sends:
            return answer.reason
        added, refusal = self._full(answer, environ)
        headers += added
        return refusal if refusal and answer.reason == "allowed" else answer.reason

    def decide(self, environ: Environ) -> Decision:
        """The same as a value."""
        headers: HeaderList = []
        reason = self.answer(environ, headers)
        return Decision(tuple(headers), reason)

    def _answer(self, origin: object) -> _Answer:
        if not isinstance(origin, str):
            origin = None
        answer = self._answers.get(origin)
        if answer is None:
            answer = self._make_answer(origin)
            if self._functions and answer.reason == "origin not allowed":
                # Their answers may change.
                if origin and _may_be_origin(origin) and _any_matches(self._functions, origin):
                    answer = self._sent("allowed", origin)
            elif origin is None or len(origin) <= _CACHED_LENGTH:
                if len(self._answers) >= _CACHED_ENTRIES:
                    self._answers.clear()
                self._answers[origin] = answer
        return answer

    def _make_answer(self, origin: str | None) -> _Answer:
        options = self._options
        if not origin:
            unasked = "*" if options.any_origin else options.first_literal_origin
            if not options.always_send or unasked is None or (options.any_origin and options.supports_credentials):
                return _answer("no Origin header", sends=False)
            return self._sent("no Origin header", unasked)
        if options.any_origin and options.send_wildcard:
            return self._sent("allowed", "*")
        if not _is_text(origin) or not _is_single_line(origin):
            return _answer("malformed Origin header", sends=False)
        if self._origins.matches(origin) or (_may_be_origin(origin) and _any_matches(self._matchers, origin)):
            return self._sent("allowed", origin)
        return _answer("origin not allowed", sends=False)

    def _sent(self, reason: str, origin: str) -> _Answer:
        allow_origin = (("Access-Control-Allow-Origin", origin),) if origin else ()
        return _answer(reason, allow_origin + self._constants, () if origin == "*" else self._vary)

    def _full(self, answer: _Answer, environ: Environ) -> tuple[HeaderList, str | None]:
        """The headers for a request that may be a preflight, and why it is refused if it is."""
        headers = list(answer.leading)
        refusal = None
        if environ.get("HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK") == "true":
            headers.append(self._private_network)
        if _is_options(environ):
            wanted = environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD")
            if isinstance(wanted, str) and wanted:
                if wanted in self._method_names or wanted.upper() in self._method_names:
                    allowed, complete = self._allow_headers(environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS"))
                    headers += allowed
                    headers += self._max_age
                    headers += self._methods
                    refusal = None if complete else "header not allowed"
                else:
                    refusal = "method not allowed"
        headers += answer.trailing
        return headers, refusal

    def _allow_headers(self, requested: object) -> tuple[tuple[Header, ...], bool]:
        """The header that allows what of a requested list may be, and whether that is all."""
        if not isinstance(requested, str) or not requested:
            return (), True
        answer = self._requested.get(requested)
        if answer is None:
            if not _is_text(requested):
                return (), True
            names = [name.strip() for name in requested.split(",")]
            allowed = [name for name in names if _is_single_line(name) and self._request_headers.matches(name)]
            value = ", ".join(sorted(allowed))
            # An empty element asks for nothing.
            complete = len(allowed) == len(names) or set(allowed) >= set(filter(None, names))
            answer = (("Access-Control-Allow-Headers", value),) if value else (), complete
            if len(requested) <= _CACHED_LENGTH:
                if len(self._requested) >= _CACHED_ENTRIES:
                    self._requested.clear()
                self._requested[requested] = answer
        return answer


class _VaryAlwaysPolicy(Policy):
    """A policy that says all that its answers vary by, whether it allows an origin or not."""

    __slots__ = ("_by",)

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        answers = options.any_origin or bool(options.origins or options.origin_matchers)
        differ = not (options.any_origin and options.send_wildcard and options.always_send)
        by_origin = ["Origin"] if answers and differ else []
        by_preflight = [
            "Access-Control-Request-Method",
            "Access-Control-Request-Headers",
            "Access-Control-Request-Private-Network",
        ]
        self._by = {False: by_origin, True: by_origin + by_preflight if answers else []}

    def apply(self, environ: Environ, headers: HeaderList) -> None:
        super().apply(environ, headers)
        _merge_vary(headers, self._by[_is_options(environ)])

    def answer(self, environ: Environ, headers: HeaderList) -> str:
        reason = super().answer(environ, headers)
        _merge_vary(headers, self._by[_is_options(environ)])
        return reason


def _merge_vary(headers: HeaderList, names: Iterable[str]) -> None:
    """Add to the first Vary the names that no Vary has, or a Vary of them all."""
    found = [(index, *header) for index, header in enumerate(headers) if header[0].lower() == "vary"]
    present = {member.strip().lower() for _, _, value in found for member in value.split(",")}
    missing = ", ".join(name for name in names if name.lower() not in present)
    if not missing or "*" in present:
        return
    if found:
        index, name, value = found[0]
        headers[index] = name, f"{value}, {missing}" if value.strip() else missing
    else:
        headers.append(("Vary", missing))


class Rules:
    """Policies by path."""

    __slots__ = ("_any", "_found", "_literals", "_matchers", "_policies")

    def __init__(self, rules: Iterable[tuple[Pattern, Policy]]) -> None:
        self._policies: list[Policy] = []
        self._literals: dict[str, int] = {}
        self._matchers: list[tuple[int, Callable[[str], object]]] = []
        self._any: int | None = None
        self._found: dict[str, int | None] = {}
        for number, (pattern, policy) in enumerate(rules):
            self._policies.append(policy)
            if self._any is not None:
                continue  # Never reached.
            if isinstance(pattern, str):
                self._literals.setdefault(pattern, number)
            elif pattern.matches_all:
                self._any = number
            else:
                self._matchers.append((number, pattern.match))

    def match(self, path: str) -> int | None:
        """The number of the first rule that matches a path, unquoted once more."""
        try:
            return self._found[path]
        except KeyError:
            found = self._find(unquote(path) if "%" in path else path)
            if len(path) <= _CACHED_LENGTH:
                if len(self._found) >= _CACHED_ENTRIES:
                    self._found.clear()
                self._found[path] = found
            return found

    def _find(self, path: str) -> int | None:
        if self._any == 0:
            return 0
        if not _is_text(path):
            return None
        known = self._literals.get(path, self._any)
        for number, matches in self._matchers:
            if known is not None and number > known:
                break
            if matches(path) is not None:
                return number
        return known

    def apply(self, environ: Environ, path: str, headers: HeaderList) -> None:
        """Append the headers of the rule for a path, unless there is an Access-Control-Allow-Origin."""
        for name, value in headers:
            if len(name) == 27 and name.lower() == "access-control-allow-origin":
                if value:
                    return
                break
        number = self.match(path)
        if number is not None:
            self._policies[number].apply(environ, headers)

    def apply_around(self, environ: Environ, path_info: str, headers: HeaderList) -> None:
        """The same for a path as the server gives it, PATH_INFO."""
        self.apply(environ, decoded(path_info), headers)

    def preflight(self, environ: Environ, headers: HeaderList) -> str | None:
        """Append the headers that answer a preflight, and give the reason for them; None where it is none."""
        if not environ.get("HTTP_ORIGIN") or not environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD"):
            return None
        number = self.match(decoded(environ.get("PATH_INFO") or "/"))
        return None if number is None else self._policies[number].answer(environ, headers)

    def decide(self, environ: Environ, path: str) -> Decision:
        """What the rule for a path answers, as a value."""
        number = self.match(path)
        if number is None:
            return Decision((), "no rule for this path")
        return self._policies[number].decide(environ)
