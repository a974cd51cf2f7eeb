"""CORS for Flask: a drop-in replacement for Flask-CORS with its engine in Rust.

>>> from flask_cors_rs import CORS, cross_origin
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._engine import BACKEND as BACKEND

if TYPE_CHECKING:
    from ._diagnostics.audit import audit as audit
    from ._diagnostics.explain import Explanation as Explanation, explain as explain
    from ._diagnostics.findings import AuditError as AuditError, Finding as Finding
    from ._engine.decision import Decision as Decision
    from .compat import install_as_flask_cors as install_as_flask_cors
    from .decorator import cross_origin
    from .extension import CORS
    from .middleware import CORSMiddleware as CORSMiddleware
    from .origins import Cached as Cached, Origin as Origin, Regex as Regex, Subdomains as Subdomains
    from .report_only import Difference as Difference, Report as Report
    from .signals import cors_decided as cors_decided, cors_refused as cors_refused

    __version__: str

__all__ = ["CORS", "__version__", "cross_origin"]
"""What ``from flask_cors_rs import *`` imports: the names of Flask-CORS, and not names that a program may have."""

_MODULES = {
    "CORS": ".extension",
    "AuditError": "._diagnostics.findings",
    "CORSMiddleware": ".middleware",
    "Cached": ".origins",
    "Decision": "._engine.decision",
    "Difference": ".report_only",
    "Explanation": "._diagnostics.explain",
    "Finding": "._diagnostics.findings",
    "Origin": ".origins",
    "Regex": ".origins",
    "Report": ".report_only",
    "Subdomains": ".origins",
    "audit": "._diagnostics.audit",
    "cors_decided": ".signals",
    "cors_refused": ".signals",
    "cross_origin": ".decorator",
    "explain": "._diagnostics.explain",
    "install_as_flask_cors": ".compat",
}
"""Where each name is. It is imported when it is first used: CORSMiddleware does not need Flask, and a service that
runs does not need the diagnostics."""


def __dir__() -> list[str]:
    """Return the names of the package, also those that have not been used yet."""
    return sorted({*globals(), *_MODULES})


def __getattr__(name: str) -> Any:
    """Import a public name (PEP 562)."""
    value: Any
    if name in _MODULES:
        from importlib import import_module

        value = getattr(import_module(_MODULES[name], __name__), name)
    elif name in {"core", "decorator", "extension"}:
        from importlib import import_module

        # Flask-CORS imports them, so that a program finds them as attributes.
        value = import_module(f".{name}", __name__)
    elif name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            value = version("flask-cors-rs")
        except PackageNotFoundError:
            value = "unknown"  # As in Flask-CORS: a frozen application can lack the metadata.
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value
