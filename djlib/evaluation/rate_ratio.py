"""How many times as large one share is as another, and how sure that is."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from .proportions import Share


@dataclass(frozen=True)
class Ratio:
    """`value` times as large, with the 95 % interval; `high` is None where nothing bounds it."""

    value: float
    low: float
    high: float | None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return asdict(self)


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
