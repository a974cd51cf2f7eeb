"""Who is told about the decisions for a Flask application."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import ref

from .._observation import Observer
from .context import CONTEXT
from .routing import match
from .state import extension_name, state_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from .._engine.contract import Environ, HeaderList, Policy
    from .hook import Apply


def observer_of(app: Flask, name: str = extension_name()) -> Observer:
    """Return the observer of the decisions for an application.

    :param name: what messages call the extension
    """
    # The policies of views are kept as long as the application exists, and must not keep it in existence.
    weak: Any = ref(app)
    application: Callable[[], Any] = weak

    def request_of(environ: Environ) -> object:
        try:
            return CONTEXT.get().request
        except LookupError:  # A middleware decides before Flask.
            return application().request_class(environ, populate_request=False)

    def route_of(environ: Environ) -> str:
        request: Any = environ.get("werkzeug.request")
        if hasattr(request, "url_rule"):
            return getattr(request.url_rule, "rule", "")
        try:
            rule = match(application(), environ).rule
        except Exception:  # A URL converter failed, perhaps because it needs the context of a request.
            return ""
        return getattr(rule, "rule", "")

    return Observer(
        application, name, recorder=state_of(app).recorder, request=request_of, route=route_of, debug=app.debug
    )


class ObservedRule:
    """The rule of a hook for a path, as a policy whose decisions are observed."""

    __slots__ = ("_apply", "_path", "decide")

    def __init__(self, apply: Apply, path: str, policy: Policy) -> None:
        self._apply, self._path = apply, path
        self.decide = policy.decide

    def apply(self, environ: Environ, headers: HeaderList, /) -> None:
        """Append the headers, and tell what was decided."""
        self._apply(environ, self._path, headers)
