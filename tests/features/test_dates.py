"""Days in any writing: read where they can mean one day only."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.features.dates import days_added

DAYS = st.dates(dt.date(1990, 1, 1), dt.date(2100, 1, 1))


@given(day=DAYS, form=st.sampled_from(["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y"]))
@settings(max_examples=40, deadline=None)
def test_a_day_that_can_mean_one_day_only_is_read(day: dt.date, form: str) -> None:
    for written in (day.strftime(form), f" {day.strftime(form)} 10:30:00"):
        assert days_added(pd.Series([written])).dt.date.tolist() == [day]


@pytest.mark.parametrize(
    ("written", "months"),
    [
        (["4/3/2021", "31/3/2021"], [3, 3]),
        (["4/3/2021", "3/31/2021"], [4, 3]),
        (["4-3-2021", "5-3-2021"], [None, None]),
        (["13/1/2021", "1/13/2021"], [None, None]),
    ],
)
def test_the_column_tells_whether_days_or_months_come_first(
    written: list[str], months: list[int | None]
) -> None:
    found = days_added(pd.Series(written)).dt.month
    assert [None if pd.isna(month) else month for month in found] == months


def test_rubbish_has_no_day_and_harms_no_other() -> None:
    rubbish = ["soon", "", "0000-00-00", "9999-99-99", "2021-02-30", "1904-01-01", "1970-01-01",
               "99999999999-1-1", "12345", None, 3.5, "\udc80"]  # fmt: skip
    found = days_added(pd.Series([*rubbish, "2021-03-04"], dtype=object))
    assert found.notna().tolist() == [False] * len(rubbish) + [True]


def test_days_as_timestamps_are_read() -> None:
    column = pd.Series(pd.to_datetime(["2021-03-04T10:00Z", None]))
    assert days_added(column).dt.day.fillna(0).tolist() == [4, 0]
