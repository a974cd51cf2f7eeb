"""The performance targets, and whether a run meets them.

Unless a target says otherwise, it bounds a ratio: what Flask-CORS adds to an empty hook, divided by what we add.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from measure.results import added, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from measure.results import Instrument

    Measure = Callable[[Instrument, str, str], "float | None"]


def less_than_flask_cors(instrument: Instrument, scenario: str, candidate: str) -> float | None:
    """Return what Flask-CORS adds, divided by what a candidate adds."""
    theirs, ours = (added(instrument, scenario, name) for name in ("Flask-CORS", candidate))
    return theirs.median / ours.median if theirs and ours else None


def whole_request(instrument: Instrument, scenario: str, candidate: str) -> float | None:
    """Return the whole request with Flask-CORS, divided by the whole request with a candidate."""
    theirs, ours = (whole(instrument, scenario, name) for name in ("Flask-CORS", candidate))
    return theirs.median / ours.median if theirs and ours else None


def empty_hooks(instrument: Instrument, scenario: str, candidate: str) -> float | None:
    """Return what a candidate adds to an application without CORS, as a multiple of an empty hook."""
    nothing, ours = (added(instrument, scenario, name) for name in ("no CORS", candidate))
    return (ours.median - nothing.median) / -nothing.median if nothing and ours else None


def against_two_origins(instrument: Instrument, scenario: str, candidate: str) -> float | None:
    """Return what a candidate adds in a scenario, divided by what it adds with two origins."""
    many, two = (added(instrument, name, candidate) for name in (scenario, "2 origins, simple"))
    return many.median / two.median if many and two else None


def against_hand_written(instrument: Instrument, scenario: str, candidate: str) -> float | None:
    """Return what a candidate adds, divided by what a hand-written hook adds."""
    hand, ours = (added(instrument, scenario, name) for name in ("hand-written", candidate))
    return ours.median / hand.median if hand and ours else None


class Target(NamedTuple):
    """A lower or upper bound of a measure for each engine."""

    name: str
    way: str
    scenarios: tuple[str, ...]
    rust: float
    python: float
    measure: Measure = less_than_flask_cors
    at_most: bool = False

    def row(self, instrument: Instrument) -> list[str]:
        """Return a row of the table: for each engine the bound, the measurements, and whether they meet it."""
        cells = [self.name]
        for engine, bound in (("Rust", self.rust), ("Python", self.python)):
            found = [self.measure(instrument, scenario, f"{self.way}, {engine}") for scenario in self.scenarios]
            ratios = [ratio for ratio in found if ratio is not None]
            met = all(ratio <= bound if self.at_most else ratio >= bound for ratio in ratios)
            verdict = "not measured" if len(ratios) < len(found) else "met" if met else "NOT MET"
            cells += [
                f"{'at most' if self.at_most else 'at least'} {bound:g}",
                ", ".join(
                    "-" if ratio is None else f"{ratio:,.2f}" if self.at_most else f"{ratio:,.1f}" for ratio in found
                ),
                verdict,
            ]
        return cells


def _scenarios(request: str) -> tuple[str, ...]:
    return tuple(f"{policy}, {request}" for policy in ("defaults", "10 origins", "10 regex origins"))


TARGETS = (
    Target("hook: simple; defaults, 10 origins, 10 regex", "hook", _scenarios("simple"), 12, 7),
    Target("hook: preflight; defaults, 10 origins, 10 regex", "hook", _scenarios("preflight"), 8, 5),
    Target("hook: 1,000 origins, simple", "hook", ("1,000 origins, simple",), 200, 100),
    Target("hook: 100 rules, simple", "hook", ("100 rules, simple",), 25, 3),
    Target("hook: no Origin, 10 origins", "hook", ("10 origins, no Origin",), 10, 6),
    Target("@cross_origin: simple, preflight", "hook", ("@cross_origin, simple", "@cross_origin, preflight"), 10, 5),
    Target(
        "middleware: simple, 10 origins, as a multiple of an empty hook",
        "middleware",
        ("10 origins, simple",),
        1,
        3,
        empty_hooks,
        True,
    ),
    Target(
        "middleware: preflight, 10 origins, the whole request",
        "middleware",
        ("10 origins, preflight",),
        80,
        30,
        whole_request,
    ),
    Target(
        "hook: 100,000 origins compared with 2",
        "hook",
        ("100,000 origins, simple",),
        1.1,
        1.1,
        against_two_origins,
        True,
    ),
    Target(
        "hook compared with a hand-written one: simple, preflight",
        "hook",
        ("10 origins, simple", "10 origins, preflight"),
        1,
        1,
        against_hand_written,
        True,
    ),
)
HEADER = ["target", "Rust", "measured", "", "Python", "measured", ""]
