"""How much of a batch explores, and which listings are picked by which rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FLOOR, START, DECAY = 0.2, 0.6, 0.95


@dataclass(frozen=True)
class Choice:
    """Rows of the pool in the order to show them, the rule that picked each, the rate asked."""

    rows: np.ndarray
    strategies: list[str]
    exploration_rate: float


def explore_rate(batch_number: int) -> float:
    """Share of a batch that explores: `max(0.2, 0.6 * 0.95 ** batch_number)`.

    >>> explore_rate(0), round(explore_rate(10), 3), explore_rate(50)
    (0.6, 0.359, 0.2)
    """
    return max(FLOOR, START * DECAY**batch_number)


def n_explore(k: int, batch_number: int) -> int:
    """Listings of `k` that explore: the rate times `k`, rounded.

    >>> [n_explore(20, batch) for batch in (0, 10, 50, 1000)]
    [12, 7, 4, 4]
    """
    return round(k * explore_rate(batch_number))


def choose(
    mean: np.ndarray,
    uncertainty: np.ndarray,
    *,
    k: int = 20,
    batch_number: int = 0,
    ids: np.ndarray | None = None,
) -> Choice:
    """Pick `k` distinct listings: first those to exploit, by mean - uncertainty, then of the rest
    those to explore, by uncertainty.

    Of equals the one that stands first in the pool is picked; of rows with one id only the first
    counts. A pool of fewer than `k` is shown whole, split in the same proportion.

    >>> choose(np.array([0.9, 0.1, 0.5]), np.array([0.1, 0.0, 0.4]), k=2).strategies
    ['exploit', 'explore']
    """
    rows = _distinct(len(mean), ids)
    k = min(k, len(rows))
    explore = n_explore(k, batch_number)
    sure = _highest(rows, (mean - uncertainty)[rows], k - explore)
    rest = rows[~np.isin(rows, sure)]
    unsure = _highest(rest, uncertainty[rest], explore)
    strategies = ["exploit"] * len(sure) + ["explore"] * len(unsure)
    return Choice(np.concatenate([sure, unsure]), strategies, explore_rate(batch_number))


def _distinct(n: int, ids: np.ndarray | None) -> np.ndarray:
    if ids is None:
        return np.arange(n)
    return np.sort(np.unique(ids.astype(str), return_index=True)[1])


def _highest(rows: np.ndarray, scores: np.ndarray, n: int) -> np.ndarray:
    return np.asarray(rows[np.argsort(-scores, kind="stable")[:n]])
