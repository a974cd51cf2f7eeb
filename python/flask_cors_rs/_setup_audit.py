"""The audit of new policies at set-up. This is the only serving module that loads the diagnostics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._options.resources import Resources


def audit_at_setup(resources: Resources, name: str, config: Mapping[str, Any] | None = None) -> None:
    """Do what the option ``audit`` asks for: ``log``, ``raise`` or ``off``.

    :param resources: the new rules
    :param name: what they belong to, ``CORS(app)`` or ``CORSMiddleware``
    :param config: the configuration of the application, which may have ``CORS_AUDIT_IGNORE``
    :raises AuditError: the option is ``raise``, and there are findings of severity ``error``
    """
    if resources.audit == "off":
        return
    from ._diagnostics.audit import audit_at_setup, ignored_ids

    audit_at_setup(resources, name, resources.audit, ignored_ids(config or {}))
