"""Public suffixes, compared with the library that the list comes from."""

from __future__ import annotations

import pytest
from publicsuffixlist import PublicSuffixList

from flask_cors_rs import Subdomains
from flask_cors_rs._origins import public_suffix_rules
from flask_cors_rs._origins.public_suffix_rules import RULES
from flask_cors_rs._origins.public_suffixes import is_public_suffix, public_suffix, registrable_domain
from support import ROOT


def domains() -> list[str]:
    """Return the rules as the list writes them: ``co.uk``, ``*.ck``, ``!www.ck``."""
    found: list[str] = []
    for rule in RULES.split():
        labels = rule.split(".")
        exception = "!" if labels[-1].startswith("!") else ""
        found.append(exception + ".".join(label.lstrip("!") for label in reversed(labels)))
    return found


def test_look_ups_give_what_the_library_gives_for_the_same_rules() -> None:
    rules = domains()
    library = PublicSuffixList("\n".join(rules), accept_unknown=False)
    differences = []
    for rule in rules:
        name = rule.lstrip("!").replace("*", "any")
        for host in (name, f"a.{name}", f"b.a.{name}", f"y{name}", name.partition(".")[2] or "unknown"):
            ours = (public_suffix(host), is_public_suffix(host), registrable_domain(f"https://{host}"))
            theirs = (library.publicsuffix(host), library.is_public(host), library.privatesuffix(host))
            if ours != theirs:
                differences.append((host, ours, theirs))
    assert differences == []
    assert len(rules) > 9_000


@pytest.mark.parametrize(
    ("host", "suffix"),
    [
        ("app.example.co.uk", "co.uk"),
        ("me.github.io", "github.io"),
        ("x.y.kawasaki.jp", "y.kawasaki.jp"),
        ("city.kawasaki.jp", "kawasaki.jp"),
        ("a.xn--p1ai", "xn--p1ai"),
        ("host.internal", None),
        ("localhost", None),
    ],
)
def test_suffixes(host: str, suffix: str | None) -> None:
    assert public_suffix(host) == suffix


def test_a_top_level_domain_that_is_not_listed_counts_as_a_suffix_where_that_is_asked_for() -> None:
    assert registrable_domain("https://a.b.internal") is None
    assert registrable_domain("https://a.b.internal", listed=False) == "b.internal"
    assert registrable_domain("https://internal", listed=False) is None
    assert registrable_domain("https://127.0.0.1") is None


def test_the_documentation_says_which_list_it_is_and_what_it_lacks() -> None:
    date = str(public_suffix_rules.__doc__).partition(", version ")[2].partition("_")[0]
    text = (ROOT / "docs/policies.md").read_text(encoding="utf-8")
    assert f"Public Suffix List of {date};" in text
    for domain in ("azure.com", "oraclecloud.com"):
        assert f"`{domain}`" in text
        assert Subdomains(f"https://{domain}").match(f"https://anyone.{domain}")
