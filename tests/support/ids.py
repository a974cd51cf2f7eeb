"""Names of test cases."""

from __future__ import annotations

import re


def short_id(value: object) -> str:
    """Return the start of a value's text, without memory addresses: the processes of pytest-xdist must agree on it."""
    return re.sub(r" at 0x[0-9a-f]+", "", str(value))[:60]
