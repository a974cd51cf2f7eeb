"""What the checks look at, and the registry of the functions that look at it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from .._options.longer_origins import ENDS
from .._options.patterns import RegexPattern
from .._origins.syntax import origin_problem
from .._setup_audit import allows_every_origin, is_glob
from ..origins import Regex
from . import samples
from .findings import Registry
from .lazy import LazyProperty
from .text import quoted, readable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from flask import Flask

    from .._options.parse import Options
    from .._options.resources import Resources
    from .applied import PolicySource, RoutedResource


UNKNOWN_ORIGINS = ("https://evil.invalid", "https://evil.org")
"""Origins of which an expression allows both only if it allows any host name."""


def allows_unknown_origins(match: samples.Match) -> bool:
    """Whether the ``match`` function of an expression allows all of :data:`UNKNOWN_ORIGINS`."""
    return all(map(match, UNKNOWN_ORIGINS))


class AuditedRegex:
    """A regular expression in ``origins``, with samples of what it matches."""

    def __init__(self, regex: RegexPattern) -> None:
        self.regex = regex
        pattern = regex.pattern
        self.text = quoted(pattern.pattern)
        self.match = samples.safe_match(pattern)
        self._is_folded = bool(pattern.flags & re.IGNORECASE)
        texts = [self.folded(text) for text in samples.matching(pattern, self.match)]
        self.texts = texts
        """Texts that the expression matches."""
        self.origins = [text for text in texts if self.allows(text)]
        """Those of the texts that are origins."""
        longer = (f"{text}{end}" for text in texts for end in ENDS)
        self.longer_origins = [text for text in longer if self.allows(text)]
        """Origins that are allowed only because the expression does not match to the end."""
        self.allows_unknown_origins = not self.longer_origins and allows_unknown_origins(self.match)
        """Whether the expression allows any host name, although it matches to the end."""

    def allows(self, origin: str) -> bool:
        """Whether a text is an origin, and the expression matches it."""
        return self.match(origin) is not None and not origin_problem(origin)

    def folded(self, text: str) -> str:
        """Return a text in lower case, if the expression ignores case."""
        return text.lower() if self._is_folded else text


class AuditedPolicy:
    """The options of a policy, with its origins by kind.

    :param options: the options
    :param where: the policy, for findings
    """

    def __init__(self, options: Options, where: str) -> None:
        self.options = options
        self.where = where
        regexes = [origin for origin in options.origins if isinstance(origin, RegexPattern)]
        limited = [regex for regex in regexes if not (regex.matches_all or allows_every_origin(regex))]
        self.any_origin = len(limited) < len(regexes)
        """Whether the policy allows any origin, by ``"*"`` or by a regular expression."""
        self.globs = [regex.text for regex in limited if is_glob(regex.text)]
        """The regular expressions that are meant as globs, like ``https://*.app.example``."""
        self.narrow = [regex for regex in limited if not is_glob(regex.text)]
        """The other regular expressions, without those that allow every origin."""

    @LazyProperty
    def literals(self) -> list[str]:
        """The literals among the origins, without those that are certainly valid."""
        return [origin for origin in self.options.origins if isinstance(origin, str) and not is_ordinary_origin(origin)]

    @LazyProperty
    def regexes(self) -> list[AuditedRegex]:
        """:attr:`narrow`, with samples."""
        return [AuditedRegex(regex) for regex in self.narrow]

    @LazyProperty
    def unlimited(self) -> list[str]:
        """The expressions that allow any host name, although they match to the end."""
        whole = [regex for regex in self.options.origin_matchers if isinstance(regex, Regex)]
        return [
            *(regex.text for regex in self.regexes if regex.allows_unknown_origins),
            *(readable(regex) for regex in whole if allows_unknown_origins(regex.match)),
        ]


class AuditedLayer(NamedTuple):
    """Options as they were given, before they are parsed."""

    options: Mapping[str, Any]
    where: str


class AuditedResources(NamedTuple):
    """The resources of an extension or middleware."""

    resources: Resources
    where: str


class AuditedApp(NamedTuple):
    """An application, with its extensions and middlewares."""

    app: Flask
    sources: Sequence[PolicySource]
    views: Sequence[tuple[str, Options]]
    """The valid policies of decorated views, with their names in findings."""

    def policies(self) -> Iterator[tuple[str, Options]]:
        """Yield all valid policies, with their names in findings."""
        yield from self.views
        for source in self.sources:
            for text, options in source.resources:
                yield f"{text} of {source.name}", options


_ORDINARY_ORIGIN = re.compile(r"https://(?:[a-z0-9]+(?:-+[a-z0-9]+)*\.)+[a-z]+")


def is_ordinary_origin(origin: object) -> bool:
    """Whether an origin is a literal that no check has anything to say about.

    There can be thousands of these, and each is checked when an application starts.
    """
    return isinstance(origin, str) and len(origin) <= 70 and _ORDINARY_ORIGIN.fullmatch(origin) is not None


policy_checks: Registry[AuditedPolicy] = Registry()
"""Checks of one policy."""

visible_checks: Registry[AuditedPolicy] = Registry()
"""Checks of one policy that need no samples. At set-up in production only these run."""

layer_checks: Registry[AuditedLayer] = Registry()
"""Checks of options as they were given."""

resources_checks: Registry[AuditedResources] = Registry()
"""Checks of all resources of an extension or middleware, without the routes."""

route_checks: Registry[RoutedResource] = Registry()
"""Checks of a resource against the routes of the application."""

app_checks: Registry[AuditedApp] = Registry()
"""Checks of an application as a whole."""
