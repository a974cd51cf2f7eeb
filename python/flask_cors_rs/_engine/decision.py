"""The decision of a policy about a request, as a value."""

from __future__ import annotations

from typing import Literal, NamedTuple

Reason = Literal[
    "allowed",
    "no Origin header",
    "malformed Origin header",
    "origin not allowed",
    "method not allowed",
    "header not allowed",
    "no rule for this path",
    "not a preflight",
]
"""Why a request gets the headers that it gets."""


class Decision(NamedTuple):
    """The response headers for a request, and the reason for them.

    >>> Decision((("Access-Control-Allow-Origin", "*"),), "allowed").allowed
    True
    """

    headers: tuple[tuple[str, str], ...]
    """The (name, value) pairs to add to the response, in their order."""

    reason: Reason
    """``allowed``, or why the browser will not let the page have what it asks for."""

    @property
    def allowed(self) -> bool:
        """Whether a browser lets the page have what it asks for."""
        return self.reason == "allowed"
