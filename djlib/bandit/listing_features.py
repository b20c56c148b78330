"""Listings as points of a space in which alike means alike to a collector.

The space is a sum of kernels of length one: words and pairs of words, runs of letters, whole
artists, labels and genres, an additive smooth kernel over every number, and the meaning of the
sentence. It is kept as explicit columns, so that a million listings are scored by one product,
and every score falls into parts of fields that add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd
from scipy import sparse

from ..features.embeddings import SentenceEmbedder
from ..features.engines import embeddings_available
from ..features.smooth import bumps
from .listing_numbers import column_values, numeric_columns
from .listing_words import WIDTH, listing_sentences, word_blocks

WEIGHTS = {
    "words": 0.5, "names": 1.0, "letters": 3.0, "artists": 0.7, "labels": 0.4, "genres": 1.0,
    "numbers": 3.0, "meaning": 1.0,
}  # fmt: skip
"""How much each kernel counts. Half or twice of any one changed the keepers found on eleven real
pools by less than chance does; letters are worth the most beside what else is there."""

_LEVELS = 255
_MISSING = 255
_RESOLUTIONS = (15, 4)
"""Bumps over a number's quantiles: fine for steps in a taste, coarse for its drift."""
_QUANTILES = np.linspace(0, 1, 101)


def _number_kernel() -> np.ndarray:
    """How alike two quantile levels of a number are, (256, 256); the last one is "missing"."""
    levels = np.append(np.linspace(0, 1, _LEVELS), np.nan)
    parts = [bumps(levels, 0, 1, n).toarray() for n in _RESOLUTIONS]
    return np.asarray(sum(p @ p.T for p in parts) / len(parts), dtype=np.float32)


NUMBER_KERNEL = _number_kernel()


@dataclass(frozen=True)
class Encoded:
    """Listings as points: `words` (n, 6 * WIDTH) sparse, `levels` (n, numbers) quantile levels,
    `meaning` (n, 384) float16 or nothing."""

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

    def likeness(self, other: Encoded) -> np.ndarray:
        """The kernel between all rows and all rows of `other`, (n, len(other)), float64."""
        made = (self.words @ other.turned).toarray().astype(np.float64)
        share = _number_weight(self.levels)
        for mine, theirs in zip(self.levels.T, other.levels.T, strict=True):
            made += share * NUMBER_KERNEL[mine[:, None], theirs[None, :]]
        if self.meaning.shape[1]:
            made += self.meaning.astype(np.float32) @ other.meaning.astype(np.float32).T
        return made

    def self_likeness(self) -> np.ndarray:
        """The kernel of each row with itself, (n,)."""
        made = np.asarray(self.words.multiply(self.words).sum(axis=1)).ravel().astype(np.float64)
        made += _number_weight(self.levels) * NUMBER_KERNEL.diagonal()[self.levels].sum(axis=1)
        return made + (self.meaning.astype(np.float32) ** 2).sum(axis=1)

    def direction(self, weights: np.ndarray) -> Direction:
        """The direction in the space that is the sum of these rows times `weights` (n,)."""
        share = _number_weight(self.levels)
        tables = [
            share * NUMBER_KERNEL @ np.bincount(column, weights, _LEVELS + 1)
            for column in self.levels.T
        ]
        return Direction(
            np.asarray(self.words.T @ weights, dtype=np.float32).ravel(),
            np.array(tables, dtype=np.float32).reshape(len(tables), _LEVELS + 1),
            self.meaning.astype(np.float32).T @ weights.astype(np.float32),
        )


@dataclass(frozen=True)
class Direction:
    """A linear function over the space, column by column."""

    words: np.ndarray
    tables: np.ndarray
    meaning: np.ndarray

    def along(self, points: Encoded) -> np.ndarray:
        """The value of the function for each row, (n,)."""
        made = np.asarray(points.words @ self.words, dtype=np.float64)
        for table, column in zip(self.tables, points.levels.T, strict=True):
            made += table[column]
        if len(self.meaning):
            made += _product(points.meaning, self.meaning)
        return made

    def parts(self, points: Encoded) -> np.ndarray:
        """The value taken apart, (n, 6 + numbers + 1): words, names, letters, artists,
        labels, genres, each number, meaning. Rows sum to `along`."""
        columns = []
        for block in range(points.words.shape[1] // WIDTH):
            inside = np.zeros_like(self.words)
            span = slice(block * WIDTH, (block + 1) * WIDTH)
            inside[span] = self.words[span]
            columns.append(points.words @ inside)
        columns += [t[c] for t, c in zip(self.tables, points.levels.T, strict=True)]
        columns.append(_product(points.meaning, self.meaning))
        return np.column_stack(columns).astype(np.float64)


class ListingFeatures:
    """Learns from a sample of listings how rare words are and how numbers are spread, then turns
    listings into points.

    `engine` reads the sentences ("none": nobody does); `numeric` names the extra columns that
    count; without names every numeric one does.
    """

    def __init__(
        self, engine: str = "torch", numeric: Sequence[str] = (), cache: str | None = None
    ) -> None:
        self.engine, self.numeric, self.cache = engine, numeric, cache
        self.blocks = word_blocks()
        self.columns_: list[str] = []

    @property
    def parts(self) -> list[str]:
        """Names of the columns of `Direction.parts`."""
        return [*self.blocks, *self.columns_, "meaning"]

    @property
    def reads_sentences(self) -> bool:
        """Whether sentences are embedded here."""
        return self.engine != "none" and embeddings_available(self.engine) is None

    def fit(self, listings: pd.DataFrame) -> Self:
        """Learn from a sample; columns that say the same of every listing are left out."""
        for block in self.blocks.values():
            block.fit(listings)
        columns = numeric_columns(listings, self.numeric)
        values = _numbers(listings, columns)
        told = [c for c in range(len(columns)) if len(np.unique(values[:, c])) > 1]
        self.columns_ = [columns[c] for c in told]
        self.quantiles_ = np.array(
            [np.nanquantile(values[:, c], _QUANTILES) for c in told]
        ).reshape(len(told), len(_QUANTILES))
        self.centre_ = self._read(listings).mean(axis=0) if len(listings) else np.zeros(0)
        return self

    def encode(self, listings: pd.DataFrame, *, spelled: bool = True) -> Encoded:
        """Give the listings as points; letters, the longest part, only where they are `spelled`."""
        words = [
            np.sqrt(WEIGHTS[name]).astype(np.float32)
            * block.transform(listings if spelled or name != "letters" else listings.head(0))
            for name, block in self.blocks.items()
        ]
        words = [w if w.shape[0] else _empty(len(listings)) for w in words]
        meaning = self._read(listings)
        if meaning.shape[1]:
            meaning = meaning - self.centre_.astype(np.float32)
            lengths = np.linalg.norm(meaning, axis=1, keepdims=True)
            meaning *= np.sqrt(WEIGHTS["meaning"]) / np.maximum(lengths, 1e-6)
        return Encoded(
            sparse.hstack(words, format="csr", dtype=np.float32),
            self._levels(_numbers(listings, self.columns_)),
            meaning.astype(np.float16),
        )

    def arrays(self) -> dict[str, np.ndarray]:
        """What was learned, for a file of arrays."""
        kept = {f"idf_{name}": block.idf_ for name, block in self.blocks.items()}
        return kept | {"quantiles": self.quantiles_, "centre": self.centre_}

    def restore(self, columns: Sequence[str], arrays: Any) -> Self:
        """Take back what `arrays` gave."""
        self.columns_ = list(columns)
        for name, block in self.blocks.items():
            block.idf_ = arrays[f"idf_{name}"]
        self.quantiles_, self.centre_ = arrays["quantiles"], arrays["centre"]
        return self

    def _read(self, listings: pd.DataFrame) -> np.ndarray:
        if not self.reads_sentences or not len(listings):
            return np.zeros((len(listings), 0), dtype=np.float32)
        embedder = SentenceEmbedder(engine=self.engine, cache=self.cache)
        return embedder.embed(listing_sentences(listings))

    def _levels(self, values: np.ndarray) -> np.ndarray:
        made = np.full(values.shape, _MISSING, dtype=np.uint8)
        for place, quantiles in enumerate(self.quantiles_):
            low = np.searchsorted(quantiles, values[:, place], "left")
            high = np.searchsorted(quantiles, values[:, place], "right")
            share = np.clip((low + high - 1) / 2 / (len(quantiles) - 1), 0, 1)
            inside = np.interp(values[:, place], quantiles, _QUANTILES)
            tied = high - low > 1  # many records of one price: the middle of their ranks
            level = np.where(tied, share, inside) * (_LEVELS - 1)
            known = np.isfinite(values[:, place])
            made[known, place] = np.rint(level[known]).astype(np.uint8)
        return made


def _empty(n: int) -> sparse.csr_matrix:
    return sparse.csr_matrix((n, WIDTH), dtype=np.float32)


def _numbers(listings: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    values = [column_values(listings, name) for name in columns]
    return np.column_stack(values) if values else np.zeros((len(listings), 0))


def _number_weight(levels: np.ndarray) -> float:
    return WEIGHTS["numbers"] / levels.shape[1] if levels.shape[1] else 0.0


def _product(meaning: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """`meaning @ direction` in float32, a slice at a time: a million rows would not fit."""
    made = np.zeros(len(meaning), dtype=np.float64)
    if not len(direction):
        return made
    for start in range(0, len(meaning), _SLICE):
        part = meaning[start : start + _SLICE].astype(np.float32)
        made[start : start + _SLICE] = part @ direction
    return made


_SLICE = 20_000
