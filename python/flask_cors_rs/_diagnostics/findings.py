"""What the audit reports, and what a check is made of.

A check is a :class:`Check`, with the functions below it that look for what it describes. Each function is added to the
:class:`Registry` for what it looks at, in :mod:`~flask_cors_rs._diagnostics.audited`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Literal, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Severity = Literal["info", "warning", "error"]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "error")
"""The severities, the least severe first."""

DOCUMENTATION = "https://github.com/flask-cors-rs/flask-cors-rs/blob/main/docs/audit.md"


class Finding(NamedTuple):
    """A policy or option that is unsafe, or has no effect."""

    id: str
    """The id of the check, such as ``CORS001``. An id never changes its meaning."""
    severity: Severity
    """``info``, ``warning`` or ``error``."""
    option: str
    """The name of the option."""
    where: str
    """The policy, by its resource or its view, or ``app.config``."""
    detail: str
    """What was found, with the value."""
    example: str | None = None
    """An origin, path or header that demonstrates it."""
    remedy: str = ""
    """How to fix it."""
    consequence: str = ""
    """What can happen, in one sentence."""

    @property
    def anchor(self) -> str:
        """The URL of the documentation of the check."""
        return f"{DOCUMENTATION}#{self.id.lower()}"

    def __str__(self) -> str:
        example = f" (for example {self.example!a})" if self.example else ""
        return f"{self.id} {self.severity}: {self.where}: {self.detail}{example}. {self.consequence} {self.remedy}"


class AuditError(ValueError):
    """The findings of severity ``error`` at set-up, raised with ``audit="raise"``."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        first = (
            "the audit found errors in the CORS policies. Fix them, or accept them in app.config['CORS_AUDIT_IGNORE'],"
            " which CORS(app) reads:"
        )
        super().__init__("\n".join([first, *map(str, self.findings)]))


class Check(NamedTuple):
    """What a check looks for, why it matters, and how to fix it."""

    id: str
    title: str
    consequence: str
    """What can happen, in one sentence."""
    remedy: str
    """How to fix it, where nothing more specific can be said."""
    at_setup: Literal["production", "debug", "never"]
    """Whether it runs at set-up in production, or only in debug mode and with ``audit="raise"``, or never."""
    in_production: str = ""
    """What happens at set-up in production, if that is not all, as a sentence."""

    def finding(
        self,
        severity: Severity,
        option: str,
        where: str,
        detail: str,
        *,
        example: str | None = None,
        remedy: str = "",
    ) -> Finding:
        """Make a finding of this check."""
        return Finding(self.id, severity, option, where, detail, example, remedy or self.remedy, self.consequence)


SubjectT = TypeVar("SubjectT")


class Registry(Generic[SubjectT]):
    """The functions that check one kind of thing, in the order in which they are defined."""

    def __init__(self) -> None:
        self._functions: list[Callable[[SubjectT], Iterable[Finding]]] = []

    def add(self, function: Callable[[SubjectT], Iterable[Finding]]) -> Callable[[SubjectT], Iterable[Finding]]:
        """Add a function; use it as a decorator."""
        self._functions.append(function)
        return function

    def run(self, subject: SubjectT) -> Iterator[Finding]:
        """Yield the findings of all functions."""
        for function in self._functions:
            yield from function(subject)
