"""Heads that learn from part of the tracks and answer for others: what the folds ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ..features.track_columns import TrackColumns
from .hybrid_heads import Head
from .spectrum import Spectrum


@dataclass(frozen=True)
class FoldHeads:
    """Learns a head on some rows of `spectrum` and asks it about others.

    `columns` made its rows: the tracks, then the names of the buckets, which every head learns
    from. `later` (n, columns) are the tracks as they look behind everything learned, `truth`
    (tracks and names, buckets) is what `fit` makes a head of, with their places.
    """

    columns: TrackColumns
    spectrum: Spectrum
    later: sparse.csr_matrix
    truth: np.ndarray
    fit: Callable[[np.ndarray, np.ndarray], Head]

    def __call__(self, train: np.ndarray, test: np.ndarray, *, as_later: bool) -> np.ndarray:
        """Give votes (len(test), buckets) of a head that learned the tracks `train` only; their
        rows are read as if no other words had been seen."""
        names = np.arange(self.later.shape[0], len(self.truth))
        known = np.append(train, names)
        head = self.fit(self.spectrum.places[known], self.truth[known])
        shown = self.later if as_later else self.spectrum.rows
        asked = self.columns.joined.as_new(shown[test], self.spectrum.rows[known])
        return np.asarray(head.votes(asked @ self.spectrum.pull_back(head.projection)))
