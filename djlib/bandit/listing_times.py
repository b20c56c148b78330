"""Month, weekday and hour of a listing as points on circles: December lies beside January."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..tables.cell_text import text_of

_FIELDS = ("listed_at", "ends_at")
N_TIME = 8 * len(_FIELDS)
"""Columns `time_columns` gives: for each field three circles and two flags."""

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


def _of_field(text: pd.Series) -> np.ndarray:
    when = pd.to_datetime(
        text.where(text.str.contains(_DAY, regex=True)), errors="coerce", utc=True, format="ISO8601"
    )
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
