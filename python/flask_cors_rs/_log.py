"""The loggers, and values made safe for them."""

from __future__ import annotations

import logging
import sys
import traceback
from contextlib import suppress
from logging import DEBUG, ERROR, INFO, WARNING
from typing import Any

__all__ = ["DEBUG", "ERROR", "INFO", "LOG", "ROOT", "WARNING", "escaped", "printable", "rename", "warn", "write"]


def _quiet(name: str) -> logging.Logger:
    """Return a logger that logs nothing below WARNING until its level is set, as that of Flask-CORS does."""
    logger = logging.getLogger(name)
    if not any(isinstance(handler, logging.NullHandler) for handler in logger.handlers):
        logger.addHandler(logging.NullHandler())
    if logger.level == logging.NOTSET:
        logger.setLevel(WARNING)
    return logger


ROOT: logging.Logger = _quiet("flask_cors_rs")
"""The parent of every logger of the package."""

LOG = logging.getLogger("flask_cors_rs.core")
"""The logger of set-up and requests."""


def rename(name: str) -> None:
    """Log under another name from now on: ``flask_cors``, where this package stands in for it."""
    global ROOT, LOG
    ROOT = _quiet(name)
    LOG = logging.getLogger(f"{name}.core")


def escaped(value: object) -> str:
    """Return a value from a request as printable ASCII, without control characters and line breaks.

    At most 500 characters are kept, so that a request cannot fill a disk.
    """
    text = str(value)
    return ascii(text if len(text) <= 500 else f"{text[:500]}...")[1:-1]


def printable(text: str) -> str:
    """Return a text of our own, which can contain values from elsewhere, without control and non-ASCII characters."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(character if " " <= character <= "~" else ascii(character)[1:-1] for character in text)


def write(level: int, message: str, *values: object, exc_info: bool = False, stacklevel: int = 2) -> None:
    """Log a message. A handler that raises an exception stops neither the application nor a request.

    :param exc_info: whether the current exception is logged as well
    :param stacklevel: how many calls lie between the logger and the function that the message comes from
    """
    try:
        LOG.log(level, message, *values, exc_info=exc_info, stacklevel=stacklevel)
    except Exception:
        _report_broken_handler()


_MOST_PRINTED = 20
_printed: dict[str, int] = {}
"""How often an error has been printed."""


def warn(message: str, *values: object, level: int = WARNING, exc_info: bool = False) -> None:
    """Log a warning or an error that is meant to be seen: on stderr, where the program has not set up logging.

    :param level: ``WARNING``, or ``ERROR`` for what a request can cause, of which the first 20 of a kind are printed
    :param exc_info: whether the current exception is logged as well
    """
    write(level, message, *values, exc_info=exc_info, stacklevel=3)
    logger: logging.Logger | None = LOG
    while logger is not None:
        if any(not isinstance(handler, logging.NullHandler) for handler in logger.handlers):
            return
        logger = logger.parent if logger.propagate else None
    if level == ERROR:
        _printed[message] = _printed.get(message, 0) + 1
    if logging.lastResort is not None and LOG.isEnabledFor(level) and _printed.get(message, 0) <= _MOST_PRINTED:
        current: Any = sys.exc_info() if exc_info else None
        # It raises ValueError if stderr is closed.
        with suppress(Exception):
            logging.lastResort.handle(LOG.makeRecord(LOG.name, level, "", 0, message, values, current))


_broken_handlers: list[str] = []


def _report_broken_handler() -> None:
    """Print the exception of a handler, once for each kind, as handlers of :mod:`logging` do themselves."""
    kind = repr(sys.exc_info()[0])
    if kind not in _broken_handlers:
        _broken_handlers.append(kind)
        with suppress(Exception):
            traceback.print_exc()


def is_quiet() -> bool:
    """Whether what is decided about requests is not logged."""
    return ROOT.level >= WARNING and not LOG.level
