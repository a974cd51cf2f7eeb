"""Why is it blocked? A browser's way through an application, and what to change."""

from __future__ import annotations

import http.client
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.test import EnvironBuilder, run_wsgi_app

from ._advice import Advice
from .fetch import Outcome, Request, Response, fetch, origin_of
from .origins import Origin
from .policies import Governing, governing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flask import Flask
    from werkzeug.routing import Rule


class Explanation(NamedTuple):
    """What becomes of a request of a page, and why."""

    request: Request
    outcome: Outcome
    policies: tuple[Governing, ...]
    """Those that govern the path, the strongest first; none where the server is not this application."""
    remedies: tuple[str, ...]
    """What to change."""

    @property
    def allowed(self) -> bool:
        """Whether the page gets its response, of whatever status."""
        return self.outcome.allowed


def explain(
    app: Flask,
    origin: str,
    method: str,
    path: str,
    *,
    headers: Iterable[tuple[str, str]] = (),
    credentials: bool = False,
) -> Explanation:
    """Make a request as a browser would for a page, and explain the outcome.

    The application handles it in this process, with its hooks, views and errors: it is a real request.

    :param app: the application
    :param origin: the page's, as browsers send it: ``https://app.example``, or ``null``
    :param method: as the script gives it to ``fetch()``
    :param path: the path, with its query
    :param headers: the headers that the script sets
    :param credentials: whether the credentials mode is ``include``
    :raises ValueError: no browser sends such an Origin
    """
    config: Any = app.config
    base = f"http://{config.get('SERVER_NAME') or 'localhost'}"
    request = Request(_checked(origin), method, base + path, tuple(headers), credentials)
    failures: list[str] = []

    def send(method: str, url: str, headers: Sequence[tuple[str, str]]) -> Response | None:
        if origin_of(url) != base:
            return None
        target = urlsplit(url)
        builder = EnvironBuilder(target.path, base, query_string=target.query, method=method, headers=list(headers))
        try:
            chunks, status, sent = run_wsgi_app(app, builder.get_environ(), buffered=True)
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        except Exception as error:
            # A server answers for it, and knows nothing of CORS.
            failures.append(f"{type(error).__name__}: {error}")
            return Response(500, [])
        finally:
            builder.close()
        return Response(int(status.split()[0]), list(sent.items()))

    outcome = fetch(request, send)
    url = outcome.steps[-1].url if outcome.steps else request.url
    route, matched = _route(app, urlsplit(url).path, request.method)
    policies = tuple(governing(app, matched, route))
    remedies = Advice(app, request, outcome, policies, route, failures).give()
    return Explanation(request, outcome, policies, tuple(dict.fromkeys(remedies)))


def explain_url(
    base: str,
    origin: str,
    method: str,
    path: str,
    *,
    headers: Iterable[tuple[str, str]] = (),
    credentials: bool = False,
    timeout: float = 10,
) -> Explanation:
    """The same with a server that is running, of which nothing more is known.

    :param base: the server's scheme, host and port
    :param timeout: how long to wait for an answer, in seconds
    :raises OSError: it cannot be reached
    :raises ValueError: no browser sends such an Origin, or ``base`` is no URL
    """

    def send(method: str, url: str, headers: Sequence[tuple[str, str]]) -> Response:
        target = urlsplit(url)
        kind = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}[target.scheme]
        connection = kind(target.hostname or "", target.port, timeout=timeout)
        try:
            connection.request(
                method, target.path + (f"?{target.query}" if target.query else ""), headers=dict(headers)
            )
            response = connection.getresponse()
            response.read()
            return Response(response.status, response.getheaders())
        finally:
            connection.close()

    if urlsplit(base).scheme not in {"http", "https"}:
        raise ValueError(f"{base!r} is no URL of a server: write http://localhost:5000")
    request = Request(_checked(origin), method, base.rstrip("/") + path, tuple(headers), credentials)
    outcome = fetch(request, send)
    return Explanation(request, outcome, (), tuple(Advice(None, request, outcome, (), None, []).give()))


def _checked(origin: str) -> str:
    return origin if origin == "null" else str(Origin(origin))


def _route(app: Flask, path: str, method: str) -> tuple[Rule | None, str]:
    """The route of a path, and the path as Flask decodes it."""
    builder = EnvironBuilder(path, method=method if method.isascii() else "GET")
    request = app.request_class(builder.get_environ(), populate_request=False)
    builder.close()
    try:
        adapter = app.create_url_adapter(request)
    except HTTPException:
        return None, request.path
    for wanted in dict.fromkeys((method.upper(), "OPTIONS", "GET", "POST")):
        # A converter may need what only Flask's context has: then the rules of the application are all that is known.
        with suppress(Exception):
            if adapter is not None:
                return adapter.match(method=wanted, return_rule=True)[0], request.path
    return None, request.path
