"""Two models on the same folds: the effect with its interval, two tests, a verdict.

As everywhere in djlib the verdict is "better" or "worse" only where the interval over artists
leaves out 0 and McNemar's exact test agrees, here after correction for all the pairs that were
looked at. Both are about these very tracks. The corrected t-test over folds stands beside them as
a second opinion: would it come out so again had other tracks been learned from? It needs many
folds to say yes (3 folds cannot confirm a lead of ten points), so it casts doubt but no vote.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from ...evaluation.significance import Verdict, corrected_t_test, group_intervals, holm, mcnemar

_LEVEL = 0.05


@dataclass(frozen=True)
class RowsOfFolds:
    """Scores of `ROW_SCORES` (repeats, n, 3), with NaN where a track has no answer, and the row
    numbers of every fold of every repeat."""

    scores: np.ndarray
    folds: list[list[np.ndarray]]

    @property
    def of_folds(self) -> np.ndarray:
        """Mean of the first score over the rows of each fold, all repeats after another."""
        pairs = zip(self.scores[:, :, 0], self.folds, strict=True)
        return np.array([score[rows].mean() for score, folds in pairs for rows in folds])

    @property
    def test_share(self) -> float:
        """Rows tested / rows learned from, over all folds."""
        n = self.scores.shape[1]
        sizes = [len(rows) for folds in self.folds for rows in folds]
        return float(np.mean([size / max(n - size, 1) for size in sizes]))


@dataclass(frozen=True)
class Effect:
    """A difference in a score, with its 95 % interval over artists."""

    difference: float
    low: float
    high: float


@dataclass(frozen=True)
class PairedComparison:
    """A model `name` against another: its figure minus the other's in accuracy, top-3 accuracy
    and log-loss. `fixed` and `broken` count tracks only one of them got right in the first
    repeat, and `p_rows` is McNemar's exact test on them; `p_folds` is the corrected t-test over
    all folds, None where there was one. The adjusted ones are by Holm over all comparisons."""

    name: str
    against: str
    accuracy: Effect
    top3_accuracy: Effect
    log_loss: Effect
    fixed: int
    broken: int
    p_rows: float
    p_folds: float | None
    p_rows_adjusted: float = 1.0
    p_folds_adjusted: float | None = None

    @property
    def verdict(self) -> Verdict:
        """ "better" or "worse" than `against`, or "cannot tell"."""
        if self.p_rows_adjusted < _LEVEL and self.accuracy.low > 0:
            return "better"
        if self.p_rows_adjusted < _LEVEL and self.accuracy.high < 0:
            return "worse"
        return "cannot tell"

    @property
    def is_confirmed(self) -> bool:
        """Whether the folds, as a second opinion, say the same."""
        return self.p_folds_adjusted is not None and self.p_folds_adjusted < _LEVEL

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {**asdict(self), "verdict": self.verdict, "confirmed_by_folds": self.is_confirmed}


def paired_comparison(
    name: str,
    one: RowsOfFolds,
    against: str,
    other: RowsOfFolds,
    groups: np.ndarray,
    *,
    seed: int = 0,
) -> PairedComparison:
    """Compare two models cross-validated on the same folds; `groups` (n,) names the artist of each
    track, whose tracks the bootstrap draws together."""
    gains = one.scores - other.scores
    answered = np.isfinite(gains).all(axis=(0, 2))
    mean = gains[:, answered].mean(axis=0)
    intervals = group_intervals(mean, groups[answered], seed=seed)
    effects = [
        Effect(float(column.mean()), float(low), float(high))
        for column, (low, high) in zip(mean.T, intervals, strict=True)
    ]
    first = gains[0, answered, 0]
    fixed, broken = int((first > 0).sum()), int((first < 0).sum())
    return PairedComparison(
        name=name,
        against=against,
        accuracy=effects[0],
        top3_accuracy=effects[1],
        log_loss=effects[2],
        fixed=fixed,
        broken=broken,
        p_rows=mcnemar(fixed, broken),
        p_folds=corrected_t_test(one.of_folds - other.of_folds, one.test_share),
    )


def adjusted(comparisons: Sequence[PairedComparison]) -> list[PairedComparison]:
    """The same comparisons with p-values adjusted for being several."""
    rows = holm([d.p_rows for d in comparisons])
    folds = iter(holm([d.p_folds for d in comparisons if d.p_folds is not None]))
    return [
        replace(
            d,
            p_rows_adjusted=p,
            p_folds_adjusted=None if d.p_folds is None else next(folds),
        )
        for d, p in zip(comparisons, rows, strict=True)
    ]
