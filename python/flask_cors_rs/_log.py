"""The loggers, and text from requests made safe for them."""

from __future__ import annotations

import logging
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
