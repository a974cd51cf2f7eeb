"""The policies of an application as plain data, for files in version control."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from .._options.patterns import RegexPattern
from .._origins.functions import OriginFunction
from .._regex.linear import LinearMatcher
from .._regex.translation import translate
from ..origins import Regex, Subdomains
from .lazy import LazyProperty
from .samples import matching, safe_match, with_dots_replaced
from .text import comma_separated, readable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .applied import AppliedPolicy

FORMAT, VERSION = "flask-cors-rs rules", 1
_ANY = r"[\x{21}-\x{7E}]*"


class Item:
    """An item of ``origins`` or ``allow_headers``.

    :param kind: ``any``; ``literal``, compared without case; ``exact``; ``regex``, which matches at the start;
        ``whole``, a regular expression that matches the whole text; or ``function``
    :param text: the literal, the expression, or the name of the function
    :param flags: the flags of the expression
    :raises ValueError: the kind is unknown, or the expression is invalid
    """

    def __init__(self, kind: str, text: str, flags: int = 0) -> None:
        if kind not in {"any", "literal", "exact", "regex", "whole", "function"}:
            raise ValueError(f"{kind!r} is not a kind of pattern")
        self.kind, self.text, self.flags = kind, text, flags
        self._pattern: re.Pattern[str] | None = None
        if kind in {"regex", "whole"}:
            try:
                self._pattern = re.compile(text, flags & ~re.DEBUG)
            except (re.error, OverflowError, RecursionError) as error:
                raise ValueError(f"{text!r} is not a valid regular expression ({error})") from error

    def as_dict(self) -> dict[str, Any]:
        """Return the item for JSON."""
        return {"kind": self.kind, "text": self.text, "flags": self.flags}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Item) and (self.kind, self.text, self.flags) == (other.kind, other.text, other.flags)

    def __hash__(self) -> int:
        return hash((self.kind, self.text))

    def matches(self, text: str) -> bool:
        """Whether the item allows a text. A function is never asked."""
        if self.kind == "literal":
            return self.text.casefold() == text.casefold()
        if self.kind == "exact":
            return self.text == text
        if self.kind == "function":
            return False
        return self.kind == "any" or self._match(text) is not None

    @LazyProperty
    def _match(self) -> Callable[[str], object]:
        pattern = cast("re.Pattern[str]", self._pattern)
        if self.kind == "regex":
            return safe_match(pattern)
        return pattern.fullmatch if self.matcher is None else self.matcher.match

    @LazyProperty
    def matcher(self) -> LinearMatcher | None:
        """The automaton for texts of visible ASCII, or None if there is no exact one."""
        if self._pattern is None:
            source: str | None = {"any": _ANY, "function": None}.get(self.kind, self._literal())
        else:
            source = translate(self._pattern, whole=self.kind == "whole").rust
            if source is not None and self.kind == "regex":
                source = f"(?:{source}){_ANY}"
        try:
            return None if source is None else LinearMatcher(source)
        except (OverflowError, ValueError):
            return None

    def _literal(self) -> str:
        def character(letter: str) -> str:
            both = {letter.lower(), letter.upper()} if self.kind == "literal" else {letter}
            codes = "".join(f"{{{ord(each):X}}}" for each in sorted(both))
            return f"[{codes}]".replace("{", r"\x{")

        return "".join(map(character, self.text))

    def samples(self) -> list[str]:
        """Return texts that the item allows, or that it could be meant not to allow."""
        if self.kind in {"literal", "exact"}:
            return [self.text]
        if self._pattern is None:
            return []
        match = safe_match(self._pattern)
        return [*matching(self._pattern, match), *with_dots_replaced(self._pattern, match)]

    def __str__(self) -> str:
        return "any" if self.kind == "any" else self.text


def item_of(value: Any) -> Item:
    """Return an item of parsed options as plain data."""
    if isinstance(value, RegexPattern):
        return Item("any", "any") if value.matches_all else Item("regex", value.text, value.pattern.flags)
    if isinstance(value, str):
        return Item("exact" if getattr(value, "case_sensitive", False) else "literal", str(value))
    if isinstance(value, Subdomains):
        return Item("whole", value.expression.pattern, value.expression.flags)
    if isinstance(value, Regex):
        pattern = re.compile(value.pattern)
        return Item("whole", pattern.pattern, pattern.flags)
    return Item("function", readable(value.function if isinstance(value, OriginFunction) else value))


class Policy(NamedTuple):
    """What a policy allows."""

    name: str
    origins: tuple[Item, ...]
    allow_headers: tuple[Item, ...]
    methods: frozenset[str]
    expose_headers: str | None
    supports_credentials: bool
    max_age: str | None
    allow_private_network: bool


class Route(NamedTuple):
    """A route, and its policies, the strongest first. Each decides only if those before it do not allow the origin."""

    path: str
    methods: frozenset[str]
    policies: tuple[Policy, ...]


Snapshot = dict[str, Route]
"""The routes by endpoint and path."""


def policy_as_dict(policy: AppliedPolicy) -> dict[str, Any]:
    """Return a policy for JSON: as people read it, and under ``patterns`` as :func:`read_snapshot` does."""
    options = policy.options
    origins = (*options.origins, *options.origin_matchers)
    return {
        "by": policy.name,
        "resource": policy.pattern,
        "origins": [readable(origin) for origin in origins],
        "methods": comma_separated(options.methods),
        "allow_headers": [readable(name) for name in options.allow_headers],
        "expose_headers": options.expose_headers,
        "supports_credentials": options.supports_credentials,
        "max_age": options.max_age,
        "allow_private_network": options.allow_private_network,
        "patterns": {
            "origins": [item_of(origin).as_dict() for origin in origins],
            "allow_headers": [item_of(name).as_dict() for name in options.allow_headers],
        },
    }


def read_snapshot(text: str | bytes) -> Snapshot:
    """Read the output of ``flask cors rules --json``.

    :raises ValueError: it is not that, or that of another version
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is not JSON ({error}), or has been cut off") from None
    data: Mapping[str, Any] = cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}
    if data.get("format") != FORMAT:
        raise ValueError("it is not the output of `flask cors rules --json`")
    if data.get("version") != VERSION:
        raise ValueError(
            f"its version is {data.get('version')!r}, and this release reads version {VERSION}: create it again"
            " with `flask cors rules --json`"
        )
    try:
        return snapshot_of(data["routes"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"it is not complete: {error!r}") from None


def snapshot_of(routes: Iterable[Mapping[str, Any]]) -> Snapshot:
    """Return the routes of ``flask cors rules --json``."""
    return {
        f"{route['path']} ({route['endpoint']})": Route(
            str(route["path"]), frozenset(map(str, route["methods"])), tuple(map(_policy, route["policies"]))
        )
        for route in routes
    }


def _policy(value: Mapping[str, Any]) -> Policy:
    patterns = value["patterns"]
    resource = value["resource"]
    return Policy(
        str(value["by"]) if resource is None else f"{resource} of {value['by']}",
        tuple(_item(item) for item in patterns["origins"]),
        tuple(_item(item) for item in patterns["allow_headers"]),
        frozenset(map(str, value["methods"])),
        None if value["expose_headers"] is None else str(value["expose_headers"]),
        bool(value["supports_credentials"]),
        None if value["max_age"] is None else str(value["max_age"]),
        bool(value["allow_private_network"]),
    )


def _item(value: Mapping[str, Any]) -> Item:
    return Item(str(value["kind"]), str(value["text"]), int(value["flags"]))
