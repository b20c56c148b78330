"""Two keep rates compared while answers come in: look as often as you like, stop when it is clear.

A usual test is wrong more often the more often one looks at it. This one holds its error rate
however often it is looked at, because its evidence is a fair bet against "both rates are the
same": a bettor who may never owe more than the stake multiplies it by 20 at most one time in 20
(Ville 1939; Turner, Ly & Grünwald 2024, "Generic E-variables for exact sequential k-sample tests").
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

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

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {
            **asdict(self),
            "evidence": self.evidence,
            "p_value": self.p_value,
            "verdict": self.verdict,
        }


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
