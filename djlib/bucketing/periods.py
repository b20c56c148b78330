"""When tracks were added: dates as people and programs write them, and the periods they fall in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from ..errors import InputError

Unit = Literal["month", "quarter", "year"]

UNITS: tuple[Unit, ...] = ("month", "quarter", "year")
_FREQUENCY = {"month": "M", "quarter": "Q", "year": "Y"}
_MOST_PERIODS = {"month": 24, "quarter": 24}
_FIRST_YEAR, _LAST_YEAR = 1980, 2200
"""Programs write a clock that was never set as 1970 or 1904."""

_YEAR_FIRST = r"^\s*(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)"
_YEAR_LAST = r"^\s*(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?!\d)"


def days_added(column: pd.Series) -> pd.Series:
    """Dates in a text column as days, NaT where there is none to be read.

    The year may come first or last. Whether 3/4/2021 is in March or April is told from the other
    dates of the column; where they do not tell, such dates are not read.

    >>> days_added(pd.Series(["2021-03-04", "2021/3/4 10:00", "soon"])).dt.day.tolist()
    [4.0, 4.0, nan]
    >>> days_added(pd.Series(["04/03/2021", "31/03/2021"])).dt.month.tolist()
    [3, 3]
    >>> days_added(pd.Series(["04/03/2021", "05/03/2021"])).notna().any()
    np.False_
    """
    text = column.astype("str")
    first = text.str.extract(_YEAR_FIRST).set_axis(["year", "month", "day"], axis=1)
    last = text.str.extract(_YEAR_LAST).set_axis(_order(text), axis=1)
    if "month" not in last:
        last[:] = np.nan
    parts = first.where(first["year"].notna(), last.reindex(columns=first.columns))
    parts = parts.apply(pd.to_numeric).astype("float64")
    in_time = parts["year"].between(_FIRST_YEAR, _LAST_YEAR)
    return pd.to_datetime(parts.where(in_time), errors="coerce")


def _order(text: pd.Series) -> list[str]:
    """What the parts of dates with the year last are: one of the first two is over 12 in some."""
    parts = text.str.extract(_YEAR_LAST).astype("float64")
    day_first, month_first = (parts[0] > 12).any(), (parts[1] > 12).any()
    dots = text.str.contains(r"^\s*\d{1,2}\.\d{1,2}\.\d{4}", regex=True).any()
    if day_first == month_first and not dots:
        return ["first", "second", "year"]
    return ["month", "day", "year"] if month_first and not day_first else ["day", "month", "year"]


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
