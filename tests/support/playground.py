"""The misconfigurations that can be typed into the playground: those that consist of the arguments of ``CORS``."""

from __future__ import annotations

import re
from typing import Any

from support.misconfigurations import CASES, VIEW, Case

_CALL = re.compile(r"CORS\(app(?:, (?P<arguments>.*))?\)")

TYPED: list[tuple[Case, str]] = []
"""The misconfigurations, with the arguments."""

for _case in CASES:
    _found = _CALL.fullmatch(_case.source.removesuffix(VIEW).strip())
    if _case.source.endswith(VIEW) and _found and "\n" not in _found[0]:
        TYPED.append((_case, _found["arguments"] or ""))


def question(case: Case, arguments: str) -> dict[str, Any]:
    """Return what a reader types."""
    return {
        "arguments": arguments,
        "origin": case.origin,
        "method": case.method,
        "path": case.path,
        "headers": "\n".join(map(": ".join, case.headers)),
        "credentials": case.credentials,
    }
