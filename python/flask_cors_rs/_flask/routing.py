"""Which route a request takes, and where the routing redirects it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from .._engine.path import decoded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask import Flask
    from typing_extensions import TypeGuard
    from werkzeug.routing import Rule

    from .._engine.contract import Environ


class Match(NamedTuple):
    """The route of a request."""

    rule: Rule | None
    """The URL rule, that of the target where the routing redirects; None if there is no route."""
    target: str | None
    """The PATH_INFO that the routing redirects to, None if it does not redirect."""


def match(app: Flask, environ: Environ, method: str | None = None) -> Match:
    """Find the route of a request, as Flask would.

    :param method: a method to use instead of that of the request
    :raises Exception: whatever a URL converter raises, perhaps because it needs the context of a request
    """
    target = None
    try:
        adapter = app.create_url_adapter(app.request_class(environ, populate_request=False))
        if adapter is None:
            return Match(None, None)
        try:
            return Match(adapter.match(method=method, return_rule=True)[0], None)
        except RequestRedirect as redirect:
            target = redirect_target(redirect, environ)
            host = urlsplit(redirect.new_url).netloc
            if host != adapter.get_host(None):
                there = {**environ, "HTTP_HOST": host}
                adapter = app.create_url_adapter(app.request_class(there, populate_request=False)) or adapter
            return Match(adapter.match(decoded(target), method=method, return_rule=True)[0], target)
    except HTTPException:
        return Match(None, target)


def is_redirect(exception: object, headers: Iterable[tuple[str, str]]) -> TypeGuard[RequestRedirect]:
    """Whether a response is the redirect that the routing has raised, and not that of an error handler, for example."""
    if not isinstance(exception, RequestRedirect):
        return False
    location = exception.get_response().headers["Location"]
    return ("location", location) in ((name.lower(), value) for name, value in headers)


def redirect_target(redirect: RequestRedirect, environ: Environ) -> str:
    """Return the PATH_INFO that a redirect of the routing leads to."""
    path = unquote(urlsplit(redirect.new_url).path)
    # As text, like the URL: the bytes of a SCRIPT_NAME that is not UTF-8 are not in it.
    root = _as_text(environ.get("SCRIPT_NAME") or "").rstrip("/")
    return path[len(root) :].encode(errors="replace").decode("latin-1")


def _as_text(value: str) -> str:
    """Return a value of an environ, which holds bytes, as text."""
    return value.encode("latin-1", "replace").decode(errors="replace")


def blueprints_of(endpoint: str) -> list[str]:
    """Return the names of the Blueprint that an endpoint belongs to and of those in which it is nested."""
    names: list[str] = []
    name = endpoint.rpartition(".")[0]
    while name:
        names.append(name)
        name = name.rpartition(".")[0]
    return names
