"""A translated pattern matches what Python's does, and what cannot be translated is refused."""

from __future__ import annotations

import re
import sys
import warnings

import pytest
from hypothesis import given, settings, strategies as st

from conftest import ENGINES
from flask_cors_rs._regex import translate

if "rust" in ENGINES:
    from flask_cors_rs._rust import regex_matches

needs_rust = pytest.mark.skipif("rust" not in ENGINES, reason="this installation is a pure one")

LATIN_1 = [chr(code) for code in range(0x100)]
BEYOND = list(
    "\u0130\u0131\u017f\u212a\u01c5\u01c6\u03b1\u0391\u03c2\u03c3\u03a3\u03bc\u0660\u0e51\u2028\u3000\U00010400\U0001f600\ufb05\u0345\u1e9e"
)
FLAGS = [0, re.I, re.A, re.I | re.A, re.S, re.M, re.I | re.M, re.X]


def compiled(pattern: str, flags: int) -> re.Pattern[str] | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return re.compile(pattern, flags)
        except (re.error, OverflowError):
            return None


def differences(pattern: re.Pattern[str], texts: list[str]) -> list[tuple[str, bool | None]]:
    """The texts on which the translation errs; a pattern that is refused errs on none."""
    translation = translate(pattern)
    if translation.matches_all:
        wrong: list[tuple[str, bool | None]] = [(text, True) for text in texts if not pattern.match(text)]
        if wrong:
            return wrong
    if translation.rust is None:
        assert translation.refusal
        return []
    answers = [(text, regex_matches(translation.rust, text)) for text in texts]
    return [(text, answer) for text, answer in answers if answer is not bool(pattern.match(text))]


CHARACTERS = st.sampled_from([*list("abkisIKS09_-.:/ \n@"), "µ", "ß", "é", "ÿ", *BEYOND[:8]])
ESCAPES = st.sampled_from([r"\d", r"\D", r"\s", r"\S", r"\w", r"\W"])
LITERALS = st.one_of(
    CHARACTERS.map(re.escape), st.sampled_from([r"\n", r"\x1c", r"\u017f", r"\U0001f600", "\\\\", "."])
)
IN_CLASS = st.one_of(
    CHARACTERS.map(lambda character: f"\\{character}" if character in "-]^\\" else character),
    ESCAPES,
    st.sampled_from(
        ["a-f", "A-Z", "0-9", "!-~", "\u00c0-\u00ff", "[", "&&", "--", "~~", "||", "\\b", "\\]", "\u0100-\u0250"]
    ),
)
CLASSES = st.builds(
    lambda negated, items: f"[{'^' * negated}{''.join(items)}]",
    st.booleans(),
    st.lists(IN_CLASS, min_size=1, max_size=4),
)
POSITIONS = st.sampled_from(["^", "$", r"\A", r"\Z", r"\b", r"\B"])
REPEATS = st.sampled_from(
    ["*", "+", "?", "{2}", "{0,2}", "{1,}", "{,3}", "{0}", "*?", "+?", "??", "{1,2}?", "*+", "++"]
)
ATOMS = st.one_of(LITERALS, LITERALS, ESCAPES, CLASSES, POSITIONS)
GROUPS = st.sampled_from(
    [
        "({})",
        "(?:{})",
        "(?P<n>{})",
        "(?i:{})",
        "(?-i:{})",
        "(?s:{})",
        "(?m:{})",
        "(?a:{})",
        "(?x:{})",
        "(?={})",
        "(?!{})",
        "(?<={})",
        "(?>{})",
        "({})\\1",
        "(a)?(?(1){}|b)",
    ]
)
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map("".join),
        st.lists(inner, min_size=2, max_size=3).map("|".join),
        st.builds(lambda group, body: group.replace("{}", body), GROUPS, inner),
        st.builds(lambda body, repeat: f"(?:{body}){repeat}", inner, REPEATS),
        st.builds(lambda body, repeat: f"{body}{repeat}", ATOMS, REPEATS),
    ),
    max_leaves=8,
)
TEXTS = st.lists(
    st.one_of(
        st.text(CHARACTERS, max_size=8),
        st.text(st.sampled_from("ab\n"), max_size=6),
        st.text(st.sampled_from(LATIN_1), max_size=6),
        st.text(st.sampled_from(BEYOND), max_size=4),
    ),
    min_size=10,
    max_size=30,
)


@needs_rust
@settings(max_examples=max(1_500, settings().max_examples))
@given(pattern=PATTERNS, flags=st.sampled_from(FLAGS), texts=TEXTS)
def test_made_patterns_match_alike(pattern: str, flags: int, texts: list[str]) -> None:
    python = compiled(pattern, flags)
    if python is not None:
        assert differences(python, ["", *texts]) == []


SETS = [
    *(rf"{escape}" for escape in (r"\d", r"\D", r"\s", r"\S", r"\w", r"\W", ".")),
    *(
        "[a-z]",
        "[^a-z]",
        "[A-Z0-9-]",
        r"[\w-]",
        r"[^\w]",
        r"[\s\d]",
        r"[^\S]",
        r"[\W_]",
        "[k]",
        "[^ks]",
        "[i-k]",
        "[!-~]",
    ),
    *(
        "[\u00e0-\u00ff]",
        "[^\u00b5]",
        "\u00b5",
        "\u00df",
        "k",
        "K",
        "s",
        "i",
        "I",
        "[^\\n]",
        "[[a]",
        "[a&&b]",
        "[!--b]",
    ),
    *("[\u0130]", "\u0131", "\u017f", "\u212a", "\u01c5", "[\u03b1-\u03c9]", r"[^\d\u0130]", r"[\s\S]", r"[^\s\S]"),
]


@needs_rust
@pytest.mark.parametrize("flags", [0, re.I, re.A, re.I | re.A, re.S, re.I | re.S])
@pytest.mark.parametrize("source", SETS)
def test_every_set_of_characters_is_the_same(source: str, flags: int) -> None:
    """Over the whole of Latin-1, and a choice beyond it."""
    python = compiled(source, flags)
    assert python is not None
    assert translate(python).rust is not None
    assert differences(python, ["", *LATIN_1, *BEYOND]) == []


@needs_rust
@pytest.mark.parametrize("source", [r"\w", r"\s", r"\d", r"[\w-]", r"\W"])
def test_categories_are_the_same_over_all_of_unicode(source: str) -> None:
    python = re.compile(source)
    rust = translate(python).rust
    assert rust is not None
    everything = "".join(chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF)
    # One pattern that is true only if all members are, and in this order.
    members = "".join(python.findall(everything))
    others = "".join(re.findall(f"[^{source}]" if source[0] == "\\" else rf"[^{source[1:]}", everything))
    assert len(members) + len(others) == len(everything)
    assert regex_matches(rf"(?:{rust})*\z", members) is True
    assert regex_matches(rf"(?s:.)*?{rust}", others) is False


@needs_rust
@pytest.mark.parametrize(
    ("source", "flags", "texts"),
    [
        ("a$", 0, ["a", "a\n", "a\n\n", "a\r", "ab"]),
        ("(a$|b)c*", 0, ["a", "a\n", "a\nc", "b", "ac"]),
        ("a$", re.M, ["a", "a\n", "a\nb", "a\r"]),
        ("(?:^a\n)+", re.M, ["a\na\n", "a\n", "ba\n"]),
        (r"\s", 0, ["\x1c", "\x1d", "\x1e", "\x1f", "\x85", "\xa0", "\u180e"]),
        ("[a&&b]", 0, ["a", "&", "b", "c"]),
        ("[!--b]", 0, ["a", "b", "-", "!", "."]),
        ("[[a]", 0, ["[", "a", "]"]),
        ("i", re.I, ["i", "I", "\u0130", "\u0131", "\u00ef"]),
        ("stra\u00dfe", re.I, ["STRA\u00dfE", "STRASSE", "stra\u1e9ee", "\u017ftra\u00dfe"]),
        (r"\bk", re.A, ["k", "\u212a", " k"]),
        ("#x", re.X, ["", "#x"]),
        (r"https?://[a-z0-9-]+\.example\.com", re.I, ["https://A-1.example.com", "http://.example.com"]),
    ],
)
def test_known_traps(source: str, flags: int, texts: list[str]) -> None:
    python = compiled(source, flags)
    assert python is not None
    assert translate(python).refusal is None
    assert differences(python, texts) == []


REFUSED = [
    ("(?=a)", "look-around"),
    ("(?!a)", "look-around"),
    ("(?<=a)b", "look-around"),
    (r"(a)\1", "a back-reference"),
    ("(a)?(?(1)b|c)", "a conditional"),
    ("a$b?c", "$ with something after it"),
    ("(?:a$){2}", "$ with something after it"),
    (r"\ba", r"\b without re.ASCII"),
    (r"a\B", r"\B"),
]
if sys.version_info >= (3, 11):
    REFUSED += [("a*+b", "a possessive repeat"), ("(?>a)", "an atomic group")]


@pytest.mark.parametrize(("source", "refusal"), REFUSED)
def test_what_is_not_the_same_is_refused(source: str, refusal: str) -> None:
    translation = translate(re.compile(source))
    assert (translation.rust, translation.refusal) == (None, refusal)


def test_what_is_too_deep_or_too_long_is_refused() -> None:
    deep = "(" * 90 + "a" + ")" * 90
    assert translate(re.compile(deep)).rust is not None
    assert translate(re.compile("\u00e9" * 50_000)).refusal == "a pattern this long"


@pytest.mark.parametrize("source", [".*", "/*", "()", "a?|b", "(?:x*)+", "(a|)*", "(a*)(b?){3}", ""])
def test_patterns_that_match_everything_are_seen(source: str) -> None:
    assert translate(re.compile(source)).matches_all


@pytest.mark.parametrize("source", ["^", "$", ".", ".+", r"\b", "(?=)", "a|b", r"(a?)\1"])
def test_and_only_they(source: str) -> None:
    assert not translate(re.compile(source)).matches_all


@needs_rust
@pytest.mark.parametrize("source", ["(a+)+$", "(a|aa)+$", "([a-z]+)*x", "(.*a){12}", "(a*)*b"])
def test_explosive_patterns_are_taken(source: str) -> None:
    """They are linear in Rust: 100,000 characters would outlive us in `re`."""
    rust = translate(re.compile(source)).rust
    assert rust is not None
    assert regex_matches(rust, "a" * 100_000 + "!") is (source == "(.*a){12}")
