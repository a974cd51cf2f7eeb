"""The contract between the extension and its two engines, and which of them is in use.

Nothing above this module knows which engine runs. ``FLASK_CORS_RS_BACKEND`` chooses it: ``auto`` (the
default; Rust where the compiled module can be imported), ``rust`` or ``python``.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Protocol, cast

from . import _log

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .decision import Decision
    from .options import Options, Pattern

    Environ = dict[str, Any]
    HeaderList = list[tuple[str, str]]


class Policy(Protocol):
    """Options, compiled. Safe to share between threads."""

    def apply(self, environ: Environ, headers: HeaderList, /) -> None:
        """Append the response headers for the request in a WSGI environ. Never raises, whatever the request."""

    def decide(self, environ: Environ, /) -> Decision:
        """The same as a value."""
        ...


class Rules(Protocol):
    """Policies by path: the first rule whose pattern matches decides. Safe to share between threads.

    A path is given as Flask has decoded it; like Flask-CORS, an engine unquotes it once more.
    """

    def apply(self, environ: Environ, path: str, headers: HeaderList, /) -> None:
        """Append the headers of the rule for a path, unless there is an Access-Control-Allow-Origin (with a value)."""

    def apply_around(self, environ: Environ, path_info: str, headers: HeaderList, /) -> None:
        """The same around an application, for a path as the server gives it, PATH_INFO."""

    def preflight(self, environ: Environ, headers: HeaderList, /) -> str | None:
        """Append the headers that answer an OPTIONS request, and give the reason, as in a Decision.

        None where there is no rule for its path, or where it is no preflight, for lack of an Origin or of an
        Access-Control-Request-Method.
        """
        ...

    def decide(self, environ: Environ, path: str, /) -> Decision:
        """What the rule for a path answers, as a value."""
        ...

    def match(self, path: str, /) -> int | None:
        """The number of the first rule that matches a path."""
        ...


_Policy = Policy  # By a name that the members of Engine do not hide.


class Engine(Protocol):
    """What both engines export."""

    def merge(self, layers: Sequence[Mapping[str, Any]], /) -> dict[str, Any]:
        """Merge option layers, the strongest first; names that are no options are left out."""
        ...

    def Policy(self, options: Options, /) -> Policy:  # noqa: N802 - a class
        """Compile options; ValueError says which of them cannot be."""
        ...

    def Rules(self, rules: Sequence[tuple[Pattern, _Policy]], /) -> Rules:  # noqa: N802 - a class
        """Compile rules in their order."""
        ...


def load(backend: str) -> tuple[str, Engine]:
    """The engine for a value of ``FLASK_CORS_RS_BACKEND``, and its name.

    :raises ImportError: the value is none of the three, or ``rust`` cannot be imported
    """
    if backend not in {"auto", "rust", "python"}:
        raise ImportError(f"FLASK_CORS_RS_BACKEND={backend!r} is unknown: set it to auto, rust or python")
    if backend != "python":
        try:
            from . import _rust
        except ImportError as error:
            if backend == "rust":
                raise ImportError(
                    f"FLASK_CORS_RS_BACKEND=rust, but the compiled module cannot be imported ({error}): install a"
                    " wheel for this platform or build one with cargo, or set FLASK_CORS_RS_BACKEND to auto or python"
                ) from error
            _log.ROOT.warning("The Rust engine cannot be imported (%s): the Python engine is used", error)
        else:
            return "rust", cast("Engine", _rust)
    from . import _fallback

    return "python", cast("Engine", _fallback)


BACKEND, engine = load(os.environ.get("FLASK_CORS_RS_BACKEND", "auto"))
