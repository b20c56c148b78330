from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.bucketing.analysis.trends import (
    UNITS,
    ShareTrend,
    Unit,
    bucket_trends,
    genre_trends,
    in_periods,
    tempo_trend,
)
from djlib.errors import InputError
from djlib.evaluation.trend_tests import (
    day_trends,
    day_windows,
    smoothed_shares,
    without_false_discoveries,
)
from djlib.features.dates import days_added


def dates(n: int, *, a_day: int = 3, first: str = "2020-01-01") -> pd.Series:
    """n days of adding, in order, several tracks each."""
    days = pd.date_range(first, periods=-(-n // a_day))
    return pd.Series(np.repeat(days, a_day)[:n])


def trends_of(buckets: list[str], **how: int) -> dict[str, ShareTrend]:
    tracks = pd.DataFrame({"buckets": buckets})
    found = bucket_trends(tracks, in_periods(dates(len(buckets), **how)))
    return {trend.name: trend for trend in found}


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2021-03-04", "2021-03-04"),
        ("2021/3/4", "2021-03-04"),
        ("2021-03-04T23:59:00Z", "2021-03-04"),
        ("4.3.2021", "2021-03-04"),
        (" 2021.03.04", "2021-03-04"),
        ("2021-13-04", None),
        ("2021-02-30", None),
        ("1970-01-01", None),
        ("20210304", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_dates_are_read_as_programs_write_them(written: str, day: str | None) -> None:
    read = days_added(pd.Series([written], dtype="str")).iloc[0]
    assert (None if pd.isna(read) else f"{read:%Y-%m-%d}") == day


def test_day_or_month_first_is_told_from_the_column_or_not_read() -> None:
    assert days_added(pd.Series(["01/02/2021", "01/31/2021"])).dt.day.tolist() == [2, 31]
    assert days_added(pd.Series(["01/02/2021", "31/01/2021"])).dt.day.tolist() == [1, 31]
    assert days_added(pd.Series(["01/02/2021", "31/01/2021", "01/31/2021"])).isna().all()


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.dates(pd.Timestamp("1981-01-01").date(), pd.Timestamp("2100-01-01").date()),
             min_size=2, max_size=12, unique=True),
    st.sampled_from([None, *UNITS]),
)  # fmt: skip
def test_every_track_lies_in_a_period_and_none_is_missing(days: list[object], by: Unit) -> None:
    written = pd.Series([str(day) for day in days])
    found = in_periods(days_added(written), by)
    assert len(set(found.names)) == len(found.names)
    assert found.names[found.period.min()] == found.names[0]
    assert found.names[found.period.max()] == found.names[-1]
    for place, date in zip(found.period, written, strict=True):
        assert found.names[place][:4] == date[:4]
    assert (found.at(pd.Timestamp(written[0])) == (written >= written[0])).all()


@pytest.mark.parametrize(
    ("last", "unit"), [("2021-12-01", "month"), ("2024-01-01", "quarter"), ("2030-01-01", "year")]
)
def test_the_period_fits_the_span(last: str, unit: str) -> None:
    assert in_periods(pd.to_datetime(pd.Series(["2020-01-01", last]))).unit == unit


def test_a_library_imported_on_one_day_has_no_trends() -> None:
    with pytest.raises(InputError, match=r"all 3 dated tracks were added on 2020-01-01"):
        in_periods(dates(3))


def test_what_rises_and_what_falls_is_told() -> None:
    late = np.random.default_rng(0).random(300) < np.linspace(0, 0.8, 300)
    found = trends_of(["Peak" if is_late else "Warm up" for is_late in late])
    assert (found["Peak"].direction, found["Warm up"].direction) == ("rises", "falls")
    assert found["Peak"].late > found["Peak"].early + 0.3
    assert found["Peak"].n + found["Warm up"].n == 300
    assert sum(found["Peak"].of) == 300


def test_one_batch_however_large_is_no_trend() -> None:
    found = trends_of(["Old"] * 400 + ["New"] * 400, a_day=400)
    assert {trend.direction for trend in found.values()} == {"cannot tell"}


def test_chance_is_called_a_trend_in_few_of_many_libraries() -> None:
    rng = np.random.default_rng(0)
    alarms = 0
    for seed in range(40):
        of_day = rng.random(60) < 0.4  # each day brings one kind of music
        values = np.repeat(of_day, 6).astype(float)
        alarms += day_trends(values[:, None], np.repeat(np.arange(60), 6), seed=seed)[1][0] < 0.05
    assert alarms <= 6


def test_a_small_bucket_shows_no_trend() -> None:
    found = trends_of(["Big"] * 116 + ["Small"] * 4)
    assert (found["Small"].p_value, found["Small"].direction) == (None, "cannot tell")


def test_new_and_quiet_buckets_are_named_with_their_period() -> None:
    found = trends_of(["Quiet", "Always"] * 60 + ["New", "Always"] * 60)
    quiet, new, always = found["Quiet"], found["New"], found["Always"]
    assert (quiet.is_quiet, quiet.is_new, quiet.last) == (True, False, "2020-02")
    assert (new.is_quiet, new.is_new, new.first) == (False, True, "2020-02")
    assert (always.is_quiet, always.is_new) == (False, False)


def test_a_track_in_several_buckets_counts_for_each_and_an_unsorted_one_for_none() -> None:
    found = trends_of(["A|B", "A", ""] * 20)
    assert (found["A"].n, found["B"].n, sum(found["A"].of)) == (40, 20, 40)


def test_genres_are_counted_as_tokens_and_tempo_by_period() -> None:
    periods = in_periods(dates(120))
    tracks = pd.DataFrame({"genres": ["Tech House; DnB", "tech-house"] * 60, "bpm": 120.0})
    tracks["bpm"] += np.arange(120) / 10
    assert [(g.name, g.n) for g in genre_trends(tracks, periods)] == [
        ("tech house", 120), ("drum & bass", 60),
    ]  # fmt: skip
    tempo = tempo_trend(tracks, periods)
    assert tempo is not None
    assert tempo.direction == "rises"
    assert tempo.late > tempo.early
    assert tempo_trend(tracks.assign(bpm=np.nan), periods) is None
    assert tempo_trend(tracks.drop(columns="bpm"), periods) is None
    assert genre_trends(tracks.drop(columns="genres"), periods) == []


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=8))
def test_a_smoothed_share_lies_in_its_interval_and_between_its_own_and_the_overall(
    counts: list[tuple[int, int]],
) -> None:
    hits, others = np.array(counts).T
    totals = hits + others
    share, low, high = smoothed_shares(hits, totals)
    overall = hits.sum() / max(totals.sum(), 1)
    own = np.where(totals > 0, hits / np.maximum(totals, 1), overall)
    assert ((low <= share + 1e-6) & (share <= high + 1e-6)).all()
    assert ((share >= np.minimum(own, overall) - 1e-5)
            & (share <= np.maximum(own, overall) + 1e-5)).all()  # fmt: skip


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(1, 9), min_size=2, max_size=12), st.data())
def test_windows_hold_as_many_tracks_as_asked(sizes: list[int], data: st.DataObject) -> None:
    n = data.draw(st.integers(1, sum(sizes)))
    drawn = day_windows(np.array(sizes), n)
    assert np.allclose(drawn @ np.array(sizes), n)
    assert ((drawn > 0) & (drawn < 1)).sum(axis=1).max() <= 1


def test_no_p_values_stay_none() -> None:
    assert without_false_discoveries([]) == []
