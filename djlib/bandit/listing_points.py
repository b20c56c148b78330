"""Listings as points, and linear functions over them.

The space is a sum of kernels of length one: words and pairs of words, runs of letters, whole
artists, labels and genres, an additive smooth kernel over every number, and the meaning of the
sentence. It is kept as explicit columns, so that a million listings are scored by one product,
and every score falls into parts of fields that add up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from ..features.smooth import bumps
from .listing_words import WIDTH

WEIGHTS = {
    "words": 0.5, "names": 1.0, "letters": 3.0, "artists": 0.7, "labels": 0.4, "genres": 1.0,
    "numbers": 3.0, "meaning": 1.0,
}  # fmt: skip
"""How much each kernel counts. Half or twice of any one changed the keepers found on eleven real
pools by less than chance does; letters are worth the most beside what else is there."""

ANY = "any record"
"""The part that is the same for every listing: how freely this person keeps."""
_ANY_WEIGHT = 0.3
LEVELS = 255
MISSING = 255
_RESOLUTIONS = (60, 15, 4)
"""Bumps over a number's quantiles: fine for steps in a taste, coarse for its drift."""
QUANTILES = np.linspace(0, 1, 101)
_SLICE = 20_000


def _number_kernel() -> np.ndarray:
    """How alike two quantile levels of a number are, (256, 256); the last one is "missing"."""
    levels = np.append(np.linspace(0, 1, LEVELS), np.nan)
    parts = [bumps(levels, 0, 1, n).toarray() for n in _RESOLUTIONS]
    return np.asarray(sum(p @ p.T for p in parts) / len(parts), dtype=np.float32)


NUMBER_KERNEL = _number_kernel()


@dataclass(frozen=True)
class Encoded:
    """Listings as points: `words` (n, 6 * WIDTH) sparse, `levels` (n, numbers) quantile levels,
    `meaning` (n, 384) float16, or (n, 0) where no sentence was read."""

    words: sparse.csr_matrix
    levels: np.ndarray
    meaning: np.ndarray

    def __len__(self) -> int:
        return int(self.words.shape[0])

    @cached_property
    def turned(self) -> sparse.csr_matrix:
        """The words by column; kept, since turning them takes longer than most products."""
        return self.words.T.tocsr()

    def take(self, rows: np.ndarray) -> Encoded:
        """The points of some rows."""
        return Encoded(self.words[rows], self.levels[rows], self.meaning[rows])

    def slices(self, most: int = _SLICE) -> Iterator[Encoded]:
        """All rows, `most` at a time."""
        if len(self) <= most:
            yield self
            return
        for start in range(0, len(self), most):
            yield self.take(np.arange(start, min(start + most, len(self))))

    def likeness(self, other: Encoded) -> np.ndarray:
        """The kernel between all rows and all rows of `other`, (n, len(other)), float64."""
        if other is self:
            few = _without_empty_columns(self.words)
            made = (few @ few.T).toarray().astype(np.float64) + _ANY_WEIGHT
        else:
            made = (self.words @ other.turned).toarray().astype(np.float64) + _ANY_WEIGHT
        share = _number_weight(self.levels)
        for mine, theirs in zip(self.levels.T, other.levels.T, strict=True):
            made += share * NUMBER_KERNEL[mine[:, None], theirs[None, :]]
        if self.meaning.shape[1] and other.meaning.shape[1]:
            made += self.meaning.astype(np.float32) @ other.meaning.astype(np.float32).T
        return made

    def self_likeness(self) -> np.ndarray:
        """The kernel of each row with itself, (n,)."""
        made = np.asarray(self.words.multiply(self.words).sum(axis=1)).ravel().astype(np.float64)
        made += _number_weight(self.levels) * NUMBER_KERNEL.diagonal()[self.levels].sum(axis=1)
        return made + (self.meaning.astype(np.float32) ** 2).sum(axis=1) + _ANY_WEIGHT

    def direction(self, weights: np.ndarray) -> Direction:
        """The direction in the space that is the sum of these rows times `weights` (n,)."""
        share = _number_weight(self.levels)
        tables = [
            share * NUMBER_KERNEL @ np.bincount(column, weights, LEVELS + 1)
            for column in self.levels.T
        ]
        return Direction(
            np.asarray(self.words.T @ weights, dtype=np.float32).ravel(),
            np.array(tables, dtype=np.float32).reshape(len(tables), LEVELS + 1),
            self.meaning.astype(np.float32).T @ weights.astype(np.float32),
            _ANY_WEIGHT * float(weights.sum()),
        )


@dataclass(frozen=True)
class Direction:
    """A linear function over the space, column by column."""

    words: np.ndarray
    tables: np.ndarray
    meaning: np.ndarray
    constant: float

    def along(self, points: Encoded) -> np.ndarray:
        """The value of the function for each row, (n,)."""
        made = np.asarray(points.words @ self.words, dtype=np.float64) + self.constant
        for table, column in zip(self.tables, points.levels.T, strict=True):
            made += table[column]
        if len(self.meaning):
            made += _product(points.meaning, self.meaning)
        return made

    def parts(self, points: Encoded) -> np.ndarray:
        """The value taken apart, (n, 6 + numbers + 2): words, names, letters, artists,
        labels, genres, each number, meaning, any record. Rows sum to `along`."""
        words = points.words
        n, blocks = len(points), words.shape[1] // WIDTH
        cell = np.repeat(np.arange(n), np.diff(words.indptr)) * blocks + words.indices // WIDTH
        each = words.data * self.words[words.indices]
        columns = list(np.bincount(cell, each, n * blocks).reshape(n, blocks).T)
        columns += [t[c] for t, c in zip(self.tables, points.levels.T, strict=True)]
        columns += [_product(points.meaning, self.meaning), np.full(len(points), self.constant)]
        return np.column_stack(columns).astype(np.float64)


def _without_empty_columns(words: sparse.csr_matrix) -> sparse.csr_matrix:
    """The same words in as few columns as they take, so that no product walks over a million."""
    used, columns = np.unique(words.indices, return_inverse=True)
    return sparse.csr_matrix((words.data, columns, words.indptr), (words.shape[0], len(used)))


def _number_weight(levels: np.ndarray) -> float:
    return WEIGHTS["numbers"] / levels.shape[1] if levels.shape[1] else 0.0


def _product(meaning: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """`meaning @ direction` in float32, a slice at a time: a million rows would not fit."""
    made = np.zeros(len(meaning), dtype=np.float64)
    if not len(direction) or not meaning.shape[1]:
        return made
    for start in range(0, len(meaning), _SLICE):
        part = meaning[start : start + _SLICE].astype(np.float32)
        made[start : start + _SLICE] = part @ direction
    return made
