"""The acquisition function: which records of a pool to ask about, to exploit and to explore."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .gaussian_process.kernel import Encoded, PackedPoints
from .gaussian_process.posterior import Posterior

FLOOR, START, DECAY = 0.2, 0.6, 0.95


@dataclass(frozen=True)
class Picks:
    """Rows of the pool in the order to show them, the rule that picked each, its propensity (n,)
    and the share that was to explore."""

    rows: np.ndarray
    strategies: list[str]
    propensity: np.ndarray
    exploration_rate: float


@dataclass(frozen=True)
class ExplorationProfile:
    """What a batch is for: share of slots to explore, weight of diversity (being unlike what is
    in the batch already), weight of the standard deviation in the upper confidence bound."""

    explore: float
    diversity: float
    ucb: float


EXPLORATION_PROFILES = {
    "accuracy": ExplorationProfile(explore=0.01, diversity=0.0, ucb=0.0),
    "balanced": ExplorationProfile(explore=0.025, diversity=0.02, ucb=0.0),
    "diverse": ExplorationProfile(explore=0.15, diversity=0.5, ucb=0.0),
    "novel": ExplorationProfile(explore=0.4, diversity=0.3, ucb=0.5),
}
"""From finding most now to finding what is new."""


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
) -> Picks:
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
    exploited = _highest(rows, (mean - uncertainty)[rows], k - explore)
    rest = rows[~np.isin(rows, exploited)]
    explored = _highest(rest, uncertainty[rest], explore)
    strategies = ["exploit"] * len(exploited) + ["explore"] * len(explored)
    picked = np.concatenate([exploited, explored])
    # Nothing is drawn here: what is picked was certain to be.
    return Picks(picked, strategies, np.ones(len(picked)), explore_rate(batch_number))


def _distinct(n: int, ids: np.ndarray | None) -> np.ndarray:
    if ids is None:
        return np.arange(n)
    return np.sort(np.unique(ids.astype(str), return_index=True)[1])


def _highest(rows: np.ndarray, scores: np.ndarray, n: int) -> np.ndarray:
    return np.asarray(rows[np.argsort(-scores, kind="stable")[:n]])


_MOST = 1500
"""Rows of a pool that are compared; a sample of so many shows what is typical in any pool."""


def facility_location(
    points: Encoded | PackedPoints, k: int, rng: np.random.Generator
) -> np.ndarray:
    """Pick `k` rows that together stand for the pool: each adds most to how well every record is
    represented by its most similar pick. (Facility location, greedily: Nemhauser, Wolsey & Fisher
    1978; typical rows first serve best with few labels: Hacohen et al. 2022.)
    """
    n = len(points)
    sampled = np.sort(rng.choice(n, _MOST, replace=False)) if n > _MOST else np.arange(n)
    some = points.take(sampled)
    similarity = some.kernel(some)
    covered = np.zeros(len(some))
    chosen: list[int] = []
    for _ in range(min(k, len(some))):
        gain = np.maximum(similarity - covered, 0).sum(axis=1)
        gain[chosen] = -np.inf
        best = int(gain.argmax())
        chosen.append(best)
        covered = np.maximum(covered, similarity[best])
    return sampled[chosen]


FEW, MANY = 200, 1000
"""So many of the highest of a pool are scored in detail; the second where it was encoded in
outline only."""
_SAMPLE = 100
"""Others by chance, scored in detail beside them."""
N_POSTERIOR_SAMPLES = 100
UNIFORM_PROBABILITY = 0.5
"""Chance that the last slot that explores asks about any record at all."""
_SAME = 0.999
_RATES = (0.01, 0.4)


def adapted_explore(
    profile: ExplorationProfile, strategies: Sequence[str], keeper: np.ndarray
) -> float:
    """The share to explore, moved by the keeper rate of exploring beside that of exploiting.

    >>> round(adapted_explore(EXPLORATION_PROFILES["diverse"], ["explore"] * 9 + ["exploit"] * 9,
    ...     np.array([1] * 9 + [0] * 9)), 2)
    0.27
    """
    rates = []
    for strategy in ("explore", "exploit"):
        labels = keeper[np.array([s == strategy for s in strategies], dtype=bool)]
        rates.append((labels.sum() + 1) / (len(labels) + 2))
    return float(np.clip(profile.explore * 2 * rates[0] / sum(rates), *_RATES))


def shortlisted(mean: np.ndarray, k: int, rng: np.random.Generator, among: int = FEW) -> np.ndarray:
    """Rows of a pool that are scored in detail: the `among` highest in `mean` (n,), and a sample
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
    profile: ExplorationProfile,
    rng: np.random.Generator,
) -> Picks:
    """Pick `k` different rows of a pool of `n` (all, if there are fewer), about
    `profile.explore * k` of them by Thompson sampling. `rows` are those shortlisted, `points`
    theirs."""
    explore = profile.explore
    if k >= n:
        k, explore = n, 0.0  # a pool that is shown whole leaves nothing to choose
    score = posterior.mean(points)
    if profile.ucb:
        score = score + profile.ucb * posterior.spread(points)
    whole, share = divmod(explore * k, 1)
    n_explore = int(whole) + bool(rng.random() < share)
    exploited = _highest_diverse(points, score, k - n_explore, profile.diversity)
    picked, propensity = [*exploited], [1.0] * len(exploited)
    if exploited and n_explore == whole and k < n:
        propensity[-1] = 1 - share  # it would have made room for a record to explore
    is_open = np.ones(len(points), dtype=bool)
    is_open[exploited] = False
    draws = posterior.draws(points, N_POSTERIOR_SAMPLES, rng) if n_explore else np.zeros((0, 0))
    strategies = ["exploit"] * len(exploited)
    uniform = np.zeros(0, dtype=int)
    for slot in range(n_explore):
        is_last = slot == n_explore - 1
        happens = share if is_last and n_explore > whole else 1.0
        row, chance = _thompson(draws, is_open, rng, UNIFORM_PROBABILITY if is_last else 0.0, n)
        if row is None:
            others = np.setdiff1d(np.arange(n), rows[picked])
            uniform = rng.choice(others, 1)
            strategies.append("uniform")
            propensity.append(happens * UNIFORM_PROBABILITY / len(others))
            break
        picked.append(row)
        strategies.append("explore")
        propensity.append(happens * chance)
        is_open[row] = False
    chosen = np.concatenate([rows[picked], uniform])
    return Picks(chosen, strategies, np.array(propensity), profile.explore)


def _highest_diverse(points: Encoded, score: np.ndarray, k: int, diversity: float) -> list[int]:
    """The highest rows, each unlike those before; the same record twice only where none is left."""
    order = np.argsort(-score, kind="stable")[: max(4 * k, 20)]
    few = points[order]
    norm = np.sqrt(np.maximum(few.kernel_diag(), 1e-9))
    cosine = few.kernel(few) / norm[:, None] / norm
    value = score[order].copy()
    closest = np.full(len(order), -1.0)
    chosen: list[int] = []
    for _ in range(min(k, len(order))):
        gain = value - diversity * np.maximum(closest, 0) - 1e3 * (closest > _SAME)
        gain[chosen] = -np.inf
        best = int(gain.argmax())
        chosen.append(best)
        closest = np.maximum(closest, cosine[best])
    return [int(row) for row in order[chosen]]


def _thompson(
    draws: np.ndarray, is_open: np.ndarray, rng: np.random.Generator, uniform: float, n: int
) -> tuple[int | None, float]:
    """The highest row of one posterior draw and its propensity; None, with probability `uniform`,
    for any record."""
    if rng.random() < uniform:
        return None, 0.0
    open_rows = np.flatnonzero(is_open)
    highest = open_rows[draws[open_rows].argmax(axis=0)]
    row = int(highest[rng.integers(len(highest))])
    share = float((highest == row).mean())
    return row, (1 - uniform) * share + uniform / n
