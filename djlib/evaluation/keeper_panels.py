"""Batches over time as pictures: what is kept of them, and whether that was foreseen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .charts import BAR, FAINT, INK
from .proportions import Share


@dataclass(frozen=True)
class Batch:
    """One batch by a short name: what is kept of what the model thought is liked, and of what was
    drawn by chance; the mean probability said of the answers, and the share that came true."""

    name: str
    exploit: Share | None
    by_chance: Share | None
    said: float | None
    kept: float | None


Panel = Callable[[Sequence[Batch], Any], bool]
"""Draws on axes, if any are given; says whether there is something to draw."""


def liked(batches: Sequence[Batch], axes: Any) -> bool:
    """What is kept where it exploits, and of all that is there as far as chance has shown it."""
    known = [(x, b.exploit) for x, b in enumerate(batches) if b.exploit]
    drawn = [b.by_chance for b in batches if b.by_chance]
    if axes is not None:
        places = [x for x, _ in known]
        axes.vlines(places, [s.low for _, s in known], [s.high for _, s in known], color=FAINT)
        axes.plot(places, [s.hits / s.n for _, s in known], "o-", color=BAR, linewidth=1)
        title = "Kept of what it thought you like"
        if drawn:
            base = sum(s.hits for s in drawn) / sum(s.n for s in drawn)
            axes.axhline(base, linestyle="--", color=FAINT, linewidth=1)
            title += f" (dashed: of those drawn by chance, {base:.0%})"
        _as_shares(axes, title)
    return bool(known)


def foreseen(batches: Sequence[Batch], axes: Any) -> bool:
    """What was said of each batch beside what came true."""
    known = [(x, b.said, b.kept) for x, b in enumerate(batches) if b.said is not None]
    if axes is not None:
        places = [x for x, *_ in known]
        axes.plot(places, [said for _, said, _ in known], "s--", color=INK, mfc="white", lw=1)
        axes.plot(places, [kept for *_, kept in known], "o-", color=BAR, linewidth=1)
        _as_shares(axes, "Kept of all that was asked (hollow: as foreseen before the answers)")
    return bool(known)


PANELS: tuple[Panel, ...] = (liked, foreseen)


def _as_shares(axes: Any, title: str) -> None:
    axes.set(ylim=(0, 1.08), yticks=[0, 0.25, 0.5, 0.75, 1])
    axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    axes.set_title(title, fontsize=10, loc="left", color=INK)
