"""What a change of policies allows and refuses, route by route."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Literal, NamedTuple

from .witness import TooManyStatesError, witness

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from .snapshot import Item, Policy, Route, Snapshot

_SAFELISTED = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
"""The methods that need not be in Access-Control-Allow-Methods, and OPTIONS.

Source: `Fetch, CORS-safelisted method <https://fetch.spec.whatwg.org/#cors-safelisted-method>`_.
"""

_SAMPLES = 200
"""For how many origins of a route the methods, headers and the rest are compared."""


class Change(NamedTuple):
    """Something that is allowed by one side only, or has another value."""

    change: Literal["newly allowed", "newly refused", "differs"]
    route: str
    what: Literal["origin", "method", "header", "credentials", "private network", "max-age", "exposed headers"]
    value: str
    """The method or the header, or the two values; empty for an origin and for credentials."""
    origin: str
    """An origin for which it is so."""
    rule: str
    """The policy that allows it, or has the other value."""


class Diff(NamedTuple):
    """The difference between two snapshots."""

    changes: list[Change]
    notes: list[str]
    """What could not be compared exactly."""


def diff(before: Snapshot, after: Snapshot) -> Diff:
    """Compare two snapshots."""
    changes: list[Change] = []
    notes: dict[str, None] = {}
    for name in dict.fromkeys([*before, *after]):
        old, new = before.get(name), after.get(name)
        policies = [() if route is None else route.policies for route in (old, new)]
        allowed = _origins(name, "newly allowed", policies[1], policies[0], notes)
        refused = _origins(name, "newly refused", policies[0], policies[1], notes)
        changes += [*allowed, *refused]
        if old is not None and new is not None:
            changes += _details(name, old, new)
    return Diff(changes, list(notes))


def _origins(
    route: str,
    change: Literal["newly allowed", "newly refused"],
    allowing: Sequence[Policy],
    refusing: Sequence[Policy],
    notes: dict[str, None],
) -> list[Change]:
    """Return for each item that allows more than the other side an origin that only it allows."""
    others = [item for policy in refusing for item in policy.origins]
    for item in others:
        if item.kind == "function":
            notes[f"{route}: what {item} allows is not known"] = None
    found: list[Change] = []
    for policy in allowing:
        for item in policy.origins:
            if item.kind == "function":
                notes[f"{route}: what {item} allows is not known"] = None
            elif item not in others:
                origin = _witness(route, item, others, notes)
                if origin is not None:
                    found.append(Change(change, route, "origin", "", origin, policy.name))
    return list({each.origin: each for each in found}.values())


def _witness(route: str, item: Item, others: Sequence[Item], notes: dict[str, None]) -> str | None:
    """Return an origin that an item allows and others do not, or None if none is known."""
    if any(other.kind == "any" for other in others):
        return None
    if item.kind in {"literal", "exact"}:
        return None if any(other.matches(item.text) for other in others) else item.text
    # Of the literals, only those matter that the item allows.
    relevant = [
        other for other in others if other.kind not in {"literal", "exact", "function"} or item.matches(other.text)
    ]
    relevant = [other for other in relevant if other.kind != "function"]
    matchers = [other.matcher for other in relevant]
    exact = [matcher for matcher in matchers if matcher is not None]
    if item.matcher is not None and len(exact) == len(matchers):
        try:
            return witness(item.matcher, exact)
        except TooManyStatesError:
            pass
    notes[f"{route}: {item} could be compared for sample origins only"] = None
    candidates = [
        *item.samples(),
        *(attack for other in others for text in other.samples() for attack in _attacks(text)),
    ]
    return next(
        (text for text in candidates if item.matches(text) and not any(other.matches(text) for other in others)), None
    )


def _attacks(origin: str) -> list[str]:
    """Return an origin and what a careless pattern for it allows as well."""
    scheme, _, host = origin.partition("://")
    return [
        origin,
        f"{origin}.evil.example",
        f"{origin}evil.example",
        f"{scheme}://evil.example.{host}",
        f"{scheme}://evil{host}",
        f"http://{host}",
        f"{origin}:8443",
    ]


def _details(route: str, old: Route, new: Route) -> list[Change]:
    """Compare what origins may do that both sides allow."""
    items = [item for policy in (*old.policies, *new.policies) for item in policy.origins]
    samples = [attack for item in items for text in item.samples() for attack in _attacks(text)]
    samples += ["https://any.example", "null"]
    found: dict[tuple[str, ...], Change] = {}
    for origin in islice(dict.fromkeys(samples), _SAMPLES):
        before, after = _deciding(old.policies, origin), _deciding(new.policies, origin)
        if before is None or after is None:
            continue
        for change in _compare(route, old.methods & new.methods, before, after, origin):
            found.setdefault((change.change, change.what, change.value), change)
    return list(found.values())


def _deciding(policies: Iterable[Policy], origin: str) -> Policy | None:
    return next((policy for policy in policies if any(item.matches(origin) for item in policy.origins)), None)


def _compare(route: str, methods: frozenset[str], before: Policy, after: Policy, origin: str) -> list[Change]:
    found: list[Change] = []

    def add(change: Literal["newly allowed", "newly refused", "differs"], what: str, value: str = "") -> None:
        rule = before.name if change == "newly refused" else after.name
        found.append(Change(change, route, what, value, origin, rule))  # type: ignore[arg-type]

    def compare(what: str, names: Iterable[str], old: Callable[[str], bool], new: Callable[[str], bool]) -> None:
        for name in names:
            if old(name) != new(name):
                add("newly allowed" if new(name) else "newly refused", what, name)

    compare(
        "method", sorted(methods - _SAFELISTED), lambda name: name in before.methods, lambda name: name in after.methods
    )
    items = (*before.allow_headers, *after.allow_headers)
    names = dict.fromkeys([name for item in items for name in item.samples()] + ["x-any-header"])
    compare(
        "header",
        names,
        lambda name: any(item.matches(name) for item in before.allow_headers),
        lambda name: any(item.matches(name) for item in after.allow_headers),
    )
    for what, old, new in (
        ("credentials", before.supports_credentials, after.supports_credentials),
        ("private network", before.allow_private_network, after.allow_private_network),
    ):
        if old != new:
            add("newly allowed" if new else "newly refused", what)
    for what, was, now in (
        ("max-age", before.max_age, after.max_age),
        ("exposed headers", before.expose_headers, after.expose_headers),
    ):
        if was != now:
            add("differs", what, f"{was or 'none'} before, {now or 'none'} now")
    return found
