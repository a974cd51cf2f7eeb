"""The engine in use: Rust where the compiled module can be imported, otherwise Python.

Nothing outside this package knows which engine runs. The environment variable ``FLASK_CORS_RS_BACKEND`` chooses
it: ``auto`` (the default), ``rust`` or ``python``.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

from .. import _log

if TYPE_CHECKING:
    from .contract import Engine


def load(name: str) -> tuple[str, Engine]:
    """Import the engine for a value of ``FLASK_CORS_RS_BACKEND``.

    :returns: ``"rust"`` or ``"python"``, and the module
    :raises ImportError: the value is unknown, or ``rust`` cannot be imported
    """
    if name not in {"auto", "rust", "python"}:
        raise ImportError(f"FLASK_CORS_RS_BACKEND={name!r} is not a known engine: set it to auto, rust or python")
    if name != "python":
        try:
            # `from .. import _rust` reports a missing module as a circular import.
            import flask_cors_rs._rust as _rust  # noqa: PLR0402
        except ImportError as error:
            if name == "rust":
                raise ImportError(
                    f"FLASK_CORS_RS_BACKEND=rust, but the compiled module cannot be imported ({error}): install a"
                    " wheel for this platform, build one with cargo, or set FLASK_CORS_RS_BACKEND to auto or python"
                ) from error
            text = (
                "The Python engine is used, because the compiled module cannot be imported (%s). Set"
                " FLASK_CORS_RS_BACKEND=python to choose it without this warning."
            )
            # A pure wheel has no compiled module, and must not print a line at each start.
            if isinstance(error, ModuleNotFoundError):
                _log.write(_log.WARNING, text, error)
            else:
                _log.warn(text, error)
        else:
            return "rust", cast("Engine", _rust)
    from . import python

    return "python", cast("Engine", python)


BACKEND, engine = load(os.environ.get("FLASK_CORS_RS_BACKEND", "auto"))
