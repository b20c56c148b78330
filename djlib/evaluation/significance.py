"""Whether a difference is more than luck: intervals, exact tests, correction for many looks.

Two questions are asked of two models. On these very tracks, could the difference be chance
(McNemar's exact test, a bootstrap over artists)? And would it come out again had other tracks
been learned from (the corrected resampled t-test over folds)? Whoever compares several pairs
corrects for it (Holm).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import binomtest, t

_RESAMPLES = 2000
_LEVEL = 0.05


def mcnemar(fixed: int, broken: int) -> float:
    """Exact two-sided p-value that as many rows were `fixed` as `broken` but for chance.

    McNemar 1947, as a binomial test on the rows where two models differ.

    >>> mcnemar(5, 0), mcnemar(6, 0), mcnemar(0, 0)
    (0.0625, 0.03125, 1.0)
    """
    n = fixed + broken
    return float(binomtest(fixed, n, 0.5).pvalue) if n else 1.0


def corrected_t_test(differences: np.ndarray, test_share: float) -> float | None:
    """Two-sided p-value that the mean of fold-wise `differences` (J,) is 0; None where J < 2.

    Folds learn from almost the same rows, so a plain t-test finds differences that are none.
    Nadeau and Bengio 2003, "Inference for the Generalization Error": the variance is taken times
    1/J + `test_share`, which is test rows / training rows of a fold (1/4 for five folds).

    >>> round(corrected_t_test(np.array([0.04, 0.05, 0.03, 0.06, 0.02]), 1 / 4), 4)
    0.0196
    >>> corrected_t_test(np.zeros(5), 1 / 4)
    1.0
    """
    n = len(differences)
    if n < 2:
        return None
    mean, variance = float(np.mean(differences)), float(np.var(differences, ddof=1))
    spread = np.sqrt((1 / n + test_share) * variance)
    if spread <= 1e-12 * max(abs(mean), 1.0):
        return 0.0 if abs(mean) > 1e-12 else 1.0
    return float(2 * t.sf(abs(mean) / spread, df=n - 1))


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values adjusted for being several, in the order given: under 0.05 still means under 0.05.

    Holm 1979, "A Simple Sequentially Rejective Multiple Test Procedure".

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    values = np.asarray(p_values, dtype=float)
    order = np.argsort(values, kind="stable")
    stepped = values[order] * np.arange(len(values), 0, -1)
    adjusted = np.empty(len(values))
    adjusted[order] = np.minimum(np.maximum.accumulate(stepped), 1.0)
    return [float(p) for p in adjusted]


def group_intervals(
    gains: np.ndarray, groups: np.ndarray, *, seed: int = 0, bound: float = np.inf
) -> np.ndarray:
    """95 % percentile intervals of the mean of each column of `gains` (n, k), as (k, 2).

    The bootstrap draws whole `groups` (n,): tracks of one artist stand or fall together. Where
    there is one group nothing tells luck from skill, and the interval is -`bound` to `bound`.

    >>> gains = np.array([[0.0], [1.0]] * 50)
    >>> group_intervals(gains, np.arange(100)).round(1).tolist()
    [[0.4, 0.6]]
    >>> group_intervals(gains, np.zeros(100), bound=1).tolist()
    [[-1.0, 1.0]]
    """
    _, place = np.unique(groups.astype(str), return_inverse=True)
    size = np.bincount(place)
    if len(size) < 2:
        return np.tile([-float(bound), float(bound)], (gains.shape[1], 1))
    gain = np.stack([np.bincount(place, weights=column) for column in gains.T], axis=1)
    rng = np.random.default_rng(seed)
    even = np.full(len(size), 1 / len(size))
    draws = (rng.multinomial(len(size), even) for _ in range(_RESAMPLES))
    means = np.array([(drawn @ gain) / (drawn @ size) for drawn in draws])
    return np.percentile(means, [100 * _LEVEL / 2, 100 - 100 * _LEVEL / 2], axis=0).T
