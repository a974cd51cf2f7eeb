"""Public suffixes: the domains under which anyone can register a name (https://publicsuffix.org)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from .syntax import split_origin


def is_public_suffix(host: str) -> bool:
    """Whether anyone can register a name directly under a host."""
    return bool(_suffixes().is_public(host))


def registrable_domain(origin: str, *, listed: bool = True) -> str | None:
    """Return the domain of an origin that somebody registered, or None for an IP address or a public suffix.

    :param listed: whether the suffix must be on the list; if not, every top-level domain counts as one
    """
    parts = split_origin("Origin", origin)
    domain: str | None = None
    if not parts.is_address:
        domain = _suffixes().privatesuffix(parts.host, accept_unknown=not listed)
    return domain


@lru_cache(maxsize=1)
def _suffixes() -> Any:
    """The Public Suffix List that the installed package contains; nothing is downloaded."""
    from publicsuffixlist import PublicSuffixList

    # A name that is not on the list, such as `internal`, belongs to a private network.
    return PublicSuffixList(accept_unknown=False)
