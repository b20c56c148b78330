"""Shares of a count: how sure one is, whether two differ, how many more it takes to tell."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

from scipy.stats import binomtest, fisher_exact, norm

_LEVEL = 0.05
_POWER = 0.8
_SMALLEST_GAIN = 0.05
"""A smaller difference in shares is not worth the tracks it takes to see it."""


@dataclass(frozen=True)
class Share:
    """`hits` of `n`, and the 95 % interval of the share, `low` to `high` (Wilson 1927)."""

    plain_extra: ClassVar = ("share",)

    hits: int
    n: int
    low: float
    high: float

    @property
    def share(self) -> float | None:
        """The share itself, None of nothing."""
        return self.hits / self.n if self.n else None


def share_of(hits: int, n: int) -> Share:
    """The share of `hits` in `n` with its interval; of nothing, all is possible.

    >>> found = share_of(8, 10)
    >>> found.share, round(found.low, 2), round(found.high, 2)
    (0.8, 0.49, 0.94)
    """
    if not n:
        return Share(0, 0, 0.0, 1.0)
    interval = binomtest(hits, n).proportion_ci(1 - _LEVEL, method="wilson")
    return Share(hits, n, float(interval.low), float(interval.high))


@dataclass(frozen=True)
class SharesCompared:
    """Two shares of different tracks. `difference` is second minus first, `low` to `high` its
    95 % interval, `p_value` Fisher's exact test, `more_needed` how many more tracks on each side
    it would take to tell such a difference, None where it can be told."""

    plain_extra: ClassVar = ("verdict",)

    first: Share
    second: Share
    difference: float
    low: float
    high: float
    p_value: float
    more_needed: int | None

    @property
    def verdict(self) -> Literal["better", "worse", "cannot tell"]:
        """Whether the second is better, worse, or it cannot be told."""
        if self.more_needed is not None:
            return "cannot tell"
        return "better" if self.difference > 0 else "worse"


def compare_shares(first: Share, second: Share) -> SharesCompared:
    """Compare two shares of different tracks; both need n > 0.

    The interval is Newcombe's (1998, method 10), from the intervals of both.

    >>> found = compare_shares(share_of(60, 100), share_of(82, 100))
    >>> found.verdict, round(found.difference, 2), found.p_value < 0.01
    ('better', 0.22, True)
    >>> compare_shares(share_of(6, 10), share_of(8, 10)).verdict
    'cannot tell'
    """
    one, two = first.hits / first.n, second.hits / second.n
    table = [[first.hits, first.n - first.hits], [second.hits, second.n - second.hits]]
    p_value = float(fisher_exact(table).pvalue)
    low = two - one - math.hypot(two - second.low, first.high - one)
    high = two - one + math.hypot(second.high - two, one - first.low)
    told = p_value < _LEVEL and (low > 0 or high < 0)
    return SharesCompared(
        first, second, two - one, low, high, p_value, None if told else _more_needed(first, second)
    )


def _more_needed(first: Share, second: Share) -> int:
    """How many more on each side would show, four times in five, the difference seen so far, or
    one of five points where it is smaller (Fleiss, Levin & Paik 2003, 4.2)."""
    one, two = first.hits / first.n, second.hits / second.n
    gap = max(abs(two - one), _SMALLEST_GAIN)
    middle = min(max((one + two) / 2, gap / 2), 1 - gap / 2)
    high, low = middle + gap / 2, middle - gap / 2
    spread = float(norm.ppf(1 - _LEVEL / 2)) * math.sqrt(2 * middle * (1 - middle))
    spread += float(norm.ppf(_POWER)) * math.sqrt(high * (1 - high) + low * (1 - low))
    needed = (spread / gap) ** 2
    corrected = needed / 4 * (1 + math.sqrt(1 + 4 / (needed * gap))) ** 2  # for the exact test
    return max(math.ceil(corrected) - min(first.n, second.n), 1)


@dataclass(frozen=True)
class Ratio:
    """`value` times as large, with the 95 % interval; `high` is None where nothing bounds it."""

    value: float
    low: float
    high: float | None


def ratio_of(first: Share, second: Share) -> Ratio | None:
    """The first share over the second, from the intervals of both (Donner & Zou 2012, "Closed-form
    confidence intervals for functions of the normal mean and standard deviation"); None where
    there is nothing to divide, or nothing to divide by.

    >>> from .proportions import share_of
    >>> found = ratio_of(share_of(40, 100), share_of(10, 100))
    >>> round(found.value, 1), round(found.low, 1), round(found.high, 1)
    (4.0, 2.2, 7.5)
    >>> ratio_of(share_of(4, 10), share_of(0, 10)) is None
    True
    """
    one, two = first.share, second.share
    if one is None or not two:
        return None
    product = one * two
    above, below = first.high * (2 * one - first.high), first.low * (2 * one - first.low)
    over, under = second.high * (2 * two - second.high), second.low * (2 * two - second.low)
    low = below and below / (product + math.sqrt(max(product**2 - below * over, 0)))
    high = product + math.sqrt(max(product**2 - above * under, 0))
    return Ratio(one / two, max(low, 0.0), high / under if under > 0 else None)
