"""The audit of new policies at set-up. This is the only serving module that loads the diagnostics.

In production it does not load them for policies in which it sees nothing wrong. What it can see at once is decided by
the functions below, which the checks of the audit call too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _log, _process_state
from ._options.patterns import WILDCARD, RegexPattern

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._options.parse import Options
    from ._options.resources import Resources


def audit_at_setup(
    resources: Resources, name: str, config: Mapping[str, Any] | None = None, *, debug: bool = False
) -> None:
    """Do what the option ``audit`` asks for: ``log``, ``raise`` or ``off``.

    :param resources: the new rules
    :param name: what they belong to: ``CORS(app)``, ``CORS(name of a Blueprint)`` or ``CORSMiddleware``
    :param config: the configuration of the application, which may have ``CORS_AUDIT_IGNORE``
    :param debug: whether the application is in debug mode, in which ``log`` runs all checks
    :raises AuditError: the option is ``raise``, and there are findings of severity ``error``
    """
    if resources.audit == "off":
        return
    failure: Exception | None = None
    try:
        if debug or resources.audit == "raise":
            with _process_state.import_lock.current:
                from ._diagnostics.audit import audit_at_setup, ignored_ids

            failure = audit_at_setup(resources, name, resources.audit, ignored_ids(config or {}))
        else:
            _log_visible(resources, name, config or {})
    except Exception:
        # An application must start even if the audit does not understand its policies.
        _log.warn("The audit of %s at set-up failed. Run `flask cors audit` instead.", name, exc_info=True)
    if failure is not None:
        raise failure


def _log_visible(resources: Resources, name: str, config: Mapping[str, Any]) -> None:
    """Log what can be seen at once."""
    # Thousands of resources can have the same options.
    unsafe = {options for options in {options for _, options in resources.patterns} if _is_unsafe(options)}
    layers = [(layer, name) for layer in resources.layers if turns_on_credentials(layer)]
    if resources.config is not None and turns_on_credentials(resources.config):
        layers.append((resources.config, "app.config"))
    if unsafe or layers:
        with _process_state.import_lock.current:
            from ._diagnostics.audit import ignored_ids, log_visible

        policies = [(f"{text} of {name}", options) for text, options in resources if options in unsafe]
        log_visible(policies, layers, ignored_ids(config))


_ANY_ORIGIN = type(WILDCARD)


def _is_unsafe(options: Options) -> bool:
    """Whether a policy certainly has a finding of severity ``error``."""
    # The types of 100,000 literals take 2 ms.
    kinds = {*map(type, options.origins)}
    regexes = [origin for origin in options.origins if type(origin) is RegexPattern] if RegexPattern in kinds else []
    if options.supports_credentials or options.allow_private_network:
        any_origin = _ANY_ORIGIN in kinds or any(map(allows_every_origin, regexes))
        if exposes_users(options, any_origin) or opens_private_network(options, any_origin):
            return True
    return (options.supports_credentials and allows_null(options)) or any(map(_is_unsafe_regex, regexes))


def _is_unsafe_regex(regex: RegexPattern) -> bool:
    return (is_glob(regex.text) or _allows_longer_origins(regex)) and not allows_every_origin(regex)


def _allows_longer_origins(regex: RegexPattern) -> bool:
    if _is_anchored(regex.text):
        return False
    with _process_state.import_lock.current:
        from ._options.longer_origins import longer_origin

    return longer_origin(regex) is not None


def _is_anchored(text: str) -> bool:
    r"""Whether an expression ends with ``$`` or ``\Z``, and has alternatives only in groups before it."""
    # Without a look at what is escaped: no origin has a $ or a backslash.
    return text.endswith(("$", r"\Z")) and not _has_alternatives(text)


def _has_alternatives(text: str) -> bool:
    """Whether an expression has alternatives outside of groups."""
    depth = 0
    for part in text.split("|")[:-1]:
        depth += part.count("(") - part.count(")")
        if depth <= 0:
            return True
    return False


# --- what can be seen at once -----------------------------------------------------------------------------------------


def exposes_users(options: Options, any_origin: bool) -> bool:
    """Whether a policy allows credentials from any origin."""
    return any_origin and options.supports_credentials


def opens_private_network(options: Options, any_origin: bool) -> bool:
    """Whether a policy allows private network access from any origin."""
    return any_origin and options.allow_private_network


def allows_every_origin(regex: RegexPattern) -> bool:
    """Whether a regular expression allows every origin, as ``^.*$`` does, without doubt."""
    # A look into the parse tree takes some 50 microseconds, and nearly all expressions begin with a scheme.
    if regex.text.lstrip("^").startswith("http") and not _has_alternatives(regex.text):
        return False
    with _process_state.import_lock.current:
        from ._options.every_origin import matches_every_origin

    return matches_every_origin(regex)


def allows_null(options: Options) -> bool:
    """Whether the literal ``null`` is among the origins."""
    return "null" in options.origins


def is_glob(text: str) -> bool:
    """Whether a regular expression is meant as a glob: it has ``*.`` at the beginning of the host."""
    return text.startswith("*.") or "//*." in text


def is_false_text(value: object) -> bool:
    """Whether the value of an option is a text like ``"false"``, which turns the option on."""
    return isinstance(value, str) and value.lower() in {"false", "0", "no", "off", "none"}


def turns_on_credentials(layer: Mapping[str, Any]) -> bool:
    """Whether options as they were given turn ``supports_credentials`` on by a text like ``"false"``."""
    return is_false_text(layer.get("supports_credentials"))
