"""What this package keeps in ``app.extensions``, and what it calls its extensions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._process_state import LazyRecorder

if TYPE_CHECKING:
    from weakref import WeakKeyDictionary

    from flask import Flask

    from ..report_only import Report
    from .middleware import FlaskMiddleware
    from .view_policies import Entry, Key

EXTENSION = "flask_cors_rs"
"""The key in ``app.extensions``."""


class ApplicationState:
    """What is known about one application."""

    __slots__ = ("middleware", "recorder", "view_policies")

    def __init__(self) -> None:
        self.middleware: FlaskMiddleware | None = None
        """The middleware around the application, if an extension asks for one."""
        self.recorder = LazyRecorder()
        """What records differences from the report-only policies of the application."""
        self.view_policies: WeakKeyDictionary[Key, Entry] | None = None
        """The policies of decorated views for the application."""

    def report(self) -> Report:
        """Return what the report-only policies of the application would change.

        The requests are those that this process has handled since it started.
        """
        return self.recorder().report()


def extension_name(blueprint: str | None = None) -> str:
    """Return what messages call an extension.

    :param blueprint: the name of the Blueprint that it is registered with, None for an application
    """
    return "CORS(app)" if blueprint is None else f"CORS({blueprint})"


def state_of(app: Flask) -> ApplicationState:
    """Return the state of an application, which is created when it is first needed."""
    extensions: dict[str, Any] = app.extensions
    state: ApplicationState = extensions.get(EXTENSION) or extensions.setdefault(EXTENSION, ApplicationState())
    return state
