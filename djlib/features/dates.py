"""The day a track was added, from dates as people and programs write them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..tables.cells import as_text

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
    text = as_text(column)
    first = text.str.extract(_YEAR_FIRST).set_axis(["year", "month", "day"], axis=1)
    last = text.str.extract(_YEAR_LAST).set_axis(_order(text), axis=1)
    if "month" not in last:
        last[:] = np.nan
    parts = first.where(first["year"].notna(), last.reindex(columns=first.columns))
    parts = parts.apply(pd.to_numeric).astype("float64")
    in_time = parts["year"].between(_FIRST_YEAR, _LAST_YEAR)
    return pd.to_datetime(parts.where(in_time), errors="coerce")


def day_numbers(tracks: pd.DataFrame) -> np.ndarray:
    """The day each track was added, in days since 1970, shape (n,); NaN where unknown.

    >>> day_numbers(pd.DataFrame({"date_added": ["2021-01-02", ""]}))
    array([18629.,    nan])
    """
    if "date_added" not in tracks:
        return np.full(len(tracks), np.nan)
    days = days_added(tracks["date_added"].reset_index(drop=True)).to_numpy(dtype="datetime64[D]")
    return np.where(np.isnat(days), np.nan, days.astype(float))


def _order(text: pd.Series) -> list[str]:
    """What the parts of dates with the year last are: one of the first two is over 12 in some."""
    parts = text.str.extract(_YEAR_LAST).astype("float64")
    day_first, month_first = (parts[0] > 12).any(), (parts[1] > 12).any()
    dots = text.str.contains(r"^\s*\d{1,2}\.\d{1,2}\.\d{4}", regex=True).any()
    if day_first == month_first and not dots:
        return ["first", "second", "year"]
    return ["month", "day", "year"] if month_first and not day_first else ["day", "month", "year"]
