"""Curves of games: keepers found so far, the share in each batch, how honest probabilities were."""

from __future__ import annotations

from collections.abc import Sequence

from .svg import Line, Plot, percent_ticks, round_ticks

_WIDE, _HIGH = 460, 300
_MARGIN = (26, 96, 40, 46)
_STEPS = 5


def found_chart(lines: Sequence[Line]) -> str:
    """Draw keepers found over answers given.

    >>> "keepers found" in found_chart([Line("a", ((0, 0), (20, 5)))])
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


def honesty_chart(
    name: str, bins: Sequence[tuple[float, float, int]], colour: str = "accent"
) -> str:
    """Draw how often keepers were found at each probability: (said, true, rows) of each bin."""
    plot = Plot(220, 214, x=(0, 1), y=(0, 1), margin=(8, 20, 22, 34))
    ends = [(0.0, "0"), (0.5, "50"), (1.0, "100 %")]
    plot.axes(ends, [*ends[:2], (1.0, "100")])
    plot.line(Line("honest", ((0, 0), (1, 1)), "soft", "3 4", 1.2))
    plot.line(Line(name, tuple((said, true) for said, true, _ in bins), colour))
    largest = max((n for _, _, n in bins), default=1)
    plot.dots(((said, true, 2 + 3 * n / largest) for said, true, n in bins), colour)
    return plot.render(f"Reliability of {name}: what was said against what was so.")
