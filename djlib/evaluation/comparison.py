"""Before and after on the same rows: the effect, its interval, an exact test, a plain verdict."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from .significance import group_intervals, mcnemar

Verdict = Literal["better", "worse", "cannot tell"]

_LEVEL = 0.05


@dataclass(frozen=True)
class Comparison:
    """Two models on the same rows. `difference` is after minus before in accuracy, `low` and
    `high` its 95 % interval; `fixed` and `broken` count rows only one model got right; `p_value`
    is McNemar's exact test on them."""

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

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for metrics.json."""
        return {**asdict(self), "verdict": self.verdict}


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
