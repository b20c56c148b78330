"""Two rankings of the same rows: how often a good one stands above a bad one, before and after."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .comparison import Verdict

_RESAMPLES = 2000
_LEVEL = 0.05


@dataclass(frozen=True)
class AucCompared:
    """Areas under the ROC curve of two rankings; `difference` is after minus before, `low` to
    `high` its 95 % interval."""

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

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {**asdict(self), "verdict": self.verdict}


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
