"""The chart in the documentation: the time of a whole request, and what CORS adds to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.figure import Figure

from measure.results import EMPTY, added, whole
from report.tables import NOISE, is_noise

if TYPE_CHECKING:
    from pathlib import Path

    from measure.results import Results

BARS = {
    "Flask-CORS": "#c2410c",
    "hook, Python": "#7c9cbf",
    "hook, Rust": "#1d4ed8",
    "middleware, Rust": "#047857",
}
FLASK = "#d4d4d8"
POLICIES = ("defaults", "10 origins", "10 regex origins", "1,000 origins", "100 rules", "@cross_origin")
STYLE: Any = {
    "font.size": 9,
    "svg.fonttype": "none",
    # Without it, two drawings of the same results would differ.
    "svg.hashsalt": "flask-cors-rs",
}


def _panel(axes: Any, results: Results, request: str) -> None:
    """Draw a group of bars for each policy: grey is Flask itself, coloured is what CORS adds."""
    place, ticks = 0.0, []
    for policy in POLICIES:
        scenario = f"{policy}, {request}"
        first = place
        for name, colour in BARS.items():
            request_time, cost = whole(results.times, scenario, name), added(results.times, scenario, name)
            empty = whole(results.times, scenario, EMPTY)
            if request_time is None or cost is None or empty is None:
                continue
            flask = min(empty.median, request_time.median)
            axes.barh(place, flask, color=FLASK if cost.median > -flask / 2 else colour, height=0.8)
            axes.barh(place, max(cost.median, 0), left=flask, color=colour, height=0.8)
            short = request_time.median < empty.median / 2
            added_text = NOISE if is_noise("µs", cost) else f"{cost.median:+.1f} µs"
            text = f"{request_time.median:.1f} µs in total" if short else added_text
            axes.text(request_time.median + 2, place, text, va="center", fontsize=8)
            place += 1
        ticks.append((first + place - 1) / 2)
        place += 0.8
    axes.set_yticks(ticks, POLICIES)
    axes.invert_yaxis()
    axes.set_title(f"a {request} request" if request == "simple" else "a preflight", loc="left", fontsize=10)
    axes.set_xlabel("µs")
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.22, y=0.02)


def draw(results: Results, path: Path) -> None:
    """Draw the results of a run as SVG."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(10, 6.4), layout="constrained", facecolor="white")
        for axes, request in zip(figure.subplots(1, 2), ("simple", "preflight")):
            _panel(axes, results, request)
        measured = [name for name in BARS if any(name in found for found in results.times.values())]
        handles = [mpl.patches.Patch(color=FLASK), *(mpl.patches.Patch(color=BARS[name]) for name in measured)]
        figure.suptitle("Time of a request within Flask, and what CORS adds to it", fontsize=12)
        figure.legend(handles, ["Flask itself", *measured], loc="outside lower center", ncols=5, frameon=False)
        figure.supxlabel(results.machine(), fontsize=7, color="#52525b")
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
