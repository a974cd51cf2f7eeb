"""A policy's answer to a request, as a value."""

from __future__ import annotations

from typing import NamedTuple


class Decision(NamedTuple):
    """The response headers for a request, and why they are these.

    Both engines answer with it; the hot path writes the same headers without making one.
    """

    headers: tuple[tuple[str, str], ...]
    """The (name, value) pairs to add, in their order."""

    reason: str
    """One of ``allowed``, ``no Origin header``, ``malformed Origin header``, ``origin not allowed``,
    ``method not allowed``, ``header not allowed``, ``no rule for this path``."""

    @property
    def allowed(self) -> bool:
        """Whether a browser will let the page have what it asked for."""
        return self.reason == "allowed"
