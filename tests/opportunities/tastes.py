"""Invented calls, people with a taste, and ratings they give."""

from __future__ import annotations

import numpy as np
import pandas as pd

from djlib.opportunities.intake import take_in
from djlib.opportunities.merging import merge
from djlib.synthetic.opportunities import synthetic_opportunities

NOW = "2026-08-01T03:00:00Z"


def some_calls(n: int = 300, seed: int = 0) -> pd.DataFrame:
    """Scanned calls, each with a title of its own so that none are merged."""
    records = synthetic_opportunities(n, seed=seed)
    records["title"] = [f"{title} no {row}" for row, title in enumerate(records["title"])]
    return merge(None, take_in(records, now=NOW).calls).calls


def likes(calls: pd.DataFrame, *topics: str) -> np.ndarray:
    """Whether each call is of one of the topics, (n,) 0 or 1."""
    text = (calls["title"] + " " + calls["tags"] + " " + calls["description"]).str.lower()
    return text.map(lambda t: any(topic in t for topic in topics)).to_numpy(dtype=float)


def moments(n: int, start: str = "2026-08-01T00:00:00") -> list[str]:
    """Moments an hour apart, ISO 8601 in UTC."""
    first = np.datetime64(start)
    return [f"{first + np.timedelta64(hour, 'h')}Z" for hour in range(n)]
