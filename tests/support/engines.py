"""The engines of this installation."""

from __future__ import annotations

import pytest

from flask_cors_rs import _engine

ENGINES = dict(_engine.load(name) for name in ("auto", "python"))
"""The engines by name. A pure installation does not have ``rust``."""

needs_rust = pytest.mark.skipif("rust" not in ENGINES, reason="this installation does not have the Rust engine")
