"""What moves over time, and what only seems to: smoothed shares and tests that shuffle whole days.

People add tracks in batches, an album or a night's buying at once. Tests that take each track for
an observation of its own then find trends everywhere; these shuffle the days, each with all its
tracks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import beta, false_discovery_control

_PRIOR_TRACKS = 10.0
"""Weight of the share over all time in the share of one period."""
_NEVER_NONE = 1e-6
_SHUFFLES = 1999
_TIE = 1e-9


def smoothed_shares(
    hits: np.ndarray, totals: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Share of `hits` in `totals`, both (periods,), and its 95 % interval, low and high.

    Each period begins with the share over all periods, as if it had been seen on ten tracks
    (a beta prior); empty periods say that and a wide interval.

    >>> share, low, high = smoothed_shares(np.array([0, 9]), np.array([1, 10]))
    >>> share.round(2).tolist(), bool(low[0] < 0.82 < high[0])
    ([0.74, 0.86], True)
    """
    overall = hits.sum() / max(totals.sum(), 1)
    a = hits + _PRIOR_TRACKS * overall + _NEVER_NONE
    b = totals - hits + _PRIOR_TRACKS * (1 - overall) + _NEVER_NONE
    return a / (a + b), beta.ppf(0.025, a, b), beta.ppf(0.975, a, b)


def day_trends(
    values: np.ndarray, days: np.ndarray, *, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """How strongly each column of `values` (n, k) moves over `days`, and how likely by chance.

    `days` (n,) are numbers in order of time. The score is that of Cochran and Armitage, each day's
    excess times the rank of the day, divided so that it lies in -1..1; chance is 1,999 shuffles
    of whole days. NaN counts as the mean. Gives scores and two-sided p-values, both (k,).

    >>> days = np.repeat(np.arange(20), 5)
    >>> grows = np.random.default_rng(0).random(100) < days / 20
    >>> luck = np.random.default_rng(1).random(100) < 0.5
    >>> score, p_value = day_trends(np.column_stack([grows, luck]), days)
    >>> score.round(1).tolist(), (p_value < 0.05).tolist()
    ([0.7, 0.1], [True, False])
    """
    values = np.asarray(values, dtype=float)
    excess = np.nan_to_num(values - np.nanmean(values, axis=0))
    _, rank = np.unique(days, return_inverse=True)
    by_day = np.zeros((rank.max() + 1, values.shape[1]))
    np.add.at(by_day, rank, excess)
    times = np.arange(len(by_day)) - (len(by_day) - 1) / 2
    by_day /= np.maximum(np.linalg.norm(by_day, axis=0) * np.linalg.norm(times), _NEVER_NONE)
    shuffled = np.random.default_rng(seed).permuted(np.tile(times, (_SHUFFLES, 1)), axis=1)
    score = times @ by_day
    return score, share_at_least(np.abs(score), np.abs(shuffled @ by_day))


def day_windows(sizes: np.ndarray, n: int, *, seed: int = 0) -> np.ndarray:
    """Draw n tracks by whole days, again and again, from days that hold `sizes` (days,) tracks.

    Gives the share of each day that is drawn, shape (shuffles, days): 1, 0, or less than 1 of the
    one day that does not fit whole.

    >>> drawn = day_windows(np.array([5, 5, 5, 5]), 10)
    >>> set((drawn @ [5, 5, 5, 5]).tolist()), set(drawn.ravel().tolist())
    ({10.0}, {0.0, 1.0})
    """
    rng = np.random.default_rng(seed)
    order = rng.permuted(np.tile(np.arange(len(sizes)), (_SHUFFLES, 1)), axis=1)
    in_order = sizes[order]
    before = np.cumsum(in_order, axis=1) - in_order
    drawn = np.zeros(order.shape)
    np.put_along_axis(drawn, order, np.clip((n - before) / in_order, 0, 1), axis=1)
    return drawn


def share_at_least(seen: np.ndarray, by_chance: np.ndarray) -> np.ndarray:
    """P-values: how often chance (shuffles, k) gives at least what was `seen` (k,)."""
    reached = (by_chance >= seen - _TIE * np.maximum(np.abs(seen), 1)).sum(axis=0)
    return np.asarray((1 + reached) / (1 + len(by_chance)))


def without_false_discoveries(p_values: Sequence[float]) -> list[float]:
    """P-values raised for how many were looked at (Benjamini and Hochberg 1995).

    >>> without_false_discoveries([0.01, 0.04, 0.5])
    [0.03, 0.06, 0.5]
    """
    if not len(p_values):
        return []
    return [float(q) for q in np.round(false_discovery_control(p_values), 6)]
