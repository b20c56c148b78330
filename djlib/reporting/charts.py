"""Confidence and feature importance as pictures, and how every chart is written to a file."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..errors import DjlibError, UsageError
from ..evaluation.calibration import calibration_error, reliability
from ..tables.atomic import replace_file
from .palette import LIGHT

if TYPE_CHECKING:
    from matplotlib.figure import Figure


SUFFIXES = (".png", ".svg", ".html")

INK, BAR, FAINT = LIGHT.ink, LIGHT.accent, LIGHT.soft
"""The colours of every chart: words and axes, what was measured, what it is held against."""


def confidence_chart(
    confidence: np.ndarray, correct: np.ndarray, path: str | Path, *, threshold: float
) -> None:
    """Draw a reliability diagram above a histogram of confidence; PNG, SVG or HTML by suffix.

    Both arrays are (n,), of out-of-fold first choices. Bars on the dashed line are honest.
    Raises `UsageError` for another suffix and `DjlibError` without matplotlib.
    """
    chart_kind(path)
    figure = _draw(confidence, correct, threshold)
    alt = "Reliability diagram and histogram of confidence"
    write_chart(figure, path, title="djlib: confidence", alt=alt)


def chart_kind(path: str | Path) -> str:
    """The kind of chart a suffix asks for: png, svg or html; raises `UsageError` for others."""
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise UsageError(f"{path}: a chart is one of {', '.join(SUFFIXES)}")
    return suffix[1:]


def new_figure(width: float, height: float) -> Figure:
    """An empty figure, size in inches. Raises `DjlibError` without matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise DjlibError("charts need matplotlib: pip install matplotlib") from error
    return Figure(figsize=(width, height), layout="constrained")


def write_chart(figure: Figure, path: str | Path, *, title: str, alt: str) -> None:
    """Write a figure as PNG, SVG or HTML by suffix; `title` and `alt` are for the page."""
    kind = chart_kind(path)
    content = io.BytesIO()
    figure.savefig(content, format="png" if kind == "html" else kind, dpi=130)
    drawn = content.getvalue()
    if kind == "html":
        from .pages import render  # a picture alone needs no templates

        picture = base64.b64encode(drawn).decode("ascii")
        drawn = render("report.html", title=title, alt=alt, picture=picture).encode()
    with replace_file(path) as handle:
        handle.write(drawn)


def _draw(confidence: np.ndarray, correct: np.ndarray, threshold: float) -> Figure:
    figure = new_figure(6.4, 6.8)
    above, below = figure.subplots(2, 1, height_ratios=[2, 1], sharex=True)
    confidences, right, size = np.array(reliability(confidence, correct)).T
    off = calibration_error(confidence, correct)
    above.plot([0, 1], [0, 1], "--", color=FAINT, label="honest")
    above.plot(confidences, right, "-", color=BAR, linewidth=1)
    above.scatter(confidences, right, s=20 + 120 * size / size.max(), color=BAR, zorder=3)
    above.set(ylabel="right that often", ylim=(0, 1), xlim=(0, 1))
    above.set_title(
        f"How often a confidence is right ({len(confidence):,} tracks, calibration error "
        f"{off:.3f})",
        fontsize=11,
        loc="left",
        color=INK,
    )
    below.hist(confidence, bins=np.linspace(0, 1, 21), color=BAR, edgecolor="white")
    below.set(xlabel="confidence", ylabel="tracks")
    for axes in (above, below):
        axes.axvline(threshold, color=INK, linewidth=1)
        axes.spines[["top", "right"]].set_visible(False)
    below.margins(y=0.3)  # room for the words above the bars
    below.text(threshold + 0.01, below.get_ylim()[1] * 0.88, "sure from here", fontsize=9)
    return figure


_FIELD_INCHES = 0.42
_EDGES_INCHES = 1.4


def importance_chart(table: pd.DataFrame, path: str | Path, *, unit: str, n_tracks: int) -> None:
    """Draw a bar for each row of `table`, the first on top; PNG, SVG or HTML by suffix.

    `table` has `field`, `lost` and its interval `low` to `high`, in `unit`; `n_tracks` is over how
    many tracks. Raises `UsageError` for another suffix and `DjlibError` without matplotlib.
    """
    chart_kind(path)
    figure = new_figure(6.8, _EDGES_INCHES + _FIELD_INCHES * len(table))
    _draw_importance(figure.subplots(), table, unit, n_tracks)
    write_chart(figure, path, title="djlib: fields", alt="What the model leans on, field by field")


def _draw_importance(axes: Any, table: pd.DataFrame, unit: str, n_tracks: int) -> None:
    places = range(len(table))
    lost = table["lost"]
    around = [lost - table["low"], table["high"] - lost]
    axes.barh(places, lost, color=BAR, height=0.62)
    axes.errorbar(lost, places, xerr=around, fmt="none", ecolor=INK, elinewidth=1, capsize=3)
    axes.axvline(0, color=FAINT, linewidth=1)
    axes.set_yticks(places, table["field"].tolist())
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.set(xlabel=unit)
    axes.set_title(
        f"What the model leans on ({n_tracks:,} tracks)", fontsize=11, loc="left", color=INK
    )
    axes.spines[["top", "right", "left"]].set_visible(False)
