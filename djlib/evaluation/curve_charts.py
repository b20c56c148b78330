"""Curves of models side by side: how honest their confidence is, what coverage costs, what more
labels bring. Each is SVG for a page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .calibration import calibration_error, reliability
from .svg import Line, Plot, percent_ticks, round_ticks

_WIDE, _HIGH = 460, 300
_FIRST = 0.02
"""Share of the tracks from which a precision is drawn; among fewer it only jumps about."""

_POINTS = 120


def reliability_chart(
    name: str, confidence: np.ndarray, correct: np.ndarray, colour: str = "accent"
) -> str:
    """Draw how often each level of confidence is right, both (n,); the diagonal is honest."""
    plot = Plot(220, 214, x=(0, 1), y=(0, 1), margin=(8, 20, 22, 34))
    ends = [(0.0, "0"), (0.5, "50"), (1.0, "100 %")]
    plot.axes(ends, ends[:2] + [(1.0, "100")])
    plot.line(Line("honest", ((0, 0), (1, 1)), "soft", "3 4", 1.2))
    bins = reliability(confidence, correct)
    plot.line(Line(name, tuple((said, right) for said, right, _ in bins), colour))
    largest = max((n for _, _, n in bins), default=1)
    plot.dots(((said, right, 2 + 3 * n / largest) for said, right, n in bins), colour)
    off = calibration_error(confidence, correct)
    return plot.render(
        f"Reliability of {name}: confidence is off by {100 * off:.1f} points on average."
    )


def coverage_curve(confidence: np.ndarray, correct: np.ndarray) -> tuple[tuple[float, float], ...]:
    """Share of tracks answered, surest first, and how often those answers are right.

    >>> coverage_curve(np.array([0.9, 0.8, 0.2]), np.array([True, True, False]))[-1]
    (1.0, 0.6666666666666666)
    """
    n = len(confidence)
    order = np.argsort(-confidence, kind="stable")
    hits, ranked = np.cumsum(correct[order]), confidence[order]
    whole = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True)[:n]) + 1
    whole = whole[whole >= _FIRST * n]  # answers of one confidence are given or kept together
    taken = whole[np.unique(np.linspace(0, len(whole) - 1, _POINTS).astype(int))] if n else whole
    return tuple((float(k / n), float(hits[k - 1] / k)) for k in taken)


def coverage_chart(lines: Sequence[Line], target: float = 0.9) -> str:
    """Draw precision over coverage for several models, with the line of `target` precision."""
    plot = Plot(_WIDE, _HIGH, x=(0, 1), y=(0, 1), margin=(26, 88, 40, 46))
    plot.axes(
        percent_ticks(), percent_ticks(), "share of tracks answered, surest first", "right of those"
    )
    plot.line(Line(f"{target:.0%}", ((0, target), (1, target)), "good", "2 4", 1.2))
    for line in reversed(lines):
        plot.line(line)
    plot.names(lines)
    x, y = plot.at(1, target)
    plot.text(x, y - 5, f"{100 * target:.0f} % right", anchor="end", style="goal")
    ends = "; ".join(f"{line.name} {100 * line.points[-1][1]:.0f} %" for line in lines)
    return plot.render(f"How often answers are right by how many are given; all given: {ends}.")


def learning_chart(lines: Sequence[Line], label: str, *, shares: bool) -> str:
    """Draw a figure over the number of labels (logarithmic) for several models."""
    xs = sorted({x for line in lines for x, _ in line.points})
    ys = [y for line in lines for _, y in line.points]
    ticks = round_ticks(min(ys), max(ys))
    if shares:
        ticks = [(value, f"{100 * value:.3g} %") for value, _ in ticks]
    low, high = ticks[0][0], ticks[-1][0]
    ends = (min(xs), max(xs)) if len(xs) > 1 else (xs[0] / 2, xs[0] * 2)
    plot = Plot(_WIDE, _HIGH, x=ends, y=(low, high), log_x=True, margin=(26, 88, 40, 46))
    plot.axes([(x, f"{x:,.0f}") for x in _apart(xs)], ticks, "labelled tracks", label)
    for line in reversed(lines):
        plot.line(line)
        plot.dots(((x, y, 2.2) for x, y in line.points), line.colour)
    plot.names(lines)
    ends_at = "; ".join(f"{line.name} {line.points[-1][1]:.2f}" for line in lines)
    return plot.render(f"{label} by number of labels; with most labels: {ends_at}.")


def _apart(xs: Sequence[float]) -> list[float]:
    """The numbers that have room at a logarithmic axis: the last one, and those well below it."""
    return [x for x in xs[:-1] if x * 1.5 <= xs[-1]] + list(xs[-1:])
