"""The curriculum of negatives: far ones first, then harder ones (Bengio et al. 2009)."""

from __future__ import annotations

from typing import Literal

Stage = Literal["easy", "semihard", "hard"]
"""Which negatives are asked for: the far third; farther than the positive but within the margin;
nearer than the positive."""

STAGES: tuple[Stage, ...] = ("easy", "semihard", "hard")


def stage_of(epoch: int, epochs: int) -> Stage:
    """Easy in the first third of the epochs, semi-hard in the second, hard in the last.

    >>> [stage_of(epoch, 10) for epoch in range(10)].count("hard"), stage_of(0, 10)
    (3, 'easy')
    """
    return STAGES[min(len(STAGES) * epoch // max(epochs, 1), len(STAGES) - 1)]


def fallbacks(stage: Stage) -> tuple[Stage, ...]:
    """The stage and the easier ones after it: what to take where none of the wished kind is.

    >>> fallbacks("semihard")
    ('semihard', 'easy')
    """
    return STAGES[: STAGES.index(stage) + 1][::-1]
