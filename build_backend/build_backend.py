"""The build backend (PEP 517 and 660): maturin if cargo is on the PATH, otherwise hatchling and a pure wheel.

The environment variable ``FLASK_CORS_RS_BUILD`` chooses: ``auto`` (the default), ``rust`` or ``pure``. With ``auto``,
a Rust build that fails is reported, and a pure wheel is built. With ``rust``, it is an error.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any, Optional

Settings = Optional[dict[str, Any]]


def engine() -> str:
    """Return which engine to build: ``rust`` or ``pure``.

    :raises SystemExit: the value of ``FLASK_CORS_RS_BUILD`` is unknown
    """
    wanted = os.environ.get("FLASK_CORS_RS_BUILD", "auto")
    if wanted not in {"auto", "rust", "pure"}:
        raise SystemExit(f"FLASK_CORS_RS_BUILD={wanted!r} is not a known value: set it to auto, rust or pure")
    if wanted != "auto":
        return wanted
    # The compiled module uses the stable ABI of CPython 3.10.
    fits = sys.implementation.name == "cpython" and sys.version_info >= (3, 10)
    return "rust" if fits and shutil.which("cargo") else "pure"


def _may_fall_back() -> bool:
    return os.environ.get("FLASK_CORS_RS_BUILD", "auto") == "auto"


def _requirements() -> list[str]:
    # maturin's own hook would try to download a toolchain where cargo is missing.
    if engine() == "pure":
        return ["hatchling>=1.27"]
    return ["maturin>=1.9.4,<2", *(["hatchling>=1.27"] if _may_fall_back() else [])]


def get_requires_for_build_wheel(config_settings: Settings = None) -> list[str]:
    """Return the requirements for building a wheel."""
    return _requirements()


def get_requires_for_build_editable(config_settings: Settings = None) -> list[str]:
    """Return the requirements for an editable install."""
    return _requirements()


def get_requires_for_build_sdist(config_settings: Settings = None) -> list[str]:
    """Return the requirements for building a source distribution."""
    return ["hatchling>=1.27"]


def _build(hook: str, *arguments: Any) -> str:
    if engine() == "rust":
        import maturin

        try:
            return str(getattr(maturin, hook)(*arguments))
        except (Exception, SystemExit) as error:
            if not _may_fall_back():
                raise
            print(
                f"flask-cors-rs: the Rust build failed ({error!r}): building the pure Python wheel."
                " Set FLASK_CORS_RS_BUILD=rust to make this an error.",
                file=sys.stderr,
                flush=True,
            )
    import hatchling.build

    return str(getattr(hatchling.build, hook)(*arguments))


def build_wheel(wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None) -> str:
    """Build a wheel, and return its file name."""
    return _build("build_wheel", wheel_directory, config_settings, metadata_directory)


def build_editable(
    wheel_directory: str, config_settings: Settings = None, metadata_directory: str | None = None
) -> str:
    """Build a wheel for an editable install, and return its file name."""
    # A module compiled by an earlier editable build is still in the source tree, and would be imported.
    for compiled in Path("python/flask_cors_rs").glob("_rust*"):
        if compiled.suffix in {".so", ".pyd"}:
            compiled.unlink()
    return _build("build_editable", wheel_directory, config_settings, metadata_directory)


def build_sdist(sdist_directory: str, config_settings: Settings = None) -> str:
    """Build a source distribution, which contains both engines, and return its file name."""
    import hatchling.build

    return str(hatchling.build.build_sdist(sdist_directory, config_settings))
