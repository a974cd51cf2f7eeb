"""Checks of options as they are given, and of the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._options.parse import CONFIG_KEYS, DEFAULT_OPTIONS, config_layer
from .._options.similar import similar_option
from .._setup_audit import is_false_text
from .audited import app_checks, layer_checks
from .findings import Check
from .text import readable_option

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from typing import Any

    from .audited import AuditedApp, AuditedLayer
    from .findings import Finding, Severity

IGNORE_KEY = "CORS_AUDIT_IGNORE"
"""The key of ``app.config`` for the ids of findings to leave out."""


def ignored_ids(config: Mapping[str, Any]) -> list[str]:
    """Return the ids in ``CORS_AUDIT_IGNORE``, which is a list, or a string with commas."""
    value = config.get(IGNORE_KEY) or ()
    return [item.strip() for item in (value.split(",") if isinstance(value, str) else value)]


UNKNOWN = Check(
    "CORS019",
    "An unknown option",
    "It has no effect. What it is meant to set keeps its default, which for origins is any origin.",
    "Correct the name.",
    "debug",
    "Whatever the value of `audit`, the log names it. An unknown key of the configuration is found only by"
    " `flask cors audit` and `audit()`.",
)


@layer_checks.add
def unknown_option(layer: AuditedLayer) -> Iterator[Finding]:
    """Find names that are not options."""
    for name in layer.options:
        if name not in DEFAULT_OPTIONS:
            yield _unknown(name, DEFAULT_OPTIONS, layer.where)


@app_checks.add
def unknown_key(audited: AuditedApp) -> Iterator[Finding]:
    """Find keys of the configuration that begin with ``CORS_`` and are not options."""
    known = [*CONFIG_KEYS.values(), IGNORE_KEY]
    keys: Iterable[str] = map(str, audited.app.config)
    for key in keys:
        # `from_prefixed_env()` turns FLASK_CORS_RS_BACKEND into such a key.
        if key.startswith("CORS_") and key not in known and not key.startswith("CORS_RS_"):
            yield _unknown(key, known, "app.config")


def _unknown(name: str, known: Collection[str], where: str) -> Finding:
    similar = similar_option(name, known)
    remedy = f"Write {similar}, or remove it, which changes nothing." if similar else ""
    return UNKNOWN.finding("error", name, where, f"{name} is not an option", remedy=remedy)


STRING_FOR_BOOLEAN = Check(
    "CORS020",
    "A string where a boolean is expected",
    "Every string that is not empty counts as true.",
    "Write True or False.",
    "production",
    "In production it looks only at `supports_credentials`.",
)

_FLAGS = frozenset(name for name, value in DEFAULT_OPTIONS.items() if isinstance(value, bool))


@layer_checks.add
def string_for_boolean(layer: AuditedLayer) -> Iterator[Finding]:
    """Find strings like ``"false"``, which turn an option on."""
    for name, value in layer.options.items():
        if name in _FLAGS and is_false_text(value):
            severity: Severity = "error" if name == "supports_credentials" else "warning"
            detail = f"{name}={value!r} counts as true"
            yield STRING_FOR_BOOLEAN.finding(severity, name, layer.where, detail)


LATE_KEY = Check(
    "CORS021",
    "A configuration key that is set too late",
    "It has no effect, because CORS(app) has already read the configuration.",
    "Set it before CORS(app), or call init_app later.",
    "never",
)


@app_checks.add
def late_key(audited: AuditedApp) -> Iterator[Finding]:
    """Find keys of the configuration that have changed since an extension read them."""
    for source in audited.sources:
        read = source.resources.config
        if read is None:
            continue
        now = config_layer(audited.app)
        for name in sorted(now.keys() | read.keys()):
            if name not in source.resources.overridden and now.get(name) != read.get(name):
                detail = f"{CONFIG_KEYS[name]}={readable_option(now.get(name))} was set after CORS(app)"
                yield LATE_KEY.finding("error", name, "app.config", detail)


INVALID = Check(
    "CORS023",
    "A configuration that does not make a valid policy",
    "The view gets no CORS headers, or every request to it fails.",
    "Fix it as the error says.",
    "never",
)


def invalid_configuration(error: Exception, where: str) -> Finding:
    """Return the finding for an error that the options of a decorated view raise."""
    return INVALID.finding("error", "config", where, str(error))
