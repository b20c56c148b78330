"""From an expected answer to the probability that a record is kept, learned from answers left out.

Platt (1999): a logistic curve, fitted by Newton's method, here with a prior, since the first
batches hold a handful of keepers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_SLOPE, _SLOPE_SD = 1.5, 1.5
_RATE, _RATE_WEIGHT = 0.1, 4.0
"""Before any answer one in ten is kept, believed as much as four answers."""
_STEPS = 25


@dataclass(frozen=True)
class KeepCurve:
    """P(keep) = logistic(slope * (expected answer) + offset)."""

    slope: float = _SLOPE
    offset: float = float(np.log(_RATE / (1 - _RATE)))

    @classmethod
    def fit(
        cls, expected: np.ndarray, keeper: np.ndarray, weight: np.ndarray | None = None
    ) -> KeepCurve:
        """Learn from answers expected (n,) before they were known, what was said (n,), and how much
        each counts (n,).

        >>> rng = np.random.default_rng(0)
        >>> expected = rng.normal(size=2000)
        >>> keeper = rng.random(2000) < 1 / (1 + np.exp(1 - 2 * expected))
        >>> curve = KeepCurve.fit(expected, keeper)
        >>> round(curve.slope), round(curve.offset)
        (2, -1)
        """
        if not len(expected):
            return cls()
        columns = np.column_stack([expected, np.ones(len(expected))])
        counts = np.ones(len(expected)) if weight is None else weight
        theta = np.array([_SLOPE, cls().offset])
        for _ in range(_STEPS):
            p = _logistic(columns @ theta)
            prior = _logistic(theta[1])
            gradient = columns.T @ (counts * (p - keeper))
            gradient += [(theta[0] - _SLOPE) / _SLOPE_SD**2, _RATE_WEIGHT * (prior - _RATE)]
            bend = (columns * (counts * p * (1 - p))[:, None]).T @ columns
            bend += np.diag([1 / _SLOPE_SD**2, _RATE_WEIGHT * prior * (1 - prior) + 1e-9])
            step = np.linalg.solve(bend, gradient)
            theta = theta - np.clip(step, -2, 2)
        return cls(max(float(theta[0]), 0.0), float(theta[1]))

    def apply(self, expected: np.ndarray) -> np.ndarray:
        """Probabilities for expected answers (n,)."""
        return _logistic(self.slope * expected + self.offset)


def _logistic(x: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -35, 35))))
