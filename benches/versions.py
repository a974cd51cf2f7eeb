"""A plugin of pytest: says in the results of pytest-benchmark what was measured."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

MEASURED = ("Flask-CORS", "flask-cors-rs", "Flask", "Werkzeug")


def pytest_benchmark_update_machine_info(machine_info: dict[str, Any]) -> None:
    """Add the versions to what is known of the machine."""
    machine_info["versions"] = {name: version(name) for name in MEASURED}
