"""What a change of policies allows and refuses, route by route."""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Literal, NamedTuple

from .witness import TooManyStatesError, witness

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from .snapshot import Item, Policy, Snapshot

_SAFELISTED = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
"""The methods that need not be in Access-Control-Allow-Methods, and OPTIONS.

Source: `Fetch, CORS-safelisted method <https://fetch.spec.whatwg.org/#cors-safelisted-method>`_.
"""

_SAMPLES = 200
"""For how many origins of a route the methods, headers and the rest are compared."""


Kind = Literal["newly allowed", "newly refused", "differs"]


class Change(NamedTuple):
    """Something that is allowed by one side only, or has another value."""

    change: Kind
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
        old_policies, new_policies = (() if route is None else route.policies for route in (old, new))
        found: list[Change] = []
        sides: list[tuple[Kind, tuple[Policy, ...], tuple[Policy, ...]]] = [
            ("newly allowed", new_policies, old_policies),
            ("newly refused", old_policies, new_policies),
        ]
        for kind, allowing, refusing in sides:
            origins = _origins(allowing, refusing)
            found += [Change(kind, "", "origin", "", origin, rule) for origin, rule in origins.found]
            notes.update(dict.fromkeys(f"{name}: {note}" for note in origins.notes))
        if old is not None and new is not None:
            found += _details(old_policies, new_policies, old.methods & new.methods)
        changes += [change._replace(route=name) for change in found]
    return Diff(changes, list(notes))


class _Origins(NamedTuple):
    """The origins that some policies allow and others do not."""

    found: list[tuple[str, str]]
    """Origins, each with the policy that allows it."""
    notes: list[str]


# Most routes of an application have the same policies.
@lru_cache(maxsize=100)
def _origins(allowing: tuple[Policy, ...], refusing: tuple[Policy, ...]) -> _Origins:
    """Return for each item that allows more than the other side an origin that only it allows."""
    others = [item for policy in refusing for item in policy.origins]
    known = frozenset(others)
    found: dict[str, str] = {}
    notes = [f"what {item} allows is not known" for item in others if item.kind == "function"]
    for policy in allowing:
        for item in policy.origins:
            if item.kind == "function":
                notes.append(f"what {item} allows is not known")
            elif item not in known:
                origin, is_exact = _witness(item, others)
                if not is_exact:
                    notes.append(f"{item} could be compared for sample origins only")
                if origin is not None:
                    found.setdefault(origin, policy.name)
    return _Origins(list(found.items()), notes)


def _witness(item: Item, others: Sequence[Item]) -> tuple[str | None, bool]:
    """Return an origin that an item allows and others do not, or None if none is known, and whether that is certain."""
    if any(other.kind == "any" for other in others):
        return None, True
    if item.kind in {"literal", "exact"}:
        return None if any(other.matches(item.text) for other in others) else item.text, True
    # Of the literals, only those matter that the item allows.
    matchers = [
        other.matcher
        for other in others
        if other.kind != "function" and (other.kind not in {"literal", "exact"} or item.matches(other.text))
    ]
    exact = [matcher for matcher in matchers if matcher is not None]
    if item.matcher is not None and len(exact) == len(matchers):
        try:
            return witness(item.matcher, exact), True
        except TooManyStatesError:
            pass
    candidates = [
        *item.samples(),
        *(attack for other in others for text in other.samples() for attack in _attacks(text)),
    ]
    allowed = (text for text in candidates if item.matches(text))
    return next((text for text in allowed if not any(other.matches(text) for other in others)), None), False


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


@lru_cache(maxsize=100)
def _details(old: tuple[Policy, ...], new: tuple[Policy, ...], methods: frozenset[str]) -> list[Change]:
    """Compare what origins may do that both sides allow."""
    items = [item for policy in (*old, *new) for item in policy.origins]
    samples = [attack for item in items for text in item.samples() for attack in _attacks(text)]
    samples += ["https://any.example", "null"]
    found: dict[tuple[str, ...], Change] = {}
    for origin in islice(dict.fromkeys(samples), _SAMPLES):
        before, after = _deciding(old, origin), _deciding(new, origin)
        if before is None or after is None:
            continue
        for change in _compare(methods, before, after, origin):
            found.setdefault((change.change, change.what, change.value), change)
    return list(found.values())


def _deciding(policies: Iterable[Policy], origin: str) -> Policy | None:
    return next((policy for policy in policies if any(item.matches(origin) for item in policy.origins)), None)


def _compare(methods: frozenset[str], before: Policy, after: Policy, origin: str) -> list[Change]:
    found: list[Change] = []

    def add(change: Kind, what: str, value: str = "") -> None:
        rule = before.name if change == "newly refused" else after.name
        found.append(Change(change, "", what, value, origin, rule))  # type: ignore[arg-type]

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
