"""Calls as points: hashed words, tags and sources, sentence embeddings."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.utils import murmurhash3_32

from ..features.embedding.encoder import SentenceEmbedder
from ..features.embedding.engines import embeddings_available
from ..features.text import fold
from ..tables.cells import text_of

BLOCKS = ("words", "tags", "source")
"""What a call says: running words and pairs of them, its tags, who published it."""
_SIZES = (2**18, 2**16, 2**14)
STARTS = (0, _SIZES[0], _SIZES[0] + _SIZES[1])
"""Where the columns of each block begin."""
WIDTH = sum(_SIZES)
_LONGEST = 2000
_MOST = 255
"""Times a word is counted in one call."""


def counted(calls: pd.DataFrame) -> sparse.csr_matrix:
    """How often each call says what, (n, WIDTH) uint8.

    >>> calls = pd.DataFrame({"title": ["Dub, dub"], "tags": ["Sound Art; Dub"], "source": ["S"]})
    >>> counted(calls).sum(), sorted(counted(calls).data.tolist())
    (np.uint64(6), [1, 1, 1, 1, 2])
    """
    if not len(calls):
        return sparse.csr_matrix((0, WIDTH), dtype=np.uint8)
    made = [hasher(block).transform(cells_of(calls, block)) for block in BLOCKS]
    both = sparse.hstack(made, format="csr")
    both.data = np.minimum(both.data, _MOST).astype(np.uint8)
    both.sort_indices()
    return both


def cells_of(calls: pd.DataFrame, block: str) -> list[Any]:
    """What each call says in a block: its text, or a list of names.

    >>> cells_of(pd.DataFrame({"tags": ["Sound Art; dub"]}), "tags")
    [['sound art', 'dub']]
    """
    if block == "words":
        cells = zip(text_of(calls, "title"), text_of(calls, "description"), strict=True)
        return [fold(f"{title} . {text[:_LONGEST]}") for title, text in cells]
    if block == "tags":
        return [_names(cell, ";") for cell in text_of(calls, "tags")]
    joined = text_of(calls, "sources") if "sources" in calls else text_of(calls, "source")
    return [_names(cell, "|") for cell in joined]


def terms(calls: pd.DataFrame, block: str) -> list[dict[str, int]]:
    """The distinct terms of each call with the column of each: what `counted` counts.

    >>> found = terms(pd.DataFrame({"tags": ["dub"]}), "tags")
    >>> list(found[0]), found[0]["dub"] in counted(pd.DataFrame({"tags": ["dub"]})).indices
    (['dub'], True)
    """
    analyse, number = hasher(block).build_analyzer(), BLOCKS.index(block)
    return [
        {term: STARTS[number] + _place(term, _SIZES[number]) for term in analyse(text)}
        for text in cells_of(calls, block)
    ]


@cache
def hasher(block: str) -> HashingVectorizer:
    """What turns the terms of a block into columns."""
    return HashingVectorizer(
        analyzer="word" if block == "words" else _as_they_are,
        ngram_range=(1, 2) if block == "words" else (1, 1),
        n_features=_SIZES[BLOCKS.index(block)],
        alternate_sign=False,
        norm=None,
        dtype=np.float32,
    )


def sentences(calls: pd.DataFrame) -> list[str]:
    """What the sentence model reads of each call.

    >>> sentences(pd.DataFrame({"title": ["Residency"], "tags": ["dub"], "description": ["Free."]}))
    ['Residency. dub Free.']
    """
    columns = (text_of(calls, name) for name in ("title", "tags", "description"))
    return [f"{title}. {tags} {text}"[:600] for title, tags, text in zip(*columns, strict=True)]


def _place(term: str, size: int) -> int:
    """Where scikit-learn's hasher puts a term."""
    return abs(int(murmurhash3_32(term.encode("utf-8", "replace"), seed=0))) % size


def _as_they_are(names: Sequence[str]) -> Sequence[str]:
    return names


def _names(cell: str, mark: str) -> list[str]:
    return list(dict.fromkeys(n for n in (fold(part) for part in cell.split(mark)) if n))


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
