"""What a watch holds against each other: what came last, and what came before."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from ...errors import EmbeddingsMissingError
from ...monitoring.drift import vector_drift
from ...monitoring.finding import Finding

_RECENT = 1 / 3
_MOST = 2000


def recent(n: int) -> np.ndarray:
    """Which of `n` rows in the order of coming are the last third, (n,) bool.

    >>> recent(6).tolist()
    [False, False, False, False, True, True]
    """
    return np.arange(n) >= round(n * (1 - _RECENT))


def recent_scans(moments: pd.Series) -> np.ndarray:
    """Which rows came in the last third, (n,) bool, where `moments` are in order. What came at one
    moment is not parted: within a scan rows lie as their files do.

    >>> recent_scans(pd.Series(["1", "1", "1", "2", "2", "3"])).tolist()
    [False, False, False, False, False, True]
    >>> recent_scans(pd.Series(["1", "1", "1"])).any()
    np.False_
    """
    if not len(moments):
        return np.zeros(0, dtype=bool)
    last_before = moments.iloc[max(round(len(moments) * (1 - _RECENT)) - 1, 0)]
    since = (moments > last_before).to_numpy(dtype=bool)
    if since.any() or moments.iloc[0] == last_before:
        return since
    return (moments >= last_before).to_numpy(dtype=bool)


def before_and_since(
    values: pd.Series | np.ndarray, is_recent: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The values before and since."""
    found = np.asarray(values)
    return found[~is_recent], found[is_recent]


def meaning_drift(
    what: str,
    read: Callable[[np.ndarray], np.ndarray],
    before: np.ndarray,
    since: np.ndarray,
    seed: int,
) -> list[Finding]:
    """How the vectors of rows have moved, `before` against `since`, (n,) bool each; 2,000 of either
    are read at most, and none where nothing can read them."""
    rng = np.random.default_rng(seed)
    try:
        vectors = [read(_some(np.flatnonzero(which), rng)) for which in (before, since)]
    except EmbeddingsMissingError:
        return []
    return [vector_drift(what, *vectors)]


def _some(rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return rows if len(rows) <= _MOST else np.sort(rng.choice(rows, _MOST, replace=False))
