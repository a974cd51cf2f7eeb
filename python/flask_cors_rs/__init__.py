"""CORS for Flask, drop-in for Flask-CORS, on an engine in Rust.

>>> from flask_cors_rs import CORS, cross_origin
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._backend import BACKEND
from .compat import install_as_flask_cors
from .decorator import cross_origin
from .extension import CORS

if TYPE_CHECKING:
    __version__: str

__all__ = ["BACKEND", "CORS", "__version__", "cross_origin", "install_as_flask_cors"]


def __getattr__(name: str) -> str:
    """The version, read from the installed metadata when first asked for."""
    if name == "__version__":
        from importlib.metadata import version

        return version("flask-cors-rs")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
