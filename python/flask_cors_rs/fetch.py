"""What a browser does with a cross-origin request, by the `Fetch standard <https://fetch.spec.whatwg.org>`_.

The steps are those of *HTTP fetch* for a request of mode ``cors``: is a preflight needed, the preflight and its checks,
the request, the CORS check, redirects, and what a script may read of the response. Where the standard leaves open in
which order checks fail, it is Chromium's; so are the names of the errors (``Network.CorsError`` of the DevTools
protocol) and the sentences of the console.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Send = Callable[[str, str, Sequence[tuple[str, str]]], "Response | None"]
    """Sends a request, its method, URL and headers; None where it cannot."""


TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""RFC 9110, section 5.6.2."""

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
    [
        "accept-charset",
        "accept-encoding",
        "access-control-request-headers",
        "access-control-request-method",
        "access-control-request-private-network",
        "connection",
        "content-length",
        "cookie",
        "cookie2",
        "date",
        "dnt",
        "expect",
        "host",
        "keep-alive",
        "origin",
        "referer",
        "set-cookie",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
    ]
)
_NORMALIZED_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
_REQUEST_BODY_HEADERS = frozenset({"content-encoding", "content-language", "content-location", "content-type"})
_UNSAFE_BYTES = re.compile(r"[\x00-\x08\x0a-\x1f\"():<>?@\[\\\]{}\x7f]")
_MAX_REDIRECTS = 20


class Response(NamedTuple):
    """What a server answers."""

    status: int
    headers: list[tuple[str, str]]

    def get(self, name: str) -> str | None:
        """The values of a header, combined as Fetch does; None where there is none."""
        values = [value for other, value in self.headers if other.lower() == name.lower()]
        return ", ".join(values) if values else None


class Request(NamedTuple):
    """What a page asks for."""

    origin: str
    """The page's, as the browser serializes it."""
    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    credentials: bool = False
    """Whether the credentials mode is ``include``."""


class Step(NamedTuple):
    """A request of the browser, and the answer."""

    name: str
    """``preflight`` or ``request``."""
    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    response: Response


class Outcome(NamedTuple):
    """What comes of a request."""

    error: str | None
    """The name of the error, as DevTools has it; None where the page gets its response."""
    message: str | None
    """What Chromium's console says of it."""
    parameter: str
    """The header, method or value that is to blame."""
    steps: tuple[Step, ...]
    notes: tuple[str, ...]
    """What the browser does on its own, and says nothing of."""
    hidden: tuple[str, ...]
    """The headers of the response that a script cannot read."""

    @property
    def allowed(self) -> bool:
        """Whether the page gets its response, of whatever status."""
        return self.error is None


class _BlockedError(Exception):
    """The page gets a network error."""

    def __init__(self, error: str, message: str, parameter: str = "") -> None:
        super().__init__(error)
        self.error, self.message, self.parameter = error, message, parameter


def is_forbidden_request_header(name: str, value: str = "") -> bool:
    """Fetch, forbidden request-header: what a script cannot set."""
    name = name.lower()
    if name in {"x-http-method", "x-http-method-override", "x-method-override"}:
        return any(part.strip().upper() in FORBIDDEN_METHODS for part in value.split(","))
    return name in _FORBIDDEN_REQUEST_HEADERS or name.startswith(("proxy-", "sec-"))


def is_safelisted_request_header(name: str, value: str) -> bool:
    """Fetch, CORS-safelisted request-header: what needs no preflight."""
    name = name.lower()
    if len(value.encode("utf-8", "replace")) > 128:
        return False
    if name == "accept":
        return not _UNSAFE_BYTES.search(value)
    if name in {"accept-language", "content-language"}:
        return re.fullmatch(r"[0-9A-Za-z *,\-.;=]*", value) is not None
    if name == "content-type":
        essence = value.partition(";")[0].strip().lower()
        simple = {"application/x-www-form-urlencoded", "multipart/form-data", "text/plain"}
        return not _UNSAFE_BYTES.search(value) and essence in simple
    if name == "range":
        return re.fullmatch(r"bytes=[0-9]+-[0-9]*", value) is not None
    return False


def unsafe_request_headers(headers: Iterable[tuple[str, str]]) -> list[str]:
    """Fetch, CORS-unsafe request-header names: what a preflight asks for, lower-cased and sorted."""
    unsafe, safe, size = set[str](), set[str](), 0
    for name, value in headers:
        if is_safelisted_request_header(name, value):
            safe.add(name.lower())
            size += len(value.encode("utf-8", "replace"))
        else:
            unsafe.add(name.lower())
    return sorted(unsafe | (safe if size > 1024 else set()))


def fetch(request: Request, send: Send) -> Outcome:
    """Follow a request to its end.

    :param request: what the page asks for
    :param send: sends a request to the server, and gives its answer; it follows no redirect
    """
    steps: list[Step] = []
    notes: list[str] = []
    url = request.url
    method = request.method.upper() if request.method.upper() in _NORMALIZED_METHODS else request.method
    try:
        if method.upper() in FORBIDDEN_METHODS:
            sentence = f"Failed to execute 'fetch' on 'Window': '{request.method}' HTTP method is unsupported."
            raise _BlockedError("ForbiddenMethod", sentence, request.method)
        headers: list[tuple[str, str]] = []
        for name, value in request.headers:
            if is_forbidden_request_header(name, value):
                notes.append(f"Browsers do not let scripts set {name}: it is not sent.")
            else:
                headers.append((name, value))
        for _ in range(_MAX_REDIRECTS + 1):
            cross = origin_of(url) != request.origin
            unsafe = unsafe_request_headers(headers)
            if cross and (method not in SAFELISTED_METHODS or unsafe):
                _preflight(request, method, url, unsafe, send, steps)
            sent = [("Origin", request.origin)] if cross or method not in {"GET", "HEAD"} else []
            response = _sent(send, method, url, [*sent, *headers])
            steps.append(Step("request", method, url, (*sent, *headers), response))
            if cross:
                _cors_check(request, response, url, preflight=False)
            location = response.get("Location")
            if response.status not in REDIRECTS or location is None:
                hidden = _hidden(request, response) if cross else ()
                return Outcome(None, None, "", tuple(steps), tuple(notes), hidden)
            target = urljoin(url, location)
            parts = urlsplit(target)
            if parts.username or parts.password:
                sentence = (
                    f"Redirect location '{target}' contains a username and password, which is disallowed for"
                    " cross-origin requests."
                )
                raise _BlockedError("RedirectContainsCredentials", _framed(request, url, sentence), target)
            if origin_of(target) != origin_of(url):
                headers = [(name, value) for name, value in headers if name.lower() != "authorization"]
                if cross:
                    # The redirect taints the origin: Fetch, HTTP-redirect fetch.
                    request = request._replace(origin="null")
                    notes.append(
                        f"The redirect leads to another origin, {origin_of(target)}: Origin is null from now on."
                    )
            if (response.status in {301, 302} and method == "POST") or (
                response.status == 303 and method not in {"GET", "HEAD"}
            ):
                method = "GET"
                headers = [(name, value) for name, value in headers if name.lower() not in _REQUEST_BODY_HEADERS]
            url = target
        raise _BlockedError("TooManyRedirects", "net::ERR_TOO_MANYREDIRECTS", url)
    except _BlockedError as blocked:
        return Outcome(blocked.error, blocked.message, blocked.parameter, tuple(steps), tuple(notes), ())


def _sent(send: Send, method: str, url: str, headers: Sequence[tuple[str, str]]) -> Response:
    response = send(method, url, headers)
    if response is None:
        sentence = f"The redirect leads to {origin_of(url)}, which is another server: it was not followed."
        raise _BlockedError("NotFollowed", sentence, url)
    return response


def origin_of(url: str) -> str:
    """The origin of a URL, serialized."""
    parts = urlsplit(url)
    port = parts.port
    default = {"http": 80, "https": 443}.get(parts.scheme)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != default else "")


def _preflight(
    request: Request,
    method: str,
    url: str,
    unsafe: Sequence[str],
    send: Send,
    steps: list[Step],
) -> None:
    """Fetch, CORS-preflight fetch."""
    asked = [("Accept", "*/*"), ("Access-Control-Request-Method", method)]
    if unsafe:
        asked.append(("Access-Control-Request-Headers", ",".join(unsafe)))
    asked.append(("Origin", request.origin))
    response = _sent(send, "OPTIONS", url, asked)
    steps.append(Step("preflight", "OPTIONS", url, tuple(asked), response))
    if response.status in REDIRECTS and response.get("Location") is not None:
        sentence = "Redirect is not allowed for a preflight request."
        raise _BlockedError("PreflightDisallowedRedirect", _framed(request, url, sentence, preflight=True))
    _cors_check(request, response, url, preflight=True)
    if not 200 <= response.status <= 299:
        sentence = "It does not have HTTP ok status."
        raise _BlockedError("PreflightInvalidStatus", _framed(request, url, sentence, preflight=True))
    methods = _names(request, response, url, "Methods")
    if method not in methods and method not in SAFELISTED_METHODS and ("*" not in methods or request.credentials):
        sentence = f"Method {method} is not allowed by Access-Control-Allow-Methods in preflight response."
        raise _BlockedError("MethodDisallowedByPreflightResponse", _framed(request, url, sentence), method)
    names = {name.lower() for name in _names(request, response, url, "Headers")}
    for name in unsafe:
        if name not in names and ("*" not in names or request.credentials or name == "authorization"):
            sentence = (
                f"Request header field {name} is not allowed by Access-Control-Allow-Headers in preflight response."
            )
            raise _BlockedError("HeaderDisallowedByPreflightResponse", _framed(request, url, sentence), name)


def _names(request: Request, response: Response, url: str, what: str) -> list[str]:
    """The members of Access-Control-Allow-Methods or -Headers."""
    value = response.get(f"Access-Control-Allow-{what}")
    members = [member.strip(" \t") for member in (value or "").split(",")]
    members = [member for member in members if member]
    if not all(map(TOKEN.fullmatch, members)):
        sentence = f"Cannot parse Access-Control-Allow-{what} response header field in preflight response."
        raise _BlockedError(f"InvalidAllow{what}PreflightResponse", _framed(request, url, sentence), value or "")
    return members


def _cors_check(request: Request, response: Response, url: str, *, preflight: bool) -> None:
    """Fetch, CORS check."""
    prefix = "Preflight" if preflight else ""
    value = response.get("Access-Control-Allow-Origin")
    valid = " Have the server send the header with a valid value."
    error = sentence = None
    if value is None:
        error = "MissingAllowOriginHeader"
        sentence = "No 'Access-Control-Allow-Origin' header is present on the requested resource."
    elif value == "*":
        if request.credentials:
            error = "WildcardOriginNotAllowed"
            sentence = (
                "The value of the 'Access-Control-Allow-Origin' header in the response must not be the wildcard '*'"
                " when the request's credentials mode is 'include'."
            )
    elif value != request.origin:
        if re.search(r"[ ,]", value):
            error = "MultipleAllowOriginValues"
            sentence = (
                f"The 'Access-Control-Allow-Origin' header contains multiple values '{value}', but only one is allowed."
                + valid
            )
        elif not _is_origin(value):
            error = "InvalidAllowOriginValue"
            sentence = f"The 'Access-Control-Allow-Origin' header contains the invalid value '{value}'." + valid
        else:
            error = "AllowOriginMismatch"
            sentence = (
                f"The 'Access-Control-Allow-Origin' header has a value '{value}' that is not equal to the supplied"
                " origin." + valid
            )
    if error and sentence:
        raise _BlockedError(prefix + error, _framed(request, url, sentence, preflight=preflight), value or "")
    credentials = response.get("Access-Control-Allow-Credentials")
    if request.credentials and credentials != "true":
        sentence = (
            "The value of the 'Access-Control-Allow-Credentials' header in the response is"
            f" '{credentials or ''}' which must be 'true' when the request's credentials mode is 'include'."
        )
        framed = _framed(request, url, sentence, preflight=preflight)
        raise _BlockedError(f"{prefix}InvalidAllowCredentials", framed, credentials or "")


def _is_origin(value: str) -> bool:
    """Whether a value is a URL, as Chromium takes it: without a host, where the scheme need not have one."""
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


def _framed(request: Request, url: str, sentence: str, *, preflight: bool = False) -> str:
    """A sentence as the console has it."""
    redirected = f"(redirected from '{request.url}') " if url != request.url else ""
    check = "Response to preflight request doesn't pass access control check: " if preflight else ""
    return (
        f"Access to fetch at '{url}' {redirected}from origin '{request.origin}' has been blocked by CORS policy:"
        f" {check}{sentence}"
    )


def _hidden(request: Request, response: Response) -> tuple[str, ...]:
    """Fetch, CORS filtered response: the names that are not exposed, but for those that no script needs."""
    exposed = {name.strip().lower() for name in (response.get("Access-Control-Expose-Headers") or "").split(",")}
    if "*" in exposed and not request.credentials:
        return ()
    of_no_use = {"allow", "connection", "date", "location", "server", "transfer-encoding", "vary"}
    names = dict.fromkeys(name for name, _ in response.headers)
    return tuple(
        name
        for name in names
        if name.lower() not in exposed | SAFELISTED_RESPONSE_HEADERS | FORBIDDEN_RESPONSE_HEADERS | of_no_use
        and not name.lower().startswith("access-control-")
    )
