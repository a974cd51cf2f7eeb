"""A policy's headers into a Flask response."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import unquote

from werkzeug.datastructures import Headers, MultiDict

from . import _log

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Request, Response

    from ._backend import HeaderList, Policy
    from .decision import Decision

ALLOW_ORIGIN: Final = "Access-Control-Allow-Origin"

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


def normalized_path(path: str) -> str:
    """The path that rules see: unquoted once more, after the server and Flask have done so."""
    return unquote(path) if "%" in path else path


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
        added: HeaderList = []
        policy.apply(request.environ, added)
        for name, value in added:
            cast("Any", headers).add(name, value)
    if not is_quiet():
        log_decision(policy.decide(request.environ), request.environ)


def is_quiet() -> bool:
    """Whether nobody listens to what is logged of requests, told by two attributes."""
    return _log.ROOT.level >= logging.WARNING and not _log.LOG.level


def log_decision(decision: Decision, environ: Mapping[str, Any]) -> None:
    """Log what was decided of a request, and why; what comes from the request is escaped."""
    log = _log.LOG
    origin = environ.get("HTTP_ORIGIN")
    if origin:
        log.debug("CORS request received with 'Origin' %s", _log.escaped(origin))
    else:
        log.debug("The request has no 'Origin' header: it is no CORS request")
    if decision.reason == "method not allowed":
        log.info(
            "The Access-Control-Request-Method %s is not one of the allowed methods: the preflight is not answered",
            _log.escaped(environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD")),
        )
    elif decision.reason == "header not allowed":
        log.info(
            "The Access-Control-Request-Headers %s are not all allowed",
            _log.escaped(environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS")),
        )
    elif origin:
        log.debug("CORS: %s", decision.reason)
    if log.isEnabledFor(logging.DEBUG):
        log.debug(
            "CORS headers: %s",
            ", ".join(f"{name}: {_log.escaped(value)}" for name, value in decision.headers) or "none",
        )
