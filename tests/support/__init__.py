"""Helpers and data that several test files use."""

from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
"""The folder of the project."""
