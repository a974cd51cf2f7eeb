"""Checks of the options that become headers: methods, header names, ``max_age``, Vary, private networks."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from .._headers import (
    ALLOW_CREDENTIALS,
    ALLOW_HEADERS,
    ALLOW_METHODS,
    ALLOW_ORIGIN,
    EXPOSE_HEADERS,
    MAX_AGE,
    ORIGIN,
)
from .._setup_audit import opens_private_network
from .audited import UNKNOWN_ORIGINS, policy_checks, visible_checks
from .browser import FORBIDDEN_METHODS, FORBIDDEN_RESPONSE_HEADERS, TOKEN, is_forbidden_request_header
from .findings import Check
from .text import comma_separated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .audited import AuditedPolicy
    from .findings import Finding, Severity

USELESS_METHOD = Check(
    "CORS009",
    "A method that no preflight asks for",
    "It has no effect, or preflights that are meant to pass are refused.",
    "List the methods of your routes, or leave methods out to allow the defaults of Flask-CORS.",
    "debug",
)


@policy_checks.add
def useless_methods(policy: AuditedPolicy) -> Iterator[Finding]:
    """Find wildcards, methods that browsers forbid, and values that are not methods."""
    for severity, detail in _method_problems(policy.options.methods):
        yield USELESS_METHOD.finding(severity, "methods", policy.where, detail)


@lru_cache(maxsize=64)
def _method_problems(methods: str) -> list[tuple[Severity, str]]:
    # Cached, as thousands of policies can have the same methods.
    found: list[tuple[Severity, str]] = []
    for name in comma_separated(methods):
        if name == "*":
            found.append(("error", "methods contains '*', which is not a wildcard here: it allows a method named '*'"))
        elif not TOKEN.fullmatch(name):
            found.append(("error", f"{name!r} is not a valid method"))
        elif name in FORBIDDEN_METHODS:
            found.append(("warning", f"browsers do not let scripts use {name}"))
    return found


USELESS_REQUEST_HEADER = Check(
    "CORS010",
    "A request header that no preflight asks for",
    "It has no effect, or preflights that are meant to pass are refused.",
    "List the names of the request headers that scripts set, one name per item.",
    "debug",
)

_RESPONSE_HEADERS = frozenset(
    map(str.lower, (ALLOW_CREDENTIALS, ALLOW_HEADERS, ALLOW_METHODS, ALLOW_ORIGIN, EXPOSE_HEADERS, MAX_AGE))
)


@policy_checks.add
def useless_request_headers(policy: AuditedPolicy) -> Iterator[Finding]:
    """Find items of ``allow_headers`` that are not names of request headers."""
    for name in policy.options.allow_headers:
        if not isinstance(name, str):
            continue
        severity: Severity = "warning"
        remedy = ""
        if not TOKEN.fullmatch(name):
            severity, detail = "error", f"{name!r} is not a valid header name"
            remedy = "Give a list: a string is one name." if "," in name else ""
        elif name.lower() in _RESPONSE_HEADERS:
            detail = f"{name} is a response header"
        elif is_forbidden_request_header(name) and name.lower() != ORIGIN.lower():
            severity, detail = "info", f"browsers do not let scripts set {name}"
        elif "_" in name:
            detail, remedy = f"{name!r} contains an underscore", f"Write {name.replace('_', '-')!r}."
        else:
            continue
        yield USELESS_REQUEST_HEADER.finding(severity, "allow_headers", policy.where, detail, remedy=remedy)


USELESS_RESPONSE_HEADER = Check(
    "CORS011",
    "A response header that cannot be exposed",
    "Scripts cannot read it.",
    "List the names of the response headers that scripts read. Set-Cookie cannot be one of them.",
    "debug",
)


@policy_checks.add
def useless_response_headers(policy: AuditedPolicy) -> Iterator[Finding]:
    """Find items of ``expose_headers`` that are not names of headers that scripts can read."""
    for name in comma_separated(policy.options.expose_headers):
        if not TOKEN.fullmatch(name):
            detail = f"{name!r} is not a valid header name"
            yield USELESS_RESPONSE_HEADER.finding("error", "expose_headers", policy.where, detail)
        elif name.lower() in FORBIDDEN_RESPONSE_HEADERS:
            detail = f"scripts cannot read {name}"
            yield USELESS_RESPONSE_HEADER.finding("warning", "expose_headers", policy.where, detail)


EXPOSED_WILDCARD = Check(
    "CORS012",
    '"*" in expose_headers with credentials',
    'For a request with credentials, "*" is an ordinary header name, so scripts cannot read any of the headers.',
    "List the names of the headers.",
    "debug",
)


@policy_checks.add
def exposed_wildcard_with_credentials(policy: AuditedPolicy) -> Iterator[Finding]:
    """Find ``"*"`` in ``expose_headers`` of a policy that allows credentials."""
    if policy.options.supports_credentials and "*" in comma_separated(policy.options.expose_headers):
        detail = "expose_headers contains '*', and supports_credentials is on"
        yield EXPOSED_WILDCARD.finding("error", "expose_headers", policy.where, detail)


LIMITED_MAX_AGE = Check(
    "CORS013",
    "A max_age that browsers shorten or ignore",
    "Browsers cache the answer to a preflight for a shorter time, or not at all.",
    "Give a whole number of seconds: Chromium uses at most 7200, Firefox at most 86400.",
    "debug",
)


@policy_checks.add
def limited_max_age(policy: AuditedPolicy) -> Iterator[Finding]:
    """Find a ``max_age`` that is not a number, or is above the limit of a browser."""
    max_age = policy.options.max_age
    if max_age is None:
        return
    severity: Severity
    if not re.fullmatch("-?[0-9]+", max_age.strip()):
        severity, detail = "error", f"{max_age!r} is not a number of seconds"
    elif int(max_age) > 86400:
        severity, detail = "warning", f"{max_age} seconds are more than a day"
    elif int(max_age) > 7200:
        severity, detail = "info", f"Chromium uses 7200 seconds instead of {max_age}"
    else:
        return
    yield LIMITED_MAX_AGE.finding(severity, "max_age", policy.where, detail)


OPEN_PRIVATE_NETWORK = Check(
    "CORS014",
    "A private network that is open to any origin",
    "Any public page that a user in the private network visits can send requests to this server.",
    "List the allowed origins.",
    "production",
    'In production it looks only for "*" and for regular expressions whose text leaves no doubt, such as `^.*$`.',
)


@policy_checks.add
@visible_checks.add
def open_private_network(policy: AuditedPolicy) -> Iterator[Finding]:
    """Find a policy that allows any origin and private network access."""
    if opens_private_network(policy.options, policy.any_origin):
        detail = "allow_private_network is on for any origin"
        yield OPEN_PRIVATE_NETWORK.finding("error", "allow_private_network", policy.where, detail)


@policy_checks.add
def private_network_for_any_host(policy: AuditedPolicy) -> Iterator[Finding]:
    """Find expressions that allow any host name, in a policy that allows private network access."""
    if opens_private_network(policy.options, not policy.any_origin):
        for text in policy.unlimited:
            yield OPEN_PRIVATE_NETWORK.finding(
                "error",
                "allow_private_network",
                policy.where,
                f"{text} matched every host name tried, and allow_private_network is on",
                example=UNKNOWN_ORIGINS[0],
            )


NO_VARY = Check(
    "CORS022",
    "No Vary header, although responses differ by origin",
    "A cache can serve the response for one origin to a page of another origin, which is then blocked.",
    'Leave vary_header on, or set it to "always".',
    "never",
)


@policy_checks.add
def no_vary(policy: AuditedPolicy) -> Iterator[Finding]:
    """Find a policy whose responses differ by origin without saying so to caches."""
    options = policy.options
    differs = policy.any_origin or len(options.origins) + len(options.origin_matchers) > 1
    if differs and not options.vary_header and not (options.any_origin and options.send_wildcard):
        detail = "vary_header is off, and the response contains the origin of the request"
        yield NO_VARY.finding("warning", "vary_header", policy.where, detail)


REPEATED_HEADER = Check(
    "CORS024",
    "A header that is sent twice",
    "Browsers refuse a response in which the header has two values, even if they are equal.",
    "Let either the application or the proxy add CORS headers. `flask cors export` writes a configuration for proxies.",
    "never",
    "Only `flask cors audit --url` finds it, as it needs the responses of a running server.",
)
