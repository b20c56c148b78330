"""Heads that learn from part of the tracks and answer for others: what the folds ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ..features.track_columns import TrackColumns
from .hybrid_heads import Head
from .out_of_sample import Question
from .side_by_side import MOST_AT_ONCE, side_by_side
from .spectrum import Spectrum, is_large

_MOST_OF_LARGE = 2
"""Heads of a large library at the same time: each holds its tracks once more. With two of 50,000
tracks all of it takes 2.4 GB, with one 2.3."""


@dataclass(frozen=True)
class FoldHeads:
    """Learns heads on some rows of `spectrum` and asks them about others.

    `columns` made its rows: the tracks, then the names of the buckets, which every head learns
    from. `later` (n, columns) are the tracks as they look behind everything learned, `truth`
    (tracks and names, buckets) is what `fit` makes a head of, with their places. `at_once`: heads
    may learn side by side.
    """

    columns: TrackColumns
    spectrum: Spectrum
    later: sparse.csr_matrix
    truth: np.ndarray
    fit: Callable[[np.ndarray, np.ndarray], Head]
    at_once: bool

    def __call__(self, questions: list[Question]) -> list[np.ndarray]:
        """Give votes (len(test), buckets) for each question; the tracks asked about are read as if
        no other words had been seen."""
        return side_by_side(self._votes, questions, most=self._most())

    def _votes(self, question: Question) -> np.ndarray:
        names = np.arange(self.later.shape[0], len(self.truth))
        known = np.append(question.train, names)
        head = self.fit(self.spectrum.places[known], self.truth[known])
        shown = self.later if question.as_later else self.spectrum.rows
        asked = self.columns.joined.as_new(shown[question.test], self.spectrum.rows[known])
        return np.asarray(head.votes(asked @ self.spectrum.pull_back(head.projection)))

    def _most(self) -> int:
        if not self.at_once:
            return 1
        return _MOST_OF_LARGE if is_large(len(self.truth)) else MOST_AT_ONCE
