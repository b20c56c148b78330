"""`trends`: how bucket use and taste move over the dates of adding; whether new tracks differ."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ...bucketing.analysis.drift import (
    FEWEST,
    ConfidenceDrift,
    FieldDrift,
    confidence_drift,
    field_drift,
)
from ...bucketing.analysis.trends import (
    Periods,
    ShareTrend,
    TempoTrend,
    Unit,
    bucket_trends,
    genre_trends,
    in_periods,
    tempo_trend,
)
from ...bucketing.labels import buckets_of
from ...errors import InputError, NotFoundError, UsageError
from ...features.dates import days_added
from ...reporting.charts import chart_kind
from ...reporting.trend_chart import Line, trend_chart
from ...settings import Settings, Workspace
from ...tables.io import read_table
from ...tables.schema import PREDICTIONS
from ..core.progress import ProgressReporter
from ..library.tracks import read_tracks


@dataclass(frozen=True)
class TrendsOptions:
    """What a person may ask: the length of a period, the day from which tracks are recent (by
    default the last period with enough of them), a chart to draw."""

    by: Unit | None = None
    since: str | None = None
    chart: Path | None = None


@dataclass(frozen=True)
class TrendsReport:
    """How a library moves. `dated` of its `tracks` have a readable date, `sorted_tracks` of those
    a bucket; `added` counts tracks by period, `periods` names those; `since` is the first day of
    the recent tracks, `n_recent` how many there are; `confidence` is None without predictions for
    enough tracks."""

    source: str
    tracks: int
    dated: int
    sorted_tracks: int
    unit: Unit
    periods: list[str]
    added: list[int]
    n_days: int
    buckets: list[ShareTrend]
    genres: list[ShareTrend]
    tempo: TempoTrend | None
    since: str
    n_recent: int
    drift: list[FieldDrift]
    confidence: ConfidenceDrift | None
    written: str | None = None


def library_trends(
    workspace: Workspace,
    settings: Settings,
    source: Path | None = None,
    *,
    options: TrendsOptions,
    talk: ProgressReporter,
) -> TrendsReport:
    """Say how `source` (the scanned library by default) moves over the dates its tracks were added
    on. Nothing is written but the chart.

    Raises `NotFoundError` where there is no library, `InputError` where its tracks have no dates or
    all the same, `UsageError` for a `since` that is no day or has no tracks on either side.
    """
    if options.chart:
        chart_kind(options.chart)
    source = source or _scanned(workspace)
    everything = read_tracks(workspace, source, talk, remember=False)[0]
    tracks, days = _dated(source, everything)
    periods = in_periods(days, options.by)
    is_recent = _recent(days, periods, options.since)
    with talk.step("Shuffling days to tell trends from chance"):
        seed = settings.seed
        report = TrendsReport(
            source=str(source),
            tracks=len(everything),
            dated=len(tracks),
            sorted_tracks=sum(map(bool, buckets_of(tracks))),
            unit=periods.unit,
            periods=periods.names,
            added=np.bincount(periods.period, minlength=len(periods.names)).tolist(),
            n_days=int(days.nunique()),
            buckets=bucket_trends(tracks, periods, seed=seed),
            genres=genre_trends(tracks, periods, seed=seed),
            tempo=tempo_trend(tracks, periods, seed=seed),
            since=f"{days[is_recent].min():%Y-%m-%d}",
            n_recent=int(is_recent.sum()),
            drift=field_drift(tracks, periods.day, is_recent, seed=seed),
            confidence=_confidence(workspace, tracks, periods.day, is_recent, seed),
            written=str(options.chart) if options.chart else None,
        )
    if options.chart:
        _draw(report, options.chart)
    return report


def _scanned(workspace: Workspace) -> Path:
    if workspace.tracks.is_file():
        return workspace.tracks
    raise NotFoundError(
        f"no library to look at: {workspace.tracks} does not exist; "
        "run 'djlib scan LIBRARY' first, or name a file"
    )


def _dated(source: Path, tracks: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """The tracks with a date, and their days."""
    column = tracks["date_added"] if "date_added" in tracks else pd.Series([""] * len(tracks))
    days = days_added(column.reset_index(drop=True))
    there = days.notna().to_numpy()
    if not there.any():
        written = [value for value in column.astype("str") if value.strip()][:1]
        what = f"{written[0]!r} is no date it can read" if written else "it is empty or missing"
        raise InputError(
            f"{source}: no track says when it was added ({what}); a table needs a column "
            "date_added such as 2024-05-31; rekordbox and Traktor libraries have it"
        )
    return tracks[there].reset_index(drop=True), days[there].reset_index(drop=True)


def _recent(days: pd.Series, periods: Periods, since: str | None) -> np.ndarray:
    """Which tracks are recent: from the day asked for, else of the last periods that together
    have enough tracks, but never all of them."""
    if since is None:
        sizes = np.bincount(periods.period, minlength=len(periods.names))
        last = len(sizes) - 1
        while last > 1 and sizes[last:].sum() < FEWEST:
            last -= 1
        recent = periods.period >= last
        return recent if not recent.all() else np.asarray(days > days.min())
    day = days_added(pd.Series([since])).iloc[0]
    if pd.isna(day):
        raise UsageError(f"--since {since!r} is no day; write it as 2024-05-31")
    recent = periods.at(day)
    if recent.all() or not recent.any():
        raise UsageError(
            f"--since {since}: the dates go from {days.min():%Y-%m-%d} to {days.max():%Y-%m-%d}; "
            "name a day in between"
        )
    return recent


def _confidence(
    workspace: Workspace, tracks: pd.DataFrame, days: np.ndarray, is_recent: np.ndarray, seed: int
) -> ConfidenceDrift | None:
    if not workspace.predictions.is_file():
        return None
    answers = read_table(workspace.predictions, schema=PREDICTIONS, problems=[])
    sure = tracks["track_id"].map(answers.set_index("track_id")["confidence"]).to_numpy(dtype=float)
    there = ~np.isnan(sure)
    return confidence_drift(sure[there], days[there], is_recent[there], seed=seed)


def _draw(report: TrendsReport, chart: Path) -> None:
    lines = [
        Line(t.name.rsplit(" / ", 1)[-1], t.share, t.low, t.high, t.tracks, t.of, t.direction)
        for t in report.buckets or report.genres
    ]
    tempo = report.tempo
    median = (tempo.low, tempo.median, tempo.high) if tempo else None
    what = "buckets" if report.buckets else "genres"
    trend_chart(chart, report.periods, report.added, lines, median, what=what)
