"""Calls as points of a space in which alike means alike to whoever looks for calls.

The space is a sum of kernels of length one, each with its weight: words and pairs of words, tags,
sources, the meaning of the text, and a few numbers of how the call and its source were taken so
far. It is kept as explicit columns, so that a hundred thousand calls are ranked by one product and
every score falls into parts that add up.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from scipy import sparse

from ..features.embeddings import SentenceEmbedder
from ..features.engines import embeddings_available
from .call_words import BLOCKS, STARTS, WIDTH, counted, sentences

_log = logging.getLogger(__name__)

WEIGHTS = {"words": 3.0, "tags": 4.0, "source": 1.0, "meaning": 3.0, "standing": 1.0}
"""How much each kernel counts beside a prior variance of one."""


@dataclass(frozen=True)
class Points:
    """Calls as points: `words` (n, WIDTH) sparse float32, `meaning` (n, 384) or (n, 0) float32,
    `standing` (n, k) float32; all weighted."""

    words: sparse.csr_matrix
    meaning: np.ndarray
    standing: np.ndarray

    def __len__(self) -> int:
        return int(self.words.shape[0])

    def take(self, rows: np.ndarray) -> Points:
        """The points of some rows, in their order."""
        return Points(self.words[rows], self.meaning[rows], self.standing[rows])


class CallFeatures:
    """Learns from all calls how rare words are and what is usual, then turns calls into points.

    `engine` reads the sentences ("none": nobody does).

    >>> calls = pd.DataFrame({"title": ["Dub residency", "Film grant"], "tags": ["dub", "film"]})
    >>> points = CallFeatures(engine="none").fit(calls).encode(calls)
    >>> round(float(points.words[0].multiply(points.words[0]).sum()), 3)
    7.0
    """

    def __init__(self, engine: str = "torch", cache: str | None = None) -> None:
        self.engine, self.cache = engine, cache

    @property
    def reads_sentences(self) -> bool:
        """Whether sentences are embedded here."""
        return self.engine != "none" and embeddings_available(self.engine) is None

    def fit(self, calls: pd.DataFrame, counts: sparse.csr_matrix | None = None) -> Self:
        """Learn from calls; `counts` are those of `counted`, where they are known already."""
        counts = counted(calls) if counts is None else counts
        often = np.bincount(counts.indices, minlength=WIDTH)
        self.idf_ = (np.log((1 + len(calls)) / (1 + often)) + 1).astype(np.float32)
        self.reads_ = self.reads_sentences
        meaning = self._read(calls)
        self.centre_ = meaning.mean(axis=0) if len(calls) else meaning.sum(axis=0)
        return self

    def encode(
        self,
        calls: pd.DataFrame,
        counts: sparse.csr_matrix | None = None,
        standing: np.ndarray | None = None,
    ) -> Points:
        """Give calls as points; without `standing` (n, k) nothing is known of how they stand."""
        counts = counted(calls) if counts is None else counts
        meaning = self._read(calls)
        if meaning.any():
            meaning = meaning - self.centre_
            lengths = np.linalg.norm(meaning, axis=1, keepdims=True)
            meaning = meaning * (np.sqrt(WEIGHTS["meaning"]) / np.maximum(lengths, 1e-6))
        return Points(
            self._scaled(counts),
            meaning.astype(np.float32),
            _weighted(np.zeros((len(calls), 0)) if standing is None else standing, len(calls)),
        )

    def arrays(self) -> dict[str, np.ndarray]:
        """What was learned, for a file of arrays."""
        return {"idf": self.idf_, "centre": self.centre_, "reads": np.array(self.reads_)}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> Self:
        """Take back what `arrays` gave."""
        self.idf_, self.centre_ = arrays["idf"], arrays["centre"]
        self.reads_ = bool(arrays["reads"])
        return self

    def _read(self, calls: pd.DataFrame) -> np.ndarray:
        """The meanings (n, 384); zeros where nothing reads them here."""
        width = len(self.centre_) if hasattr(self, "centre_") else 0
        if not self.reads_ or not len(calls):
            return np.zeros((len(calls), width), dtype=np.float32)
        if not self.reads_sentences:
            _log.warning("%s: ranked without", embeddings_available(self.engine))
            return np.zeros((len(calls), width), dtype=np.float32)
        embedder = SentenceEmbedder(engine=self.engine, cache=self.cache)
        return embedder.embed(sentences(calls))

    def _scaled(self, counts: sparse.csr_matrix) -> sparse.csr_matrix:
        """Counts by rarity (Salton & Buckley 1988: sublinear TF times IDF), each block of length
        one, times its weight."""
        data = counts.data.astype(np.float32)
        words = counts.indices < STARTS[1]
        data[words] = 1 + np.log(data[words])
        data[~words] = 1
        data *= self.idf_[counts.indices]
        rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
        block = np.searchsorted(STARTS, counts.indices, side="right") - 1
        place = rows * len(BLOCKS) + block
        lengths = np.sqrt(
            np.bincount(place, data.astype(float) ** 2, counts.shape[0] * len(BLOCKS))
        )
        weights = np.sqrt([WEIGHTS[name] for name in BLOCKS])
        scale = (np.tile(weights, counts.shape[0]) / np.maximum(lengths, 1e-9)).astype(np.float32)
        return sparse.csr_matrix(
            (data * scale[place], counts.indices, counts.indptr), shape=counts.shape
        )


def _weighted(standing: np.ndarray, n: int) -> np.ndarray:
    width = standing.shape[1]
    share = np.sqrt(WEIGHTS["standing"] / width) if width else 0.0
    return np.asarray(standing * share, dtype=np.float32).reshape(n, width)
