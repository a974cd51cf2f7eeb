"""The audit of policies: ``audit()``, ``flask cors audit`` and the option ``audit``."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from .. import _log
from .._options.parse import Options, config_layer
from . import checks_headers, checks_options, checks_origins, checks_paths, checks_regexes
from .audited import (
    AuditedApp,
    AuditedLayer,
    AuditedPolicy,
    AuditedResources,
    app_checks,
    is_ordinary_origin,
    layer_checks,
    policy_checks,
    resources_checks,
    route_checks,
    visible_checks,
)
from .checks_options import ignored_ids, invalid_configuration
from .findings import SEVERITIES, AuditError, Check, Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from flask import Flask

    from .._options.resources import Resources

__all__ = [
    "CHECKS",
    "SEVERITIES",
    "AuditError",
    "Check",
    "Finding",
    "Severity",
    "audit",
    "audit_at_setup",
    "audit_resources",
    "ignored_ids",
    "log_visible",
]

_MODULES = (checks_headers, checks_options, checks_origins, checks_paths, checks_regexes)
_FOUND = (value for module in _MODULES for value in vars(module).values() if isinstance(value, Check))

CHECKS: dict[str, Check] = {check.id: check for check in sorted(_FOUND)}
"""All checks, by id."""

_other_options: Callable[[Options], tuple[object, ...]] = attrgetter(
    "any_origin", *(name for name in Options.__slots__ if name != "origins")
)


def audit(app: Flask, *, ignore: Iterable[str] = ()) -> list[Finding]:
    """Check all policies of an application: extensions, middleware and decorated views.

    :param app: the application, with its routes
    :param ignore: the ids of findings to leave out, besides those in ``app.config["CORS_AUDIT_IGNORE"]``
    :returns: the findings, the most severe first
    :raises ImportError: the list of public suffixes is needed and cannot be imported
    """
    # At set-up, this module is loaded by CORSMiddleware too, which does not need Flask.
    from .applied import decorated_views, policy_sources, routed_resources

    found: list[Finding] = []
    sources = policy_sources(app)
    for source in sources:
        found += audit_resources(source.resources, source.name)
    for resource in routed_resources(app, decorated=True):
        found += route_checks.run(resource)
    views: list[tuple[str, Options]] = []
    for endpoint, policies in decorated_views(app):
        where = f"@cross_origin of {endpoint}"
        found += layer_checks.run(AuditedLayer(policies.given, where))
        try:
            views.append((where, policies.options_for(app)))
        except (TypeError, ValueError) as error:
            found.append(invalid_configuration(error, where))
    for where, options in views:
        found += policy_checks.run(AuditedPolicy(options, where))
    found += layer_checks.run(AuditedLayer(config_layer(app), "app.config"))
    found += app_checks.run(AuditedApp(app, sources, views))
    ignored = {*ignore, *ignored_ids(app.config)}
    unique = dict.fromkeys(finding for finding in found if finding.id not in ignored)
    return sorted(unique, key=lambda finding: (-SEVERITIES.index(finding.severity), finding.id))


def audit_resources(resources: Resources, name: str) -> list[Finding]:
    """Check the policies of one extension or middleware, without the routes.

    :param resources: the resources
    :param name: the name of the extension or middleware, for findings
    """
    found: list[Finding] = []
    seen: set[object] = set()
    for text, options in resources:
        # Thousands of policies can differ only in ordinary origins: one of them is checked for all.
        kind = len(options.origins) > 1, _other_options(options)
        if kind not in seen or not all(map(is_ordinary_origin, options.origins)):
            seen.add(kind)
            found += policy_checks.run(AuditedPolicy(options, f"{text} of {name}"))
    for layer in resources.layers:
        found += layer_checks.run(AuditedLayer(layer, name))
    found += resources_checks.run(AuditedResources(resources, name))
    return found


def audit_at_setup(resources: Resources, name: str, mode: str, ignored: Iterable[str] = ()) -> AuditError | None:
    """Check new policies, and log or return the findings of severity ``error``.

    :param resources: the new resources
    :param name: the name of the extension or middleware, for findings
    :param mode: the option ``audit``: ``log`` or ``raise``
    :param ignored: the ids of findings to leave out
    :returns: the error to raise, if there are such findings and the mode is ``raise``
    """
    found = audit_resources(resources, name)
    if resources.config is not None:
        found += layer_checks.run(AuditedLayer(resources.config, "app.config"))
    errors = _errors(found, ignored)
    if errors and mode == "raise":
        return AuditError(errors)
    _log_all(errors)
    return None


def log_visible(
    policies: Iterable[tuple[str, Options]], layers: Iterable[tuple[Mapping[str, Any], str]], ignored: Iterable[str]
) -> None:
    """Log the findings of severity ``error`` that need no samples, as at set-up in production.

    :param policies: the policies to check, by name
    :param layers: the options as they were given, with where they come from
    :param ignored: the ids of findings to leave out
    """
    found: list[Finding] = []
    for where, options in policies:
        found += visible_checks.run(AuditedPolicy(options, where))
    for layer, where in layers:
        found += layer_checks.run(AuditedLayer(layer, where))
    _log_all(_errors(found, ignored))


def _errors(found: Iterable[Finding], ignored: Iterable[str]) -> list[Finding]:
    ignored = frozenset(ignored)
    return [finding for finding in dict.fromkeys(found) if finding.severity == "error" and finding.id not in ignored]


def _log_all(findings: Iterable[Finding]) -> None:
    """Log each finding once, with the first place where it was found: the policies of many resources can be alike."""
    places: dict[Finding, list[str]] = {}
    for finding in findings:
        if finding.id != checks_options.UNKNOWN.id:  # A warning of every unknown option is logged anyway.
            places.setdefault(finding._replace(where=""), []).append(finding.where)
    for finding, (first, *others) in places.items():
        where = f"{first} and {len(others)} more" if others else first
        _log.warn("%s See %s", _log.printable(str(finding._replace(where=where))), finding.anchor)
