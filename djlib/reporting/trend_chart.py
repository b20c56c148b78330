"""Shares over time as a picture: a panel for each bucket, and what was added, and how fast."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .charts import BAR, FAINT, INK, new_figure, write_chart

_GRID = "#e4e7eb"
_COLOURS = {"rises": BAR, "falls": "#d9822b", "cannot tell": "#7b8794"}
_WORDS = {"rises": "↗ rises", "falls": "↘ falls", "cannot tell": "cannot tell"}
_PANELS, _COLUMNS = 9, 3
_TITLE = 26
_LEGEND = "Bands are 95 % intervals; dots grow with the tracks behind them."
_TICKS = 5
_LOWEST_TOP = 0.04
"""A share that moves within less is no picture."""


@dataclass(frozen=True)
class Line:
    """One panel: share in each period with its interval, the tracks behind it and `of` how many,
    where it goes. Periods of no tracks are passed over."""

    name: str
    share: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    tracks: Sequence[int]
    of: Sequence[int]
    direction: str


Quartiles = tuple[Sequence[float | None], Sequence[float | None], Sequence[float | None]]


def trend_chart(
    path: str | Path,
    periods: Sequence[str],
    added: Sequence[int],
    lines: Sequence[Line],
    tempo: Quartiles | None,
    *,
    what: str = "buckets",
) -> None:
    """Draw the shares of nine `lines`, those that move and then the first, over `periods`, the
    tracks `added` and the tempo (lower quartile, median, upper quartile); PNG, SVG or HTML by
    suffix.

    Raises `UsageError` for another suffix and `DjlibError` without matplotlib.
    """
    figure = _draw(periods, added, lines, tempo, what)
    with warnings.catch_warnings():
        # A sign no font here has is drawn as a box: nothing a DJ could do about.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        write_chart(figure, path, title="djlib: trends", alt=f"Shares of {what} over time")


def _draw(
    periods: Sequence[str],
    added: Sequence[int],
    lines: Sequence[Line],
    tempo: Quartiles | None,
    what: str,
) -> Any:
    shown = sorted(lines, key=lambda line: line.direction == "cannot tell")[:_PANELS]
    n_rows = -(-len(shown) // _COLUMNS)
    figure = new_figure(10.5, 2.0 * (n_rows + 1) + 0.6)
    layout: Any = figure.get_layout_engine()
    layout.set(w_pad=0.12, h_pad=0.1)
    grid = figure.add_gridspec(n_rows + 1, _COLUMNS)
    for place, line in enumerate(shown):
        row, column = divmod(place, _COLUMNS)
        axes = figure.add_subplot(grid[row, column])
        _share(axes, line)
        _along(axes, periods, is_named=place + _COLUMNS >= len(shown))
    _added(figure.add_subplot(grid[n_rows, :2] if tempo else grid[n_rows, :]), added, periods)
    if tempo:
        _tempo(figure.add_subplot(grid[n_rows, 2]), tempo, periods)
    left_out = f": {len(shown)} of {len(lines)}" if len(lines) > len(shown) else ""
    title = f"Share of your {what} in the tracks you add{left_out}"
    figure.suptitle(title, x=0.01, ha="left", fontsize=13, color=INK)
    figure.supxlabel(_LEGEND, x=0.01, ha="left", fontsize=8.5, color=_COLOURS["cannot tell"])
    return figure


def _share(axes: Any, line: Line) -> None:
    there = np.array(line.of) > 0
    x, tracks = np.flatnonzero(there), np.array(line.tracks)[there]
    share, low, high = (np.array(values)[there] for values in (line.share, line.low, line.high))
    colour = _COLOURS[line.direction]
    axes.fill_between(x, low, high, color=colour, alpha=0.18, linewidth=0)
    axes.plot(x, share, color=colour, linewidth=1.8)
    sizes = np.where(tracks > 0, 6 + 34 * tracks / tracks.max(), 0)
    axes.scatter(x, share, s=sizes, color=colour, zorder=3, linewidth=0)
    axes.set_ylim(0, max(min(high.max(), 1.5 * share.max()), _LOWEST_TOP))
    axes.locator_params(axis="y", nbins=4)
    axes.yaxis.set_major_formatter("{x:.0%}")
    name = line.name if len(line.name) <= _TITLE else line.name[: _TITLE - 1] + "…"
    axes.set_title(name.replace("$", r"\$"), fontsize=10, loc="left", color=INK)
    axes.set_title(_WORDS[line.direction], fontsize=8.5, loc="right", color=colour)


def _added(axes: Any, added: Sequence[int], periods: Sequence[str]) -> None:
    axes.bar(np.arange(len(added)), added, width=0.8, color=FAINT)
    axes.set_title("Tracks added", fontsize=10, loc="left", color=INK)
    _along(axes, periods, is_named=True)


def _tempo(axes: Any, tempo: Quartiles, periods: Sequence[str]) -> None:
    low, median, high = (np.array(part, dtype=float) for part in tempo)
    x = np.arange(len(median))
    axes.vlines(x, low, high, color=FAINT, linewidth=3, alpha=0.6)
    axes.scatter(x, median, s=14, color=INK, zorder=3)
    axes.set_title("Tempo: median, middle half", fontsize=10, loc="left", color=INK)
    _along(axes, periods, is_named=True)


def _along(axes: Any, periods: Sequence[str], *, is_named: bool) -> None:
    """Time from left to right, a few periods named."""
    places = range(0, len(periods), -(-len(periods) // _TICKS))
    axes.set_xticks(places, [periods[place] for place in places] if is_named else [])
    axes.set_xlim(-0.6, len(periods) - 0.4)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)
    axes.grid(axis="y", color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8, colors=INK, length=2)
