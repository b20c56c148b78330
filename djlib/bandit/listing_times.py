"""When a listing was made: month, weekday and hour as points on circles (December lies beside
January), the day, and how old the record was then."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..tables.cell_text import text_of
from .listing_numbers import column_values

_FIELDS = ("listed_at", "ends_at")
N_TIME = 8 * len(_FIELDS)
"""Columns `time_columns` gives: for each field three circles and two flags."""

LISTED, AGE = "time of listing", "age when listed"
"""Names of the numbers `day_listed` and `age_when_listed` give."""

_DAY = r"^\s*\d{4}-\d{2}-\d{2}"
_HOUR = r"^\s*\d{4}-\d{2}-\d{2}[T ]\d{2}"


def time_columns(listings: pd.DataFrame) -> np.ndarray:
    """Give sine and cosine of month, weekday and hour, and flags for no date and no hour.

    Shape (n, 16) float32: `listed_at`, then `ends_at`, in UTC. A bare year says no month.

    >>> rows = time_columns(pd.DataFrame({"listed_at": ["2024-01-01T00:00:00Z", "1998"]}))
    >>> rows[:, :8].round(1).tolist()
    [[0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0]]
    """
    blocks = [_of_field(text_of(listings, field)) for field in _FIELDS]
    return np.hstack(blocks).astype(np.float32)


def day_listed(listings: pd.DataFrame) -> np.ndarray:
    """Days from 1970 to `listed_at`, (n,), NaN where it is missing; a bare year is its first day.

    >>> day_listed(pd.DataFrame({"listed_at": ["1970-01-02T12:00:00Z", "1971", "soon"]})).tolist()
    [1.5, 365.0, nan]
    """
    since = _moments(text_of(listings, "listed_at")) - pd.Timestamp(0, tz="UTC")
    return (since / pd.Timedelta(days=1)).to_numpy(dtype=float)


def age_when_listed(listings: pd.DataFrame) -> np.ndarray:
    """Years by which a record was older than one when it was listed, (n,): 0 for what is new, NaN
    where either year is missing. What comes back after years comes back for a reason.

    >>> shop = pd.DataFrame({"year": [2004, 1969, None], "listed_at": ["2005-02-01"] * 3})
    >>> age_when_listed(shop).tolist()
    [0.0, 35.0, nan]
    """
    listed = _moments(text_of(listings, "listed_at")).dt.year.to_numpy(dtype=float, na_value=np.nan)
    return np.maximum(listed - column_values(listings, "year") - 1, 0)


def _moments(text: pd.Series) -> pd.Series:
    return pd.to_datetime(text, errors="coerce", utc=True, format="ISO8601")


def _of_field(text: pd.Series) -> np.ndarray:
    when = _moments(text.where(text.str.contains(_DAY, regex=True)))
    no_date = when.isna().to_numpy()
    no_hour = no_date | ~text.str.contains(_HOUR, regex=True).to_numpy(dtype=bool)
    circles = (
        (when.dt.month - 1, 12, no_date),
        (when.dt.day_of_week, 7, no_date),
        (when.dt.hour, 24, no_hour),
    )
    columns = [c for part, length, gone in circles for c in _circle(part, length, gone)]
    return np.column_stack([*columns, no_date, no_hour])


def _circle(part: pd.Series, length: int, gone: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    angle = 2 * np.pi * part.to_numpy(dtype=float, na_value=0.0) / length
    return np.where(gone, 0.0, np.sin(angle)), np.where(gone, 0.0, np.cos(angle))
