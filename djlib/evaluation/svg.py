"""Small charts as SVG text: they sit in a page without a file of their own, follow its colours in
the dark, print sharply and can be read aloud."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

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
