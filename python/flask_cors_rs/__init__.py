"""CORS for Flask, drop-in for Flask-CORS, on an engine in Rust.

>>> from flask_cors_rs import CORS, cross_origin
"""

from __future__ import annotations

from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any

from ._audit import AuditError, audit
from ._backend import BACKEND
from .compat import install_as_flask_cors
from .middleware import CORSMiddleware
from .origins import Cached, Origin, Regex, Subdomains

if TYPE_CHECKING:
    from ._explain import explain
    from .decorator import cross_origin
    from .extension import CORS

    __version__: str

__all__ = [
    "BACKEND",
    "CORS",
    "AuditError",
    "CORSMiddleware",
    "Cached",
    "Origin",
    "Regex",
    "Subdomains",
    "__version__",
    "audit",
    "cross_origin",
    "explain",
    "install_as_flask_cors",
]


_LAZY = {"CORS": ".extension", "cross_origin": ".decorator", "explain": "._explain"}


def __getattr__(name: str) -> Any:
    """What needs Flask, which the middleware does not, or is seldom needed, when first asked for."""
    value: Any
    if name in _LAZY:
        value = getattr(import_module(_LAZY[name], __name__), name)
    elif name == "__version__":
        value = metadata.version("flask-cors-rs")
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value
