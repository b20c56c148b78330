"""Two rates compared while answers come in: always-valid tests and intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import norm

from ..errors import InputError

_LEVEL = 0.05
_POWER = 0.8
_PRIOR = 0.18
"""Answers worth of prior belief for each end of a rate: what bets best against most differences
(Turner, Ly & Grünwald 2024)."""


@dataclass
class RateTest:
    """The test itself: `update` with the answers of a batch, read `evidence` at any time.

    `evidence` above 20 means that the rates differ, at an error rate of 5 % however often one
    looked; `p_value` is always valid. It never forgets: evidence once reached counts.

    >>> test = RateTest()
    >>> for _ in range(10):
    ...     test.update(first=(2, 20), second=(9, 20))
    >>> test.verdict, test.p_value < 0.05
    ('second', True)
    """

    level: float = _LEVEL
    first: tuple[int, int] = (0, 0)
    second: tuple[int, int] = (0, 0)
    log_evidence: float = 0.0
    log_most: float = 0.0

    def update(self, *, first: tuple[int, int], second: tuple[int, int]) -> None:
        """Take (keepers, answers) of either side since the last time; empty sides are allowed.

        The bet is laid with what was known before, so the order of answers in a batch is not
        used and the sides need not be of one size.
        """
        for hits, n in (first, second):
            if not 0 <= hits <= n:
                raise InputError(f"{hits} keepers of {n} answers: no more keepers than answers")
        self.log_evidence += _bet(self.first, self.second, first, second)
        self.log_most = max(self.log_most, self.log_evidence)
        self.first = (self.first[0] + first[0], self.first[1] + first[1])
        self.second = (self.second[0] + second[0], self.second[1] + second[1])

    @property
    def evidence(self) -> float:
        """The stake of 1 as it stands now."""
        return math.exp(min(self.log_evidence, 700.0))

    @property
    def p_value(self) -> float:
        """Valid at every look: 1 over the most the stake ever was."""
        return math.exp(-max(self.log_most, 0.0))

    @property
    def verdict(self) -> Literal["first", "second", "cannot tell"]:
        """Which side keeps more, once that is clear."""
        if self.p_value >= self.level:
            return "cannot tell"
        one, two = (hits / max(n, 1) for hits, n in (self.first, self.second))
        return "second" if two > one else "first"


def _bet(
    known_1: tuple[int, int],
    known_2: tuple[int, int],
    new_1: tuple[int, int],
    new_2: tuple[int, int],
) -> float:
    """Log of what a bet on the rates known so far makes of the new answers.

    Against both rates being one rate, whichever: the likelihood under the rates believed in, over
    that under the rate the new answers would have together if those beliefs were true. That is
    an e-variable for a block of any two sizes.
    """
    n_1, n_2 = new_1[1], new_2[1]
    if not n_1 or not n_2:
        return 0.0
    rate_1, rate_2 = believed(known_1), believed(known_2)
    together = (n_1 * rate_1 + n_2 * rate_2) / (n_1 + n_2)
    return _log_ratio(new_1, rate_1, together) + _log_ratio(new_2, rate_2, together)


def believed(known: tuple[int, int]) -> float:
    """The rate that is bet on, after (keepers, answers)."""
    return (known[0] + _PRIOR) / (known[1] + 2 * _PRIOR)


def _log_ratio(new: tuple[int, int], rate: float, together: float) -> float:
    hits, n = new
    return hits * math.log(rate / together) + (n - hits) * math.log((1 - rate) / (1 - together))


def answers_needed(first: float, second: float, *, power: float = _POWER) -> int:
    """How many answers on each side a test at 5 %, looked at once, needs to tell two rates apart.

    Two-sided, seen with probability `power` (Fleiss, Levin & Paik 2003). Looking as often as one
    likes costs more.

    >>> answers_needed(0.10, 0.40), answers_needed(0.10, 0.15)
    (32, 686)
    """
    if not (0 < first < 1 and 0 < second < 1) or first == second:
        raise InputError(f"rates {first:g} and {second:g}: two different rates between 0 and 1")
    middle = (first + second) / 2
    spread = float(norm.ppf(1 - _LEVEL / 2)) * math.sqrt(2 * middle * (1 - middle))
    spread += float(norm.ppf(power)) * math.sqrt(first * (1 - first) + second * (1 - second))
    return math.ceil((spread / (second - first)) ** 2)


def always_valid(first: np.ndarray, second: np.ndarray, *, block: int = 1) -> np.ndarray:
    """The p-value after each block of `block` answers a side, of 0/1 answers in order, both (n,).

    >>> bool(always_valid(np.zeros(40), np.ones(40))[-1] < 0.05)
    True
    """
    test, found = RateTest(), []
    for start in range(0, min(len(first), len(second)) - block + 1, block):
        part = slice(start, start + block)
        test.update(first=(int(first[part].sum()), block), second=(int(second[part].sum()), block))
        found.append(test.p_value)
    return np.array(found)


_STEP = 0.005
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
        return _log_ratio_of_differences(first, believed_1, near) + _log_ratio_of_differences(
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


def _log_ratio_of_differences(new: tuple[int, int], rate: float, claimed: np.ndarray) -> np.ndarray:
    hits, n = new
    kept, passed = np.log(rate / claimed), np.log((1 - rate) / (1 - claimed))
    return np.asarray(hits * kept + (n - hits) * passed)
