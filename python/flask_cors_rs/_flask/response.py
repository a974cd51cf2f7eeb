"""The headers of a policy, added to a Flask response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from werkzeug.datastructures import Headers, MultiDict

from .. import _log, _process_state
from .._headers import VARY

if TYPE_CHECKING:
    from flask import Request, Response

    from .._engine.contract import HeaderList, Policy

EVALUATED: Final = "_FLASK_CORS_EVALUATED"
"""The attribute that the decorator sets on a response, for the extension. Flask-CORS uses the same name, and
programs read it."""


def _list_headers_type() -> type | None:
    """Return werkzeug's Headers if it keeps its pairs in a list named ``_list``, which is private and may change."""
    headers = Headers()
    pairs: Any = getattr(headers, "_list", None)
    if type(pairs) is not list:
        return None
    cast("HeaderList", pairs).append(("name", "value"))
    return Headers if list(headers) == [("name", "value")] else None


LIST_HEADERS: Any = _list_headers_type()
"""The exact type of headers whose list can be appended to. That is eight times as fast as ``Headers.add``, which
mostly searches for line breaks; the engines never make a value with one."""


def add_headers(policy: Policy, response: Response, request: Request) -> None:
    """Add the headers of a policy to a response, unless the decorator has evaluated it."""
    if hasattr(response, EVALUATED):
        _log.write(_log.DEBUG, "CORS has been evaluated already, skipping")
        return
    headers: Any = response.headers
    if type(headers) is LIST_HEADERS:
        policy.apply(request.environ, headers._list)
    else:
        _add_to_other_headers(policy, response, request)
    if _log.ROOT.level < _log.WARNING or _log.LOG.level:
        with _process_state.import_lock.current:
            from .._decision_log import log_decision

        log_decision(policy.decide(request.environ), request.environ)


def _multi_headers(response: Response) -> Any:
    """Return the headers of a response, which are made a MultiDict if they cannot hold a name twice."""
    headers: Any = response.headers
    can_repeat = isinstance(headers, (Headers, MultiDict))
    if not can_repeat:
        headers = MultiDict(cast("Any", response.headers))
        response.headers = headers
    return cast("Any", headers)


def _add_to_other_headers(policy: Policy, response: Response, request: Request) -> None:
    headers = _multi_headers(response)
    existing: list[str] = headers.getlist(VARY)
    vary: HeaderList = [(VARY, value) for value in existing]
    added = [*vary]
    policy.apply(request.environ, added)
    if added[: len(vary)] != vary:
        headers.setlist(VARY, [value for _, value in added[: len(vary)]])
    for name, value in added[len(vary) :]:
        headers.add(name, value)
