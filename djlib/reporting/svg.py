"""Small charts as SVG text: they sit in a page without a file of their own, in its colours."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

Point = tuple[float, float]

_NAME_HEIGHT = 13
_LONGEST_NAME = 16


@dataclass(frozen=True)
class Line:
    """A series: its name, its points, a colour of the palette by name, dashed or not."""

    name: str
    points: tuple[Point, ...]
    colour: str = "accent"
    dash: str = ""
    width: float = 1.8


class Plot:
    """A picture with two axes; what is drawn is added in order, `render` gives the SVG.

    `x` and `y` are the ends of the axes; `log_x` spaces x by its logarithm. Text is escaped.

    >>> plot = Plot(200, 100, x=(0, 1), y=(0, 1))
    >>> plot.line(Line("model <b>", ((0, 0), (1, 1))))
    >>> "model &lt;b&gt;" in plot.render("A line")
    True
    """

    def __init__(
        self,
        width: int,
        height: int,
        *,
        x: Point,
        y: Point,
        log_x: bool = False,
        margin: tuple[int, int, int, int] = (8, 12, 36, 40),
    ) -> None:
        self.width, self.height = width, height
        self._top, self._right, self._bottom, self._left = margin
        self._log = log_x
        self._x = (self._scaled(x[0]), self._scaled(x[1]))
        self._y = y
        self._parts: list[str] = []

    def axes(
        self,
        x_ticks: Sequence[tuple[float, str]],
        y_ticks: Sequence[tuple[float, str]],
        x_label: str = "",
        y_label: str = "",
    ) -> None:
        """Draw the grid, the numbers at the axes and what they are of."""
        bottom = self.height - self._bottom
        for value, words in y_ticks:
            at = self.at(0, value)[1]
            self._add(f'<path class="grid" d="M{self._left} {at:.1f}H{self.width - self._right}"/>')
            self.text(self._left - 6, at + 4, words, anchor="end")
        for value, words in x_ticks:
            self.text(self.at(value, 0)[0], bottom + 16, words)
        middle = (self._left + self.width - self._right) / 2
        if x_label:
            self.text(middle, self.height - 4, x_label, style="soft")
        if y_label:
            self.text(2, 11, y_label, style="soft", anchor="start")

    def line(self, line: Line) -> None:
        """Draw a series as a line that names itself when pointed at."""
        if not line.points:
            return
        at = [self.at(*point) for point in line.points]
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in at)
        dash = f' stroke-dasharray="{line.dash}"' if line.dash else ""
        self._add(
            f'<path class="line" d="{path}" stroke="var(--{line.colour})" '
            f'stroke-width="{line.width}"{dash}><title>{escape(line.name)}</title></path>'
        )

    def dots(self, points: Iterable[tuple[float, float, float]], colour: str = "accent") -> None:
        """Draw points with a radius of their own: (x, y, radius)."""
        for x, y, radius in points:
            px, py = self.at(x, y)
            self._add(
                f'<circle cx="{px:.1f}" cy="{py:.1f}" r="{radius:.1f}" fill="var(--{colour})"/>'
            )

    def names(self, lines: Iterable[Line]) -> None:
        """Write the names of series behind their ends, moved apart where they would touch."""
        ends = sorted((self.at(*line.points[-1])[1], line.name) for line in lines if line.points)
        lowest = self.height - self._bottom - _NAME_HEIGHT * (len(ends) - 1)
        last = -math.inf
        for number, (at, name) in enumerate(ends):
            last = min(max(at, last + _NAME_HEIGHT), lowest + _NAME_HEIGHT * number)
            words = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
            x = self.width - self._right + 6
            self.text(x, last + 4, words, anchor="start", style="name")

    def text(
        self, x: float, y: float, words: str, *, anchor: str = "middle", style: str = "tick"
    ) -> None:
        """Write words at a place of the picture (not of the axes)."""
        self._add(
            f'<text class="{style}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">'
            f"{escape(words)}</text>"
        )

    def at(self, x: float, y: float) -> Point:
        """Where a point of the axes lies in the picture."""
        across = (self._scaled(x) - self._x[0]) / ((self._x[1] - self._x[0]) or 1)
        up = (y - self._y[0]) / ((self._y[1] - self._y[0]) or 1)
        width = self.width - self._left - self._right
        height = self.height - self._top - self._bottom
        return self._left + across * width, self.height - self._bottom - up * height

    def render(self, described: str) -> str:
        """Give the SVG; `described` is what a person who does not see it hears."""
        return (
            f'<svg viewBox="0 0 {self.width} {self.height}" role="img" '
            f'aria-label="{escape(described)}">{"".join(self._parts)}</svg>'
        )

    def _scaled(self, x: float) -> float:
        return math.log(max(x, 1e-9)) if self._log else x

    def _add(self, part: str) -> None:
        self._parts.append(part)


def percent_ticks(low: float = 0.0, high: float = 1.0, n: int = 5) -> list[tuple[float, str]]:
    """Ticks for shares, evenly spaced: `n` steps.

    >>> percent_ticks(n=2)
    [(0.0, '0 %'), (0.5, '50 %'), (1.0, '100 %')]
    """
    values = [low + (high - low) * step / n for step in range(n + 1)]
    return [(value, f"{100 * value:.0f} %") for value in values]


def round_ticks(low: float, high: float, most: int = 5) -> list[tuple[float, str]]:
    """Ticks at round numbers that lie around `low` to `high`.

    >>> [words for _, words in round_ticks(0.9, 2.3)]
    ['0.5', '1.0', '1.5', '2.0', '2.5']
    """
    span = max(high - low, 1e-9)
    rough = span / most
    power = 10 ** math.floor(math.log10(rough))
    step = next(s * power for s in (1, 2, 2.5, 5, 10, 20) if span / (s * power) <= most - 1)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    decimals = next(d for d in range(16) if abs(round(step, d) - step) < 1e-6 * step)
    return [(k * step, f"{k * step:.{decimals}f}") for k in range(first, last + 1)]


_WIDE, _HIGH = 460, 300
_FIRST = 0.02
"""Share of the tracks from which a precision is drawn; among fewer it only jumps about."""

_POINTS = 120


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


_MARGIN = (26, 96, 40, 46)
_STEPS = 5


def cumulative_keepers_chart(lines: Sequence[Line]) -> str:
    """Draw keepers found over answers given.

    >>> "keepers found" in cumulative_keepers_chart([Line("a", ((0, 0), (20, 5)))])
    True
    """
    most_x = max(x for line in lines for x, _ in line.points)
    ticks = round_ticks(0, max(max(y for line in lines for _, y in line.points), 1))
    plot = Plot(_WIDE, _HIGH, x=(0, most_x), y=(0, ticks[-1][0]), margin=_MARGIN)
    across = [(x, words) for x, words in round_ticks(0, most_x) if x <= most_x]
    plot.axes(across, ticks, "listings asked about", "keepers found")
    for line in reversed(lines):
        plot.line(line)
    plot.names(lines)
    ends = "; ".join(f"{line.name} {line.points[-1][1]:.0f}" for line in lines)
    return plot.render(f"Keepers found by listings asked about; in the end: {ends}.")


def share_chart(lines: Sequence[Line], base_rate: float) -> str:
    """Draw the share of keepers in each batch, with the base rate."""
    n = max((x for line in lines for x, _ in line.points), default=1)
    top = max([y for line in lines for _, y in line.points] + [base_rate])
    high = next(end for end in (0.2, 0.4, 0.6, 0.8, 1.0) if top <= end + 1e-9)
    plot = Plot(_WIDE, _HIGH, x=(1, max(n, 2)), y=(0, high), margin=_MARGIN)
    every = max(1, round(n / _STEPS))
    ticks = [(float(x), f"{x}") for x in range(1, int(n) + 1) if (x - 1) % every == 0]
    plot.axes(ticks, percent_ticks(0, high, 4), "batch", "kept of those asked about")
    plot.line(Line("base rate", ((1, base_rate), (max(n, 2), base_rate)), "good", "2 4", 1.2))
    for line in reversed(lines):
        plot.line(line)
        plot.dots(((x, y, 2.0) for x, y in line.points), line.colour)
    plot.names(lines)
    ends = "; ".join(f"{line.name} {100 * line.points[-1][1]:.0f} %" for line in lines)
    return plot.render(f"Share of keepers in each batch; in the last: {ends}.")


def reliability_diagram(
    name: str, bins: Sequence[tuple[float, float, int]], colour: str = "accent"
) -> str:
    """Draw how often answers of each confidence are right, as `evaluation.calibration.reliability`
    gives it: (mean confidence, share right, rows) of each bin. The diagonal is honest.

    >>> "at 40 % confidence 30 % right" in reliability_diagram("a", [(0.4, 0.3, 9)])
    True
    """
    plot = Plot(220, 214, x=(0, 1), y=(0, 1), margin=(8, 20, 22, 34))
    ends = [(0.0, "0"), (0.5, "50"), (1.0, "100 %")]
    plot.axes(ends, [*ends[:2], (1.0, "100")])
    plot.line(Line("honest", ((0, 0), (1, 1)), "soft", "3 4", 1.2))
    plot.line(Line(name, tuple((confidence, right) for confidence, right, _ in bins), colour))
    largest = max((n for *_, n in bins), default=1)
    plot.dots(((confidence, right, 2 + 3 * n / largest) for confidence, right, n in bins), colour)
    points = (f"at {100 * confidence:.0f} % confidence {100 * right:.0f} % right"
              for confidence, right, _ in bins)  # fmt: skip
    return plot.render(f"Reliability diagram of {name}: {', '.join(points)}.")
