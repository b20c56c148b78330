"""Which calls are still open."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd

from ..formats.deadlines import moment_of
from ..tables.cell_text import text_of


def is_open(calls: pd.DataFrame, now: datetime) -> np.ndarray:
    """Whether each call, (n,), can still be answered; one without a date can.

    >>> from datetime import UTC
    >>> calls = pd.DataFrame({"deadline": ["2026-05-01", "2026-05-02", "rolling", ""]})
    >>> is_open(calls, datetime(2026, 5, 2, tzinfo=UTC)).tolist()
    [False, True, True, True]
    """
    days = days_left(calls, now)
    return np.isnan(days) | (days > 0)


def days_left(calls: pd.DataFrame, now: datetime) -> np.ndarray:
    """Days from `now` until each call closes, (n,), negative once it has; NaN without a date."""
    place, distinct = pd.factorize(text_of(calls, "deadline"))
    moments = [moment_of(cell) for cell in distinct]
    left = [np.nan if m is None else (m - now).total_seconds() / 86_400 for m in moments]
    return np.array(left, dtype=float)[place] if len(place) else np.zeros(0)
