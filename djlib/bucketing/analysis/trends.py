"""How bucket use and taste move: shares of buckets and genres, and tempo, over the dates added."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from ...errors import InputError
from ...evaluation.trend_tests import day_trends, smoothed_shares, without_false_discoveries
from ...features.text import genre_tokens
from ..labels import buckets_of

Unit = Literal["month", "quarter", "year"]

UNITS: tuple[Unit, ...] = ("month", "quarter", "year")
_FREQUENCY = {"month": "M", "quarter": "Q", "year": "Y"}
_MOST_PERIODS = {"month": 24, "quarter": 24}


@dataclass(frozen=True)
class Periods:
    """Tracks in time: `names` of all periods from first to last, empty ones too; `period` (n,)
    is each track's place in them, `day` (n,) its day as a number."""

    unit: Unit
    names: list[str]
    period: np.ndarray
    day: np.ndarray

    def at(self, day: pd.Timestamp) -> np.ndarray:
        """Which tracks were added on `day` or later, (n,)."""
        return np.asarray(self.day >= _number(day))


def in_periods(days: pd.Series, unit: Unit | None = None) -> Periods:
    """Sort days (no NaT among them) into periods, by default of a length that gives 24 at most,
    or of years.

    Raises `InputError` where all are the same day.

    >>> found = in_periods(pd.to_datetime(pd.Series(["2020-01-31", "2020-03-01"])))
    >>> found.names, found.period.tolist()
    (['2020-01', '2020-02', '2020-03'], [0, 2])
    """
    if days.nunique() < 2:
        when = f"{days.iloc[0]:%Y-%m-%d}" if len(days) else "no day"
        raise InputError(
            f"all {len(days):,} dated tracks were added on {when}: there is no before and after; "
            "djlib trends needs a library that kept its dates, as rekordbox and Traktor do"
        )
    unit = unit or _fitting(days)
    periods = days.dt.to_period(_FREQUENCY[unit])
    all_of_them = pd.period_range(periods.min(), periods.max(), freq=_FREQUENCY[unit])
    return Periods(
        unit,
        [_name(period) for period in all_of_them],
        np.asarray(all_of_them.get_indexer(periods)),
        np.asarray(days.map(_number)),
    )


def _fitting(days: pd.Series) -> Unit:
    for unit, most in _MOST_PERIODS.items():
        periods = days.dt.to_period(_FREQUENCY[unit])
        if (periods.max() - periods.min()).n < most:
            return "month" if unit == "month" else "quarter"
    return "year"


def _name(period: pd.Period) -> str:
    """2020-03, 2020 Q1 or 2020."""
    if period.freqstr.startswith("Q"):
        return f"{period.year} Q{period.quarter}"
    return str(period)


def _number(day: pd.Timestamp) -> int:
    return day.toordinal()


Direction = Literal["rises", "falls", "cannot tell"]

_LEVEL = 0.05
_FEWEST_TRACKS = 5
"""A smaller bucket shows no trend, whatever it does."""
_GENRES = 12
_WOULD_BE_SEEN = 3
"""Tracks that must have been expected where none came, for a bucket to be new or quiet."""


@dataclass(frozen=True)
class ShareTrend:
    """A bucket or genre over the periods: `tracks` in each `of` those that have any, smoothed
    `share`, 95 % interval `low` to `high`. `early` and `late` are its plain shares in the first
    and last third of the tracks; `slope` says in -1..1 how steadily it moves, `p_value` how likely
    chance does as much, all others taken into account (both None where it is too small); `first`
    and `last` are the periods it was used in."""

    name: str
    tracks: list[int]
    of: list[int]
    share: list[float]
    low: list[float]
    high: list[float]
    early: float
    late: float
    slope: float | None
    p_value: float | None
    first: str
    last: str
    is_new: bool
    is_quiet: bool

    @property
    def n(self) -> int:
        """All its tracks."""
        return sum(self.tracks)

    @property
    def direction(self) -> Direction:
        """Where it goes, as far as can be told."""
        return _direction(self.p_value, self.slope)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {**asdict(self), "n": self.n, "direction": self.direction}


@dataclass(frozen=True)
class TempoTrend:
    """Tempo over the periods: how many tracks have one, lower quartile, median and upper quartile
    (None in a period without)."""

    tracks: list[int]
    low: list[float | None]
    median: list[float | None]
    high: list[float | None]
    early: float
    late: float
    slope: float
    p_value: float

    @property
    def direction(self) -> Direction:
        """Where it goes, as far as can be told."""
        return _direction(self.p_value, self.slope)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {**asdict(self), "direction": self.direction}


def _direction(p_value: float | None, slope: float | None) -> Direction:
    if p_value is None or slope is None or p_value >= _LEVEL:
        return "cannot tell"
    return "rises" if slope > 0 else "falls"


def bucket_trends(tracks: pd.DataFrame, periods: Periods, *, seed: int = 0) -> list[ShareTrend]:
    """How the share of each bucket among the sorted tracks moves, the largest bucket first.

    `periods` are those of the same rows. A track in several buckets counts for each.

    >>> days = pd.date_range("2020-01-01", periods=120).to_series(index=range(120))
    >>> placed = pd.DataFrame({"bucket": ["Warm up"] * 60 + ["Peak", "Warm up"] * 30})
    >>> [(t.name, t.n, t.direction) for t in bucket_trends(placed, in_periods(days))]
    [('Warm up', 90, 'falls'), ('Peak', 30, 'rises')]
    """
    return _share_trends(buckets_of(tracks), periods, None, seed)


def genre_trends(tracks: pd.DataFrame, periods: Periods, *, seed: int = 0) -> list[ShareTrend]:
    """How the shares of the commonest genres move among the tracks that name one."""
    cells = tracks["genres"] if "genres" in tracks else [""] * len(tracks)
    return _share_trends([list(genre_tokens(str(cell))) for cell in cells], periods, _GENRES, seed)


def tempo_trend(tracks: pd.DataFrame, periods: Periods, *, seed: int = 0) -> TempoTrend | None:
    """How the tempo moves, None where too few tracks have one."""
    bpm = tracks["bpm"].to_numpy(dtype=float) if "bpm" in tracks else np.full(len(tracks), np.nan)
    known = ~np.isnan(bpm)
    if known.sum() < _FEWEST_TRACKS or len(np.unique(periods.day[known])) < 2:
        return None
    bpm, day, period = bpm[known], periods.day[known], periods.period[known]
    parts = [bpm[period == place] for place in range(len(periods.names))]
    early, late = _ends(day)
    slope, p_value = day_trends(bpm[:, None], day, seed=seed)
    return TempoTrend(
        tracks=[len(part) for part in parts],
        low=_percentiles(parts, 25),
        median=_percentiles(parts, 50),
        high=_percentiles(parts, 75),
        early=float(np.median(bpm[early])),
        late=float(np.median(bpm[late])),
        slope=round(float(slope[0]), 4),
        p_value=float(p_value[0]),
    )


def _percentiles(parts: Sequence[np.ndarray], percent: float) -> list[float | None]:
    return [round(float(np.percentile(part, percent)), 1) if len(part) else None for part in parts]


def _share_trends(
    names: Sequence[Sequence[str]], periods: Periods, most: int | None, seed: int
) -> list[ShareTrend]:
    has_any = np.array([bool(row) for row in names], dtype=bool)
    sizes = Counter(name for row in names for name in row)
    shown = sorted(sizes, key=lambda name: (-sizes[name], name))[:most]
    if not shown:
        return []
    place = {name: column for column, name in enumerate(shown)}
    held = np.zeros((len(names), len(shown)))
    for i, row in enumerate(names):
        held[i, [place[name] for name in row if name in place]] = 1
    held, day, period = held[has_any], periods.day[has_any], periods.period[has_any]
    n_periods = len(periods.names)
    totals = np.bincount(period, minlength=n_periods)
    moves = _moves(held, day, seed)
    early, late = _ends(day)
    return [
        _share_trend(name, held[:, k], moves[k], (period, totals, day, early, late), periods)
        for k, name in enumerate(shown)
    ]


def _moves(held: np.ndarray, day: np.ndarray, seed: int) -> list[tuple[float | None, float | None]]:
    """Slope and p-value of the columns that are large enough, None for the others."""
    large = np.flatnonzero(held.sum(axis=0) >= _FEWEST_TRACKS)
    found: list[tuple[float | None, float | None]] = [(None, None)] * held.shape[1]
    if len(large) and day.min() < day.max():
        slopes, p_values = day_trends(held[:, large], day, seed=seed)
        raised = without_false_discoveries(p_values.tolist())
        for column, slope, p_value in zip(large, slopes.round(4).tolist(), raised, strict=True):
            found[column] = slope, p_value
    return found


def _share_trend(
    name: str,
    held: np.ndarray,
    move: tuple[float | None, float | None],
    when: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    periods: Periods,
) -> ShareTrend:
    period, totals, day, early, late = when
    hits = np.bincount(period, weights=held, minlength=len(totals)).astype(int)
    share, low, high = smoothed_shares(hits, totals)
    used = np.flatnonzero(hits)
    return ShareTrend(
        name=name,
        tracks=hits.tolist(),
        of=totals.tolist(),
        share=share.round(4).tolist(),
        low=low.round(4).tolist(),
        high=high.round(4).tolist(),
        early=round(float(held[early].mean()), 4),
        late=round(float(held[late].mean()), 4),
        slope=move[0],
        p_value=move[1],
        first=periods.names[used[0]],
        last=periods.names[used[-1]],
        is_new=bool(used[0] > period.min()) and _is_missing(held, day <= np.quantile(day, 0.25)),
        is_quiet=bool(used[-1] < period.max()) and _is_missing(held, day > np.quantile(day, 0.75)),
    )


def _is_missing(held: np.ndarray, there: np.ndarray) -> bool:
    """Whether a name has no track `there` (n,), where by its share elsewhere it would have some."""
    if not there.any() or there.all() or held[there].any():
        return False
    return bool(held[~there].mean() * there.sum() >= _WOULD_BE_SEEN)


def _ends(day: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which tracks were added in the first and the last third, whole days at a time: at least the
    first and the last day."""
    days, rank, sizes = np.unique(day, return_inverse=True, return_counts=True)
    middle = (np.cumsum(sizes) - sizes / 2) / len(day)
    early, late = middle <= 1 / 3, middle >= 2 / 3
    early[0] = late[-1] = True
    return early[rank], late[rank]
