"""Checks of regular expressions in ``origins``, ``allow_headers`` and ``resources``."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from .. import _engine
from .._options.every_origin import matches_every_origin
from .._options.longer_origins import longer_origin
from .._options.parse_trees import PARSER_ERRORS
from .._options.patterns import RegexPattern
from .._origins.public_suffixes import is_public_suffix, public_suffix_below, registrable_domain
from .._origins.syntax import subdomains_for
from . import samples
from .audited import app_checks, policy_checks, visible_checks
from .findings import Check
from .text import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .._options.patterns import Pattern
    from .audited import AuditedApp, AuditedPolicy
    from .findings import Finding

UNANCHORED = Check(
    "CORS002",
    "A regular expression that does not match an origin to its end",
    "An attacker can register a domain that begins with an allowed name.",
    "End the expression with $, or use Regex or Subdomains, which match whole origins.",
    "production",
    "In production it finds only expressions whose text leaves no doubt.",
)


@policy_checks.add
def unanchored_regex(policy: AuditedPolicy) -> Iterator[Finding]:
    """Find expressions that allow an origin with more text at its end."""
    for regex in policy.regexes:
        example = next(iter(regex.longer_origins), None) or longer_origin(regex.regex)
        if example:
            yield _unanchored(regex.regex, policy.where, example)


@visible_checks.add
def visibly_unanchored_regex(policy: AuditedPolicy) -> Iterator[Finding]:
    """Find such expressions by their text."""
    for regex in policy.narrow:
        example = longer_origin(regex)
        if example:
            yield _unanchored(regex, policy.where, example)


def _unanchored(regex: RegexPattern, where: str, example: str) -> Finding:
    if _allows_any_host(regex):
        detail = f"{quoted(regex.text)} allows any host"
        remedy = "List the allowed origins: a $ at the end of the expression does not help."
    else:
        detail = f"{quoted(regex.text)} does not need to match to the end"
        remedy = _glob_remedy(regex.text)
    return UNANCHORED.finding("error", "origins", where, detail, example=example, remedy=remedy)


_HTTP = re.compile(r"\^?http(?:s|\(s\))?[?*]?:?/?\??/?\*?")
"""A scheme that begins an expression, and what follows it up to the host."""


def _allows_any_host(regex: RegexPattern) -> bool:
    """Whether an expression has nothing to say about the host, as ``^https?://.*`` and ``http*``, by its text."""
    scheme = _HTTP.match(regex.text)
    if scheme is None:
        return False
    host = regex.text[scheme.end() :].replace("[^/]", ".")  # No host has a slash.
    try:
        return matches_every_origin(RegexPattern(re.compile(host, regex.flags & ~re.DEBUG)))
    except PARSER_ERRORS:
        return False  # It is no expression without the scheme.


_ANY_PORT = re.compile(r"(\^?https?://[\w.-]+):\*")
_ANY_PATH = re.compile(r"\^?(https?://[\w.-]+)/\*")
_ANY_HOST = re.compile(r"(\^?[a-z][a-z0-9+.-]*://)\*")


def _glob_remedy(text: str) -> str:
    """Return what to write for an expression whose last character is meant as that of a glob, or an empty text.

    With ``$``, such an expression would allow nothing that it is meant for.
    """
    if found := _ANY_PORT.fullmatch(text):
        return f"Write {_escaped(found[1], '(:[0-9]+)?$')} for any port: in an expression, * repeats the : before it."
    if found := _ANY_PATH.fullmatch(text):
        return f"Write {quoted(found[1])}: an origin has no path."
    if found := _ANY_HOST.fullmatch(text):
        return f"Write {_escaped(found[1], '[a-z0-9-]+$')} for any name: in an expression, * repeats the / before it."
    return ""


def _escaped(text: str, end: str) -> str:
    return quoted(text.replace(".", r"\.") + end)


UNESCAPED_DOT = Check(
    "CORS003",
    "A dot that matches any character",
    "An attacker can register a domain that differs from an allowed one in that character.",
    r"Write \. for a dot, or use Subdomains.",
    "debug",
)


@policy_checks.add
def unescaped_dot(policy: AuditedPolicy) -> Iterator[Finding]:
    """Find expressions that allow another domain in which a letter is in the place of a dot."""
    for regex in policy.regexes:
        for text in samples.with_dots_replaced(regex.regex.pattern, regex.match):
            example = regex.folded(text)
            if regex.allows(example) and registrable_domain(example, listed=False):
                detail = f"{regex.text} has a dot that matches any character"
                yield UNESCAPED_DOT.finding("error", "origins", policy.where, detail, example=example)
                break


PUBLIC_SUFFIX = Check(
    "CORS006",
    "Any name under a public suffix",
    "Anyone can register a name under a public suffix, including an attacker.",
    "List your own domains.",
    "debug",
)


@policy_checks.add
def any_name_under_public_suffix(policy: AuditedPolicy) -> Iterator[Finding]:
    """Find expressions that allow any domain under a public suffix, which can be one below a domain that they name."""
    for regex in policy.regexes:
        for origin in [] if regex.longer_origins else regex.origins:
            example = next(filter(regex.match, _under_public_suffixes(origin)), None)
            if example is not None:
                detail = f"{regex.text} allows any name under a public suffix"
                yield PUBLIC_SUFFIX.finding("error", "origins", policy.where, detail, example=example)
                break


def _under_public_suffixes(origin: str) -> Iterator[str]:
    """Yield origins that anyone can have, and that an expression with a dot too many or a name too few allows too."""
    scheme, host = origin.split("://")
    domain = registrable_domain(origin)
    if domain is not None:
        before, _, after = origin.rpartition(domain)
        # An expression can allow no hyphen.
        for other in (f"evil-{domain}", f"evil.{domain.partition('.')[2]}"):
            yield f"{before}{other}{after}"
    labels = host.split(":")[0].split(".")
    for start in range(1, len(labels)):
        above = ".".join(labels[start:])
        suffix = public_suffix_below(above)
        if suffix is not None and not is_public_suffix(above):
            yield f"{scheme}://evil.{suffix}"


NO_ORIGIN_MATCHES = Check(
    "CORS008",
    "A regular expression that does not match any origin tried",
    "If it matches no origin, the pages that it stands for are blocked.",
    "Match the whole origin, beginning with its scheme, or use Subdomains for the names under a host.",
    "production",
    "In production it looks only for globs such as `https://*.app.example`.",
)


# It matches every text, with two groups: the host with its port, if any, and the glob of a port.
_AFTER_GLOB = re.compile(r"^((?:[\w-][\w.-]*(?::[0-9]+)?)?)(:\*)?")


@policy_checks.add
@visible_checks.add
def glob(policy: AuditedPolicy) -> Iterator[Finding]:
    """Find regular expressions that are meant as globs."""
    for glob in policy.globs:
        host, any_port = _AFTER_GLOB.findall(glob.replace("\\", "").rpartition("*.")[2])[0]
        remedy = ""
        if host:
            call = subdomains_for(f"https://*.{host}{any_port}")
            remedy = "List the origins, or use Regex."
            if call:
                remedy = f"Use {call}, with apex=True if {host} itself is allowed too."
        yield NO_ORIGIN_MATCHES.finding(
            "error",
            "origins",
            policy.where,
            f"{quoted(glob)} is a regular expression, in which * repeats the character before it",
            remedy=remedy,
        )


@policy_checks.add
def regex_that_matches_no_origin(policy: AuditedPolicy) -> Iterator[Finding]:
    """Find expressions that match texts, but no origin."""
    for regex in policy.regexes:
        if (
            regex.texts
            and not regex.origins
            and not regex.longer_origins
            and not any(map(regex.match, ("null", "https://a.example", "http://localhost:3000")))
        ):
            detail = f"{regex.text} matched none of the origins tried"
            yield NO_ORIGIN_MATCHES.finding("warning", "origins", policy.where, detail)


EXPONENTIAL_TIME = Check(
    "CORS018",
    "A regular expression that can take exponential time",
    "A single request with a crafted header or path can keep a worker busy for minutes.",
    "Avoid repeats inside repeats, or remove the construct that cannot be matched in linear time.",
    "never",
    "The expression is tried in another process, but not in a frozen application.",
)


@app_checks.add
def slow_regex(audited: AuditedApp) -> Iterator[Finding]:
    """Find slow expressions in ``origins``, ``allow_headers`` and ``resources``."""
    # The same expression can be that of many resources.
    slow_text = lru_cache(maxsize=None)(samples.slow_text)
    for option, pattern, where in _patterns(audited):
        # The Rust engine matches all other expressions in linear time. Without a group, no repeat is inside another.
        if (
            isinstance(pattern, RegexPattern)
            and ")" in pattern.text
            and (_engine.BACKEND == "python" or pattern.rust is None)
        ):
            example = slow_text(pattern.pattern)
            if example is not None:
                detail = f"{quoted(pattern.text)} is matched by Python's re"
                yield EXPONENTIAL_TIME.finding("error", option, where, detail, example=example)


def _patterns(audited: AuditedApp) -> Iterator[tuple[str, Pattern, str]]:
    """Yield each pattern with its option and where it is."""
    for source in audited.sources:
        yield from (("resources", pattern, source.name) for pattern, _ in source.resources.patterns)
    for where, own in audited.policies():
        yield from (("origins", pattern, where) for pattern in own.origins)
        yield from (("allow_headers", pattern, where) for pattern in own.allow_headers)
