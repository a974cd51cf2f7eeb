"""Log lines about decisions. Loaded when somebody listens, or in debug mode."""

from __future__ import annotations

from shlex import quote
from time import monotonic
from typing import TYPE_CHECKING

from . import _log

# Not only for type checkers: otherwise the engine would import it at the first request that is logged.
from ._engine.decision import Decision  # noqa: TC001
from ._headers import ENVIRON_ORIGIN, ENVIRON_REQUEST_HEADERS, ENVIRON_REQUEST_METHOD

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class Limiter:
    """Lets a number of log lines pass in each period, and logs how many it held back.

    :param lines: the number of lines
    :param seconds: the length of a period
    """

    def __init__(self, lines: int, seconds: float) -> None:
        self._lines, self._seconds = lines, seconds
        self._start, self._count = 0.0, 0

    def admits(self) -> bool:
        """Whether one more line may pass."""
        now = monotonic()
        if now - self._start >= self._seconds:
            if self._count > self._lines:
                _log.warn("CORS blocked %s more requests that were not logged one by one", self._count - self._lines)
            self._start, self._count = now, 0
        self._count += 1
        return self._count <= self._lines


_blocked = Limiter(20, 60)


def log_blocked(decision: Decision, environ: Mapping[str, Any], where: str) -> None:
    """Log in one line why a browser will block a request, if it will; at most 20 lines a minute.

    :param where: the policy that decided
    """
    origin = environ.get(ENVIRON_ORIGIN)
    own = f"{environ.get('wsgi.url_scheme')}://{environ.get('HTTP_HOST')}"
    if not origin or decision.allowed or origin == own or not _blocked.admits():
        return
    wanted = environ.get(ENVIRON_REQUEST_METHOD)
    is_preflight = environ.get("REQUEST_METHOD") == "OPTIONS" and wanted
    method = wanted if is_preflight else environ.get("REQUEST_METHOD")
    path = environ.get("PATH_INFO")
    values = (method, path, origin, decision.reason, where)
    _log.warn(
        "CORS blocks %s%s %s from %s: %s (%s). For details: flask cors check %s %s %s",
        "the preflight for " if is_preflight else "",
        *map(_log.escaped, values),
        *(quote(_log.escaped(value)) for value in (origin, method, path)),
    )


def log_decision(decision: Decision, environ: Mapping[str, Any]) -> None:
    """Log what was decided about a request, and why. Values from the request are escaped."""
    origin = environ.get(ENVIRON_ORIGIN)
    if origin:
        _log.write(_log.DEBUG, "CORS request received with 'Origin' %s", _log.escaped(origin))
    else:
        _log.write(_log.DEBUG, "The request has no 'Origin' header, so it is not a CORS request")
    if decision.reason == "method not allowed":
        _log.write(
            _log.INFO,
            "The Access-Control-Request-Method %s is not one of the allowed methods: the preflight fails",
            _log.escaped(environ.get(ENVIRON_REQUEST_METHOD)),
        )
    elif decision.reason == "header not allowed":
        _log.write(
            _log.INFO,
            "Not all of the Access-Control-Request-Headers %s are allowed",
            _log.escaped(environ.get(ENVIRON_REQUEST_HEADERS)),
        )
    elif origin:
        _log.write(_log.DEBUG, "CORS: %s", decision.reason)
    if _log.LOG.isEnabledFor(_log.DEBUG):
        headers = ", ".join(f"{name}: {_log.escaped(value)}" for name, value in decision.headers)
        _log.write(_log.DEBUG, "CORS headers: %s", headers or "none")
