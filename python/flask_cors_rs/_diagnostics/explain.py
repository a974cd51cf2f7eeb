"""Why a browser blocks a request, and what to change: ``explain()`` and ``flask cors check``."""

from __future__ import annotations

import http.client
import socket
from concurrent.futures import Future, TimeoutError as FutureTimeoutError
from contextlib import suppress
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlsplit

from werkzeug.test import EnvironBuilder, run_wsgi_app

from .._engine.path import decoded
from .._flask.routing import match
from .._origins.syntax import browser_origin, origin_problem
from ..origins import Origin
from .applied import AppliedPolicy, policies_for
from .browser import Outcome, Request, Response, fetch, origin_of, resolve
from .remedies import Remedies

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flask import Flask
    from werkzeug.routing import Rule

    from .._engine.contract import Environ


BLOCKED = "https://github.com/flask-cors-rs/flask-cors-rs/blob/main/docs/blocked.md"

DOCUMENTED_ERRORS = frozenset(
    {
        "AllowOriginMismatch",
        "DisallowedRedirect",
        "HeaderDisallowedByPreflightResponse",
        "InvalidAllowCredentials",
        "InvalidAllowOriginValue",
        "InvalidStatus",
        "MethodDisallowedByPreflightResponse",
        "MissingAllowOriginHeader",
        "MultipleAllowOriginValues",
        "WildcardOriginNotAllowed",
    }
)
"""The errors that the page describes, without the prefix of those about a preflight."""


class Explanation(NamedTuple):
    """The outcome of a request of a page, with the reason for it."""

    request: Request
    outcome: Outcome
    policies: tuple[AppliedPolicy, ...]
    """The policies for the path, the strongest first. Empty if the server is not this application."""
    remedies: tuple[str, ...]
    """What to change so that the request is allowed."""

    @property
    def allowed(self) -> bool:
        """Whether the page gets the response, of whatever status."""
        return self.outcome.allowed

    @property
    def documentation(self) -> str | None:
        """The URL of the section about the message of the console, None if there is none."""
        error = (self.outcome.error or "").removeprefix("Preflight")
        return f"{BLOCKED}#{error.lower()}" if error in DOCUMENTED_ERRORS else None


def explain(
    app: Flask,
    origin: str,
    method: str,
    path: str,
    *,
    headers: Iterable[tuple[str, str]] = (),
    credentials: bool = False,
) -> Explanation:
    """Send a request to an application as a browser would for a page, and explain the outcome.

    The application handles the request in this process, with its hooks, views and error handlers: it is a real
    request, with all its effects.

    :param app: the application
    :param origin: the origin of the page as browsers send it: ``https://app.example``, or ``null``
    :param method: the method, as the script gives it to ``fetch()``
    :param path: the path, with the query string
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
        try:
            chunks, status, sent = run_wsgi_app(app, _environ(base, url, method, headers), buffered=True)
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        except Exception as error:
            # A server would respond to this, without CORS headers.
            failures.append(f"{type(error).__name__}: {error}")
            return Response(500, [])
        return Response(int(status.split()[0]), list(sent.items()))

    outcome = fetch(request, send)
    url = outcome.steps[-1].url if outcome.steps else request.url
    environ = _environ(base, url, request.method if request.method.isascii() else "GET")
    rule = _route(app, environ)
    policies = tuple(policies_for(app, decoded(environ["PATH_INFO"]), rule))
    return Explanation(request, outcome, policies, Remedies(app, request, outcome, policies, rule, failures).find())


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
    """Send a request to a running server as a browser would for a page, and explain the outcome.

    The policies of the server are not known, so the explanation has less detail than that of :func:`explain`.

    :param base: the scheme, host and port of the server
    :param origin: the origin of the page as browsers send it: ``https://app.example``, or ``null``
    :param method: the method, as the script gives it to ``fetch()``
    :param path: the path, with the query string
    :param headers: the headers that the script sets
    :param credentials: whether the credentials mode is ``include``
    :param timeout: how long to wait in all for the headers of every response, in seconds
    :raises OSError: the server cannot be reached, does not answer in time, or does not answer with HTTP
    :raises ValueError: no browser sends such an Origin, or ``base`` is not the URL of a server
    """
    deadline = monotonic() + timeout

    def send(method: str, url: str, headers: Sequence[tuple[str, str]]) -> Response:
        left = deadline - monotonic()
        if left > 0:
            with suppress(TimeoutError):
                return ask_server(method, url, headers, left)
        raise TimeoutError(f"{url!r} did not answer within the check's time limit of {timeout:g} seconds")

    request = Request(_checked(origin), method, server_base(base) + path, tuple(headers), credentials)
    outcome = fetch(request, send)
    return Explanation(request, outcome, (), Remedies(None, request, outcome, (), None, ()).find())


def server_base(base: str) -> str:
    """Return the URL of a server as browsers read it, without a slash at its end.

    :raises ValueError: it is not the URL of a server
    """
    with suppress(ValueError):
        parts = urlsplit(resolve(base, ""))
        if parts.scheme in {"http", "https"} and not parts.query:
            return parts.geturl().rstrip("/")
    raise ValueError(f"{base!r} is not the URL of a server: write, for example, http://localhost:5000")


def _ascii_host(host: str) -> str:
    """Return a host as browsers look it up.

    :raises UnicodeError: it is no valid name
    """
    host = unquote(host)
    if not host.isascii():
        import idna

        host = idna.encode(host, uts46=True).decode()
    return host.encode("idna").decode()  # It checks the lengths.


def ask_server(method: str, url: str, headers: Sequence[tuple[str, str]], timeout: float) -> Response:
    """Send a request, and return the response without its body.

    :raises TimeoutError: the server has not sent the headers of the response in time
    :raises OSError: the server cannot be reached, or does not answer with HTTP
    """
    target = urlsplit(url)
    try:
        host = _ascii_host(target.hostname or "")
    except UnicodeError:
        raise OSError(f"{url!r} has no valid host name") from None
    kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
    connection = kinds[target.scheme](host, target.port, timeout=timeout)
    answer: Future[Response] = Future()

    def ask() -> None:
        try:
            query = f"?{target.query}" if target.query else ""
            connection.request(method, target.path + query, headers=dict(headers))
            response = connection.getresponse()
            answer.set_result(Response(response.status, response.getheaders()))
        except http.client.HTTPException as error:
            answer.set_exception(OSError(f"{url!r} does not answer with HTTP: {type(error).__name__}"))
        except socket.timeout as error:
            answer.set_exception(error)
        except OSError as error:
            remedy = ": is the server running?" if isinstance(error, ConnectionRefusedError) else ""
            answer.set_exception(OSError(f"{target.scheme}://{target.netloc} cannot be reached ({error}){remedy}"))
        except BaseException as error:
            answer.set_exception(error)

    # The connection's own limit is that of each read, and a server can send a byte now and then.
    Thread(target=ask, daemon=True).start()
    try:
        return answer.result(timeout)
    # In Python 3.9 and 3.10 these are not subclasses of TimeoutError.
    except (FutureTimeoutError, socket.timeout):
        raise TimeoutError(f"{url!r} has not answered after {timeout:g} seconds") from None
    finally:
        connection.close()


def _checked(origin: str) -> str:
    try:
        return origin if origin == "null" else str(Origin(origin))
    except ValueError:
        problem = origin_problem(origin) if "://" in origin else "write scheme://host or scheme://host:port"
        meant = browser_origin(origin)
        remedy = "" if meant is None else f": write {meant}"
        raise ValueError(f"{origin!r} is not an origin: {problem}{remedy}") from None


def _environ(base: str, url: str, method: str, headers: Iterable[tuple[str, str]] = ()) -> Environ:
    target = urlsplit(url)
    builder = EnvironBuilder(target.path, base, query_string=target.query, method=method, headers=list(headers))
    try:
        return builder.get_environ()
    finally:
        builder.close()


def _route(app: Flask, environ: Environ) -> Rule | None:
    """Return the URL rule of a request. If the method has no route, that of a common method is returned."""
    for method in dict.fromkeys((environ["REQUEST_METHOD"].upper(), "OPTIONS", "GET", "POST")):
        # A URL converter may need the context of a request. It is then not known which view handles the request.
        with suppress(Exception):
            rule, target = match(app, environ, method)
            if rule is not None and target is None:
                return rule
    return None
