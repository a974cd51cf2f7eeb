"""What an audit finds in the responses of a running server: ``flask cors audit --url``."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import quote

from .._headers import ALLOW_CREDENTIALS, ALLOW_ORIGIN, MAX_AGE, ORIGIN, REQUEST_METHOD
from .._origins.syntax import origin_problem
from .applied import policies_for, sample_paths
from .checks_headers import REPEATED_HEADER
from .explain import ask_server, server_base

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from .findings import Finding

_SINGLE = (ALLOW_ORIGIN, ALLOW_CREDENTIALS, MAX_AGE)
"""The headers that have one value."""

_MAX_ROUTES = 20
_SECONDS = 5


def audit_server(app: Flask, base: str) -> list[Finding]:
    """Ask a running server about routes of an application, and look for headers that are sent twice.

    A preflight and a HEAD request are sent to each route, to at most 20 routes.

    :param base: the scheme, host and port of the server
    :raises OSError: the server cannot be reached, does not answer in time, or does not answer with HTTP
    :raises ValueError: ``base`` is not the URL of a server
    """
    base = server_base(base)
    found: dict[tuple[str, str], Finding] = {}
    for path, origin in _questions(app):
        for method, headers in (("OPTIONS", [(ORIGIN, origin), (REQUEST_METHOD, "PUT")]), ("HEAD", [(ORIGIN, origin)])):
            response = ask_server(method, base + quote(path), headers, _SECONDS)
            counts = Counter(name.lower() for name, _ in response.headers)
            for name in _SINGLE:
                value = response.get(name) or ""
                if counts[name.lower()] > 1 or "," in value:
                    detail = f"{name} is sent twice in the response to {method} ({value})"
                    finding = REPEATED_HEADER.finding("error", "", base, detail, example=path)
                    found.setdefault((name, method), finding)
    return list(found.values())


def _questions(app: Flask) -> Iterator[tuple[str, str]]:
    """Yield a path of each route with a policy, and an origin that the policy probably allows."""
    left = _MAX_ROUTES
    for rule in app.url_map.iter_rules():
        path = sample_paths(rule)[0]
        for policy in policies_for(app, path, rule)[:1]:
            origins = (origin for origin in policy.options.origins if isinstance(origin, str))
            yield path, next((str(origin) for origin in origins if not origin_problem(origin)), "https://app.example")
            left -= 1
        if not left:
            return
