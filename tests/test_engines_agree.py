"""The two engines decide alike for random policies and requests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
from hypothesis import given, settings, strategies as st

from flask_cors_rs import Origin, Regex, Subdomains
from flask_cors_rs._options import parse as _parse
from flask_cors_rs._options.patterns import looks_like_regex
from support.engines import ENGINES, needs_rust

if TYPE_CHECKING:
    from flask_cors_rs._options.patterns import Pattern

pytestmark = needs_rust

TEXTS = st.one_of(
    st.sampled_from(
        [
            "",
            "*",
            "https://a.example",
            "HTTPS://A.example",
            "https://b.example",
            "null",
            "x-a",
            "X-B",
            "/a",
            "/a/b",
            "k",
        ]
    ),
    st.text(st.characters(max_codepoint=0xFF), max_size=8),
    st.text(st.sampled_from("\u0130\u0131\u017f\u212a\u00df\u00b5isk\ud800\r\n,"), max_size=5),
)
REGEXES = st.sampled_from(
    [
        r"https://.*\.example",
        r"https?://[a-z]+\.example$",
        r"x-\w+",
        r"(?=https)https://a",
        r"[^x]*",
        r"i(s)k",
        r"\bx",
        r"(a+)+$",
        r".*",
        r"/a[/]?",
        r"[\u00df-\u00ff]",
        r"()",
    ]
)
PATTERNS = st.one_of(
    TEXTS.filter(lambda text: not looks_like_regex(text)).filter(lambda text: not re.search("[\ud800\r\n]", text)),
    REGEXES,
    st.builds(re.compile, REGEXES, st.sampled_from([0, re.I, re.I | re.A, re.S])),
).filter(lambda pattern: not isinstance(pattern, str) or not re.search("[\x00-\x1f\x7f]", pattern))
MATCHERS = st.sampled_from(
    [
        Origin("https://a.example"),
        Origin("https://b.example"),
        Subdomains("https://example"),
        Subdomains("https://b.example", apex=True, any_port=True),
        Regex("[^x]*"),
        Regex(r"https://.{3,9}(?a:\b)$"),
        Regex(re.compile("(?i)HTTPS://(a|b+)[.]EXAMPLE|null")),
        lambda origin: len(origin) % 2,
        lambda origin: origin.index("b"),
    ]
)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "origins": st.one_of(st.just("*"), st.lists(st.one_of(PATTERNS, MATCHERS), max_size=5)),
        "allow_headers": st.one_of(st.just("*"), st.lists(PATTERNS, max_size=5)),
        "methods": st.lists(st.sampled_from(["get", "PUT", "OPTIONS", "\u00dfx"])),
        "expose_headers": st.sampled_from([None, "", "X-E", ["X-F", "X-E"]]),
        "supports_credentials": st.booleans(),
        "max_age": st.sampled_from([None, 0, 5, "0", ""]),
        "send_wildcard": st.booleans(),
        "vary_header": st.sampled_from([False, True, "always"]),
        "always_send": st.booleans(),
        "allow_private_network": st.booleans(),
    },
)
ENVIRONS = st.fixed_dictionaries(
    {"REQUEST_METHOD": st.sampled_from(["GET", "OPTIONS", "options", "TRACE", "\u00dfOPTIONS", 5])},
    optional={
        "HTTP_ORIGIN": st.one_of(TEXTS, st.sampled_from([None, 5, b"x"])),
        "HTTP_ACCESS_CONTROL_REQUEST_METHOD": st.sampled_from(["GET", "put", "", "ET", "SSX", "\u00dfx", "\ud800", 5]),
        "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": st.one_of(
            st.lists(TEXTS, max_size=5).map(" ,\u001c".join), st.sampled_from(["", 5])
        ),
        "HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK": st.sampled_from(["true", "True", "", 5]),
    },
)


def _parsed(options: dict[str, Any]) -> _parse.Options | None:
    try:
        return _parse.parse({**_parse.DEFAULT_OPTIONS, **options})
    except ValueError:
        return None


@settings(max_examples=max(600, settings().max_examples))
@given(options=OPTIONS.map(_parsed).filter(bool), environs=st.lists(ENVIRONS, min_size=1, max_size=8))
def test_policies_decide_alike_and_write_what_they_decide(options: Any, environs: list[dict[str, Any]]) -> None:
    """Both engines return the same decision, and `apply` appends its headers."""
    rust, python = (ENGINES[name].Policy(options) for name in ("rust", "python"))
    for environ in environs:
        decision = rust.decide(environ)
        assert decision == python.decide(environ)
        for policy in (rust, python):
            headers = [("X", "y")]
            policy.apply(environ, headers)
            assert tuple(headers[1:]) == decision.headers


@given(
    options=OPTIONS.map(lambda options: _parsed({**options, "vary_header": "always"})).filter(bool),
    environ=ENVIRONS,
    vary=st.lists(st.sampled_from(["", "*", "Cookie", "origin", " Origin ,x", "Cookie, *", ","]), max_size=3),
)
def test_vary_is_merged_alike(options: Any, environ: dict[str, Any], vary: list[str]) -> None:
    headers = [[("X", "y"), *(("vARY", value) for value in vary)] for _ in range(2)]
    for name, existing in zip(("rust", "python"), headers):
        ENGINES[name].Policy(options).apply(environ, existing)
    assert headers[0] == headers[1]


@settings(max_examples=max(600, settings().max_examples))
@given(resources=st.lists(PATTERNS, max_size=6), paths=st.lists(TEXTS, min_size=1), environ=ENVIRONS)
def test_rules_find_alike(resources: list[Any], paths: list[str], environ: dict[str, Any]) -> None:
    """Both engines find the same rule: the first that matches by `re` or `==`."""
    parsed = [path for path, _ in _parse.parse_resources(resources)]
    options = _parse.parse(_parse.DEFAULT_OPTIONS)
    rules = [engine.Rules([(path, engine.Policy(options)) for path in parsed]) for engine in ENGINES.values()]
    for path in paths:
        expected = next((n for n, pattern in enumerate(parsed) if _matches(pattern, unquote(path), first=n == 0)), None)
        assert [rule.match(path) for rule in rules] == [expected, expected]
        headers: list[list[tuple[str, str]]] = [[], []]
        for rule, added in zip(rules, headers):
            rule.apply(environ, path, added)
        assert headers[0] == headers[1]


def _matches(pattern: Pattern, path: str, *, first: bool) -> bool:
    if "\ud800" in path:
        # No request has such a path. Only a first pattern that matches everything is found, without a comparison.
        return first and not isinstance(pattern, str) and pattern.matches_all
    return pattern == path if isinstance(pattern, str) else pattern.pattern.match(path) is not None


@pytest.mark.parametrize(
    "present",
    [
        [("Access-Control-Allow-Origin", "https://x.example")],
        [("access-control-allow-ORIGIN", "x")],
        [("Vary", "Accept"), ("Access-Control-Allow-Origin", ""), ("Access-Control-Allow-Origin", "x")],
        [("Access-Control-Allow-Origins", "x")],
    ],
)
def test_rules_leave_alone_what_has_an_origin(present: list[tuple[str, str]]) -> None:
    """The first Access-Control-Allow-Origin decides. An empty value counts as absent."""
    options = _parse.parse(_parse.DEFAULT_OPTIONS)
    pattern = _parse.parse_resources("/*")[0][0]
    written = []
    for engine in ENGINES.values():
        headers = list(present)
        engine.Rules([(pattern, engine.Policy(options))]).apply({"HTTP_ORIGIN": "https://a.example"}, "/", headers)
        written.append(headers)
    first = next((value for name, value in present if name.lower() == "access-control-allow-origin"), "")
    added = [] if first else [("Access-Control-Allow-Origin", "https://a.example"), ("Vary", "Origin")]
    assert written == [present + added] * 2


def test_merge_is_the_same() -> None:
    """Each name gets its value from the first layer that has it. Any name can be merged."""
    layers: list[dict[str, Any]] = [
        {"origins": None, "unknown": 1},
        {"origins": "a", "max_age": 2},
        {"max_age": 3, "methods": []},
    ]
    merged = [engine.merge(layers) for engine in ENGINES.values()]
    assert merged == [{"origins": None, "unknown": 1, "max_age": 2, "methods": []}] * 2
