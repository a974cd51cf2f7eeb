"""The loggers, and text from requests made safe for them."""

from __future__ import annotations

import logging


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
