"""Versions and batches over time as a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..evaluation.proportions import Share
from .charts import BAR, FAINT, INK, new_figure, write_chart


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
    axes.set(ylim=(0, 1.08), yticks=[0, 0.25, 0.5, 0.75, 1], ylabel="share")
    axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    axes.set_title(title, fontsize=10, loc="left", color=INK)


_MOST = 40
"""Versions that fit beside each other; earlier ones are left out."""


@dataclass(frozen=True)
class Point:
    """One version by a short name: whether it was ever in use, and its shares and mean score
    where known."""

    name: str
    served: bool
    audit: Share | None
    accepted: Share | None
    satisfaction: float | None


def progress_chart(
    points: Sequence[Point], path: str | Path, *, target: float, batches: Sequence[Batch] = ()
) -> None:
    """Draw what is known of each version and of each batch of records, oldest first, one panel a
    measure; PNG, SVG or HTML by suffix. Bars are 95 % intervals, hollow marks versions that were
    never in use.

    Raises `InputError` where there is nothing to show, `UsageError` for another suffix and
    `DjlibError` without matplotlib.
    """
    points, batches = points[-_MOST:], batches[-_MOST:]
    versions: list[Callable[..., bool]] = [
        partial(panel, points, target=target) for panel in (_audit, _accepted, _content)
    ]
    asked: list[Callable[..., bool]] = [partial(panel, batches) for panel in PANELS]
    groups = [
        ([p.name for p in points], [panel for panel in versions if panel(axes=None)]),
        ([b.name for b in batches], [panel for panel in asked if panel(axes=None)]),
    ]
    n_panels = sum(len(panels) for _, panels in groups)
    if not n_panels:
        raise InputError("no chart: nothing is tested or answered yet; run 'djlib feedback'")
    figure = new_figure(7.6, 1.0 + 2.3 * n_panels)
    heading = "Accuracy and acceptance over time"
    figure.suptitle(heading, x=0.01, ha="left", fontsize=13, color=INK)
    all_axes = iter(figure.subplots(n_panels, 1, squeeze=False)[:, 0])
    for (names, panels), of_what in zip(groups, ("version", "batch"), strict=True):
        _group(names, panels, [next(all_axes) for _ in panels], of_what)
    write_chart(figure, path, title="djlib: progress", alt=heading)


def _group(
    names: Sequence[str],
    panels: Sequence[Callable[..., bool]],
    axes: Sequence[Any],
    of_what: str,
) -> None:
    """Panels below each other that share what lies across."""
    for panel, one in zip(panels, axes, strict=True):
        panel(axes=one)
        one.spines[["top", "right"]].set_visible(False)
        one.margins(x=0.06)
        if one is not axes[0]:
            one.sharex(axes[0])
        one.tick_params(labelbottom=one is axes[-1])
    if axes:
        axes[-1].set(xlabel=of_what)
        axes[-1].set_xticks(range(len(names)), names)
        axes[-1].tick_params(axis="x", labelrotation=60 if len(names) > 12 else 0, labelsize=8)


def _audit(points: Sequence[Point], axes: Any, *, target: float) -> bool:
    known = [(x, p.audit, p.served) for x, p in enumerate(points) if p.audit]
    if axes is not None:
        _shares(axes, known)
        hollow = "" if all(served for *_, served in known) else " (hollow: never in use)"
        _titled(axes, f"Right on the songs kept aside{hollow}")
    return bool(known)


def _accepted(points: Sequence[Point], axes: Any, *, target: float) -> bool:
    known = [(x, p.accepted, p.served) for x, p in enumerate(points) if p.accepted]
    if axes is not None:
        axes.axhline(target, linestyle="--", color=FAINT, linewidth=1)
        axes.text(
            1.005, target, f"target\n{target:.0%}", fontsize=8, color=INK, va="center",
            transform=axes.get_yaxis_transform(),
        )  # fmt: skip
        _shares(axes, known)
        _titled(axes, "Predictions that people let stand")
    return bool(known)


def _content(points: Sequence[Point], axes: Any, *, target: float) -> bool:
    known = [(x, p.satisfaction) for x, p in enumerate(points) if p.satisfaction is not None]
    if axes is not None:
        axes.plot(*zip(*known, strict=True), "o-", color=BAR, linewidth=1)
        axes.set(ylim=(0.7, 5.3), yticks=range(1, 6), ylabel="rating")
        _titled(axes, "How content they are, 1 to 5")
    return bool(known)


def _shares(axes: Any, known: Sequence[tuple[int, Share, bool]]) -> None:
    places = [x for x, _, _ in known]
    axes.vlines(places, [s.low for _, s, _ in known], [s.high for _, s, _ in known], color=FAINT)
    axes.plot(places, [s.hits / s.n for _, s, _ in known], color=BAR, linewidth=1)
    for x, share, served in known:
        axes.plot(x, share.hits / share.n, "o", color=BAR, mfc=BAR if served else "white", zorder=3)
        axes.annotate(
            f"{share.hits / share.n:.0%}",
            (x, share.high),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            color=INK,
        )
    axes.set(ylim=(0, 1.08), yticks=[0, 0.25, 0.5, 0.75, 1], ylabel="share")
    axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")


def _titled(axes: Any, title: str) -> None:
    axes.set_title(title, fontsize=10, loc="left", color=INK)
