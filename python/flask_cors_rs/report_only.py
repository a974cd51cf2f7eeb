"""What a report-only policy would change. Loaded when an option ``report_only`` is used, or a report is read."""

from __future__ import annotations

import json
import os
from datetime import datetime, timezone
from threading import RLock
from time import monotonic, time
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from . import _log
from ._headers import (
    ALLOW_CREDENTIALS,
    ALLOW_ORIGIN,
    ENVIRON_ORIGIN,
    ENVIRON_REQUEST_HEADERS,
    ENVIRON_REQUEST_METHOD,
    is_preflight,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ._engine.contract import Environ
    from ._engine.decision import Decision

__all__ = ["Difference", "Report"]

CAPACITY = 1_000
"""How many differences a record holds."""
FORMAT, VERSION = "flask-cors-rs report", 1
_LOG_SECONDS = 60
_MAX_ORIGIN, _MAX_METHOD, _MAX_HEADERS, _MAX_TEXT = 200, 40, 200, 500


class Difference(NamedTuple):
    """Requests that a browser would treat differently if the report-only policy were in force.

    All of them have the same origin, method, requested headers, route and reason.
    """

    change: Literal["newly refused", "newly allowed"]
    """What the report-only policy would do to them."""
    kind: Literal["preflight", "request"]
    """Whether they are preflights. A browser does not send the actual request if the preflight fails."""
    origin: str
    """The Origin, escaped, and cut off after 200 characters."""
    method: str
    """The method, of a preflight the requested one."""
    headers: str
    """The Access-Control-Request-Headers of a preflight, sorted and in lower case."""
    route: str
    """The URL rule of Flask, such as ``/items/<int:id>``. Empty where no route is known."""
    rule: str
    """The policy that refuses: the pattern of its path and where it belongs, or ``@cross_origin``."""
    reason: str
    """Why that policy refuses."""
    requests: int = 1
    """How many requests there were. In a full record it is too high by at most :attr:`error`."""
    error: int = 0
    """How many of :attr:`requests` may belong to differences that were dropped."""
    first: float = 0.0
    """When the first of them came, in seconds since 1970 (UTC)."""
    last: float = 0.0
    """When the latest of them came, in seconds since 1970 (UTC)."""

    @property
    def key(self) -> tuple[str, ...]:
        """What distinguishes this difference from others."""
        return cast("tuple[str, ...]", self[:8])


class Report(NamedTuple):
    """A snapshot of the differences between the policies and the report-only policies of one process or several."""

    differences: tuple[Difference, ...] = ()
    """The differences, the most frequent first."""
    started: float = 0.0
    """When recording began, in seconds since 1970 (UTC)."""
    taken: float = 0.0
    """When the snapshot was taken, in seconds since 1970 (UTC)."""
    processes: int = 1
    """How many processes it comes from."""

    def to_json(self) -> str:
        """Return the snapshot as JSON, for ``flask cors report``."""
        return json.dumps(
            {
                "format": FORMAT,
                "version": VERSION,
                "started": _iso(self.started),
                "taken": _iso(self.taken),
                "processes": self.processes,
                "differences": [
                    {**each._asdict(), "first": _iso(each.first), "last": _iso(each.last)} for each in self.differences
                ],
            },
            indent=2,
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Report:
        """Read a snapshot.

        :raises ValueError: the text is not a snapshot, or that of another version
        """
        try:
            read = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"not a report of flask-cors-rs: it is not JSON ({error}), or has been cut off") from None
        value = cast("dict[str, Any]", read) if isinstance(read, dict) else {}
        if value.get("format") != FORMAT:
            raise ValueError(f'not a report of flask-cors-rs: "format" is not {FORMAT!r}')
        if value.get("version") != VERSION:
            raise ValueError(
                f"a report of version {value.get('version')!r}, but this release reads version {VERSION}: use the"
                " release of flask-cors-rs that the application uses"
            )
        try:
            return cls(
                tuple(map(_difference, value["differences"])),
                _seconds(value["started"]),
                _seconds(value["taken"]),
                int(value["processes"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"not a complete report of flask-cors-rs: {error!r}") from None

    @classmethod
    def merged(cls, reports: Iterable[Report]) -> Report:
        """Merge the reports of several processes."""
        reports = list(reports)
        found: dict[tuple[str, ...], Difference] = {}
        for each in (difference for report in reports for difference in report.differences):
            other = found.get(each.key)
            found[each.key] = each if other is None else _sum(each, other)
        return cls(
            _sorted(found.values()),
            min((report.started for report in reports), default=0.0),
            max((report.taken for report in reports), default=0.0),
            sum(report.processes for report in reports),
        )


def _sum(one: Difference, other: Difference) -> Difference:
    return one._replace(
        requests=one.requests + other.requests,
        error=one.error + other.error,
        first=min(one.first, other.first),
        last=max(one.last, other.last),
    )


def _sorted(differences: Iterable[Difference]) -> tuple[Difference, ...]:
    return tuple(sorted(differences, key=lambda each: (-each.requests, each.key)))


def _difference(value: dict[str, Any]) -> Difference:
    fields: dict[str, Any] = {name: value[name] for name in Difference._fields[:8]}
    if not all(isinstance(text, str) for text in fields.values()):
        raise TypeError("a text is missing")
    fields |= {name: int(value[name]) for name in ("requests", "error")}
    fields |= {name: _seconds(value[name]) for name in ("first", "last")}
    return Difference(**fields)


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds")


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


class _Counter:
    """How often a difference was seen."""

    __slots__ = ("count", "error", "first", "last")

    def __init__(self, count: int, error: int, now: float) -> None:
        self.count, self.error = count, error
        self.first = self.last = now


class Recorder:
    """Records differences, the most frequent of them, in bounded memory. Safe to share between threads.

    The counters are those of the Space-Saving algorithm (Metwally, Agrawal, El Abbadi: Efficient Computation of
    Frequent and Top-k Elements in Data Streams, 2005): a difference that finds no free counter takes over one with the
    lowest count. One step takes constant time, because counters with the same count are kept together.

    :param capacity: how many differences it holds
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._start()

    def _start(self) -> None:
        self._lock = RLock()  # Reentrant, as a signal handler may read the report.
        self._process = os.getpid()
        self._counters: dict[tuple[str, ...], _Counter] = {}
        self._by_count: dict[int, dict[tuple[str, ...], None]] = {}
        self._lowest = 1
        self._started = time()
        self._next_log = 0.0
        self._unlogged = {"newly refused": 0, "newly allowed": 0}

    def compare(self, environ: Environ, enforced: Decision, candidate: Decision, where: tuple[str, str, str]) -> None:
        """Record a request if a browser would treat it differently.

        :param enforced: the decision of the policy that answers
        :param candidate: the decision of the report-only policy
        :param where: the route, the policy that answers and the report-only policy
        """
        now_allowed, then_allowed = _problem(enforced, environ), _problem(candidate, environ)
        if (not now_allowed) == (not then_allowed) or _is_same_origin(environ):
            return
        preflight = environ.get("REQUEST_METHOD") == "OPTIONS" and is_preflight(environ)
        route, enforced_rule, candidate_rule = where
        method = environ.get(ENVIRON_REQUEST_METHOD) if preflight else environ.get("REQUEST_METHOD")
        names = str(environ.get(ENVIRON_REQUEST_HEADERS) or "")[: 4 * _MAX_HEADERS] if preflight else ""
        key = (
            "newly refused" if then_allowed else "newly allowed",
            "preflight" if preflight else "request",
            _short(environ.get(ENVIRON_ORIGIN), _MAX_ORIGIN),
            _short(method, _MAX_METHOD),
            _short(", ".join(sorted({name.strip().lower() for name in names.split(",")} - {""})), _MAX_HEADERS),
            _short(route, _MAX_TEXT),
            _short(candidate_rule if then_allowed else enforced_rule, _MAX_TEXT),
            then_allowed or now_allowed,
        )
        self._record(key)

    def _record(self, key: tuple[str, ...]) -> None:
        self._forget_parent()
        with self._lock:
            self._count(key, time())
            self._unlogged[key[0]] += 1
            if monotonic() < self._next_log:
                return
            self._next_log = monotonic() + _LOG_SECONDS
            refused, allowed = self._unlogged.values()
            self._unlogged = dict.fromkeys(self._unlogged, 0)
        change, kind, origin, method, _, route, _, reason = key
        _log.warn(
            "Since the last such line, the report-only policy would have refused %s more request%s and allowed %s"
            " more. The latest: %s%s %s from %s, which %s (%s). For the list, call report().",
            refused,
            "" if refused == 1 else "s",
            allowed,
            "the preflight for " if kind == "preflight" else "",
            method,
            route or "(no route)",
            origin,
            "it would have refused" if change == "newly refused" else "is refused now",
            reason,
        )

    def _forget_parent(self) -> None:
        """Begin again in a child process: the counts are those of the parent, and one of its threads may have held the
        lock.
        """
        if self._process != os.getpid():
            self._start()

    def _count(self, key: tuple[str, ...], now: float) -> None:
        counter = self._counters.get(key)
        if counter is None and len(self._counters) < self._capacity:
            counter = self._counters[key] = _Counter(0, 0, now)
        elif counter is None:
            lowest = self._by_count[self._lowest]
            dropped = next(iter(lowest))
            del lowest[dropped], self._counters[dropped]
            counter = self._counters[key] = _Counter(self._lowest, self._lowest, now)
        else:
            del self._by_count[counter.count][key]
        before = counter.count
        counter.count, counter.last = before + 1, now
        self._by_count.setdefault(before + 1, {})[key] = None
        if before and not self._by_count[before]:
            del self._by_count[before]
        if before == 0:
            self._lowest = 1
        elif before == self._lowest and before not in self._by_count:
            self._lowest = before + 1

    def report(self) -> Report:
        """Return what has been recorded."""
        self._forget_parent()
        with self._lock:
            differences = [
                Difference._make((*key, each.count, each.error, each.first, each.last))
                for key, each in self._counters.items()
            ]
            return Report(_sorted(differences), self._started, time())


def _problem(decision: Decision, environ: Mapping[str, Any]) -> str:
    """Return why a browser does not let the page have what it asks for; empty if it does.

    Source: `Fetch, CORS check <https://fetch.spec.whatwg.org/#concept-cors-check>`_. A request with a cookie was made
    with credentials.
    """
    if not decision.allowed:
        return decision.reason
    if environ.get("HTTP_COOKIE") and environ.get("REQUEST_METHOD") != "OPTIONS":
        headers = dict(decision.headers)
        if headers.get(ALLOW_CREDENTIALS) != "true" or headers.get(ALLOW_ORIGIN) == "*":
            return "credentials not allowed"
    return ""


def _is_same_origin(environ: Mapping[str, Any]) -> bool:
    origin = environ.get(ENVIRON_ORIGIN)
    return not origin or origin == f"{environ.get('wsgi.url_scheme')}://{environ.get('HTTP_HOST')}"


def _short(value: object, length: int) -> str:
    """Return a value from a request in printable ASCII, cut off after a number of characters."""
    text = str(value or "")[: length + 1]
    escaped = ascii(text)[1:-1]
    return escaped if len(escaped) <= length else f"{escaped[:length]}..."
