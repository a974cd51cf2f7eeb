"""Python's regular expressions in Rust: a translated pattern matches exactly the texts that Python's ``re`` matches."""

from __future__ import annotations

import itertools
import re
import sys
import unicodedata
import warnings
from typing import Any

import pytest
from hypothesis import assume, given, strategies as st

from flask_cors_rs._regex import translation as module
from flask_cors_rs._regex.translation import translate, translate_text
from support.engines import needs_rust
from support.ids import short_id

try:
    from flask_cors_rs import _rust
except ImportError:
    HAS_RUST = False
else:
    HAS_RUST = True

A, I, M, S, X = re.ASCII, re.IGNORECASE, re.MULTILINE, re.DOTALL, re.VERBOSE  # noqa: E741


def compiled(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Compile a pattern without warnings, or skip the test if this Python does not have the syntax."""
    if sys.version_info < (3, 11) and re.search(r"[*+?}]\+|\(\?>", pattern):
        pytest.skip("possessive repeats and atomic groups need Python 3.11")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return re.compile(pattern, flags)


def rust_matches(rust: str, text: str) -> bool:
    answer = _rust.regex_matches(rust, text)
    assert answer is not None, f"Rust does not compile {rust!r}"
    return answer


def translated(pattern: str, flags: int = 0) -> str:
    """Translate a pattern that must have a translation."""
    translation = translate(compiled(pattern, flags))
    assert translation.refusal is None
    assert translation.rust is not None
    return translation.rust


# --- every construct of re --------------------------------------------------------------------------------------------

PLAIN = "abAB0_- \n.k"
# Letters with unusual case folding, white space of Python, Greek, and characters beyond 16 bits.
PECULIAR = "iIsSK\x1c\x85\xa0éÉßÿµÿ\u0130\u0131\u017f\u212a\u03c3\u03c2\u03a3\u0660\ufb05\U00010400\U00010428\U0001f600"
CHARACTERS = st.one_of(st.sampled_from(PLAIN), st.sampled_from(PLAIN + PECULIAR), st.characters(max_codepoint=0xFF))
TEXTS = st.one_of(
    st.text(st.sampled_from("ab\n"), max_size=8),
    st.text(CHARACTERS, max_size=8),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
)
FLAGS = st.sets(st.sampled_from([A, I, M, S, X])).map(lambda flags: sum(map(int, flags)))

CATEGORY = st.sampled_from([r"\d", r"\D", r"\s", r"\S", r"\w", r"\W"])
MEMBER = st.one_of(
    CHARACTERS.map(re.escape),
    st.tuples(CHARACTERS, CHARACTERS).map(lambda ends: "-".join(re.escape(end) for end in sorted(ends))),
    CATEGORY,
    st.sampled_from(
        ["a&&b", "!--b", "a||b", "a~~b", "[a", "[:alpha:", "^", "-", r"\b", r"\x41", r"\u0130", r"\061", "."]
    ),
)
CLASS = st.tuples(st.sampled_from(["[", "[^"]), st.lists(MEMBER, min_size=1, max_size=4)).map(
    lambda parts: parts[0] + "".join(parts[1]) + "]"
)
ATOM = st.one_of(
    st.sampled_from("ab"),
    CHARACTERS.map(re.escape),
    CLASS,
    CATEGORY,
    st.sampled_from(
        [".", "^", "$", r"\A", r"\Z", r"\b", r"\B", "", "#", " ", "{", "a{", "a{,b}", "]", "}", "&&", "(?#no)"]
    ),
    st.sampled_from([r"\n", r"\x41", r"\u0131", r"\U00010428", r"\101", r"\0", r"\.", r"\-", r"\1", "(?P=name)"]),
)
GROUP = st.sampled_from(
    [
        *["(%s)", "(?:%s)"] * 4,
        *[
            "(?P<name>%s)",
            "(?i:%s)",
            "(?-i:%s)",
            "(?a:%s)",
            "(?u:%s)",
            "(?s:%s)",
            "(?m-i:%s)",
            "(?x: %s #\n)",
            "(?-x:%s)",
        ],
        *["(?=%s)", "(?!%s)", "(?<=%s)", "(?<!%s)", "(?>%s)", "(?(1)%s)", "(?(1)%s|b)", "(?(name)a|%s)"],
    ]
)
REPEAT = st.tuples(
    st.sampled_from(["*", "+", "?", "{2}", "{0}", "{0,2}", "{1,2}", "{,2}", "{1,}", "{2,}"]),
    st.sampled_from(["", "", "?", "?", "+"]),
).map("".join)


def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.lists(inner, min_size=2, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map("|".join),
        st.tuples(GROUP, inner).map(lambda parts: parts[0].replace("%s", parts[1])),
        st.tuples(st.sampled_from(["%s", "(?:%s)", "(%s)"]), inner, REPEAT).map(
            lambda parts: parts[0].replace("%s", parts[1]) + parts[2]
        ),
    )


PATTERN = st.tuples(
    st.sampled_from(["", "", "", "", "(?i)", "(?a)", "(?ms)", "(?x)"]), st.recursive(ATOM, grown, max_leaves=8)
).map("".join)


def compiled_or_rejected(pattern: str, flags: int = 0) -> re.Pattern[str]:
    # With more nested repeats, Python may take exponential time.
    assume(len(re.findall(r"[*+?}]", pattern)) <= 8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return re.compile(pattern, flags)
        except (re.error, ValueError):
            assume(False)
            raise


def check(pattern: re.Pattern[str], texts: list[str]) -> int:
    """Compare the results of Rust with those of Python, and return how many were compared."""
    translation = translate(pattern)
    assert (translation.rust is None) != (translation.refusal is None)
    for text in texts:
        expected = bool(pattern.match(text))
        if translation.matches_all:
            assert expected
        if translation.rust is not None:
            assert rust_matches(translation.rust, text) is expected, (pattern, text, translation.rust)
    return len(texts) if translation.rust is not None else 0


@needs_rust
@given(PATTERN, FLAGS, st.lists(TEXTS, min_size=1, max_size=12))
def test_a_translated_pattern_matches_what_python_matches(pattern: str, flags: int, texts: list[str]) -> None:
    check(compiled_or_rejected(pattern, flags), texts)


NULLABLE = st.recursive(
    st.sampled_from(["", "a", "b", "(?:)", "a?", "^", r"(?a:\b)"]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda parts: f"(?:{parts[0]}|{parts[1]})"),
        st.tuples(
            inner, st.sampled_from(["*", "+", "?", "{2}", "{0,2}", "{1,2}", "{2,}"]), st.sampled_from(["", "?"])
        ).map(lambda parts: f"({parts[0]}){parts[1]}{parts[2]}"),
    ),
    max_leaves=6,
)
SHORT_TEXTS = ["".join(letters) for length in range(5) for letters in itertools.product("ab", repeat=length)]


@needs_rust
@given(NULLABLE)
def test_repeats_of_what_may_match_nothing(body: str) -> None:
    """Python stops a repeat at an iteration that matches nothing. That does not lose a match."""
    # Three repeats inside each other, one of which asks for two iterations of nothing, can take Python hours.
    assume("{2,}" not in body or len(re.findall(r"[*+?}]", body)) <= 2)
    check(compiled_or_rejected(rf"(?:{body})\Z"), SHORT_TEXTS)


# --- characters -------------------------------------------------------------------------------------------------------

ASCII_CLASSES = r"""
    \d \D \s \S \w \W . [a-z] [A-Z] [^a-z] [a-z0-9-] [a-z\d.-] [\w.-] [k] [^k] [^s] [^sx] [^\w] [^\W] [a\W] [^a\W] [\Sa]
    [k\d] [s\s] [i\W] [^\Da] [\d\D] [^\d\D] [a&&b] [!--b] [a||b] [a~~b] [[a] []a] []^-] [!-~] [\x00-\x7f] [^\x00-\xff]
"""
OTHER_CLASSES = """
    [é-ü] [^à-ÿ] é [^é] ß µ ÿ \u0130 \u0131 \u017f \u212a [\u0130] [\u0131i] \u03c3 \u03c2 \u01c5 [\u03b1-\u03c9]
    [^\u0391-\u03a9] \ufb05 [\ufb00-\ufb06] \u13a0 \U00010400 [\U00010400x] [\U00010400-\U00010410]
    [^Z-\U00010427] [a-\U00010000] [\ud800-\udfffa] [^\ud800]
"""
CLASSES = [*ASCII_CLASSES.split(), *OTHER_CLASSES.split()]


def check_characters(pattern: re.Pattern[str], characters: str) -> None:
    """Both engines must agree about every text of one character."""
    rust = translate(pattern).rust
    assert rust is not None
    runs = compiled(f"(?:{pattern.pattern})+", pattern.flags)
    matched, others = "".join(runs.findall(characters)), "".join(runs.split(characters))
    assert len(matched) + len(others) == len(characters)
    assert rust_matches(rf"(?:{rust})*\z", matched)
    assert not rust_matches(rf"(?s:.)*(?:{rust})", others)


LATIN_1 = "".join(map(chr, range(0x100)))


@needs_rust
@pytest.mark.parametrize("flags", [0, A, I, I | A], ids=["none", "A", "I", "IA"])
def test_every_character_of_latin_1_as_pattern_and_as_text(flags: int) -> None:
    for character in LATIN_1:
        check_characters(compiled(re.escape(character), flags), LATIN_1)
        check_characters(compiled(f"[^{re.escape(character)}]", flags), LATIN_1)


@needs_rust
@pytest.mark.parametrize("flags", [0, A, I, I | A], ids=["none", "A", "I", "IA"])
@given(members=st.lists(MEMBER, min_size=1, max_size=6), opening=st.sampled_from(["[", "[^"]))
def test_any_class_over_latin_1(flags: int, members: list[str], opening: str) -> None:
    check_characters(compiled_or_rejected(f"{opening}{''.join(members)}]", flags), LATIN_1 + PECULIAR)


@pytest.fixture(scope="module")
def unicode() -> str:
    """Every Unicode character except surrogates."""
    return "".join(map(chr, itertools.chain(range(0xD800), range(0xE000, 0x110000))))


@needs_rust
@pytest.mark.parametrize("pattern", CLASSES, ids=short_id)
def test_a_class_over_all_of_unicode(unicode: str, pattern: str) -> None:
    for flags in (0, A, I, I | A):
        check_characters(compiled(pattern, flags), unicode)


@pytest.mark.parametrize("name", ["CATEGORY_DIGIT", "CATEGORY_SPACE", "CATEGORY_WORD"])
def test_the_table_of_unicode_has_what_re_matches(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    of_table = module._category(name, 0)
    assert module._known_ranges(module._CATEGORIES[name]) is not None, "run make unicode-ranges"
    monkeypatch.setattr(unicodedata, "unidata_version", "99.0.0")
    assert module._category.__wrapped__(name, 0) == of_table


@needs_rust
@pytest.mark.parametrize("letters", ["abcdefghi", "jklmnopqr", "stuvwxyz"])
def test_ascii_letters_over_all_of_unicode(unicode: str, letters: str) -> None:
    """The translation knows their other cases."""
    for letter in (*letters, *letters.upper()):
        for flags in (I, I | A):
            check_characters(compiled(letter, flags), unicode)


def test_i_makes_no_difference_outside_of_those_that_are_asked(unicode: str) -> None:
    asked = {point for first, last in module._cased() for point in range(first, last + 1)}
    for character in unicode:
        if ord(character) not in asked:
            assert character.casefold() == character.swapcase() == character.title() == character


# --- the known traps --------------------------------------------------------------------------------------------------


@needs_rust
@pytest.mark.parametrize(
    ("pattern", "flags", "matched", "unmatched"),
    [
        pytest.param("a$", 0, ["a", "a\n"], ["a\n\n", "ab", "a\nb"], id="dollar also before a final newline"),
        pytest.param(r"a\Z", 0, ["a"], ["a\n", "ab"], id="the very end"),
        pytest.param("(?:a$|b)c*", 0, ["a", "a\n", "b", "bcx"], ["ac", "ax"], id="dollar in an alternative"),
        pytest.param("(a$)?", 0, ["a", "", "b", "a\n"], [], id="dollar in an option"),
        pytest.param("a$", M, ["a", "a\n", "a\nb"], ["ab"], id="dollar before any newline"),
        pytest.param("a\n^b", M, ["a\nb"], ["a", "ab"], id="caret after a newline"),
        pytest.param("a\n^b", 0, [], ["a\nb"], id="caret at the start only"),
        pytest.param("a.b", 0, ["a\rb", "a\x85b", "a\u2028b"], ["a\nb"], id="dot"),
        pytest.param("a.b", S, ["a\nb"], ["ab"], id="dot with S"),
        pytest.param("[a&&b]c", 0, ["ac", "&c", "bc"], ["c"], id="ampersands"),
        pytest.param("[!--b]c", 0, ["-c", "#c", "bc"], ["ac"], id="dashes"),
        pytest.param("[a~~b]c", 0, ["ac", "~c"], ["cc"], id="tildes"),
        pytest.param("[[a]c", 0, ["[c", "ac"], ["cc"], id="bracket in brackets"),
        pytest.param("[[:alpha:]]", 0, [":]", "a]", "[]"], ["b", "a"], id="no POSIX classes"),
        pytest.param(r"\s", 0, ["\x1c", "\x1d", "\x1e", "\x1f", "\x85", "\xa0"], ["\u200b", "\x00"], id="white space"),
        pytest.param(r"\s", A, ["\x0b", " "], ["\x1c", "\x85", "\xa0"], id="white space with A"),
        pytest.param(r"\w", 0, ["\xb2", "\xbc", "é"], ["\u0301", "\u200d"], id="word characters"),
        pytest.param(r"\d", 0, ["\u0660", "7"], ["\xb2"], id="digits"),
        pytest.param(r"é\b", A, [], ["é"], id="word boundary with A"),
        pytest.param(r"\ba\b", A, ["a", "aé", "a-"], ["ab", ""], id="word boundaries with A"),
        pytest.param("i", I, ["I", "\u0130", "\u0131"], ["j"], id="case of i"),
        pytest.param("[s]k", I, ["SK", "\u017f\u212a"], ["s"], id="case of s and k"),
        pytest.param("i", I | A, ["I"], ["\u0130", "\u0131"], id="case with A"),
        pytest.param("[^k]", I, ["j"], ["k", "K", "\u212a"], id="case, negated"),
        pytest.param("(?i:a)b", 0, ["Ab", "ab"], ["AB"], id="flag in a group"),
        pytest.param("(?-i:a)b", I, ["ab", "aB"], ["Ab"], id="flag off in a group"),
        pytest.param(r"(?a:\w)\w", 0, ["aé"], ["éa"], id="A in a group"),
        pytest.param("a b # c", X, ["ab"], ["a b"], id="verbose"),
        pytest.param("a{,2}b{x}", 0, ["aab{x}", "b{x}"], ["aaab{x}"], id="braces"),
        pytest.param("[\ud800]|b", 0, ["b"], ["a", ""], id="a surrogate matches nothing"),
        pytest.param("|a{0}b", 0, ["", "x"], [], id="nothing"),
        pytest.param(
            "https://[a-z]+[.]example[.]com", 0, ["https://a.example.com.evil"], ["http://a"], id="start only"
        ),
    ],
)
def test_trap(pattern: str, flags: int, matched: list[str], unmatched: list[str]) -> None:
    python, rust = compiled(pattern, flags), translated(pattern, flags)
    for text in matched:
        assert python.match(text)
        assert rust_matches(rust, text)
    for text in unmatched:
        assert not python.match(text)
        assert not rust_matches(rust, text)


# --- what is refused, and why -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "flags", "refusal"),
    [
        ("(?=a)a", 0, "look-around"),
        ("(?!a)b", 0, "look-around"),
        ("(?!)", 0, "look-around"),
        ("a(?<=a)", 0, "look-around"),
        ("a(?<!b)", 0, "look-around"),
        (r"(a)\1", 0, "a back-reference"),
        ("(?P<x>a)(?P=x)", 0, "a back-reference"),
        ("(a)?(?(1)b|c)", 0, "a conditional"),
        ("(?>a|ab)c", 0, "an atomic group"),
        ("a*+a", 0, "a possessive repeat"),
        ("(?:ab){1,2}+", 0, "a possessive repeat"),
        ("a$b", 0, "`$` before the end of the pattern"),
        ("a$\n", 0, "`$` before the end of the pattern"),
        ("(?:a$)+", 0, "`$` before the end of the pattern"),
        ("(?:$|a)b", 0, "`$` before the end of the pattern"),
        (r"a$\Z", 0, "`$` before the end of the pattern"),
        ("a$^", 0, "`$` before the end of the pattern"),
        (r"\ba", 0, r"`\b` without the flag A"),
        (r"\Ba", 0, r"`\B`"),
        (r"\Ba", A, r"`\B`"),
        (r"(?u:\b)", A, r"`\b` without the flag A"),
        ("(?:a{1000}){1000}", 0, "a pattern too large with its repeats written out"),
        ("a{4000000000}", 0, "a pattern too large with its repeats written out"),
        ("(?:(?:(?:){2000}){2000}){2000}", 0, "a pattern too large with its repeats written out"),
        ("a" * 70_000, 0, "a pattern too large with its repeats written out"),
        ("(" * 150 + ")" * 150, 0, "groups nested too deeply"),
    ],
    ids=short_id,
)
def test_refused(pattern: str, flags: int, refusal: str) -> None:
    translation = translate(compiled(pattern, flags))
    assert translation.rust is None
    assert translation.refusal == refusal


def test_a_pattern_of_bytes_is_refused() -> None:
    pattern: Any = re.compile(b"a")
    translation = translate(pattern)
    assert (translation.rust, translation.refusal, translation.matches_all) == (None, "a pattern of bytes", False)
    pattern = re.compile(b"a", re.LOCALE)
    assert translate(pattern).refusal == "a pattern of bytes"


def test_without_a_parse_tree_every_pattern_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "parser", None)
    of_text, flags = module.translate_text("a", re.IGNORECASE)
    assert flags == re.IGNORECASE
    for translation in (translate(re.compile("a")), of_text):
        assert (translation.rust, translation.matches_all) == (None, False)
        assert translation.refusal == "any pattern: this Python does not show its parse tree"


def test_a_python_without_the_parser_can_import_the_module(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(module, "import_module", missing)
    assert module._find_parser() is None
    monkeypatch.setattr(module, "import_module", lambda name: re)
    assert module._find_parser() is None


@pytest.mark.parametrize(
    "tree",
    [
        [("TRANSMOGRIFY", None)],
        [("AT", "AT_NOON")],
        [("IN", [("INTERSECTION", 1)])],
        [("IN", [("LITERAL", 97), ("NEGATE", None), ("LITERAL", 98)])],
        [("IN", [("CATEGORY", "CATEGORY_EMOJI")])],
        [("IN", [])],
        [("IN", [("LITERAL", "a")])],
        [("SUBPATTERN", (1, 2))],
        [("MAX_REPEAT", None)],
        [("LITERAL",)],
        [None],
        None,
    ],
    ids=short_id,
)
def test_an_unknown_parse_tree_is_refused(monkeypatch: pytest.MonkeyPatch, tree: Any) -> None:
    pattern = re.compile("a|b")
    monkeypatch.setattr(module.parser, "parse", lambda pattern, flags: tree)
    # The tree does not say which flags the compiled expression has, which a text needs.
    of_text, flags = module.translate_text("a|b", 0)
    assert flags == 0
    for translation in (translate(pattern), of_text):
        assert translation.rust is None
        assert translation.refusal is not None
        assert "not known" in translation.refusal
        assert not translation.matches_all


def test_no_recursion_error_comes_out() -> None:
    pattern = compiled("(?:a|" * 40 + "b" + ")" * 40)
    refusals = set()

    def deeper() -> None:
        try:
            deeper()
        except RecursionError:
            return
        try:
            refusals.add(translate(pattern).refusal)
        except RecursionError:  # the stack was too full to call it, or to return from it
            refusals.add("no room")

    deeper()
    assert {None, "groups nested too deeply"} <= refusals
    assert refusals <= {None, "groups nested too deeply", "no room"}


def test_nothing_is_printed_or_warned_of(capfd: pytest.CaptureFixture[str]) -> None:
    pattern = compiled("[[a]b--c", re.DEBUG)
    capfd.readouterr()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert translate(pattern).rust is not None
    assert capfd.readouterr() == ("", "")


SYNTAX = st.sampled_from(
    [*"()[]{}|*+?^$.-a1", *(rf"\{letter}" for letter in "AZbBdDsSwW1N"), "(?:", "(?i)", "(?P<a>", "(?<=", "{1,"]
)


@given(st.lists(SYNTAX, max_size=8).map("".join), st.sampled_from([0, A, I]))
def test_a_text_is_translated_like_the_compiled_pattern(text: str, flags: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            expected = re.compile(text, flags)
        except re.error:
            expected = None
        try:
            translation, found_flags = translate_text(text, flags)
        except re.error:
            assert expected is None
            return
    if expected is None:
        assert translation.rust is None
    else:
        compiled_first = translate(expected)
        assert (translation.rust, translation.refusal) == (compiled_first.rust, compiled_first.refusal)
        assert (translation.matches_all, found_flags) == (compiled_first.matches_all, expected.flags)


# --- every string -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pattern",
    [".*", "/*", "", "^", "^.*", "(?s).*", "a?b*", "(a|)", "(?:a*)+", r"\A(x{0,3})", "(?=a)*", r"(?:\b)?", "a|"],
)
def test_matches_all(pattern: str) -> None:
    assert translate(compiled(pattern)).matches_all


@pytest.mark.parametrize(
    ("pattern", "flags"),
    [
        (".+", 0),
        (".*$", 0),
        ("$", 0),
        ("$", M),
        (r"\b", A),
        ("(?=a)", 0),
        (r"(a?)\1", 0),
        ("(?:a|b)*c", 0),
        ("/", 0),
        ("a*+^", 0),
        ("(?>a*)^", 0),
        ("(?:)(?!a)", 0),
        (r"\Z", 0),
        ("()(?(1)b)", 0),
    ],
)
def test_does_not_match_all(pattern: str, flags: int) -> None:
    assert not translate(compiled(pattern, flags)).matches_all


# --- what it looks like -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "flags", "rust"),
    [
        (
            r"https://[a-z0-9-]+\.example\.com$",
            0,
            r"https\x{3A}\x{2F}\x{2F}[\x{2D}0-9a-z]+\x{2E}example\x{2E}com(?:\x{A}?\z)",
        ),
        ("(ab|c)*?d", 0, "(?:ab|c)*d"),
        ("(?:a{2}){3}", 0, "(?:a{2}){3}"),
        ("(?:ab){2,}(c?)+", 0, "(?:ab){2,}(?:c?)+"),
        ("()*", 0, "(?:)*"),
        ("k", I, r"[Kk\x{212A}]"),
        ("[\ud800]", 0, r"[^\x{0}-\x{10FFFF}]"),
        ("^a$", M, "(?m:^)a(?m:$)"),
        (r"\Aa\b\Z", A, r"\Aa(?-u:\b)\z"),
    ],
)
def test_translation(pattern: str, flags: int, rust: str) -> None:
    assert translated(pattern, flags) == rust
    if HAS_RUST:
        rust_matches(rust, "a")
