"""What a browser does with a cross-origin request, by the `Fetch standard <https://fetch.spec.whatwg.org>`_.

The steps are those of *HTTP fetch* for a request with the mode ``cors``: the preflight, where one is needed, and its
checks; the request and its CORS check; redirects; and which headers of the response a script can read. Functions have
the names of the standard. Where the standard does not say which of several checks fails first, Chromium's order is
used. The names of errors are those of ``Network.CorsError`` in the DevTools protocol, and the messages are those of
Chromium's console.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, unquote, urljoin, urlsplit

from .._headers import (
    ALLOW_CREDENTIALS,
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    EXPOSE_HEADERS,
    ORIGIN,
    REQUEST_HEADERS,
    REQUEST_METHOD,
    REQUEST_PRIVATE_NETWORK,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Send = Callable[[str, str, Sequence[tuple[str, str]]], "Response | None"]
    """A function that sends a request with a method, URL and headers, and returns None if it cannot."""


TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""The syntax of a method and of a header name: RFC 9110, section 5.6.2."""

REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
"""Fetch, redirect status."""

FORBIDDEN_METHODS = frozenset({"CONNECT", "TRACE", "TRACK"})
"""Fetch, forbidden method."""

SAFELISTED_METHODS = frozenset({"GET", "HEAD", "POST"})
"""Fetch, CORS-safelisted method."""

SAFELISTED_RESPONSE_HEADERS = frozenset(
    {"cache-control", "content-language", "content-length", "content-type", "expires", "last-modified", "pragma"}
)
"""Fetch, CORS-safelisted response-header name."""

FORBIDDEN_RESPONSE_HEADERS = frozenset({"set-cookie", "set-cookie2"})
"""Fetch, forbidden response-header name."""

_FORBIDDEN_REQUEST_HEADERS = frozenset(
    {
        "accept-charset",
        "accept-encoding",
        REQUEST_HEADERS.lower(),
        REQUEST_METHOD.lower(),
        REQUEST_PRIVATE_NETWORK.lower(),
        "connection",
        "content-length",
        "cookie",
        "cookie2",
        "date",
        "dnt",
        "expect",
        "host",
        "keep-alive",
        ORIGIN.lower(),
        "referer",
        "set-cookie",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
    }
)
_NORMALIZED_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"})
_REQUEST_BODY_HEADERS = frozenset({"content-encoding", "content-language", "content-location", "content-type"})
_UNSAFE_BYTES = re.compile(r"[\x00-\x08\x0a-\x1f\"():<>?@\[\\\]{}\x7f]")
_SAFELISTED_CONTENT_TYPES = frozenset({"application/x-www-form-urlencoded", "multipart/form-data", "text/plain"})
_MAX_REDIRECTS = 20
_RARELY_READ = frozenset({"allow", "connection", "date", "location", "server", "transfer-encoding", "vary"})
"""Response headers that scripts hardly ever need. They are not reported as hidden."""


class Response(NamedTuple):
    """The response of a server."""

    status: int
    headers: list[tuple[str, str]]

    def get(self, name: str) -> str | None:
        """Return the combined values of a header, or None if there is none: Fetch, get from a header list."""
        values = [value for other, value in self.headers if other.lower() == name.lower()]
        return ", ".join(values) if values else None


class Request(NamedTuple):
    """A request that a page makes with ``fetch()``."""

    origin: str
    """The origin of the page, as the browser serializes it."""
    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    credentials: bool = False
    """Whether the credentials mode is ``include``."""


class Step(NamedTuple):
    """A request that the browser sends, and its response."""

    name: str
    """``preflight`` or ``request``."""
    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    response: Response


class Outcome(NamedTuple):
    """The outcome of a request."""

    error: str | None
    """The name of the error in DevTools, or None if the page gets the response."""
    message: str | None
    """The message in Chromium's console."""
    parameter: str
    """The header, method or value that causes the error."""
    steps: tuple[Step, ...]
    notes: tuple[str, ...]
    """What the browser does without telling the page."""
    hidden: tuple[str, ...]
    """The headers of the response that a script cannot read."""

    @property
    def allowed(self) -> bool:
        """Whether the page gets the response, of whatever status."""
        return self.error is None


class _BlockedError(Exception):
    """A network error: the page does not get the response."""

    def __init__(self, error: str, message: str, parameter: str = "") -> None:
        super().__init__(error)
        self.error, self.message, self.parameter = error, message, parameter


def is_forbidden_request_header(name: str, value: str = "") -> bool:
    """Whether a script cannot set a header: Fetch, forbidden request-header."""
    name = name.lower()
    if name in {"x-http-method", "x-http-method-override", "x-method-override"}:
        return any(part.strip().upper() in FORBIDDEN_METHODS for part in value.split(","))
    return name in _FORBIDDEN_REQUEST_HEADERS or name.startswith(("proxy-", "sec-"))


def is_safelisted_request_header(name: str, value: str) -> bool:
    """Whether a header needs no preflight: Fetch, CORS-safelisted request-header."""
    name = name.lower()
    if len(value.encode("utf-8", "replace")) > 128:
        return False
    if name == "accept":
        return not _UNSAFE_BYTES.search(value)
    if name in {"accept-language", "content-language"}:
        return re.fullmatch(r"[0-9A-Za-z *,\-.;=]*", value) is not None
    if name == "content-type":
        essence = value.partition(";")[0].strip().lower()
        return not _UNSAFE_BYTES.search(value) and essence in _SAFELISTED_CONTENT_TYPES
    if name == "range":
        return re.fullmatch(r"bytes=[0-9]+-[0-9]*", value) is not None
    return False


def unsafe_request_headers(headers: Iterable[tuple[str, str]]) -> list[str]:
    """Return the names that a preflight asks for, sorted in lower case: Fetch, CORS-unsafe request-header names."""
    unsafe, safe, size = set[str](), set[str](), 0
    for name, value in headers:
        if is_safelisted_request_header(name, value):
            safe.add(name.lower())
            size += len(value.encode("utf-8", "replace"))
        else:
            unsafe.add(name.lower())
    return sorted(unsafe | (safe if size > 1024 else set()))


def origin_of(url: str) -> str:
    """Return the serialized origin of a URL."""
    parts = urlsplit(url)
    port = parts.port
    default = {"http": 80, "https": 443}.get(parts.scheme)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != default else "")


_PATH_CHARACTERS = "/%:@!$&'()*+,;=-._~[]"
_QUERY_CHARACTERS = "/%:@!$&()*+,;=-._~[]?\\`{}|^"
_BLANKS = "".join(map(chr, range(0x21)))
_FORBIDDEN_IN_HOST = re.compile(r"[\x00-\x20\x7f#%/:<>?@\[\\\]^|]")
"""URL Standard, forbidden domain code point."""


def resolve(url: str, base: str) -> str:
    """Return the URL of a server that a script or a redirect names, as browsers read it.

    Source: `URL Standard, basic URL parser <https://url.spec.whatwg.org/#concept-basic-url-parser>`_: blanks around it,
    and tabs and line breaks in it, are dropped, a backslash is a slash, and other characters are percent-encoded.

    :param base: the URL that it is relative to
    :raises ValueError: it has no valid host or port
    """
    text = url.strip(_BLANKS).translate({ord(blank): None for blank in "\t\r\n"}).partition("#")[0]
    path, mark, query = text.partition("?")
    parts = urlsplit(urljoin(base, path.replace("\\", "/") + mark + query))
    if parts.scheme in {"http", "https"}:
        host = parts.hostname or ""
        # Only an IPv6 address has colons.
        is_host = re.fullmatch("[0-9a-f:.]+", host) if ":" in host else not _FORBIDDEN_IN_HOST.search(unquote(host))
        if not host or not is_host or parts.port == 0:
            raise ValueError(f"{url!r} has no valid host or port")
    path, query = quote(parts.path, _PATH_CHARACTERS), quote(parts.query, _QUERY_CHARACTERS)
    return parts._replace(path=path or "/", query=query, fragment="").geturl()


def fetch(request: Request, send: Send) -> Outcome:
    """Follow a request of a page until the page gets a response or an error.

    :param request: the request
    :param send: a function that sends a request to a server and returns the response; it does not follow redirects
    """
    fetching = _Fetch(request, send)
    try:
        hidden = fetching.run()
    except _BlockedError as blocked:
        error = blocked.error, blocked.message, blocked.parameter
        return Outcome(*error, tuple(fetching.steps), tuple(fetching.notes), ())
    return Outcome(None, None, "", tuple(fetching.steps), tuple(fetching.notes), hidden)


class _Fetch:
    """A request under way: its method, URL and headers change with redirects."""

    def __init__(self, request: Request, send: Send) -> None:
        self._first_url = resolve(request.url, "")
        self._given_method = request.method
        self._given_headers = request.headers
        self._credentials = request.credentials
        self._send_request = send
        self._origin = request.origin
        self._url = self._first_url
        # Fetch, normalize a method.
        self._method = request.method.upper() if request.method.upper() in _NORMALIZED_METHODS else request.method
        self._headers: list[tuple[str, str]] = []
        self.steps: list[Step] = []
        self.notes: list[str] = []

    def run(self) -> tuple[str, ...]:
        """Send the request, follow redirects, and return the names of the headers that the script cannot read.

        :raises _BlockedError: the page does not get the response
        """
        if self._method.upper() in FORBIDDEN_METHODS:
            message = f"Failed to execute 'fetch' on 'Window': '{self._given_method}' HTTP method is unsupported."
            raise _BlockedError("ForbiddenMethod", message, self._given_method)
        if not TOKEN.fullmatch(self._given_method):
            message = f"Failed to execute 'fetch' on 'Window': '{self._given_method}' is not a valid HTTP method."
            raise _BlockedError("InvalidMethod", message, self._given_method)
        for name, value in self._given_headers:
            if not TOKEN.fullmatch(name) or not {"\0", "\r", "\n"}.isdisjoint(value.strip("\t\r\n ")):
                what = "value" if TOKEN.fullmatch(name) else "name"
                message = f"Failed to execute 'fetch' on 'Window': Invalid {what}"
                raise _BlockedError("InvalidHeader", message, name)
            if is_forbidden_request_header(name, value):
                self.notes.append(f"Browsers do not let scripts set {name}: it is not sent.")
            else:
                self._headers.append((name, value))
        for _ in range(_MAX_REDIRECTS + 1):
            is_cross_origin = origin_of(self._url) != self._origin
            response = self._http_fetch(is_cross_origin)
            location = response.get("Location")
            if response.status not in REDIRECT_STATUSES or location is None:
                return self._hidden(response) if is_cross_origin else ()
            self._http_redirect_fetch(response.status, location, is_cross_origin)
        raise _BlockedError("TooManyRedirects", "net::ERR_TOO_MANY_REDIRECTS", self._url)

    def _http_fetch(self, is_cross_origin: bool) -> Response:
        """Fetch, HTTP fetch."""
        unsafe = unsafe_request_headers(self._headers)
        if is_cross_origin and (self._method not in SAFELISTED_METHODS or unsafe):
            self._cors_preflight_fetch(unsafe)
        has_origin = is_cross_origin or self._method not in {"GET", "HEAD"}
        origin = [(ORIGIN, self._origin)] if has_origin else []
        response = self._send("request", self._method, [*origin, *self._headers])
        if is_cross_origin:
            self._cors_check(response, preflight=False)
        return response

    def _http_redirect_fetch(self, status: int, location: str, is_cross_origin: bool) -> None:
        """Fetch, HTTP-redirect fetch."""
        with suppress(UnicodeError):
            # Browsers read the bytes of a header as UTF-8 here.
            location = location.encode("latin-1").decode()
        try:
            target = resolve(location, self._url)
        except ValueError:
            raise _BlockedError("InvalidRedirect", "net::ERR_INVALID_REDIRECT", location) from None
        parts = urlsplit(target)
        if parts.scheme not in {"http", "https"}:
            raise _BlockedError("UnsafeRedirect", "net::ERR_UNSAFE_REDIRECT", target)
        if parts.username or parts.password:
            message = (
                f"Redirect location '{target}' contains a username and password, which is disallowed for"
                " cross-origin requests."
            )
            raise _BlockedError("RedirectContainsCredentials", self._console_message(message), target)
        if origin_of(target) != origin_of(self._url):
            self._headers = [(name, value) for name, value in self._headers if name.lower() != "authorization"]
            if is_cross_origin:
                self._origin = "null"
                self.notes.append(
                    f"The redirect leads to another origin, {origin_of(target)}: from now on Origin is null."
                )
        if (status in {301, 302} and self._method == "POST") or (status == 303 and self._method not in {"GET", "HEAD"}):
            self._method = "GET"
            self._headers = [
                (name, value) for name, value in self._headers if name.lower() not in _REQUEST_BODY_HEADERS
            ]
        self._url = target

    def _cors_preflight_fetch(self, unsafe: Sequence[str]) -> None:
        """Fetch, CORS-preflight fetch."""
        headers = [("Accept", "*/*"), (REQUEST_METHOD, self._method)]
        if unsafe:
            headers.append((REQUEST_HEADERS, ",".join(unsafe)))
        headers.append((ORIGIN, self._origin))
        response = self._send("preflight", "OPTIONS", headers)
        if response.status in REDIRECT_STATUSES and response.get("Location") is not None:
            message = "Redirect is not allowed for a preflight request."
            raise _BlockedError("PreflightDisallowedRedirect", self._console_message(message, preflight=True))
        self._cors_check(response, preflight=True)
        if not 200 <= response.status <= 299:
            message = "It does not have HTTP ok status."
            raise _BlockedError("PreflightInvalidStatus", self._console_message(message, preflight=True))
        methods = self._extract_values(response, ALLOW_METHODS, "InvalidAllowMethodsPreflightResponse")
        if (
            self._method not in methods
            and self._method not in SAFELISTED_METHODS
            and ("*" not in methods or self._credentials)
        ):
            message = f"Method {self._method} is not allowed by Access-Control-Allow-Methods in preflight response."
            raise _BlockedError("MethodDisallowedByPreflightResponse", self._console_message(message), self._method)
        values = self._extract_values(response, ALLOW_HEADERS, "InvalidAllowHeadersPreflightResponse")
        names = {name.lower() for name in values}
        for name in unsafe:
            if name not in names and ("*" not in names or self._credentials or name == "authorization"):
                message = (
                    f"Request header field {name} is not allowed by Access-Control-Allow-Headers in preflight response."
                )
                raise _BlockedError("HeaderDisallowedByPreflightResponse", self._console_message(message), name)

    def _extract_values(self, response: Response, header: str, error: str) -> list[str]:
        """Fetch, extract header list values."""
        value = response.get(header) or ""
        members = [member for member in (part.strip(" \t") for part in value.split(",")) if member]
        if not all(map(TOKEN.fullmatch, members)):
            message = f"Cannot parse {header} response header field in preflight response."
            raise _BlockedError(error, self._console_message(message), value)
        return members

    def _cors_check(self, response: Response, *, preflight: bool) -> None:
        """Fetch, CORS check."""
        prefix = "Preflight" if preflight else ""
        value = response.get(ALLOW_ORIGIN)
        valid = " Have the server send the header with a valid value."
        error = message = None
        if value is None:
            error = "MissingAllowOriginHeader"
            message = "No 'Access-Control-Allow-Origin' header is present on the requested resource."
        elif value == "*":
            if self._credentials:
                error = "WildcardOriginNotAllowed"
                message = (
                    "The value of the 'Access-Control-Allow-Origin' header in the response must not be the wildcard '*'"
                    " when the request's credentials mode is 'include'."
                )
        elif value != self._origin:
            if re.search(r"[ ,]", value):
                error = "MultipleAllowOriginValues"
                message = (
                    f"The 'Access-Control-Allow-Origin' header contains multiple values '{value}', but only one is"
                    " allowed." + valid
                )
            elif not _is_origin(value):
                error = "InvalidAllowOriginValue"
                message = f"The 'Access-Control-Allow-Origin' header contains the invalid value '{value}'." + valid
            else:
                error = "AllowOriginMismatch"
                message = (
                    f"The 'Access-Control-Allow-Origin' header has a value '{value}' that is not equal to the supplied"
                    " origin." + valid
                )
        if error and message:
            raise _BlockedError(prefix + error, self._console_message(message, preflight=preflight), value or "")
        credentials = response.get(ALLOW_CREDENTIALS)
        if self._credentials and credentials != "true":
            message = (
                "The value of the 'Access-Control-Allow-Credentials' header in the response is"
                f" '{credentials or ''}' which must be 'true' when the request's credentials mode is 'include'."
            )
            message = self._console_message(message, preflight=preflight)
            raise _BlockedError(f"{prefix}InvalidAllowCredentials", message, credentials or "")

    def _send(self, name: str, method: str, headers: list[tuple[str, str]]) -> Response:
        response = self._send_request(method, self._url, headers)
        if response is None:
            message = f"The redirect leads to {origin_of(self._url)}, which is another server: it was not followed."
            raise _BlockedError("NotFollowed", message, self._url)
        self.steps.append(Step(name, method, self._url, tuple(headers), response))
        return response

    def _console_message(self, message: str, *, preflight: bool = False) -> str:
        """Return an error message as Chromium's console shows it."""
        redirected = f"(redirected from '{self._first_url}') " if self._url != self._first_url else ""
        check = "Response to preflight request doesn't pass access control check: " if preflight else ""
        return (
            f"Access to fetch at '{self._url}' {redirected}from origin '{self._origin}' has been blocked by CORS"
            f" policy: {check}{message}"
        )

    def _hidden(self, response: Response) -> tuple[str, ...]:
        """Return the names that are not exposed, without those that scripts hardly ever need.

        Source: Fetch, CORS filtered response.
        """
        exposed = {name.strip().lower() for name in (response.get(EXPOSE_HEADERS) or "").split(",")}
        if "*" in exposed and not self._credentials:
            return ()
        not_hidden = exposed | SAFELISTED_RESPONSE_HEADERS | FORBIDDEN_RESPONSE_HEADERS | _RARELY_READ
        return tuple(
            name
            for name in dict.fromkeys(name for name, _ in response.headers)
            if name.lower() not in not_hidden and not name.lower().startswith("access-control-")
        )


def _is_origin(value: str) -> bool:
    """Whether Chromium accepts a value as a URL. It needs a host only if the scheme does."""
    scheme, colon, rest = value.partition(":")
    if value == "null" or not colon or not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", scheme):
        return value == "null"
    if scheme.lower() not in {"ftp", "http", "https", "ws", "wss"}:
        return True
    try:
        parts = urlsplit(f"{scheme}://{rest.lstrip('/')}")
        return bool(parts.hostname) and (parts.port is None or parts.port >= 0)
    except ValueError:
        return False
