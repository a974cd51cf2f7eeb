"""The option that a misspelt name was probably meant to be."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_ALIASES = {"headers": "allow_headers", "allowed_origins": "origins", "credentials": "supports_credentials"}


def similar_option(name: str, known: Iterable[str]) -> str | None:
    """Return the most similar of the known names, or None if none is similar."""
    by_lower = {other.lower(): other for other in known}
    lower = name.lower()
    similar = _ALIASES.get(lower) or next(iter(get_close_matches(lower, by_lower, 1)), None)
    return by_lower.get(similar, similar) if similar else None
