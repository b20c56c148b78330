"""Whether a difference is more than luck: paired tests, intervals, correction for many looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

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


Verdict = Literal["better", "worse", "cannot tell"]


@dataclass(frozen=True)
class Comparison:
    """Two models on the same rows. `difference` is after minus before in accuracy, `low` and
    `high` its 95 % interval; `fixed` and `broken` count rows only one model got right; `p_value`
    is McNemar's exact test on them."""

    plain_extra: ClassVar = ("verdict",)

    n: int
    before: float
    after: float
    difference: float
    low: float
    high: float
    fixed: int
    broken: int
    p_value: float

    @property
    def verdict(self) -> Verdict:
        """ "better" or "worse" only when interval and test agree; otherwise "cannot tell"."""
        if self.p_value < _LEVEL and self.low > 0:
            return "better"
        if self.p_value < _LEVEL and self.high < 0:
            return "worse"
        return "cannot tell"


def compare_paired(
    before: np.ndarray, after: np.ndarray, groups: np.ndarray, *, seed: int = 0
) -> Comparison:
    """Compare which rows two models got right, both (n,) bool over the same rows.

    The interval is a bootstrap over `groups` (n,): tracks of one artist stand or fall together.
    The test is McNemar's, exact (binomial on the rows where the two differ). Needs n > 0.

    >>> rows = np.arange(40)
    >>> found = compare_paired(rows < 20, rows < 32, rows)
    >>> found.difference, found.fixed, found.broken, found.verdict
    (0.3, 12, 0, 'better')
    """
    before, after = np.asarray(before, dtype=bool), np.asarray(after, dtype=bool)
    fixed, broken = int((after & ~before).sum()), int((before & ~after).sum())
    gains = (after.astype(float) - before)[:, None]
    low, high = group_intervals(gains, groups, seed=seed, bound=1)[0].tolist()
    return Comparison(
        n=len(before),
        before=float(before.mean()),
        after=float(after.mean()),
        difference=float((fixed - broken) / len(before)),
        low=low,
        high=high,
        fixed=fixed,
        broken=broken,
        p_value=mcnemar(fixed, broken),
    )


@dataclass(frozen=True)
class AucCompared:
    """Areas under the ROC curve of two rankings; `difference` is after minus before, `low` to
    `high` its 95 % interval."""

    plain_extra: ClassVar = ("verdict",)

    n: int
    before: float
    after: float
    difference: float
    low: float
    high: float

    @property
    def verdict(self) -> Verdict:
        """ "better" or "worse" only where the interval leaves 0 out."""
        if self.low > 0:
            return "better"
        return "worse" if self.high < 0 else "cannot tell"


def compare_auc(
    before: np.ndarray, after: np.ndarray, truth: np.ndarray, *, seed: int = 0
) -> AucCompared:
    """Compare two scores of the same rows, all (n,), by a paired bootstrap of rows drawn among the
    good and among the bad; `truth` needs both.

    >>> truth = np.arange(200) % 2
    >>> found = compare_auc(np.zeros(200), truth.astype(float), truth)
    >>> found.before, found.after, found.verdict
    (0.5, 1.0, 'better')
    """
    truth = np.asarray(truth, dtype=bool)
    was, now = (_above(np.asarray(s)[truth], np.asarray(s)[~truth]) for s in (before, after))
    gains, (n_good, n_bad) = now - was, was.shape
    rng = np.random.default_rng(seed)
    good, bad = (
        rng.multinomial(n, np.full(n, 1 / n), size=_RESAMPLES).astype("float32") / np.float32(n)
        for n in (n_good, n_bad)
    )
    drawn = ((good @ gains) * bad).sum(axis=1)
    low, high = np.percentile(drawn, [100 * _LEVEL / 2, 100 - 100 * _LEVEL / 2]).tolist()
    areas = float(was.mean(dtype=float)), float(now.mean(dtype=float))
    return AucCompared(len(truth), *areas, areas[1] - areas[0], low, high)


def _above(good: np.ndarray, bad: np.ndarray) -> np.ndarray:
    """Whether each good one stands above each bad one, (good, bad); half where they are level."""
    above, level = good[:, None] > bad[None], good[:, None] == bad[None]
    return above.astype("float32") + level.astype("float32") / 2
