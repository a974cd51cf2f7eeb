"""The option that a misspelt name was probably meant to be."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_MEANT = {
    "allow_method": "methods",
    "allowed_methods": "methods",
    "cors_headers": "allow_headers",
    "header": "allow_headers",
}
"""The options for names that look more like another one."""


def similar_option(name: object, known: Iterable[str]) -> str | None:
    """Return the most similar of the known names, or None if none is similar."""
    by_lower = {other.lower(): other for other in known}
    lower = str(name).lower()
    meant = _MEANT.get(lower)
    similar = [meant] if meant in by_lower else get_close_matches(lower, by_lower, 1)
    return by_lower[similar[0]] if similar else None
