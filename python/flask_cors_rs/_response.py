"""A policy's headers into a Flask response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from werkzeug.datastructures import Headers, MultiDict

from . import _log

if TYPE_CHECKING:
    from flask import Request, Response

    from ._backend import HeaderList, Policy

ALLOW_ORIGIN: Final = "Access-Control-Allow-Origin"

HOOK: Final = "_flask_cors_rs"
"""The attribute by which our after_request functions are known: a function that gives their rules."""

EVALUATED: Final = "_FLASK_CORS_EVALUATED"
"""The attribute that the decorator leaves on a response, for the extension to see. Programs that read
it know it by Flask-CORS' name."""


def _list_type() -> type | None:
    """Werkzeug's Headers, if its pairs are in a list at ``_list``, which is private and may change."""
    headers = Headers()
    pairs: Any = getattr(headers, "_list", None)
    if type(pairs) is not list:
        return None
    cast("HeaderList", pairs).append(("name", "value"))
    return Headers if list(headers) == [("name", "value")] else None


LIST_HEADERS: Any = _list_type()
"""The exact type of headers to whose list pairs may be appended: that is eight times as fast as
``Headers.add``, most of which is a search for line breaks. The engines never make a value with one."""


def add_headers(policy: Policy, response: Response, request: Request) -> None:
    """Add a policy's headers to a response, unless the decorator has evaluated it."""
    if hasattr(response, EVALUATED):
        _log.LOG.debug("CORS has been evaluated already, skipping")
        return
    headers: Any = response.headers
    if type(headers) is LIST_HEADERS:
        policy.apply(request.environ, headers._list)
    else:
        if not isinstance(headers, (Headers, MultiDict)):
            # Some libraries set a plain mapping, which cannot hold a name twice.
            headers = MultiDict(headers)
            response.headers = headers
        existing: list[str] = cast("Any", headers).getlist("Vary")
        vary: HeaderList = [("Vary", value) for value in existing]
        added = [*vary]
        policy.apply(request.environ, added)
        if added[: len(vary)] != vary:
            cast("Any", headers).setlist("Vary", [value for _, value in added[: len(vary)]])
        for name, value in added[len(vary) :]:
            cast("Any", headers).add(name, value)
    if not _log.is_quiet():
        _log.log_decision(policy.decide(request.environ), request.environ)
