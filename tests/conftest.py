"""The fixture that runs a test on each engine, and the settings of Hypothesis."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

from flask_cors_rs import _engine
from support.engines import ENGINES

settings.register_profile(
    "default",
    deadline=None,
    # In CI every change is tested with the same cases. `make fuzz` and other machines search for new ones.
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.register_profile("fuzz", settings.get_profile("default"), derandomize=False, max_examples=20_000)
# Where the whole suite runs many times: on every interpreter and Flask, and on every mutant.
settings.register_profile("few", settings.get_profile("default"), max_examples=25)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(params=sorted(ENGINES))
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run the test on each engine of this installation, and return its name."""
    monkeypatch.setattr(_engine, "engine", ENGINES[request.param])
    monkeypatch.setattr(_engine, "BACKEND", request.param)
    return str(request.param)


def pytest_report_header() -> str:
    """Name the engines that the tests run on. The table of `make matrix` reads this line."""
    return f"engines: {', '.join(sorted(ENGINES))}"
