"""A likeness of the sentence model that looks words up instead of reading them together.

The vector of a text is the direction of the sum of its pieces' vectors: the order of the words is
lost, and a hundred times as many texts a second come out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from .built_file import load_or_build
from .static_distillation import distil
from .word_pieces import WordPieces

_BATCH = 1000


class StaticEngine:
    """One vector a piece of a word, learned from the model once and kept at `built`.

    `teacher` gives what encodes with the model itself; it is asked for only where there is
    something to learn. A text without a word becomes zero.
    """

    def __init__(
        self,
        folder: Path,
        built: Path,
        teacher: Callable[[], Callable[[Sequence[str]], np.ndarray]],
    ) -> None:
        self._pieces = WordPieces(folder / "vocab.txt")
        kept = load_or_build(built, lambda: self._build(teacher()))
        table = np.frombuffer(kept, dtype=np.float16).astype(np.float32)
        self._table = table.reshape(len(self._pieces.names), -1)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Give the vectors, shape (n, dimension) float32."""
        batches = [texts[at : at + _BATCH] for at in range(0, len(texts), _BATCH)]
        return np.concatenate([self._sum(batch) for batch in batches])

    def _sum(self, texts: Sequence[str]) -> np.ndarray:
        from scipy.sparse import csr_matrix

        ids = [self._pieces.ids(text) for text in texts]
        ends = np.cumsum([0, *map(len, ids)])
        flat = np.fromiter((number for text in ids for number in text), np.int32, ends[-1])
        ones = np.ones(len(flat), dtype=np.float32)
        vectors = csr_matrix((ones, flat, ends), (len(ids), len(self._table))) @ self._table
        length = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / np.where(length > 0, length, 1)

    def _build(self, encode: Callable[[Sequence[str]], np.ndarray]) -> bytes:
        return distil(self._pieces, encode).astype(np.float16).tobytes()
