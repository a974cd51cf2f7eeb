"""The loggers, and text from requests made safe for them."""

from __future__ import annotations

import logging
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .decision import Decision


def _quiet(name: str) -> logging.Logger:
    """A logger that says nothing below WARNING until its level is set, as Flask-CORS' does."""
    logger = logging.getLogger(name)
    if not any(isinstance(handler, logging.NullHandler) for handler in logger.handlers):
        logger.addHandler(logging.NullHandler())
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.WARNING)
    return logger


ROOT: logging.Logger = _quiet("flask_cors_rs")
"""The parent of every logger here: set its level to hear more, or less."""

LOG = logging.getLogger("flask_cors_rs.core")
"""Set-up and requests."""


def rename(name: str) -> None:
    """Log under another name from now on (``flask_cors`` where we stand in for it)."""
    global ROOT, LOG
    ROOT = _quiet(name)
    LOG = logging.getLogger(f"{name}.core")


def escaped(value: object) -> str:
    """A value from a request, printable: no control character, no line break, ASCII only.

    At most 500 characters are kept, so that a request cannot fill a disk.
    """
    text = str(value)
    return ascii(text if len(text) <= 500 else f"{text[:500]}...")[1:-1]


def warn(message: str, *values: object) -> None:
    """Log a warning that is meant to be seen: where nobody has set up logging, on stderr."""
    LOG.warning(message, *values)
    logger: logging.Logger | None = LOG
    while logger is not None:
        if any(not isinstance(handler, logging.NullHandler) for handler in logger.handlers):
            return
        logger = logger.parent if logger.propagate else None
    if logging.lastResort is not None and LOG.isEnabledFor(logging.WARNING):
        logging.lastResort.handle(LOG.makeRecord(LOG.name, logging.WARNING, "", 0, message, values, None))


class Limiter:
    """Lets so many lines of a kind through in so many seconds, and tells how many it kept back."""

    def __init__(self, lines: int, seconds: float) -> None:
        self._lines, self._seconds = lines, seconds
        self._start, self._count = 0.0, 0

    def admits(self) -> bool:
        """Whether one more may pass."""
        now = monotonic()
        if now - self._start >= self._seconds:
            if self._count > self._lines:
                warn("CORS blocked %s more requests since", self._count - self._lines)
            self._start, self._count = now, 0
        self._count += 1
        return self._count <= self._lines


_blocked = Limiter(20, 60)


def log_blocked(decision: Decision, environ: Mapping[str, Any], where: str) -> None:
    """Log in one line why a browser will block a request, as in debug mode; 20 lines a minute at most."""
    origin = environ.get("HTTP_ORIGIN")
    own = f"{environ.get('wsgi.url_scheme')}://{environ.get('HTTP_HOST')}"
    if not origin or decision.allowed or origin == own or not _blocked.admits():
        return
    wanted = environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD")
    is_preflight = environ.get("REQUEST_METHOD") == "OPTIONS" and wanted
    warn(
        "CORS blocks %s%s %s from %s: %s (%s). To see more: flask cors check %s %s %s",
        "the preflight for " if is_preflight else "",
        *(
            escaped(value)
            for value in (
                wanted if is_preflight else environ.get("REQUEST_METHOD"),
                environ.get("PATH_INFO"),
                origin,
                decision.reason,
                where,
                origin,
                wanted if is_preflight else environ.get("REQUEST_METHOD"),
                environ.get("PATH_INFO"),
            )
        ),
    )


def is_quiet() -> bool:
    """Whether nobody listens to what is logged of requests, told by two attributes."""
    return ROOT.level >= logging.WARNING and not LOG.level


def log_decision(decision: Decision, environ: Mapping[str, Any]) -> None:
    """Log what was decided of a request, and why; what comes from the request is escaped."""
    origin = environ.get("HTTP_ORIGIN")
    if origin:
        LOG.debug("CORS request received with 'Origin' %s", escaped(origin))
    else:
        LOG.debug("The request has no 'Origin' header: it is no CORS request")
    if decision.reason == "method not allowed":
        LOG.info(
            "The Access-Control-Request-Method %s is not one of the allowed methods: the preflight is not answered",
            escaped(environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD")),
        )
    elif decision.reason == "header not allowed":
        LOG.info(
            "The Access-Control-Request-Headers %s are not all allowed",
            escaped(environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS")),
        )
    elif origin:
        LOG.debug("CORS: %s", decision.reason)
    if LOG.isEnabledFor(logging.DEBUG):
        LOG.debug(
            "CORS headers: %s",
            ", ".join(f"{name}: {escaped(value)}" for name, value in decision.headers) or "none",
        )
