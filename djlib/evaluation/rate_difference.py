"""By how much two keep rates differ, looked at as often as one likes.

Each possible difference is a claim to bet against, as `sequential.RateTest` bets against none at
all; those that no bet has refuted are the interval (Turner & Grünwald 2023, "Exact anytime-valid
confidence intervals for contingency tables and beyond"). It supposes that the difference stays the
same while the rates may move together.
"""

from __future__ import annotations

import math

import numpy as np

from .sequential import believed

_STEP = 0.005
_LEVEL = 0.05
_HALVINGS = 30


class DifferenceBounds:
    """An interval for second minus first that holds at every look; `update` with each batch.

    >>> bounds = DifferenceBounds()
    >>> bounds.interval
    (-1.0, 1.0)
    >>> for _ in range(10):
    ...     bounds.update(first=(2, 20), second=(9, 20))
    >>> low, high = bounds.interval
    >>> 0 < low < 0.35 < high
    True
    """

    def __init__(self, *, level: float = _LEVEL) -> None:
        self.level = level
        n = round(1 / _STEP)
        self._claims = np.arange(-n + 1, n) * _STEP
        self._log = np.zeros(len(self._claims))
        self._known = ((0, 0), (0, 0))

    def update(self, *, first: tuple[int, int], second: tuple[int, int]) -> None:
        """Take (keepers, answers) of either side since the last time; empty sides are allowed."""
        if first[1] and second[1]:
            self._log += self._bets(first, second)
        one, two = self._known
        self._known = ((one[0] + first[0], one[1] + first[1]),
                       (two[0] + second[0], two[1] + second[1]))  # fmt: skip

    @property
    def interval(self) -> tuple[float, float] | None:
        """The smallest and largest difference that is not refuted now, rounded outward; None where
        all are: then the difference has moved."""
        left = np.flatnonzero(self._log < -math.log(self.level))
        if not len(left):
            return None
        low, high = self._claims[left[0]] - _STEP, self._claims[left[-1]] + _STEP
        return round(float(low), 6), round(float(high), 6)

    def _bets(self, first: tuple[int, int], second: tuple[int, int]) -> np.ndarray:
        """Log of what a bet against each claim makes of the new answers.

        The likelihood under the rates believed in, over that under the nearest pair of rates
        which differ as claimed: nearest by the divergence that makes the bet fair for all pairs.
        """
        believed_1, believed_2 = (believed(known) for known in self._known)
        near = _nearest(self._claims, (believed_1, first[1]), (believed_2, second[1]))
        return _log_ratio(first, believed_1, near) + _log_ratio(
            second, believed_2, near + self._claims
        )


def _nearest(claims: np.ndarray, *sides: tuple[float, int]) -> np.ndarray:
    """The first rate of the nearest pair for each claim: where the divergence, which is convex,
    has no slope."""
    low, high = np.maximum(0, -claims), np.minimum(1, 1 - claims)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        slope = np.zeros(len(claims))
        for (rate, n), at in zip(sides, (middle, middle + claims), strict=True):
            slope -= n * (rate - at) / (at * (1 - at))
        is_beyond = slope > 0
        high, low = np.where(is_beyond, middle, high), np.where(is_beyond, low, middle)
    return (low + high) / 2


def _log_ratio(new: tuple[int, int], rate: float, claimed: np.ndarray) -> np.ndarray:
    hits, n = new
    kept, passed = np.log(rate / claimed), np.log((1 - rate) / (1 - claimed))
    return np.asarray(hits * kept + (n - hits) * passed)
