"""A hook of pytest-benchmark: record in the results which versions were measured."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

MEASURED = ("Flask-CORS", "flask-cors-rs", "Flask", "Werkzeug")


def pytest_benchmark_update_machine_info(machine_info: dict[str, Any]) -> None:
    """Add the versions to the description of the machine."""
    machine_info["versions"] = {name: version(name) for name in MEASURED}
