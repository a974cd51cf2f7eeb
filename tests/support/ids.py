"""Names of test cases."""

from __future__ import annotations

import re


def short_id(value: object) -> str:
    """Return the start of a value's text, without memory addresses: the processes of pytest-xdist must agree on it.

    It has nothing that pytest escapes, as that would be escaped twice when mutmut collects the tests twice.
    """
    text = re.sub(r" at 0x[0-9a-f]+", "", str(value))
    return ascii(text)[1:-1].replace("\\", "/")[:60]
