"""``flask cors diff``: what a change of policies allows and refuses."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.cli import ScriptInfo
from hypothesis import assume, given, strategies as st

from flask_cors_rs import CORS, Origin, Regex, Subdomains, cross_origin, explain
from flask_cors_rs._diagnostics.snapshot import Item
from flask_cors_rs._diagnostics.witness import witness
from flask_cors_rs.cli import cors

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

pytestmark = pytest.mark.usefixtures("engine")
A = "https://a.example"


def make_app(*extensions: dict[str, Any], view: dict[str, Any] | None = None, extra: str | None = None) -> Flask:
    """Return an application with an extension for each dict of options, and a view with a policy of its own."""
    app = Flask(__name__)
    app.add_url_rule("/items", "items", lambda: "items", methods=["GET", "PUT", "DELETE"])
    app.add_url_rule("/own", "own", cross_origin(**view)(lambda: "own") if view else lambda: "own")
    if extra:
        app.add_url_rule(extra, "extra", lambda: "extra")
    for options in extensions:
        CORS(app, **options)
    return app


def run(app: Flask, *arguments: str) -> Result:
    return CliRunner().invoke(cors, arguments, obj=ScriptInfo(create_app=lambda: app))


def compare(before: Flask, after: Flask, folder: Path, *arguments: str) -> Result:
    file = folder / "cors.json"
    file.write_text(run(before, "rules", "--json").output)
    return run(after, "diff", str(file), *arguments)


def changes(before: Flask, after: Flask, folder: Path) -> list[dict[str, str]]:
    result = compare(before, after, folder, "--json")
    found: list[dict[str, str]] = json.loads(result.output)["changes"]
    assert result.exit_code == any(each["change"] == "newly allowed" for each in found)
    return found


STRICT = r"https://pr-[0-9]+\.a\.example$"
SUBDOMAINS = Subdomains(A)
# What is widened, the application before and the application after.
WIDENED: dict[str, tuple[Flask, Flask]] = {
    "an origin is added": (make_app({"origins": A}), make_app({"origins": [A, "https://b.example"]})),
    "any origin": (make_app({"origins": A}), make_app({"origins": "*"})),
    "null is added": (make_app({"origins": A}), make_app({"origins": [A, "null"]})),
    "an end without an anchor": (make_app({"origins": STRICT}), make_app({"origins": STRICT[:-1]})),
    "an unescaped dot": (make_app({"origins": STRICT}), make_app({"origins": STRICT.replace(r"\.a", ".a")})),
    "http besides https": (make_app({"origins": STRICT}), make_app({"origins": STRICT.replace("https", "https?")})),
    "a port": (make_app({"origins": STRICT}), make_app({"origins": STRICT.replace("$", "(:[0-9]+)?$")})),
    "a class": (make_app({"origins": STRICT}), make_app({"origins": STRICT.replace("[0-9]", r"\w")})),
    "a repeat": (make_app({"origins": STRICT.replace("+", "{2,}")}), make_app({"origins": STRICT})),
    "an empty repeat": (make_app({"origins": STRICT}), make_app({"origins": STRICT.replace("-[0-9]+", "(-[0-9]+)*")})),
    "an alternative": (make_app({"origins": STRICT}), make_app({"origins": STRICT.replace("pr-", "(pr|dev)-")})),
    "a literal that becomes a pattern": (make_app({"origins": A}), make_app({"origins": r"https://.*a\.example$"})),
    "subdomains": (make_app({"origins": Origin(A)}), make_app({"origins": [Origin(A), SUBDOMAINS]})),
    "the host above the subdomains": (
        make_app({"origins": SUBDOMAINS}),
        make_app({"origins": Subdomains(A, apex=True)}),
    ),
    "any port of subdomains": (
        make_app({"origins": SUBDOMAINS}),
        make_app({"origins": Subdomains(A, any_port=True)}),
    ),
    "a whole expression that matches at the start only": (
        make_app({"origins": Regex(r"https://a\.example")}),
        make_app({"origins": re.compile(r"https://a\.example")}),
    ),
    "an exclusion that is taken out": (
        make_app({"origins": r"https://(?!evil)\w+\.a\.example$"}),
        make_app({"origins": r"https://\w+\.a\.example$"}),
    ),
    "a word boundary": (make_app({"origins": A}), make_app({"origins": [A, r"(?a)https://b\b.+\.example$"]})),
    "credentials": (make_app({"origins": A}), make_app({"origins": A, "supports_credentials": True})),
    "a method": (make_app({"origins": A, "methods": ["GET"]}), make_app({"origins": A, "methods": ["GET", "PUT"]})),
    "a header": (
        make_app({"origins": A, "allow_headers": "X-A"}),
        make_app({"origins": A, "allow_headers": ["X-A", "X-B"]}),
    ),
    "any header": (make_app({"origins": A, "allow_headers": "X-A"}), make_app({"origins": A})),
    "a resource": (
        make_app({"origins": A, "resources": "/own"}),
        make_app({"origins": A, "resources": "/.*"}),
    ),
    "a second extension": (make_app({"origins": A}), make_app({"origins": A}, {"origins": "https://b.example"})),
    "the policy of a view": (
        make_app({"origins": A}, view={"origins": A}),
        make_app({"origins": A}, view={"origins": "*"}),
    ),
}


@pytest.mark.parametrize("name", WIDENED)
def test_what_is_widened_is_found_and_confirmed(name: str, tmp_path: Path) -> None:
    """A browser is refused before and allowed after, for the example that the command gives."""
    before, after = WIDENED[name]
    widened = [each for each in changes(before, after, tmp_path) if each["change"] == "newly allowed"]
    assert widened
    for each in widened:
        path = each["route"].partition(" ")[0]
        method = each["value"] if each["what"] == "method" else "GET"
        headers = [(each["value"], "x")] if each["what"] == "header" else []
        asked: Any = {"headers": headers, "credentials": each["what"] == "credentials"}
        outcomes = [explain(app, each["origin"], method, path, **asked).allowed for app in (before, after)]
        assert outcomes == [False, True], each


@pytest.mark.parametrize("name", WIDENED)
def test_what_is_narrowed_is_newly_refused(name: str, tmp_path: Path) -> None:
    after, before = WIDENED[name]
    assert {each["change"] for each in changes(before, after, tmp_path)} == {"newly refused"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"origins": [A, "https://b.example"]}, {"origins": ["https://b.example", A]}),
        ({"origins": [A, "https://b.example"]}, {"origins": r"https://[ab]\.example$"}),
        ({"origins": r"https://(a|b)+\.example$"}, {"origins": r"(?:https://)[ba]{1,}[.]example\Z"}),
        ({"origins": A}, {"origins": Origin(A)}),
        ({"origins": SUBDOMAINS}, {"origins": Regex(r"https://(?:[a-z0-9_-]+\.)+a\.example")}),
        ({"methods": ["GET"]}, {"methods": ["GET", "POST"]}),
        ({"origins": ["*", A]}, {"origins": "*"}),
    ],
)
def test_policies_that_allow_the_same_do_not_differ(
    before: dict[str, Any], after: dict[str, Any], tmp_path: Path
) -> None:
    assert changes(make_app(before), make_app(after), tmp_path) == []
    assert compare(make_app(before), make_app(after), tmp_path).output == "0 changes\n"


def test_a_new_route_is_newly_allowed(tmp_path: Path) -> None:
    found = changes(make_app({"origins": A}), make_app({"origins": A}, extra="/new"), tmp_path)
    assert [(each["change"], each["route"], each["origin"]) for each in found] == [("newly allowed", "/new (extra)", A)]


def test_the_remaining_values_are_compared(tmp_path: Path) -> None:
    before = make_app({"origins": A, "max_age": 5, "expose_headers": "X-A"})
    found = changes(before, make_app({"origins": A, "allow_private_network": True}), tmp_path)
    assert {(each["change"], each["what"], each["value"]) for each in found} == {
        ("newly allowed", "private network", ""),
        ("differs", "max-age", "5 before, none now"),
        ("differs", "exposed headers", "X-A before, none now"),
    }


def test_what_cannot_be_compared_is_said(tmp_path: Path) -> None:
    def is_tenant(origin: str) -> bool:
        raise AssertionError("a function is not asked")

    before = make_app({"origins": [A, r"https://(?!x)\w+\.a\.example$"]})
    after = make_app({"origins": [A, is_tenant, r"https://(?!y)\w+\.a\.example$"]})
    output = compare(before, after, tmp_path).output.replace("\n    ", " ")
    assert "Note: /items (items): what is_tenant() allows is not known." in output
    assert r"Note: /items (items): https://(?!y)\w+\.a\.example$ could be compared for sample origins only." in output


def test_two_files_and_revisions_of_git_are_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    first, second = make_app({"origins": A}), make_app({"origins": "*"})
    file = tmp_path / "cors.json"
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "init.defaultBranch=main"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    for app in (first, second):
        file.write_text(run(app, "rules", "--json").output)
        subprocess.run([*git, "add", "cors.json"], check=True)
        subprocess.run([*git, "commit", "--quiet", "--message", "policies"], check=True)
    for arguments, expected in (
        (("HEAD~1:cors.json",), 1),
        (("HEAD~1:cors.json", "cors.json"), 1),
        (("HEAD:cors.json", "HEAD~1:cors.json"), 0),
        (("HEAD:cors.json", "HEAD~1:cors.json", "--fail-on", "any"), 1),
        (("HEAD~1:cors.json", "cors.json", "--fail-on", "never"), 0),
        (("HEAD:nothing.json",), 2),
        (("--output=x:y",), 2),
    ):
        result = run(second, "diff", *arguments)
        assert result.exit_code == expected, result.output


def test_a_table_for_a_code_review(tmp_path: Path) -> None:
    after = make_app({"origins": [A, r"https://(b|c)\.example$"], "resources": "/(?:items|`x`)"})
    output = compare(make_app({"origins": A, "resources": "/(?:items|`x`)"}), after, tmp_path, "--markdown").output
    assert output == (
        "| change | route | what | for example from | policy |\n|---|---|---|---|---|\n"
        "| `newly allowed` | `/items (items)` | `origin` | `https://b.example` |"
        " `` /(?:items\\|`x`) of CORS(app) `` |\n"
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cors.json: [Errno 2]"),
        ("", "it is not JSON"),
        ("{}", "it is not the output of `flask cors rules --json`"),
        (
            '{"format": "flask-cors-rs rules", "version": 2}',
            "this release reads version 1: create it again with `flask cors rules --json`",
        ),
        ('{"format": "flask-cors-rs rules", "version": 1}', "it is not complete: KeyError('routes')"),
        ('{"format": "flask-cors-rs rules", "version": 1, "routes": [{"path": "\x1b"}]}', "it is not"),
    ],
)
def test_what_is_not_a_snapshot_is_an_error(content: str | None, message: str, tmp_path: Path) -> None:
    file = tmp_path / "cors.json"
    if content is not None:
        file.write_text(content)
    result = run(make_app({}), "diff", str(file))
    assert (result.exit_code, message in result.output, "\x1b" in result.output) == (2, True, False), result.output


def test_a_snapshot_with_a_wrong_pattern_is_an_error(tmp_path: Path) -> None:
    text = run(make_app({"origins": STRICT}), "rules", "--json").output
    for wrong in (text.replace('"regex"', '"unknown"'), text.replace("[0-9]", "[0-9")):
        (tmp_path / "cors.json").write_text(wrong)
        result = run(make_app({}), "diff", str(tmp_path / "cors.json"))
        assert (result.exit_code, "it is not complete" in result.output) == (2, True)


PARTS = st.sampled_from(
    ["a", "b", "[ab]", "[a-c]", r"\w", r"(a|bc)", "a?", "b*", r"\.", "(?:ab)+", "^", "-", ".", "c{1,2}"]
)
PATTERNS = st.lists(PARTS, max_size=4).map(lambda parts: f"https://{''.join(parts)}\\.example")
ENDS = st.sampled_from(["", "$", r"\Z"])
HOSTS = ["a", "b", "c", "ab", "bc", "aa", "bb", "a-b", "a.b", "abab", "ba", "x", "ax", "cc", "a1", "bbc"]


@given(one=st.tuples(PATTERNS, ENDS), others=st.lists(st.tuples(PATTERNS, ENDS), max_size=2))
def test_a_witness_is_right_and_missed_only_where_there_is_none(
    one: tuple[str, str], others: list[tuple[str, str]]
) -> None:
    """The answer is checked with `re`, and against many origins."""
    item, refused = Item("regex", "".join(one)), [Item("regex", "".join(other)) for other in others]
    matchers = [other.matcher for other in refused if other.matcher is not None]
    assume(item.matcher is not None and len(matchers) == len(refused))
    assert item.matcher is not None
    found = witness(item.matcher, matchers)
    allows = re.compile(item.text).match
    refuses = [re.compile(other.text).match for other in refused]
    if found is not None:
        assert allows(found)
        assert not any(match(found) for match in refuses)
        return
    for host in HOSTS:
        for origin in (f"https://{host}.example", f"https://{host}.example.evil", f"https://{host}.example:80"):
            assert not allows(origin) or any(match(origin) for match in refuses)
