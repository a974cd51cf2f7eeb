"""The context of the current request, which has its ``app`` and its ``request``."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, cast

from flask import current_app, request

if TYPE_CHECKING:
    from typing import NoReturn, Protocol

    from flask import Flask, Request

    class Context(Protocol):
        """What Flask keeps in its context variable during a request."""

        app: Flask
        request: Request

    class Variable(Protocol):
        """A context variable, or what stands for it."""

        def get(self) -> Context:
            """Return the current context."""
            ...


class _Proxies:
    """Stands for the context variable where Flask's proxies have no such variable."""

    def get(self) -> Context:
        return cast("Context", self)

    @property
    def app(self) -> Flask:
        proxy: Any = current_app
        return cast("Flask", proxy._get_current_object())

    @property
    def request(self) -> Request:
        proxy: Any = request
        return cast("Request", proxy._get_current_object())


def _context_variable() -> Variable:
    try:
        # Not getattr(), which asks the current request, if there is one.
        variable: Any = object.__getattribute__(request, "_LocalProxy__wrapped")
    except AttributeError:
        return _Proxies()
    return cast("Variable", variable) if isinstance(variable, ContextVar) else _Proxies()


CONTEXT: Variable = _context_variable()
"""The variable with the context of the current request."""


def refuse_outside_request() -> NoReturn:
    """Raise Flask's own error for code that needs a request.

    :raises RuntimeError: always
    """
    proxy: Any = request
    proxy._get_current_object()
    raise RuntimeError("There is no request.")
