"""Public suffixes: the domains under which anyone can register a name.

Source: the `Public Suffix List <https://publicsuffix.org>`_. Its rules are in
:mod:`flask_cors_rs._origins.public_suffix_rules`, so that a look-up neither reads a file nor builds a table.
"""

from __future__ import annotations

from .._process_state import import_lock
from .syntax import split_origin


def is_public_suffix(host: str) -> bool:
    """Whether anyone can register a name directly under a host.

    A name that is not on the list, such as ``internal``, belongs to a private network.
    """
    return public_suffix(host) == host


def public_suffix_below(host: str) -> str | None:
    """Return a public suffix that is below a host, or None if there is none."""
    rules = _rules()
    rule = ".".join(reversed(host.split(".")))
    start = rules.find(f"\n{rule}.") + 1
    if not start:
        return None
    labels = rules[start : rules.find("\n", start)].replace("!", "").replace("*", "any").split(".")
    return ".".join(reversed(labels))


def public_suffix(host: str) -> str | None:
    """Return the public suffix that a host ends with, or None if no rule of the list applies."""
    labels = host.split(".")
    for start in range(len(labels)):
        # Rules begin with the top-level domain. `!` marks an exception, `*` stands for any label.
        rule = ".".join(reversed(labels[start:]))
        parent, _, label = rule.rpartition(".")
        if _is_rule(f"{parent}.!{label}"):
            return ".".join(labels[start + 1 :])
        if _is_rule(f"{rule}.*"):
            return ".".join(labels[max(start - 1, 0) :])
        if _is_rule(rule):
            return ".".join(labels[start:])
    return None


def registrable_domain(origin: str, *, listed: bool = True) -> str | None:
    """Return the domain of an origin that somebody registered, or None for an IP address or a public suffix.

    :param listed: whether the suffix must be on the list; if not, every top-level domain counts as one
    """
    parts = split_origin("Origin", origin)
    if parts.is_address:
        return None
    suffix = public_suffix(parts.host)
    if suffix is None:
        if listed:
            return None
        suffix = parts.host.rpartition(".")[2]
    above = parts.host[: -len(suffix) - 1].rpartition(".")[2]
    return f"{above}.{suffix}" if above else None


def _rules() -> str:
    """Return the list. It is imported when it is first needed: most applications start and serve without it.

    :raises ImportError: the list is missing, as in a frozen application that does not include it
    """
    try:
        with import_lock.current:
            from .public_suffix_rules import RULES
    except ImportError as error:
        name = f"{__package__}.public_suffix_rules"
        raise ImportError(
            f"The Public Suffix List cannot be imported from {name} ({error}): include that module in the frozen"
            " application, or reinstall flask-cors-rs",
            name=name,
        ) from error
    return RULES


def _is_rule(rule: str) -> bool:
    """Look a rule up by binary search in the sorted lines of the list."""
    rules = _rules()
    low, high = 0, len(rules)
    while low < high:
        start = rules.rfind("\n", low, (low + high) // 2) + 1 or low
        end = rules.find("\n", start)
        line = rules[start:end]
        if line == rule:
            return True
        if line < rule:
            low = end + 1
        else:
            high = start
    return False
