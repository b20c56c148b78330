"""Learns how rare words are and how numbers are spread, and turns listings into points."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from scipy import sparse

from ...features.embedding.encoder import SentenceEmbedder
from ...features.embedding.engines import embeddings_available
from ..listing_numbers import (
    AGE,
    LISTED,
    age_when_listed,
    column_values,
    day_listed,
    numeric_columns,
)
from .kernel import (
    ANY,
    LEVELS,
    MISSING,
    QUANTILES,
    WEIGHTS,
    WIDTH,
    Encoded,
    PackedPoints,
    joined,
    listing_sentences,
    word_blocks,
)

Progress = Callable[[int], None]

_DERIVED = {LISTED: day_listed, AGE: age_when_listed}
"""Numbers that no column holds as they are."""


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
        """Names of the columns of `LinearFunctional.parts`."""
        return [*self.blocks, *self.columns_, "meaning", ANY]

    @property
    def reads_sentences(self) -> bool:
        """Whether sentences are embedded here."""
        return self.engine != "none" and embeddings_available(self.engine) is None

    def fit(self, listings: pd.DataFrame) -> Self:
        """Learn from a sample; columns that say the same of every listing are left out."""
        for block in self.blocks.values():
            block.fit(listings)
        columns = [*numeric_columns(listings, self.numeric), *_DERIVED]
        values = number_values(listings, columns)
        varying = [c for c in range(len(columns)) if len(np.unique(values[:, c])) > 1]
        self.columns_ = [columns[c] for c in varying]
        quantiles = [np.nanquantile(values[:, c], QUANTILES) for c in varying]
        self.quantiles_ = np.array(quantiles).reshape(len(varying), len(QUANTILES))
        self.centre_ = self._read(listings).mean(axis=0) if len(listings) else np.zeros(0)
        return self

    def encode(self, listings: pd.DataFrame, progress: Progress | None = None) -> Encoded:
        """Give the listings as points; `progress` takes how many more were read."""
        return joined([self._encode(some, progress) for some in _slices(listings)])

    def pack(self, listings: pd.DataFrame, progress: Progress | None = None) -> PackedPoints:
        """Give a large pool as points, without the letters and the sentences: the first are most
        of what a listing takes in memory, the others take hours to read of a million."""
        return PackedPoints(self._outline(some, progress) for some in _slices(listings))

    def _encode(self, listings: pd.DataFrame, progress: Progress | None) -> Encoded:
        words = [
            np.sqrt(WEIGHTS[name]).astype(np.float32) * block.transform(listings)
            for name, block in self.blocks.items()
        ]
        meaning = self._read(listings, progress)
        if meaning.shape[1]:
            meaning = meaning - self.centre_.astype(np.float32)
            lengths = np.linalg.norm(meaning, axis=1, keepdims=True)
            meaning *= np.sqrt(WEIGHTS["meaning"]) / np.maximum(lengths, 1e-6)
        return self._points(listings, words, meaning)

    def _outline(self, listings: pd.DataFrame, progress: Progress | None) -> Encoded:
        n = len(listings)
        words = [
            sparse.csr_matrix((n, WIDTH), dtype=np.float32)
            if name == "letters"
            else np.sqrt(WEIGHTS[name]).astype(np.float32) * block.transform(listings)
            for name, block in self.blocks.items()
        ]
        if progress is not None:
            progress(n)
        return self._points(listings, words, np.zeros((n, 0)))

    def _points(
        self, listings: pd.DataFrame, words: list[sparse.csr_matrix], meaning: np.ndarray
    ) -> Encoded:
        return Encoded(
            sparse.hstack(words, format="csr", dtype=np.float32),
            self._levels(number_values(listings, self.columns_)),
            meaning.astype(np.float16),
        )

    def arrays(self) -> dict[str, np.ndarray]:
        """What was learned, for a file of arrays."""
        idf = {f"idf_{name}": block.idf_ for name, block in self.blocks.items()}
        return idf | {"quantiles": self.quantiles_, "centre": self.centre_}

    def restore(self, columns: Sequence[str], arrays: Any) -> Self:
        """Take back what `arrays` gave."""
        self.columns_ = list(columns)
        for name, block in self.blocks.items():
            block.idf_ = arrays[f"idf_{name}"]
        self.quantiles_, self.centre_ = arrays["quantiles"], arrays["centre"]
        return self

    def _read(self, listings: pd.DataFrame, progress: Progress | None = None) -> np.ndarray:
        if not self.reads_sentences or not len(listings):
            if progress is not None:
                progress(len(listings))
            return np.zeros((len(listings), 0), dtype=np.float32)
        embedder = SentenceEmbedder(engine=self.engine, cache=self.cache)
        return embedder.embed(listing_sentences(listings), progress)

    def _levels(self, values: np.ndarray) -> np.ndarray:
        made = np.full(values.shape, MISSING, dtype=np.uint8)
        for place, quantiles in enumerate(self.quantiles_):
            low = np.searchsorted(quantiles, values[:, place], "left")
            high = np.searchsorted(quantiles, values[:, place], "right")
            share = np.clip((low + high - 1) / 2 / (len(quantiles) - 1), 0, 1)
            inside = np.interp(values[:, place], quantiles, QUANTILES)
            tied = high - low > 1  # many records of one price: the middle of their ranks
            level = np.where(tied, share, inside) * (LEVELS - 1)
            known = np.isfinite(values[:, place])
            made[known, place] = np.rint(level[known]).astype(np.uint8)
        return made


def _slices(listings: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """The rows a slice at a time, so that what is made on the way never is of all."""
    rows = PackedPoints.ROWS
    return (listings.iloc[start : start + rows] for start in range(0, len(listings) or 1, rows))


def number_values(listings: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """The numbers of listings by name, as they are, (n, len(columns)) with NaN where missing."""
    values = [
        _DERIVED[name](listings) if name in _DERIVED else column_values(listings, name)
        for name in columns
    ]
    return np.column_stack(values) if values else np.zeros((len(listings), 0))
