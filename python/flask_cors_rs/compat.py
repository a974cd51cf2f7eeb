"""A replacement for the module ``flask_cors``, for programs that import it."""

from __future__ import annotations

import logging
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

REFERENCE_VERSION = "6.0.5"
"""The release of Flask-CORS whose behaviour this package reproduces."""


def install_as_flask_cors() -> None:
    """Make ``import flask_cors`` import this package, for programs whose code you cannot change.

    The modules ``flask_cors.core``, ``flask_cors.decorator`` and ``flask_cors.extension`` are replaced too. Call this
    function before anything imports Flask-CORS; a second call has no effect. From then on this package logs to
    ``flask_cors`` and ``flask_cors.core``.

    :raises RuntimeError: Flask-CORS itself has already been imported
    """
    from flask import make_response

    from . import _log, core, decorator, extension

    present = sys.modules.get("flask_cors")
    if present is not None:
        if getattr(present, "__flask_cors_rs__", False):
            return
        raise RuntimeError(
            "Flask-CORS has already been imported, and the modules that imported it would keep using it: call"
            " install_as_flask_cors() before anything imports flask_cors, or start the program with"
            " python -m flask_cors_rs"
        )
    _log.rename("flask_cors")
    core.LOG = _log.LOG
    package = _module("flask_cors", {"CORS": extension.CORS, "cross_origin": decorator.cross_origin})
    package.__path__ = []
    public = {"CORS", "cross_origin", "__version__"}
    package.__dict__.update(
        __all__=sorted(public),
        __flask_cors_rs__=True,
        __version__=REFERENCE_VERSION,
        logging=logging,
        rootlogger=_log.ROOT,
    )
    core_names = {name: getattr(core, name) for name in core.__all__}
    submodules: dict[str, dict[str, object]] = {
        "core": core_names,
        "decorator": {
            "cross_origin": decorator.cross_origin,
            "make_response": make_response,
            **_of(
                core_names,
                "CrossOriginOptionsInput",
                "FLASK_CORS_EVALUATED",
                "LOG",
                "current_app",
                "get_cors_options",
                "logging",
                "request",
                "set_cors_headers",
            ),
        },
        "extension": {"CORS": extension.CORS, **core_names},
    }
    for name, names in submodules.items():
        setattr(package, name, _module(f"flask_cors.{name}", names))


def _of(names: dict[str, object], *wanted: str) -> dict[str, object]:
    return {name: names[name] for name in wanted}


def _module(name: str, names: dict[str, object]) -> ModuleType:
    module = ModuleType(name, "Part of flask_cors_rs, which replaces Flask-CORS here.")
    module.__spec__ = ModuleSpec(name, None, is_package="." not in name)
    # Programs ask where a module comes from.
    module.__file__ = __file__
    module.__dict__.update(names)
    sys.modules[name] = module
    return module
