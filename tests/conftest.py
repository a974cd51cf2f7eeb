"""What every test may use: the engines, one after the other."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

from flask_cors_rs import _backend

settings.register_profile(
    "default",
    deadline=None,
    # The gate judges a change by the same cases each time; `make fuzz` and contributors' machines look for new ones.
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.register_profile("fuzz", settings.get_profile("default"), derandomize=False, max_examples=20_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def _engines() -> dict[str, _backend.Engine]:
    """The engines of this installation: Rust is missing from a pure one."""
    return dict(_backend.load(name) for name in ("auto", "python"))


ENGINES = _engines()


@pytest.fixture(params=sorted(ENGINES))
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each engine that is there, switched on for the test."""
    monkeypatch.setattr(_backend, "engine", ENGINES[request.param])
    monkeypatch.setattr(_backend, "BACKEND", request.param)
    return str(request.param)


def pytest_report_header() -> str:
    """Which engines the tests run on."""
    return f"engines: {', '.join(sorted(ENGINES))}"
