"""When tracks were added: the periods their dates fall in."""

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
