"""What a browser does in cases that test_misconfigurations.py does not cover."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flask_cors_rs._diagnostics.browser import (
    Outcome,
    Request,
    Response,
    fetch,
    is_safelisted_request_header,
    unsafe_request_headers,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGE, API = "https://page.example", "https://api.example"
ALLOW = ("Access-Control-Allow-Origin", PAGE)


def browse(*answers: Response, method: str = "GET", url: str = f"{API}/x", **more: object) -> tuple[Outcome, list[str]]:
    """Return the outcome if a server gives these responses, and the requests that the server gets."""
    left = list(answers)
    asked: list[str] = []

    def send(method: str, url: str, headers: Sequence[tuple[str, str]]) -> Response | None:
        asked.append(f"{method} {url} {dict(headers).get('Origin')}")
        return left.pop(0) if left else None

    return fetch(Request(PAGE, method, url, **more), send), asked  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value", "safe"),
    [
        ("Accept", "*/*", True),
        ("Accept", 'a"b', False),
        ("accept-language", "en-GB,nl;q=0.5", True),
        ("Accept-Language", "en_GB", False),
        ("Content-Type", "text/plain; charset=utf-8", True),
        ("Content-Type", "application/x-www-form-urlencoded", True),
        ("Content-Type", "multipart/form-data; boundary=x", True),
        ("Content-Type", "application/json", False),
        ("Content-Type", "text/plain" + ";a=b" * 40, False),
        ("Range", "bytes=0-5", True),
        ("Range", "bytes=-5", False),
        ("X-A", "1", False),
        ("Authorization", "x", False),
    ],
)
def test_safelisted_request_headers(name: str, value: str, safe: bool) -> None:
    assert is_safelisted_request_header(name, value) is safe


def test_many_safe_headers_are_unsafe_together() -> None:
    long = [("Accept", "x" * 128)] * 9
    assert unsafe_request_headers(long[:8]) == []
    assert unsafe_request_headers([*long, ("X-B", ""), ("x-a", "")]) == ["accept", "x-a", "x-b"]


def test_a_safelisted_request_needs_no_preflight() -> None:
    outcome, asked = browse(Response(200, [ALLOW]), method="post", headers=(("Content-Type", "text/plain"),))
    assert outcome.allowed
    assert asked == [f"POST {API}/x {PAGE}"]


def test_the_server_s_own_pages_need_no_cors() -> None:
    outcome, asked = browse(Response(200, [("X-A", "1")]), method="PUT", url=f"{PAGE}:443/x")
    assert (outcome.allowed, outcome.hidden, asked) == (True, (), [f"PUT {PAGE}:443/x {PAGE}"])


@pytest.mark.parametrize("method", ["TRACE", "connect", "Track"])
def test_forbidden_methods(method: str) -> None:
    outcome, asked = browse(method=method)
    assert (outcome.error, asked) == ("ForbiddenMethod", [])
    assert outcome.message == f"Failed to execute 'fetch' on 'Window': '{method}' HTTP method is unsupported."


def test_a_wildcard_allows_methods_and_headers_without_credentials() -> None:
    wild = [ALLOW, ("Access-Control-Allow-Methods", "*"), ("Access-Control-Allow-Headers", "*")]
    secret = ("Access-Control-Allow-Credentials", "true")
    answers = (Response(200, [*wild, secret]), Response(200, [ALLOW, secret]))
    assert browse(*answers, method="PUT", headers=(("X-A", "1"),))[0].allowed
    error = browse(*answers, method="PUT", headers=(("X-A", "1"),), credentials=True)[0].error
    assert error == "MethodDisallowedByPreflightResponse"
    error = browse(*answers, headers=(("X-A", "1"),), credentials=True)[0].error
    assert error == "HeaderDisallowedByPreflightResponse"
    outcome = browse(*answers, headers=(("Authorization", "x"),))[0]
    assert (outcome.error, outcome.parameter) == ("HeaderDisallowedByPreflightResponse", "authorization")


def test_lists_that_are_none() -> None:
    bad = Response(200, [ALLOW, ("Access-Control-Allow-Methods", "GET PUT")])
    assert browse(bad, method="PUT")[0].error == "InvalidAllowMethodsPreflightResponse"
    bad = Response(200, [ALLOW, ("Access-Control-Allow-Methods", "PUT"), ("Access-Control-Allow-Headers", "x a")])
    assert browse(bad, method="PUT")[0].error == "InvalidAllowHeadersPreflightResponse"


def test_redirects_are_followed() -> None:
    there = Response(307, [ALLOW, ("Location", "/y?a=b")])
    outcome, asked = browse(there, Response(200, [ALLOW]))
    assert outcome.allowed
    assert asked == [f"GET {API}/x {PAGE}", f"GET {API}/y?a=b {PAGE}"]
    assert browse(*[there] * 30)[0].error == "TooManyRedirects"
    assert browse(Response(302, [("Location", "/y")]))[0].error == "MissingAllowOriginHeader"
    outcome = browse(Response(302, [ALLOW, ("Location", "https://me:secret@api.example/")]))[0]
    assert outcome.error == "RedirectContainsCredentials"
    outcome = browse(there, Response(200, []))[0]
    assert outcome.message is not None
    assert f"'{API}/y?a=b' (redirected from '{API}/x') from origin '{PAGE}'" in outcome.message


@pytest.mark.parametrize(
    ("status", "method", "then"), [(302, "POST", "GET"), (307, "POST", "POST"), (303, "PUT", "GET")]
)
def test_a_redirect_may_change_the_method(status: int, method: str, then: str) -> None:
    preflights = [Response(200, [ALLOW, ("Access-Control-Allow-Methods", "PUT")])] if method == "PUT" else []
    _, asked = browse(*preflights, Response(status, [ALLOW, ("Location", "/y")]), Response(200, [ALLOW]), method=method)
    assert asked[-1] == f"{then} {API}/y {PAGE}"


def test_a_redirect_to_another_origin_taints() -> None:
    away = Response(302, [ALLOW, ("Location", "https://other.example/y")])
    outcome, asked = browse(away, Response(200, [ALLOW]))
    assert asked[-1] == "GET https://other.example/y null"
    assert outcome.error == "AllowOriginMismatch"
    assert browse(away, Response(200, [("Access-Control-Allow-Origin", "null")]))[0].allowed
    assert browse(away)[0].error == "NotFollowed"


def test_what_scripts_can_read() -> None:
    headers = [("X-A", "1"), ("X-B", "2"), ("Content-Type", "text/plain"), ("Set-Cookie", "x=y"), ("Date", "now")]
    expose = ("Access-Control-Expose-Headers", "x-a")
    assert browse(Response(200, [ALLOW, *headers]))[0].hidden == ("X-A", "X-B")
    assert browse(Response(200, [ALLOW, expose, *headers]))[0].hidden == ("X-B",)
    assert browse(Response(200, [ALLOW, ("Access-Control-Expose-Headers", "*"), *headers]))[0].hidden == ()


@pytest.mark.parametrize("method", ["G T", "", "GET\n", "É"])
def test_a_method_that_fetch_does_not_send(method: str) -> None:
    outcome, asked = browse(method=method)
    assert (outcome.error, asked) == ("InvalidMethod", [])
    assert outcome.message == f"Failed to execute 'fetch' on 'Window': '{method}' is not a valid HTTP method."


@pytest.mark.parametrize(("name", "value", "what"), [("X A", "1", "name"), ("", "1", "name"), ("X", "1\n2", "value")])
def test_a_header_that_fetch_does_not_send(name: str, value: str, what: str) -> None:
    outcome, asked = browse(headers=((name, value),))
    assert (outcome.message, asked) == (f"Failed to execute 'fetch' on 'Window': Invalid {what}", [])


# Seen in Chromium.
@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("  \\\\api.example\\ok  ", f"{API}/ok"),
        ('/o k\u00c3\u00a9?a b"<', f"{API}/o%20k%C3%A9?a%20b%22%3C"),
        ("/a\\b\t\nc%zz[]?x\\y#z", f"{API}/a/bc%zz[]?x\\y"),
        ('/"<>`{}|^?\'"<>`{}', f"{API}/%22%3C%3E%60%7B%7D%7C%5E?%27%22%3C%3E`{{}}"),
    ],
)
def test_a_redirect_is_resolved_as_browsers_do(location: str, target: str) -> None:
    _, asked = browse(Response(302, [ALLOW, ("Location", location)]), Response(200, [ALLOW]))
    assert asked[1] == f"GET {target} {PAGE}"


@pytest.mark.parametrize(
    ("location", "error"),
    [
        ("http://a:99999/", "net::ERR_INVALID_REDIRECT"),
        ("http://[::1/", "net::ERR_INVALID_REDIRECT"),
        ("http://a b/", "net::ERR_INVALID_REDIRECT"),
        ("http://a%1bb/", "net::ERR_INVALID_REDIRECT"),
        ("data:text/plain,x", "net::ERR_UNSAFE_REDIRECT"),
    ],
)
def test_a_redirect_that_browsers_do_not_follow(location: str, error: str) -> None:
    outcome, asked = browse(Response(302, [ALLOW, ("Location", location)]))
    assert (outcome.message, len(asked)) == (error, 1)
