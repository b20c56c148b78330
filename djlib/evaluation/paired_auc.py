"""Two rankings of the same rows: how often a good one stands above a bad one, before and after."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.stats import rankdata

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
    good, bad = np.flatnonzero(truth), np.flatnonzero(~truth)
    rng = np.random.default_rng(seed)
    gains = np.empty(_RESAMPLES)
    for draw in range(_RESAMPLES):
        chosen_good, chosen_bad = rng.choice(good, len(good)), rng.choice(bad, len(bad))
        was, now = (_auc(s[chosen_good], s[chosen_bad]) for s in (before, after))
        gains[draw] = now - was
    low, high = np.percentile(gains, [100 * _LEVEL / 2, 100 - 100 * _LEVEL / 2]).tolist()
    was, now = (_auc(scores[good], scores[bad]) for scores in (before, after))
    return AucCompared(len(truth), was, now, now - was, low, high)


def _auc(good: np.ndarray, bad: np.ndarray) -> float:
    ranks = rankdata(np.concatenate([good, bad]))[: len(good)]
    return float((ranks.sum() - len(good) * (len(good) + 1) / 2) / (len(good) * len(bad)))
