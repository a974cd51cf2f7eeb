"""The engine in pure Python, for where no compiled module fits.

The classes are those of ``rust/engine/src``, in the order in which a policy uses them. The headers for an origin depend
on nothing else in the request, so they are built once and kept in a cache of bounded size: an ordinary request costs
one look-up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from .._headers import (
    ALLOW_CREDENTIALS,
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    ALLOW_PRIVATE_NETWORK,
    ENVIRON_ORIGIN,
    ENVIRON_REQUEST_HEADERS,
    ENVIRON_REQUEST_METHOD,
    ENVIRON_REQUEST_PRIVATE_NETWORK,
    EXPOSE_HEADERS,
    MAX_AGE,
    ORIGIN,
    REQUEST_HEADERS,
    REQUEST_METHOD,
    REQUEST_PRIVATE_NETWORK,
    VARY,
    has_allow_origin,
    is_preflight,
    merge_vary,
)
from .path import decoded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from .contract import Environ, HeaderList, Matcher, Pattern, PolicyOptions
    from .decision import Decision, Reason

    Header = tuple[str, str]
    Match = Callable[[str], object]

_CACHED_ENTRIES = 1024
_CACHED_LENGTH = 256
"""Longer keys are not cached, so that a request cannot fill the memory."""

_METHODS_BUT_OPTIONS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})


def merge(layers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Merge layers of options: each name gets its value from the first layer that has it."""
    merged: dict[str, Any] = {}
    for layer in reversed(layers):
        merged.update(layer)
    return merged


# --- text -------------------------------------------------------------------------------------------------------------


def is_text(value: str) -> bool:
    """Whether a value has no lone surrogate, so that Rust can read it and a server can send it."""
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_single_line(value: str) -> bool:
    """Whether a value from a request can be sent back in a header: a line break would end the header.

    Source: `RFC 9110, section 5.5 <https://www.rfc-editor.org/rfc/rfc9110#section-5.5>`_.
    """
    return "\r" not in value and "\n" not in value


LONGEST_ORIGIN = 64 + len("://") + 253 + len(":65535")
"""The longest plausible scheme, the longest host name, the longest port, and the delimiters between them."""


def could_be_origin(value: str) -> bool:
    """Whether a value can be a serialized origin: visible ASCII of at most 326 characters."""
    return len(value) <= LONGEST_ORIGIN and value.isascii() and value.isprintable() and " " not in value


def is_options(environ: Environ) -> bool:
    """Whether the method of a request is OPTIONS, in any case, as Flask-CORS compares it."""
    method = environ.get("REQUEST_METHOD")
    return isinstance(method, str) and (method == "OPTIONS" or (method.isascii() and method.upper() == "OPTIONS"))


# --- patterns ---------------------------------------------------------------------------------------------------------


def any_matches(matchers: Iterable[Match], text: str) -> bool:
    """Whether one of several ``match`` functions matches a text."""
    return any(match(text) is not None for match in matchers)


class PatternSet:
    """Patterns of which any may match. Literals are compared without case, by ``str.casefold()`` as in Flask-CORS."""

    __slots__ = ("_case_sensitive", "_literals", "_matchers", "any")

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        self.any = False
        literals: set[str] = set()
        case_sensitive: set[str] = set()
        matchers: list[Match] = []
        for pattern in patterns:
            if isinstance(pattern, str):
                # Nearly all are exact instances of str, which lack the attribute.
                if type(pattern) is str or not getattr(pattern, "case_sensitive", False):
                    literals.add(pattern.casefold())
                else:
                    case_sensitive.add(pattern)
            elif pattern.is_wildcard:
                self.any = True
            else:
                matchers.append(pattern.match)
        self._literals = frozenset(literals)
        self._case_sensitive = frozenset(case_sensitive)
        self._matchers = tuple(dict.fromkeys(matchers))

    def matches(self, text: str) -> bool:
        """Whether any pattern matches a text."""
        return (
            self.any
            or text in self._case_sensitive
            or text.casefold() in self._literals
            or any_matches(self._matchers, text)
        )


# --- the headers of a policy ------------------------------------------------------------------------------------------


class AllowOrigin:
    """``Access-Control-Allow-Origin``.

    Source: `Fetch, CORS check <https://fetch.spec.whatwg.org/#concept-cors-check>`_.
    """

    __slots__ = ("_allowed", "_any", "_functions", "_matchers", "_send_wildcard", "_without_origin", "varies_by_origin")

    def __init__(self, options: PolicyOptions) -> None:
        self._allowed = PatternSet(options.origins)
        self._any = any(not isinstance(origin, str) and origin.is_wildcard for origin in options.origins)
        self._send_wildcard = options.send_wildcard
        self._matchers = tuple(matcher.match for matcher in options.origin_matchers if not matcher.answers_can_change)
        self._functions = tuple(matcher.match for matcher in options.origin_matchers if matcher.answers_can_change)
        self._without_origin: str | None = None
        if options.always_send and self._any:
            self._without_origin = None if options.supports_credentials else "*"
        elif options.always_send:
            literals = (
                str(origin)
                for origin in options.origins
                # Not an item that was converted to a str.
                if type(origin) is str or getattr(origin, "case_sensitive", False)
            )
            self._without_origin = min(literals, default=None)
        # Whether requests with different origins, or without one, can get different answers.
        if self._any:
            self.varies_by_origin = not self._send_wildcard or self._without_origin is None
        else:
            self.varies_by_origin = bool(options.origins or options.origin_matchers)

    def value(self, origin: str | None) -> tuple[str | None, Reason]:
        """Return the value for a request with an Origin, None for no CORS headers, and the reason.

        The functions of a user are not asked.
        """
        if not origin:
            return self._without_origin, "no Origin header"
        if self._any and self._send_wildcard:
            return "*", "allowed"
        if not is_text(origin) or not is_single_line(origin):
            return None, "malformed Origin header"
        if self._allowed.matches(origin) or (could_be_origin(origin) and any_matches(self._matchers, origin)):
            return origin, "allowed"
        return None, "origin not allowed"

    @property
    def has_functions(self) -> bool:
        """Whether functions of a user are among the origins."""
        return bool(self._functions)

    def function_allows(self, origin: str | None) -> bool:
        """Whether a function of a user allows an origin."""
        return bool(origin) and could_be_origin(origin or "") and any_matches(self._functions, origin or "")


class AllowMethods:
    """``Access-Control-Allow-Methods``.

    Source: `Fetch, CORS-preflight fetch <https://fetch.spec.whatwg.org/#cors-preflight-fetch>`_.
    """

    __slots__ = ("_names", "header")

    def __init__(self, methods: str) -> None:
        self.header = ((ALLOW_METHODS, methods),) if methods else ()
        self._names = frozenset(filter(None, (name.strip() for name in methods.split(","))))

    def allows(self, requested: str) -> bool:
        """Whether a requested method is in the list, as a whole and without case."""
        return requested in self._names or requested.upper() in self._names


class AllowHeaders:
    """``Access-Control-Allow-Headers``.

    Source: `Fetch, CORS-preflight fetch <https://fetch.spec.whatwg.org/#cors-preflight-fetch>`_.
    """

    __slots__ = ("_allowed", "_answers")

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._allowed = PatternSet(patterns)
        self._answers: dict[str, tuple[tuple[Header, ...], bool]] = {}

    def allowed_request_headers(self, requested: object) -> tuple[tuple[Header, ...], bool]:
        """Return the header that lists the requested names that are allowed, and whether all of them are.

        As in Flask-CORS the list is sorted; duplicates, case and empty elements stay. An empty element asks for
        nothing.
        """
        if not isinstance(requested, str) or not requested:
            return (), True
        answer = self._answers.get(requested)
        if answer is None:
            if not is_text(requested):
                return (), True
            names = [name.strip() for name in requested.split(",")]
            allowed = [name for name in names if is_single_line(name) and self._allowed.matches(name)]
            value = ", ".join(sorted(allowed))
            complete = len(allowed) == len(names) or set(allowed) >= set(filter(None, names))
            answer = (((ALLOW_HEADERS, value),) if value else ()), complete
            if len(requested) <= _CACHED_LENGTH:
                if len(self._answers) >= _CACHED_ENTRIES:
                    self._answers.clear()
                self._answers[requested] = answer
        return answer


class Vary:
    """``Vary``.

    Source: `Fetch, CORS protocol and HTTP caches <https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches>`_.
    """

    __slots__ = ("_always", "header")

    def __init__(self, options: PolicyOptions, allow_origin: AllowOrigin) -> None:
        origins = options.origins
        several = len(origins) > 1 or any(not isinstance(origin, str) for origin in origins)
        dynamic = several or bool(options.origin_matchers)
        self.header = ((VARY, ORIGIN),) if options.vary_header is True and dynamic else ()
        by_origin = [ORIGIN] if allow_origin.varies_by_origin else []
        by_preflight = [*by_origin, REQUEST_METHOD, REQUEST_HEADERS, REQUEST_PRIVATE_NETWORK]
        answers = bool(origins or options.origin_matchers)
        self._always = {False: by_origin, True: by_preflight if answers else []}

    def merge_into(self, headers: HeaderList, environ: Environ) -> None:
        """Name everything that the response depends on, in the first Vary of a response or in a new one."""
        merge_vary(headers, self._always[is_options(environ)])


# --- policies ---------------------------------------------------------------------------------------------------------


class _OriginHeaders:
    """The headers of a policy for an origin."""

    __slots__ = ("headers", "leading", "reason", "sends", "trailing")

    def __init__(self, reason: Reason, leading: tuple[Header, ...], trailing: tuple[Header, ...], sends: bool) -> None:
        self.reason: Reason = reason
        self.leading = leading
        """The headers before those that a preflight adds."""
        self.trailing = trailing
        """The headers after them."""
        self.headers = leading + trailing
        """All headers for a request that is not a preflight."""
        self.sends = sends
        """Whether CORS headers are sent at all."""


class Policy:
    """The compiled options of one resource or view."""

    __slots__ = (
        "_allow_headers",
        "_allow_methods",
        "_allow_origin",
        "_by_origin",
        "_constants",
        "_max_age",
        "_options",
        "_private_network",
        "_vary",
    )

    def __new__(cls, options: PolicyOptions) -> Policy:  # noqa: PYI034 - or a subclass
        """Make a policy that names everything its responses depend on, where the options ask for that."""
        kind: Any = _VaryAlwaysPolicy if options.vary_header == "always" else cls
        policy: Policy = super().__new__(kind)
        return policy

    def __init__(self, options: PolicyOptions) -> None:
        self._options: PolicyOptions | None = options
        """The options until the first request: most of the policies of a large application are seldom needed."""
        self._by_origin: dict[object, _OriginHeaders] = {}

    def _compile(self, options: PolicyOptions) -> None:
        self._allow_origin = AllowOrigin(options)
        self._allow_methods = AllowMethods(options.methods)
        self._allow_headers = AllowHeaders(options.allow_headers)
        expose_headers = ((EXPOSE_HEADERS, options.expose_headers),) if options.expose_headers else ()
        credentials = ((ALLOW_CREDENTIALS, "true"),) if options.supports_credentials else ()
        self._constants: tuple[Header, ...] = expose_headers + credentials
        self._private_network = ALLOW_PRIVATE_NETWORK, "true" if options.allow_private_network else "false"
        self._max_age = ((MAX_AGE, options.max_age),) if options.max_age else ()
        self._vary = Vary(options, self._allow_origin)
        self._options = None

    def apply(self, environ: Environ, headers: HeaderList) -> None:
        """Append the response headers for the request in a WSGI environ."""
        found: _OriginHeaders | None
        try:
            found = self._by_origin[environ.get("HTTP_ORIGIN")]
        except (KeyError, TypeError):
            found = None
        # Not in the block above, whose error would be the context of what a function of an origin raises.
        if found is None:
            found = self._headers_for(environ.get("HTTP_ORIGIN"))
        # The keys are written out: looking up a global name costs about 20 instructions per request.
        if (
            environ.get("REQUEST_METHOD", "GET") in _METHODS_BUT_OPTIONS
            and "HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK" not in environ
        ):
            headers.extend(found.headers)
        elif found.sends:
            headers.extend(self._headers_for_options(found, environ)[0])

    def decide(self, environ: Environ) -> Decision:
        """Decide about the request in a WSGI environ."""
        from .decision import Decision

        headers: HeaderList = []
        reason = self.apply_with_reason(environ, headers)
        return Decision(tuple(headers), reason)

    def apply_with_reason(self, environ: Environ, headers: HeaderList) -> Reason:
        """Append the response headers for the request in a WSGI environ, and return the reason for them."""
        found = self._headers_for(environ.get(ENVIRON_ORIGIN))
        if not found.sends:
            return found.reason
        added, refusal = self._headers_for_options(found, environ)
        headers += added
        return refusal if refusal and found.reason == "allowed" else found.reason

    def _headers_for(self, origin: object) -> _OriginHeaders:
        """Return the headers for an origin, from the cache if they are there."""
        options = self._options
        if options is not None:
            self._compile(options)
        if not isinstance(origin, str):
            origin = None
        found = self._by_origin.get(origin)
        if found is None:
            value, reason = self._allow_origin.value(origin)
            if reason == "origin not allowed" and self._allow_origin.has_functions:
                # The results of functions can change, so they are not cached.
                if not self._allow_origin.function_allows(origin):
                    return self._build_headers(None, reason)
                return self._build_headers(origin, "allowed")
            found = self._build_headers(value, reason)
            if origin is None or len(origin) <= _CACHED_LENGTH:
                if len(self._by_origin) >= _CACHED_ENTRIES:
                    self._by_origin.clear()
                self._by_origin[origin] = found
        return found

    def _build_headers(self, origin: str | None, reason: Reason) -> _OriginHeaders:
        if origin is None:
            return _OriginHeaders(reason, (), (), sends=False)
        allow_origin = ((ALLOW_ORIGIN, origin),) if origin else ()
        vary = () if origin == "*" else self._vary.header
        return _OriginHeaders(reason, allow_origin + self._constants, vary, sends=True)

    def _headers_for_options(self, found: _OriginHeaders, environ: Environ) -> tuple[HeaderList, Reason | None]:
        """Return the headers for a request that may be a preflight, and why a preflight is refused."""
        headers = list(found.leading)
        refusal: Reason | None = None
        if environ.get(ENVIRON_REQUEST_PRIVATE_NETWORK) == "true":
            headers.append(self._private_network)
        if is_options(environ):
            method = environ.get(ENVIRON_REQUEST_METHOD)
            if isinstance(method, str) and method:
                if self._allow_methods.allows(method):
                    requested = environ.get(ENVIRON_REQUEST_HEADERS)
                    allowed, complete = self._allow_headers.allowed_request_headers(requested)
                    headers += allowed
                    headers += self._max_age
                    headers += self._allow_methods.header
                    refusal = None if complete else "header not allowed"
                else:
                    refusal = "method not allowed"
        headers += found.trailing
        return headers, refusal


class _VaryAlwaysPolicy(Policy):
    """A policy that names everything its responses depend on, whether it allows an origin or not."""

    __slots__ = ()

    def apply(self, environ: Environ, headers: HeaderList) -> None:
        super().apply(environ, headers)
        self._vary.merge_into(headers, environ)

    def apply_with_reason(self, environ: Environ, headers: HeaderList) -> Reason:
        reason = super().apply_with_reason(environ, headers)
        self._vary.merge_into(headers, environ)
        return reason


# --- rules ------------------------------------------------------------------------------------------------------------


class Rules:
    """Policies by path: the first rule whose pattern matches decides."""

    __slots__ = ("_any", "_found", "_literals", "_matchers", "_policies", "_prefixes")

    def __init__(self, rules: Iterable[tuple[Pattern, Policy]]) -> None:
        self._policies: list[Policy] = []
        self._literals: dict[str, int] = {}
        self._prefixes: dict[int, dict[str, int]] = {}
        """The rules whose pattern is no more than the beginning of a path, by its length."""
        self._matchers: list[tuple[int, Matcher]] = []
        self._any: int | None = None
        """The first rule that matches every path."""
        self._found: dict[str, int | None] = {}
        for number, (pattern, policy) in enumerate(rules):
            self._policies.append(policy)
            if self._any is not None:
                continue  # No path reaches this rule.
            if isinstance(pattern, str):
                self._literals.setdefault(pattern, number)
                continue
            prefix: str | None = getattr(pattern, "prefix", None)
            if prefix == "" or (prefix is None and pattern.matches_all):
                self._any = number
            elif prefix is not None:
                self._prefixes.setdefault(len(prefix), {}).setdefault(prefix, number)
            else:
                self._matchers.append((number, pattern))

    @property
    def first_matches_all(self) -> bool:
        """Whether the first rule matches every path."""
        return self._any == 0

    def match(self, path: str) -> int | None:
        """Return the number of the first rule that matches a path, unquoted once more as in Flask-CORS."""
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
        if not is_text(path):
            return None
        numbers = [self._literals.get(path), self._any]
        numbers += [by_prefix.get(path[:length]) for length, by_prefix in self._prefixes.items() if length <= len(path)]
        known = min((number for number in numbers if number is not None), default=None)
        for number, pattern in self._matchers:
            if known is not None and number > known:
                break
            if pattern.match(path) is not None:
                return number
        return known

    def apply(self, environ: Environ, path: str, headers: HeaderList) -> None:
        """Append the headers of the rule for a path, unless the list has an Access-Control-Allow-Origin."""
        if has_allow_origin(headers):
            return
        number = self.match(path)
        if number is not None:
            self._policies[number].apply(environ, headers)

    def apply_path_info(self, environ: Environ, path_info: object, headers: HeaderList) -> None:
        """Append the headers of the rule for a PATH_INFO, unless the list has an Access-Control-Allow-Origin."""
        self.apply(environ, decoded(path_info), headers)

    def preflight(self, environ: Environ, headers: HeaderList, path_info: object = None) -> Reason:
        """Append the headers that answer an OPTIONS request, and return the reason."""
        if not is_preflight(environ):
            return "not a preflight"
        if self._any == 0:
            number: int | None = 0
        else:
            number = self.match(decoded(environ.get("PATH_INFO") if path_info is None else path_info))
        return "no rule for this path" if number is None else self._policies[number].apply_with_reason(environ, headers)
