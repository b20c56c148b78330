"""Learning several things at the same time, in threads: the arithmetic lets the others run."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sklearn.exceptions import ConvergenceWarning

Item = TypeVar("Item")
Learned = TypeVar("Learned")

MOST_AT_ONCE = 4
"""More hardly help: they wait for memory."""


def side_by_side(
    learn: Callable[[Item], Learned], items: Iterable[Item], *, most: int = MOST_AT_ONCE
) -> list[Learned]:
    """Give `learn(item)` of each item, in their order; at most `most` at the same time.

    >>> side_by_side(len, ["House", "Techno"])
    [5, 6]
    """
    # Filters of warnings belong to all threads. What each sets for itself another may undo, so what
    # all of them need is set before there are any, and taken back when there are none.
    with ThreadPoolExecutor(_n_threads(most)) as threads, warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return list(threads.map(learn, items))


def _n_threads(most: int) -> int:
    """How many threads this machine has for it, `most` at most."""
    from joblib import cpu_count

    return min(most, int(cpu_count()))
