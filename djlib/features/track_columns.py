"""The columns of the hybrid model: everything a track says, and the embedding of its sentence."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from copy import copy
from functools import lru_cache
from typing import Any, Self

import numpy as np
import pandas as pd
from scipy import sparse

from ..errors import EmbeddingsMissingError
from .track_vectorizer import TrackVectorizer

_log = logging.getLogger(__name__)

N_EMBEDDED = 384
"""Columns of the embedding: the last ones."""

SENTENCE_WEIGHT = 1.0
"""How much the embedding counts beside the other blocks: on real libraries four times as much was
worse, and none at all hardly."""


_LEFT_OUT = (
    "works without the sentence model: names and genres that mean the same in other words are not"
    " seen as alike; words, artists, tempo, key, year and dates count as ever"
)


class TrackColumns:
    """`TrackVectorizer` and the sentence's embedding side by side.

    `engine` embeds ("torch", "onnx", "static"; None: nothing does), `cache` is where embeddings
    are remembered. Where the weights are missing the columns of the embedding are empty, which is
    said once and noted in `left_out`, and everything else goes on.

    >>> tracks = pd.DataFrame({"title": ["Be Mine", "Shades"], "bpm": [124.0, 118.0]})
    >>> columns = TrackColumns(use_dates=True, engine=None).fit(tracks)
    >>> columns.transform(tracks).shape[1] == columns.joined.width + N_EMBEDDED
    True
    """

    def __init__(self, *, use_dates: bool, engine: str | None, cache: str | None = None) -> None:
        self.joined = TrackVectorizer(use_dates=use_dates)
        self.engine = engine
        self.cache = cache
        self.left_out = ""
        """What is missing, why and how to get it, in words; "" where nothing is."""

    def fit(self, X: pd.DataFrame) -> Self:
        """Learn vocabularies and the span of dates."""
        self.joined.fit(X)
        return self

    def weighed(self, weights: Mapping[str, float]) -> Self:
        """Give the same columns with other weights of their blocks; what was learned is shared."""
        made = copy(self)
        made.joined = copy(self.joined)
        made.joined.block_weights_ = dict(weights)
        return made

    def transform(
        self,
        X: pd.DataFrame,
        sentences: np.ndarray | None = None,
        *,
        words_only: bool = False,
        half_dated: np.ndarray | None = None,
    ) -> sparse.csr_matrix:
        """Give the matrix, shape (n, width + 384); `sentences` (n, 384) are embeddings at hand,
        `words_only` and `half_dated` as in `TrackVectorizer`."""
        known = self.sentences(X) if sentences is None else sentences
        embedded = sparse.csr_matrix(SENTENCE_WEIGHT * known.astype(np.float32))
        said = self.joined.transform(X, words_only=words_only, half_dated=half_dated)
        return sparse.hstack([said, embedded], format="csr", dtype=np.float32)

    def as_later(
        self, X: pd.DataFrame, rows: sparse.csr_matrix, sentences: np.ndarray
    ) -> sparse.csr_matrix:
        """Give the matrix of tracks as they look behind everything learned, their day counting
        half; `rows` (n, columns) is theirs as they are."""
        if not self.joined.dates_:
            return rows
        return self.transform(X, sentences, half_dated=np.ones(len(X), dtype=bool))

    def parts(
        self,
        X: pd.DataFrame,
        sentences: np.ndarray | None = None,
        *,
        half_dated: np.ndarray | None = None,
    ) -> Iterator[tuple[str, int, Any]]:
        """Give field, first column and columns of each part; together they are `transform`."""
        yield from self.joined.parts(X, half_dated=half_dated)
        known = self.sentences(X) if sentences is None else sentences
        yield "sentence", self.joined.width, SENTENCE_WEIGHT * known.astype(np.float32)

    def sentences(self, X: pd.DataFrame) -> np.ndarray:
        """Give the embeddings, (n, 384); zeros where there are none to be had."""
        if self.engine is not None:
            from .embedding.encoder import SentenceEmbedder

            try:
                return SentenceEmbedder(engine=self.engine, cache=self.cache).transform(X)
            except EmbeddingsMissingError as error:
                self.engine = None
                self.left_out = f"{_LEFT_OUT} ({error})"
                _say_once(self.left_out)
        return np.zeros((len(X), N_EMBEDDED), dtype=np.float32)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for a settings file."""
        parts = {"engine": self.engine, "left_out": self.left_out}
        return {"joined": self.joined.as_dict(), **parts}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], cache: str | None = None) -> Self:
        """Read back what `as_dict` gave."""
        columns = cls(use_dates=True, engine=values["engine"], cache=cache)
        columns.joined = TrackVectorizer.from_dict(values["joined"])
        columns.left_out = values["left_out"]
        return columns


@lru_cache
def _say_once(line: str) -> None:
    _log.warning(line)
