"""Which fields a model leans on, as a picture: one bar a field with its interval."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from .charts import BAR, FAINT, INK, chart_kind, new_figure, write_chart

_FIELD_INCHES = 0.42
_EDGES_INCHES = 1.4


def importance_chart(table: pd.DataFrame, path: str | Path, *, unit: str, n_tracks: int) -> None:
    """Draw a bar for each row of `table`, the first on top; PNG, SVG or HTML by suffix.

    `table` has `field`, `lost` and its interval `low` to `high`, in `unit`; `n_tracks` is over how
    many tracks. Raises `UsageError` for another suffix and `DjlibError` without matplotlib.
    """
    chart_kind(path)
    figure = new_figure(6.8, _EDGES_INCHES + _FIELD_INCHES * len(table))
    _draw(figure.subplots(), table, unit, n_tracks)
    write_chart(figure, path, title="djlib: fields", alt="What the model leans on, field by field")


def _draw(axes: Any, table: pd.DataFrame, unit: str, n_tracks: int) -> None:
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
