"""The acquisition function: which records of a pool to ask about, to exploit and to explore."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .gaussian_process.kernel import Encoded
from .gaussian_process.posterior import Posterior

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


def choose_by_explore_rate(
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

    >>> choose_by_explore_rate(np.array([0.9, 0.1, 0.5]), np.array([0.1, 0.0, 0.4]), k=2).strategies
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


_MOST = 1500
"""Rows of a pool that are looked at; a sample of so many shows what is typical in any pool."""


def typical_and_diverse(points: Encoded, k: int, rng: np.random.Generator) -> np.ndarray:
    """Pick `k` rows that together stand for the pool: each adds most to how well every record is
    represented by its most alike pick. (Facility location, greedily: Nemhauser, Wolsey & Fisher
    1978; typical rows first serve best with few labels: Hacohen et al. 2022.)
    """
    n = len(points)
    looked_at = np.sort(rng.choice(n, _MOST, replace=False)) if n > _MOST else np.arange(n)
    some = points.take(looked_at)
    alike = some.likeness(some)
    served = np.zeros(len(some))
    chosen: list[int] = []
    for _ in range(min(k, len(some))):
        gain = np.maximum(alike - served, 0).sum(axis=1)
        gain[chosen] = -np.inf
        best = int(gain.argmax())
        chosen.append(best)
        served = np.maximum(served, alike[best])
    return looked_at[chosen]


FEW, MANY = 200, 1000
"""So many of the highest of a pool are weighed in detail, and the more where the pool was read in
outline only."""
_SAMPLE = 100
"""So many others by chance."""
N_POSTERIOR_SAMPLES = 100
UNIFORM_PROBABILITY = 0.5
"""Chance that the last slot that explores asks about any record at all."""
_SAME = 0.999
_RATES = (0.01, 0.4)


@dataclass(frozen=True)
class ExplorationProfile:
    """What a batch is for: share of slots to explore, weight of being unlike, of being unsure."""

    explore: float
    unlike: float
    unsure: float


EXPLORATION_PROFILES = {
    "accuracy": ExplorationProfile(explore=0.01, unlike=0.0, unsure=0.0),
    "balanced": ExplorationProfile(explore=0.025, unlike=0.02, unsure=0.0),
    "diverse": ExplorationProfile(explore=0.15, unlike=0.5, unsure=0.0),
    "novel": ExplorationProfile(explore=0.4, unlike=0.3, unsure=0.5),
}
"""From finding most now to finding what is new."""


@dataclass(frozen=True)
class Picks:
    """Rows of the pool in the order to show them, the rule that picked each, and its chance."""

    rows: np.ndarray
    strategies: list[str]
    propensity: np.ndarray


def explored_share(
    dial: ExplorationProfile, strategies: Sequence[str], keeper: np.ndarray
) -> float:
    """The share to explore, moved by what exploring earned so far beside exploiting.

    >>> round(explored_share(EXPLORATION_PROFILES["diverse"], ["explore"] * 9 + ["exploit"] * 9,
    ...     np.array([1] * 9 + [0] * 9)), 2)
    0.27
    """
    rates = []
    for strategy in ("explore", "exploit"):
        said = keeper[np.array([s == strategy for s in strategies], dtype=bool)]
        rates.append((said.sum() + 1) / (len(said) + 2))
    return float(np.clip(dial.explore * 2 * rates[0] / sum(rates), *_RATES))


def shortlisted(mean: np.ndarray, k: int, rng: np.random.Generator, among: int = FEW) -> np.ndarray:
    """Rows of a pool that are weighed in detail: the `among` highest in `mean` (n,), and a sample
    of the others; of a small pool all."""
    n_high = max(among, 4 * k)
    if len(mean) <= n_high + _SAMPLE:
        return np.arange(len(mean))
    high = np.argpartition(-mean, n_high)[:n_high]
    return np.union1d(high, rng.choice(len(mean), _SAMPLE, replace=False))


def choose_batch(
    posterior: Posterior,
    points: Encoded,
    rows: np.ndarray,
    n: int,
    *,
    k: int,
    dial: ExplorationProfile,
    explore: float,
    rng: np.random.Generator,
) -> Picks:
    """Pick `k` different rows of a pool of `n` (all, if there are fewer), `explore` of them to
    learn from. `rows` are those shortlisted, `points` where they lie."""
    if k >= n:
        k, explore = n, 0.0  # a pool that is shown whole leaves nothing to choose
    score = posterior.mean(points)
    if dial.unsure:
        score = score + dial.unsure * posterior.spread(points)
    whole, share = divmod(explore * k, 1)
    n_explore = int(whole) + bool(rng.random() < share)
    sure = _highest_unlike(points, score, k - n_explore, dial.unlike)
    picked, chances = [*sure], [1.0] * len(sure)
    if sure and n_explore == whole and k < n:
        chances[-1] = 1 - share  # it would have made room for a record to learn from
    free = np.ones(len(points), dtype=bool)
    free[sure] = False
    minds = posterior.draws(points, N_POSTERIOR_SAMPLES, rng) if n_explore else np.zeros((0, 0))
    for slot in range(n_explore):
        last = slot == n_explore - 1
        happens = share if last and n_explore > whole else 1.0
        row, chance = _by_one_mind(minds, free, rng, UNIFORM_PROBABILITY if last else 0.0, n)
        if row is None:
            any_chance = happens * UNIFORM_PROBABILITY
            return _with_any(rows[picked], chances, len(sure), n, any_chance, rng)
        picked.append(row)
        chances.append(happens * chance)
        free[row] = False
    strategies = ["exploit"] * len(sure) + ["explore"] * (len(picked) - len(sure))
    return Picks(rows[picked], strategies, np.array(chances))


def _highest_unlike(points: Encoded, score: np.ndarray, k: int, unlike: float) -> list[int]:
    """The highest rows, each unlike those before; the same record twice only where none is left."""
    order = np.argsort(-score, kind="stable")[: max(4 * k, 20)]
    few = points.take(order)
    own = np.sqrt(np.maximum(few.self_likeness(), 1e-9))
    alike = few.likeness(few) / own[:, None] / own
    value = score[order].copy()
    closest = np.full(len(order), -1.0)
    chosen: list[int] = []
    for _ in range(min(k, len(order))):
        worth = value - unlike * np.maximum(closest, 0) - 1e3 * (closest > _SAME)
        worth[chosen] = -np.inf
        best = int(worth.argmax())
        chosen.append(best)
        closest = np.maximum(closest, alike[best])
    return [int(row) for row in order[chosen]]


def _by_one_mind(
    minds: np.ndarray, free: np.ndarray, rng: np.random.Generator, any_record: float, n: int
) -> tuple[int | None, float]:
    """The row that one drawn mind likes best and the chance of that; None for any record."""
    if rng.random() < any_record:
        return None, 0.0
    open_rows = np.flatnonzero(free)
    favourites = open_rows[minds[open_rows].argmax(axis=0)]
    row = int(favourites[rng.integers(len(favourites))])
    share = float((favourites == row).mean())
    return row, (1 - any_record) * share + any_record / n


def _with_any(
    rows: np.ndarray,
    chances: list[float],
    n_sure: int,
    n: int,
    any_chance: float,
    rng: np.random.Generator,
) -> Picks:
    """The picks so far and one of all others by pure chance."""
    is_left = np.ones(n, dtype=bool)
    is_left[rows] = False
    others = np.flatnonzero(is_left)
    drawn = rng.choice(others, 1)
    strategies = ["exploit"] * n_sure + ["explore"] * (len(rows) - n_sure) + ["uniform"]
    chances = [*chances, any_chance / len(others)]
    return Picks(np.concatenate([rows, drawn]), strategies, np.array(chances))
