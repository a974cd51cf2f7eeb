"""Explicit origins and functions of an origin: which origins are allowed, and what is refused at set-up."""

from __future__ import annotations

import asyncio
import copy
import logging
import pickle
import re
import signal
import sys
import threading
from concurrent.futures import Future
from datetime import timedelta
from decimal import Decimal
from importlib.util import find_spec
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask, Response, g, request
from hypothesis import assume, given, strategies as st

from flask_cors_rs import (
    CORS,
    Cached,
    CORSMiddleware,
    Origin,
    Regex,
    Subdomains,
    _engine,
    cross_origin,
    origins as module,
)
from flask_cors_rs._regex.linear import MAX_STATES, LinearMatcher
from flask_cors_rs._regex.translation import translate
from support import levels
from support.ids import short_id
from support.processes import run_python
from support.wsgi import ask as ask_app

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("engine")

A, B = "https://a.example", "https://b.example"


def at_every_level(origins: Any) -> dict[str, Flask]:
    """Return an application for each level at which an option can be given."""
    return {level: levels.make_app(level, origins=origins) for level in levels.LEVELS}


def answer(app: Flask, origin: str | None, method: str = "GET") -> str | None:
    headers = {"Access-Control-Request-Method": "GET", **({} if origin is None else {"Origin": origin})}
    response = app.test_client().open("/", method=method, headers=headers)
    value: str | None = response.headers.get("Access-Control-Allow-Origin")
    return value


def allows(app: Flask, origin: str) -> bool:
    answers = {answer(app, origin, method) for method in ("GET", "OPTIONS")}
    assert len(answers) == 1
    assert answers <= {origin, None}
    return answers == {origin}


class Text(str):
    """A str of the application's own, such as a member of an enum."""


CASES: list[tuple[Any, list[str], list[str]]] = [
    (
        Origin("https://example.com"),
        ["https://example.com"],
        ["HTTPS://example.com", "https://example.com.evil.org", "https://evilexample.com", "http://example.com"],
    ),
    ([Origin(A), Origin("https://b.example:8443")], [A, "https://b.example:8443"], [B, "https://B.example:8443"]),
    ([A, Origin(A)], [A, "https://A.example"], []),
    (
        Subdomains("https://example.com"),
        ["https://a.example.com", "https://x-1.a_b.c.example.com"],
        [
            "https://example.com",
            "https://evilexample.com",
            "https://a.example.com.evil.org",
            "https://a.example.com:8443",
            "http://a.example.com",
            "https://.example.com",
            "https://a..example.com",
            "https://a.exampleXcom",
            "https://evil.org/.example.com",
            "https://evil.org#.example.com",
            "https://user@a.example.com",
            "https://A.example.com",
        ],
    ),
    (
        Subdomains("https://example.com", apex=True, any_port=True),
        ["https://example.com", "https://example.com:1", "https://a.example.com:65535"],
        ["https://example.com:", "https://example.com:x", "https://evilexample.com"],
    ),
    (
        Subdomains("https://amazonaws.com", allow_public_suffixes=True),
        ["https://s3.amazonaws.com", "https://anyone.s3.amazonaws.com", "https://a.amazonaws.com"],
        ["https://amazonaws.com", "https://evilamazonaws.com", "http://s3.amazonaws.com", "https://s3.amazonaws.com:1"],
    ),
    (Subdomains("http://localhost:3000"), ["http://app.localhost:3000"], ["http://app.localhost"]),
    (
        Regex(r"https://pr-[0-9]+\.example\.com"),
        ["https://pr-7.example.com"],
        ["https://pr-7.example.com.evil.org", "xhttps://pr-7.example.com", "https://pr-7.example.com:1"],
    ),
    (Regex(r"^https://(a|b)\.example$"), [A, B], ["https://c.example", f"{A}\t"]),
    (Text("HTTPS://A.EXAMPLE"), [A, "HTTPS://a.example"], [B]),
    (Regex(re.compile(r"HTTPS://a\.example", re.IGNORECASE)), [A, "HTTPS://A.example"], [B]),
    (Regex(r"https://[ab]{2,}\.example"), ["https://ab.example", "https://abab.example"], [A]),
    (Regex(r"https://[ab]{2}\.example"), ["https://ab.example"], [A, "https://aba.example"]),
    (Regex("null|app://.+"), ["null", "app://x"], ["app://", "nullx"]),
    (lambda origin: origin == A, [A], [B, "HTTPS://a.example"]),
    ([B, lambda origin: "a.e" in origin and origin], [A, B], ["https://c.example"]),
    ([re.compile("https://b"), lambda _: True], [A, B, "null"], []),
]


@pytest.mark.parametrize(("given", "allowed", "refused"), CASES, ids=[short_id(case[0]) for case in CASES])
def test_what_is_allowed_at_every_level(given: Any, allowed: list[str], refused: list[str]) -> None:
    for level, app in at_every_level(given).items():
        for origin in allowed:
            assert allows(app, origin), (level, origin)
        for origin in refused:
            assert not allows(app, origin), (level, origin)


def test_one_origin_needs_no_vary_and_answers_requests_without_an_origin() -> None:
    """An Origin behaves as a literal does."""
    for app in at_every_level(Origin(A)).values():
        response = app.test_client().get("/")
        assert (response.headers["Access-Control-Allow-Origin"], "Vary" in response.headers) == (A, False)
    for other in (Subdomains(A), Regex("x"), lambda _: False):
        for app in at_every_level([Origin(A), other]).values():
            assert app.test_client().get("/", headers={"Origin": A}).headers["Vary"] == "Origin"
            assert answer(app, None) == A
    for app in at_every_level(lambda _: True).values():
        assert answer(app, None) is None


REFUSED: list[tuple[Callable[[], object], type[Exception], str]] = [
    (lambda: Origin(5), TypeError, "5"),  # type: ignore[arg-type]
    (
        lambda: Origin("https://a.example/"),
        ValueError,
        r"Origin\('https://a\.example/'\).*write Origin\('https://a\.exam",
    ),
    (lambda: Origin("https://a.example/x"), ValueError, "without a path.*write Origin.'https://a.example'"),
    (lambda: Origin("https://a.example?x"), ValueError, "query"),
    (lambda: Origin("https://a.example#"), ValueError, "fragment"),
    (lambda: Origin("https://me@a.example"), ValueError, "user name.*write"),
    (lambda: Origin("https://a.example:443"), ValueError, "default port of https.*write Origin.'https://a.example'"),
    (lambda: Origin("http://a.example:80"), ValueError, "default port of http:"),
    (
        lambda: Origin("https://a.example:0443"),
        ValueError,
        "'0443' is not a valid port: write a number from 1 to 65535$",
    ),
    (lambda: Origin("https://a.example:65536"), ValueError, "'65536' is not a valid port"),
    (lambda: Origin("https://a.example:"), ValueError, "'' is not a valid port"),
    (lambda: Origin("https://A.Example"), ValueError, "lower case.*write Origin.'https://a.example'"),
    (
        lambda: Origin("https://b\u00fccher.example"),
        ValueError,
        "ASCII form.*write Origin.'https://xn--bcher-kva.example'",
    ),
    (lambda: Origin("https://fa\u00df.de"), ValueError, "https://xn--fa-hia.de"),
    (lambda: Origin("https://B\u00dcCHER.example"), ValueError, "https://xn--bcher-kva.example"),
    (lambda: Origin("a.example"), ValueError, "scheme://host"),
    (lambda: Origin("//a.example"), ValueError, "scheme://host"),
    (lambda: Origin("://a.example"), ValueError, "'' is not a valid scheme"),
    (lambda: Origin("null"), ValueError, "leave it out"),
    (lambda: Origin("*"), ValueError, "wildcard"),
    (lambda: Origin("https://*.a.example"), ValueError, r"wildcard: write Subdomains\('https://a\.example'\)$"),
    (lambda: Origin("https://*.a.example:81/"), ValueError, r": write Subdomains\('https://a\.example:81'\)$"),
    (lambda: Origin("https://*.a.example:*"), ValueError, r": write Subdomains\(.*example', any_port=True\)$"),
    (lambda: Origin("https://a-*.example"), ValueError, "wildcard: list the origins, or use Regex$"),
    (lambda: Subdomains("https://*.a.example"), ValueError, r"wildcard: write Subdomains\('https://a\.example'\)$"),
    (lambda: Subdomains("https://a.*"), ValueError, "wildcard: list the origins, or use Regex$"),
    (lambda: Subdomains("https://*"), ValueError, 'wildcard: write "\\*" for any origin, or use Regex$'),
    (lambda: Origin("file://a"), ValueError, "null for a page from a file"),
    (lambda: Origin("https://"), ValueError, "the host is missing"),
    (lambda: Origin("https://a..example"), ValueError, "'' is not a valid label"),
    (lambda: Origin("https://-a.example"), ValueError, "'-a' is not a valid label"),
    (lambda: Origin(f"https://{'a' * 64}.example"), ValueError, "not a valid label"),
    (lambda: Origin(f"https://{'a.' * 126}ab"), ValueError, "253"),
    (lambda: Origin("https://a.example\r\nx"), ValueError, "not a valid label"),
    (lambda: Origin("https://1.2.3"), ValueError, "IPv4"),
    (lambda: Origin("https://1.2.3.04"), ValueError, "IPv4"),
    (lambda: Origin("https://[::1"), ValueError, "origins"),
    (lambda: Origin("https://[0:0::1]"), ValueError, r"write the address as \[::1\]"),
    (lambda: Origin("https://[::ffff:1.2.3.4]"), ValueError, "IPv6"),
    (lambda: Origin("https://[fe80::1%eth0]"), ValueError, "IPv6"),
    (lambda: Subdomains("https://example.com/"), ValueError, r"write Subdomains\('https://example\.com'\)"),
    (lambda: Subdomains("https://127.0.0.1"), ValueError, "IP address has no subdomains: use Origin"),
    (lambda: Subdomains("https://[::1]"), ValueError, "IP address"),
    (lambda: Subdomains("https://example.com:8443", any_port=True), ValueError, "leave out :8443"),
    (lambda: Subdomains("https://com"), ValueError, "com is a public suffix"),
    (lambda: Subdomains("https://github.io"), ValueError, "github.io is a public suffix"),
    (lambda: Subdomains("https://kawasaki.jp"), ValueError, "public suffix"),
    (lambda: Subdomains("https://xn--p1ai"), ValueError, "public suffix"),
    (lambda: Subdomains("https://github.io", allow_public_suffixes=True), ValueError, "github.io is a public suffix"),
    (lambda: Subdomains("https://amazonaws.com"), ValueError, "amazonaws.com, which .* allow_public_suffixes=True"),
    (lambda: Subdomains("https://windows.net"), ValueError, "anyone can register a name under .*windows.net"),
    (lambda: Subdomains("https://platform.sh"), ValueError, "anyone can register a name under .*platform.sh"),
    (lambda: Subdomains("https://fastly.net"), ValueError, "anyone can register a name under .*fastly.net"),
    (lambda: Subdomains("https://scw.cloud"), ValueError, "anyone can register a name under .*scw.cloud"),
    (lambda: Subdomains(None), TypeError, "None"),  # type: ignore[arg-type]
    (lambda: Regex("("), ValueError, r"Regex\(pattern='\('\) is not a valid"),
    (lambda: Regex(r"(a)\1"), ValueError, "back-reference.*write it without"),
    (lambda: Regex("(?=a)b"), ValueError, "look-around"),
    (lambda: Regex("(?:ab?){5000}"), ValueError, f"more than {MAX_STATES} states.*: use smaller repeats"),
    (lambda: Regex(b"x"), TypeError, "compiled from one"),  # type: ignore[arg-type]
    (lambda: Regex(re.compile(b"x")), TypeError, "compiled from one"),  # type: ignore[arg-type]
    (lambda: Cached(len, max_age=0), ValueError, "max_age=0"),
    (lambda: Cached(len, max_age=1, maxsize=0), ValueError, "maxsize=0"),
    (lambda: Cached(len, max_age="1"), TypeError, r"^Cached\(len\): max_age='1' must be an int .* or a timedelta$"),  # type: ignore[arg-type]
    (lambda: Cached(len, max_age=Decimal(1)), TypeError, r"max_age=Decimal\('1'\) must be an int or a float"),  # type: ignore[arg-type]
    (lambda: Cached(len, max_age=1, maxsize="9"), TypeError, "maxsize='9' must be an int$"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("make", "error", "message"), REFUSED)
def test_what_no_browser_sends_is_refused(make: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    "origin",
    [
        "https://a.example",
        "http://localhost:3000",
        "http://127.0.0.1:8080",
        "https://[2001:db8::1]:8443",
        "https://xn--bcher-kva.example",
        "https://my_host.internal",
        f"https://{'a.' * 126}a",
        "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
        "capacitor://localhost",
        "http://a.example:443",
    ],
)
def test_what_browsers_send_is_taken(origin: str) -> None:
    assert Origin(origin) == origin
    assert repr(Origin(origin)) == f"Origin({origin!r})"
    assert type(pickle.loads(pickle.dumps(Origin(origin)))) is Origin


WRONG_FUNCTIONS: list[Any] = [lambda: True, lambda a, b: True, lambda *, origin: True]


@pytest.mark.parametrize("function", WRONG_FUNCTIONS)
def test_a_function_must_take_an_origin(function: Any) -> None:
    for value in (function, [A, function]):
        with pytest.raises(TypeError, match=r"^origins: <lambda> must take one argument, an origin"):
            CORS(Flask(__name__), origins=value)
        with pytest.raises(TypeError, match="must take one argument, an origin"):
            cross_origin(origins=value)
    with pytest.raises(TypeError, match="must take one argument, an origin"):
        Cached(function, max_age=1)


def test_a_generator_is_no_answer() -> None:
    def generator(origin: str) -> Any:
        yield origin

    async def async_generator(origin: str) -> Any:
        yield origin

    for function in (generator, async_generator):
        with pytest.raises(TypeError, match="generator"):
            CORS(Flask(__name__), origins=function)


def test_a_function_is_asked_last_and_only_about_origins() -> None:
    asked: list[str] = []

    def ask(origin: str) -> bool:
        asked.append(origin)
        return True

    given = [ask, Origin(A), B, re.compile("https://c"), Subdomains("https://d.example"), Regex("https://e")]
    for app in at_every_level(given).values():
        for origin in (None, "", A, B, "https://c.example", "https://x.d.example", "https://e"):
            answer(app, origin)
        for odd in ("https://f.example x", "https://\xe9", "a\x1b[0m", f"https://{'a' * 400}"):
            assert "Access-Control-Allow-Origin" not in app.test_client().get("/", headers={"Origin": odd}).headers
        assert asked == []
        assert answer(app, "https://f.example") == "https://f.example"
        assert asked == ["https://f.example"]
        asked.clear()
    answer(at_every_level(["*", ask])["CORS"], A)
    assert asked == []


def test_a_function_s_answer_is_not_kept() -> None:
    tenants = {A}
    for app in at_every_level(lambda origin: origin in tenants).values():
        for change in (tenants.discard, tenants.add):
            change(A)
            assert (answer(app, A) == A) is (A in tenants)


def test_a_function_has_the_context_of_the_request() -> None:
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: "hello")

    @app.before_request
    def before() -> None:
        g.tenant = A

    CORS(app, origins=lambda origin: origin == g.tenant)
    assert (answer(app, A), answer(app, B)) == (A, None)


def test_what_a_function_raises_is_logged_and_allows_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def ask(origin: str) -> bool:
        raise LookupError(f"no table for {origin}")

    for level, app in at_every_level([A, ask]).items():
        caplog.clear()
        response = app.test_client().get("/", headers={"Origin": "https://x.example"})
        assert response.status_code == 200
        assert "Access-Control-Allow-Origin" not in response.headers
        (record,) = caplog.records
        assert (record.levelno, record.name) == (logging.ERROR, "flask_cors_rs.core"), level
        assert "https://x.example" in record.getMessage()
        assert record.exc_info is not None
        assert record.exc_info[0] is LookupError
        # No error of ours comes first in the traceback.
        assert record.exc_info[1] is not None
        assert record.exc_info[1].__context__ is None
        assert allows(app, A)


class Tenants:
    """Tenants that cannot be found, and not be shown either."""

    def __call__(self, origin: str) -> bool:
        raise LookupError(origin)

    def __repr__(self) -> str:
        raise RuntimeError("no name")


def test_a_callable_that_cannot_be_shown(caplog: pytest.LogCaptureFixture) -> None:
    app = at_every_level([A, Tenants()])["CORS"]
    assert answer(app, B) is None
    assert caplog.messages == [f"origins: Tenants failed: the origin {B} is not allowed"]


def test_the_address_of_a_callable_is_not_shown() -> None:
    assert "0x" not in repr(Cached(type("Allowed", (), {"__call__": lambda self, origin: True})(), max_age=9))


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt])
def test_what_ends_a_program_is_not_swallowed(error: type[BaseException]) -> None:
    def ask(origin: str) -> bool:
        raise error

    app = at_every_level(ask)["CORS"]
    with pytest.raises(error):
        answer(app, A)
    with pytest.raises(error):
        at_every_level(ask)["middleware"].test_client().options(
            "/", headers={"Origin": A, "Access-Control-Request-Method": "GET"}
        )
    assert answer(app, None) is None


def test_after_what_ends_a_program_no_other_function_is_asked() -> None:
    asked: list[str] = []

    def leave(origin: str) -> bool:
        raise SystemExit

    def note(origin: str) -> bool:
        asked.append(origin)
        return False

    for app in at_every_level([leave, note]).values():
        with pytest.raises(SystemExit):
            answer(app, A)
        assert answer(app, None) is None
    assert asked == []


TIMED_OUT = r"""
import re, signal, sys
from flask import Flask
from flask_cors_rs import CORS

class TimedOut(BaseException):
    "As a worker raises it when a request takes too long."

def time_out(*_):
    raise TimedOut

slow = "(?!x)https://(a|a)*$"
options = {
    "origins": {"origins": ["https://b.example", re.compile(slow)]},
    "allow_headers": {"allow_headers": slow},
    "resources": {"resources": {"/(?!x)(a|a)*$": {}, "/b": {"origins": "https://b.example"}}},
}[sys.argv[1]]
app, other = Flask("app"), Flask("other")
for each in app, other:
    each.config["PROPAGATE_EXCEPTIONS"] = True
CORS(app, audit="off", **options)
CORS(other, origins="https://b.example")
text = "https://" + "a" * 60 + "-"
headers = {"Origin": text, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": text}
signal.signal(signal.SIGALRM, time_out)
signal.setitimer(signal.ITIMER_REAL, 0.2)
try:
    app.test_client().options("/" + "a" * 60 + "-", headers=headers)
except TimedOut:
    print("raised")
for each in other, app:
    print(each.test_client().get("/b", headers={"Origin": "https://b.example"}).headers["Access-Control-Allow-Origin"])
"""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this platform has no interval timers")
@pytest.mark.parametrize("option", ["origins", "allow_headers", "resources"])
def test_what_a_signal_raises_while_re_runs_is_raised_in_that_request(engine: str, option: str) -> None:
    result = run_python("-c", TIMED_OUT, option, FLASK_CORS_RS_BACKEND=engine)
    assert result.stdout.split() == ["raised", B, B], result.stderr


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
@pytest.mark.parametrize("origins", [Cached(str.isascii, max_age=60, maxsize=7), Regex(r"https://.+"), Subdomains(A)])
def test_they_can_be_copied(origins: Any, copied: Callable[[Any], Any]) -> None:
    assert repr(copied(origins)) == repr(origins)
    assert [bool(allows(app, A)) for app in at_every_level(copied(origins)).values()] == [
        bool(allows(app, A)) for app in at_every_level(origins).values()
    ]


async def ask_async(origin: str) -> bool:
    await asyncio.sleep(0)
    return origin == A


class AskAsync:
    """A callable object with an async method."""

    async def __call__(self, origin: str) -> bool:
        return await ask_async(origin)


asynchronous = pytest.mark.skipif(not find_spec("asgiref"), reason="Flask's async support is not installed")


@asynchronous
@pytest.mark.parametrize("function", [ask_async, AskAsync(), Cached(ask_async, max_age=60)])
def test_async_functions(function: Any) -> None:
    for app in at_every_level(function).values():
        assert allows(app, A)
        assert not allows(app, B)

    app = Flask(__name__)

    @app.route("/")
    @cross_origin(origins=function)
    async def view() -> str:
        await asyncio.sleep(0)
        return "hello"

    assert allows(app, A)
    assert not allows(app, B)


def test_an_async_function_sees_the_request_of_an_async_view() -> None:
    async def ask(origin: str) -> bool:
        return request.path == "/" and origin == A

    app = Flask(__name__)

    @app.route("/")
    @cross_origin(origins=ask, intercept_exceptions=True)
    async def view() -> str:
        return "hello"

    assert allows(app, A)
    assert not allows(app, B)


def test_async_functions_without_flask_s_async_support(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asgiref.sync", None)
    for function in (ask_async, AskAsync()):
        with pytest.raises(TypeError, match=r"origins: .* is async.*flask\[async\]"):
            CORS(Flask(__name__), origins=function)


@pytest.mark.parametrize(
    "answer",
    [
        ask_async,
        lambda origin: (character for character in origin),
        lambda _: Future(),
        lambda _: lambda: False,
        lambda _: map(bool, [False]),
        lambda _: object(),
        lambda _: [A],
        lambda _: (False, "reason"),
        lambda _: {A},
        lambda _: {A: True},
        lambda _: frozenset({A}),
        lambda _: A.encode(),
        lambda _: "false",
        lambda _: "*",
        lambda _: B,
        lambda _: A.upper(),
        lambda origin: Text(f"{origin}/"),
    ],
    ids=[
        *("coroutine", "generator", "future", "function", "map", "object", "list", "tuple", "set", "dict", "frozenset"),
        *("bytes", "false", "asterisk", "another origin", "another case", "longer str"),
    ],
)
def test_what_is_neither_true_nor_false_is_no_answer(
    answer: Callable[[str], object], caplog: pytest.LogCaptureFixture
) -> None:
    """Each of these counts as true in Python."""

    def ask(origin: str) -> object:
        return answer(origin)

    for function in (ask, Cached(ask, max_age=9)):
        caplog.clear()
        for app in at_every_level(function).values():
            assert not allows(app, A)
        assert "return True or False" in caplog.text


@asynchronous
def test_an_async_function_answers_as_others_do(caplog: pytest.LogCaptureFixture) -> None:
    answers: list[object] = [A, "false", [A]]

    async def ask(_: str) -> object:
        return answers[0]

    apps = at_every_level(ask).values()
    assert all(allows(app, A) for app in apps)
    assert caplog.records == []
    for _ in range(2):
        del answers[0]
        assert not any(allows(app, A) for app in apps)
    assert "a str that is not the origin" in caplog.text
    assert "list" in caplog.text


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (True, True),
        (False, False),
        (None, False),
        (1, True),
        (0, False),
        (0.0, False),
        (re.match("a", "a"), True),
        ("", False),
        (A, True),
        (Text(A), True),
        (Origin(A), True),
    ],
    ids=short_id,
)
def test_plain_values_and_the_origin_are_answers(
    answer: object, expected: bool, caplog: pytest.LogCaptureFixture
) -> None:
    for function in (lambda _: answer, Cached(lambda _: answer, max_age=9)):
        for app in at_every_level(function).values():
            assert allows(app, A) is expected
    assert caplog.records == []


# --- Cached -----------------------------------------------------------------------------------------------------------


def test_answers_are_kept_for_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(module, "monotonic", lambda: now)
    asked: list[str] = []

    def ask(origin: str) -> bool:
        asked.append(origin)
        return origin == A

    app = at_every_level(Cached(ask, max_age=timedelta(minutes=1)))["CORS"]
    for _ in range(3):
        assert (answer(app, A), answer(app, B)) == (A, None)
    assert asked == [A, B]
    now += 59.9
    assert answer(app, A) == A
    assert asked == [A, B]
    now += 0.2
    assert answer(app, A) == A
    assert asked == [A, B, A]


def test_what_was_asked_longest_ago_is_forgotten() -> None:
    asked: list[str] = []

    def ask(origin: str) -> bool:
        asked.append(origin)
        return True

    cached = Cached(ask, max_age=60, maxsize=2)
    for origin in "abacb":
        assert cached(origin)
    assert asked == ["a", "b", "c", "b"]
    assert repr(cached) == ("Cached(test_what_was_asked_longest_ago_is_forgotten.<locals>.ask, max_age=60, maxsize=2)")


def test_a_failure_is_not_kept(caplog: pytest.LogCaptureFixture) -> None:
    answers = iter([ValueError("down"), True])

    def ask(origin: str) -> object:
        result = next(answers)
        if isinstance(result, Exception):
            raise result
        return result

    app = at_every_level(Cached(ask, max_age=60))["CORS"]
    assert (answer(app, A), answer(app, A), answer(app, A)) == (None, A, A)
    assert "down" in caplog.text


def test_threads_share_a_cache() -> None:
    cached = Cached(lambda origin: origin < "b", max_age=60, maxsize=3)
    wrong: list[str] = []

    def ask() -> None:
        wrong.extend(origin for origin in "abcdea" * 200 if cached(origin) != (origin < "b"))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_the_decorator_s_policy_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A policy is only made again when a value in the configuration changes, whatever its type."""
    made: list[Any] = []
    engine = _engine.engine

    def policy(options: Any) -> Any:
        made.append(options)
        return engine.Policy(options)

    monkeypatch.setattr(_engine, "engine", SimpleNamespace(merge=engine.merge, Policy=policy))
    app = Flask(__name__)
    app.add_url_rule("/", view_func=cross_origin()(lambda: "hello"))
    values = [Origin(A), [Subdomains("https://a"), lambda origin: origin == A], Regex(r"https://a\..*"), A.__eq__]
    for number, value in enumerate(values):
        app.config["CORS_ORIGINS"] = value
        assert (answer(app, A), answer(app, B)) == (A, None)
        assert len(made) == number + 1
    app.config["CORS_ORIGINS"] = [Origin(B)]
    assert answer(app, B) == B
    app.config["CORS_ORIGINS"].append(lambda origin: origin == A)
    assert answer(app, A) == A


# --- whole matches in linear time -------------------------------------------------------------------------------------

PIECES = st.recursive(
    st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\w", r"\.", "^", "$", r"\A", r"\Z", r"(?a:\b)", "", "(?i:B)"]),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{0,2}", "{1,}", "*?", "{0}"])).map(
            lambda parts: f"(?:{parts[0]}){parts[1]}"
        ),
    ),
    max_leaves=7,
)


@given(
    PIECES, st.sampled_from(["", "(?i)", "(?s)", "(?x)", "(?m)"]), st.lists(st.text("abB.-", max_size=7), min_size=1)
)
def test_a_whole_match_is_python_s(piece: str, flags: str, texts: list[str]) -> None:
    assume(len(re.findall(r"[*+?}]", piece)) <= 6)
    pattern = re.compile(flags + piece)
    translation = translate(pattern, whole=True)
    if translation.rust is None:
        with pytest.raises(ValueError, match="linear"):
            Regex(pattern)
        return
    app = Flask(__name__)
    app.wsgi_app = CORSMiddleware(Response(), origins=Regex(pattern))  # type: ignore[method-assign]
    for text in filter(None, texts):
        expected = pattern.fullmatch(text) is not None
        response = ask_app(app, {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_ORIGIN": text})
        allowed = dict(response.headers).get("Access-Control-Allow-Origin")
        assert allowed == (text if expected else None), (pattern, text, translation.rust)


def test_explosive_patterns_are_answered() -> None:
    """With Python's `re` these requests would take forever."""
    for pattern in ("(a+)+", "(a|aa)+", "([a-z]+)*x", "(.*a){12}b", "(a?){20}a{20}"):
        app = at_every_level(Regex(pattern))["CORS"]
        assert not allows(app, "a" * 300 + "!")


def test_only_translated_patterns_are_read() -> None:
    for text in ("(a", "a{x}", "[a", "\\d"):
        with pytest.raises((ValueError, IndexError)):
            LinearMatcher(text)


@pytest.mark.parametrize("kind", [Origin, Subdomains])
@pytest.mark.parametrize("host", ["com", "co.uk", "amazonaws.com", "1.2.3.4", "[::1]", "example.*", "a b", ""])
def test_no_error_advises_subdomains_that_raise_another_error(kind: Callable[[str], object], host: str) -> None:
    with pytest.raises(ValueError, match="wildcard: ") as raised:
        kind(f"https://*.{host}")
    assert "write Subdomains" not in str(raised.value)


@pytest.mark.parametrize("origin", ["https://a b", "https://[::", "https://"])
def test_no_remedy_is_given_for_what_cannot_be_meant(origin: str) -> None:
    with pytest.raises(ValueError, match=r"^origins: Origin\(") as raised:
        Origin(origin)
    assert "write Origin" not in str(raised.value)


def test_the_repr_of_a_type_names_all_arguments() -> None:
    expected = "Subdomains(origin='https://a.example', apex=True, any_port=False, allow_public_suffixes=False)"
    assert repr(Subdomains("https://a.example", apex=True)) == expected
