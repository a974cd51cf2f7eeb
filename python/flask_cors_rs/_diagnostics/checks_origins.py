"""Checks of the option ``origins``, apart from regular expressions."""

from __future__ import annotations

import re
import secrets
from contextlib import suppress
from string import ascii_lowercase
from typing import TYPE_CHECKING

from .._origins.functions import OriginFunction, synchronous
from .._origins.syntax import browser_origin, origin_problem
from .._setup_audit import allows_null, exposes_users
from ..origins import Cached, Regex, Subdomains
from .audited import UNKNOWN_ORIGINS, app_checks, policy_checks, visible_checks
from .findings import Check
from .text import readable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask

    from .audited import AuditedApp, AuditedPolicy
    from .findings import Finding, Severity

ANY_ORIGIN = Check(
    "CORS001",
    "Any origin with credentials",
    "Any page that a user visits can read what this user can read, and act in the user's name.",
    'List the allowed origins. The default of origins is "*".',
    "production",
    'In production it looks only for "*" and for regular expressions whose text leaves no doubt, such as `^.*$`.',
)


@policy_checks.add
@visible_checks.add
def any_origin_with_credentials(policy: AuditedPolicy) -> Iterator[Finding]:
    """Find a policy that allows any origin and credentials."""
    if exposes_users(policy.options, policy.any_origin):
        detail = "every origin is allowed, and supports_credentials is on"
        yield ANY_ORIGIN.finding("error", "origins", policy.where, detail)


@policy_checks.add
def any_host_with_credentials(policy: AuditedPolicy) -> Iterator[Finding]:
    """Find expressions that allow any host name, in a policy that allows credentials."""
    if exposes_users(policy.options, not policy.any_origin):
        for text in policy.unlimited:
            detail = f"{text} matched every host name tried, and supports_credentials is on"
            yield ANY_ORIGIN.finding("error", "origins", policy.where, detail, example=UNKNOWN_ORIGINS[0])


ANY_ORIGIN_BY_FUNCTION = Check(
    "CORS025",
    "A function that allows any origin, with credentials",
    "Any page that a user visits can read what this user can read, and act in the user's name.",
    "Compare the origin with a list in the function, or use Regex or Subdomains instead of a function.",
    "never",
    "Each function in the `origins` of a policy with credentials is asked about made-up origins under `.invalid`, in"
    " the context of a request for `/`.",
)


@app_checks.add
def function_that_allows_any_origin(audited: AuditedApp) -> Iterator[Finding]:
    """Find functions that allow origins that nobody can have listed, in policies that allow credentials."""
    # Only letters, as a function can look for these.
    unknown = ("".join(secrets.choice(ascii_lowercase) for _ in range(16)) for _ in range(2))
    # The first one does not change, so neither does the finding.
    origins = [UNKNOWN_ORIGINS[0], *(f"https://{name}.invalid" for name in unknown)]
    # The same function can be that of many resources.
    answers: dict[int, bool] = {}
    for where, options in audited.policies():
        if not exposes_users(options, not options.any_origin):
            continue
        for matcher in options.origin_matchers:
            if not isinstance(matcher, OriginFunction):
                continue
            function = matcher.function
            while isinstance(function, Cached):  # Do not fill its cache with origins that nobody sends.
                function = function.__wrapped__
            if id(function) not in answers:
                answers[id(function)] = all(_allows(function, origin, audited.app) for origin in origins)
            if answers[id(function)]:
                detail = f"{readable(function)} allowed every made-up origin, and supports_credentials is on"
                yield ANY_ORIGIN_BY_FUNCTION.finding("error", "origins", where, detail, example=UNKNOWN_ORIGINS[0])


def _allows(function: Callable[[str], object], origin: str, app: Flask) -> bool:
    """Whether a function allows an origin, in the context of a request. Nothing is logged if it fails."""
    allowed = False
    # A function of `teardown_request` can fail as well, as those of `before_request` do not run.
    with suppress(Exception), app.test_request_context(headers={"Origin": origin}):
        allowed = synchronous(function)(origin)
    return allowed


NULL_ORIGIN = Check(
    "CORS004",
    "The origin null is allowed",
    "Any page can send Origin: null, from a sandboxed frame or through a redirect.",
    "Remove null, and serve the page over HTTP instead of opening it from a file.",
    "production",
    "In production it looks only for the literal `null`, with credentials.",
)


@policy_checks.add
@visible_checks.add
def null_origin(policy: AuditedPolicy) -> Iterator[Finding]:
    """Find the origin null."""
    if allows_null(policy.options):
        severity: Severity = "error" if policy.options.supports_credentials else "warning"
        yield NULL_ORIGIN.finding(severity, "origins", policy.where, "origins contains 'null'")


@policy_checks.add
def pattern_for_null(policy: AuditedPolicy) -> Iterator[Finding]:
    """Find patterns that match the origin null."""
    for regex in policy.regexes:
        if regex.match("null"):
            detail = f"{regex.text} matches null"
            yield NULL_ORIGIN.finding("warning", "origins", policy.where, detail, example="null")
    for matcher in policy.options.origin_matchers:
        if isinstance(matcher, Regex) and matcher.match("null") is not None:
            yield NULL_ORIGIN.finding("warning", "origins", policy.where, f"{readable(matcher)} matches null")


HTTP_ORIGIN = Check(
    "CORS005",
    "An http origin with credentials",
    "Anyone who can modify a user's network traffic can add a script to that page, and act in the user's name.",
    "Allow only https origins. Pages on localhost are no risk, and not reported.",
    "never",
)


@policy_checks.add
def http_origin_with_credentials(policy: AuditedPolicy) -> Iterator[Finding]:
    """Find http origins of a policy that allows credentials."""
    if not policy.options.supports_credentials:
        return
    for origin in policy.literals:
        if origin != "null" and not origin_problem(origin) and _is_insecure(origin):
            detail = f"{origin!r} is http, and supports_credentials is on"
            yield HTTP_ORIGIN.finding("warning", "origins", policy.where, detail)
    for regex in policy.regexes:
        for origin in regex.origins or regex.longer_origins:
            example = f"http://{origin.partition('://')[2]}"
            if regex.match(example) and _is_insecure(example):
                detail = f"{regex.text} allows http origins"
                yield HTTP_ORIGIN.finding("warning", "origins", policy.where, detail, example=example)
                break
    for matcher in policy.options.origin_matchers:
        if isinstance(matcher, Subdomains) and _is_insecure(matcher.origin):
            yield HTTP_ORIGIN.finding("warning", "origins", policy.where, f"{readable(matcher)} is http")


_LOOPBACK = re.compile(r"(?:.*\.)?localhost|127\.[0-9.]+|\[::1\]")


def _is_insecure(origin: str) -> bool:
    """Whether an origin is http, and not on the user's own machine."""
    found = re.fullmatch(r"http://(.*?)(?::[0-9]+)?", origin)
    return found is not None and not _LOOPBACK.fullmatch(found[1])


UNSENT_ORIGIN = Check(
    "CORS007",
    "An origin that no browser sends",
    "It never matches, and the page that it stands for is blocked.",
    "Write the origin as browsers send it: scheme, host and, unless it is the default of the scheme, port.",
    "debug",
)


@policy_checks.add
def unsent_origin(policy: AuditedPolicy) -> Iterator[Finding]:
    """Find origins that browsers write differently."""
    for origin in policy.literals:
        if origin == "null":
            continue
        # Literals are compared without case.
        problem = origin_problem(origin.lower())
        if problem:
            detail = f"{origin!r}: {problem}"
            yield UNSENT_ORIGIN.finding("error", "origins", policy.where, detail, remedy=_origin_remedy(origin))
        elif origin != origin.lower():
            yield UNSENT_ORIGIN.finding(
                "info",
                "origins",
                policy.where,
                f"{origin!r} has upper-case letters: it matches, but requests without an Origin get it as it is",
                remedy=f"Write {origin.lower()!r}.",
            )


def _origin_remedy(origin: str) -> str:
    if re.search(r"[,;\s]\s*\w+:", origin):
        return "Give a list: a string is one origin."
    if "://" not in origin:
        return f"Write 'https://{origin}': an origin has a scheme."
    if re.search(r"\.[+*]|\\|\{", origin):
        return (
            r"Compile it with re.compile(), or use Regex: a string without one of * \ ] ? $ ^ [ ( ) is not read as a"
            " regular expression."
        )
    meant = browser_origin(origin)
    return f"Write {meant!r}." if meant else ""
