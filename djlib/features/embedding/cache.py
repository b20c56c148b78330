"""Sentence vectors kept in one SQLite file, so that no text is ever embedded twice."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from ...tables.cache_file import CacheFile

_CREATE = "CREATE TABLE IF NOT EXISTS vectors (text BLOB PRIMARY KEY, vector BLOB NOT NULL)"
_AT_ONCE = 500
"""Texts looked for in one query: SQLite allows no more than 999 values in old versions."""
_ROUNDING = 0.01
"""How far from one the length of a sound vector may be: half precision is ten times better."""


class EmbeddingCache(CacheFile):
    """Vectors by text, each rounded to half precision; use as a context manager.

    Parameters
    ----------
    path : the SQLite file; it and its folder are made if needed. None: nothing is remembered.
    dimension : how many numbers a vector has; a stored one of another length counts as missing.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "vectors.sqlite"
    >>> with EmbeddingCache(file, dimension=2) as cache:
    ...     cache.store(["Robyn - Be Mine"], np.array([[0.6, 0.8]], dtype=np.float16))
    ...     found, rows = cache.load(["Robyn - Be Mine", "never met"])
    >>> found.tolist(), rows.tolist()
    ([True, False], [[0.60009765625, 0.7998046875], [0.0, 0.0]])
    """

    what = "embedding cache"
    without = "embedding"

    def __init__(self, path: Path | None, dimension: int) -> None:
        self.dimension = dimension
        super().__init__(path)

    def load(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Which of the distinct `texts` are known, (n,), and their vectors, (n, dimension) float32.

        The row of a text that is not known is zero.
        """
        found = np.zeros(len(texts), dtype=bool)
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        if self._db is None:
            return found, vectors
        place = {_key(text): row for row, text in enumerate(texts)}
        stored = [pair for keys in _batches(list(place)) for pair in self._find(keys)]
        whole = [(key, cell) for key, cell in stored if len(cell) == 2 * self.dimension]
        if whole:
            rows = [place[key] for key, _ in whole]
            joined = np.frombuffer(b"".join(cell for _, cell in whole), dtype=np.float16)
            vectors[rows] = joined.reshape(len(rows), self.dimension)
            found[rows] = np.abs(np.linalg.norm(vectors[rows], axis=1) - 1) < _ROUNDING
        self._forget(key for key, _ in stored if not found[place[key]])
        return found, vectors

    def store(self, texts: Sequence[str], vectors: np.ndarray) -> None:
        """Keep the vectors of `texts`, float16 of shape (n, dimension) and length one."""
        rows = [(_key(t), v.tobytes()) for t, v in zip(texts, vectors, strict=True)]
        self._do(lambda db: db.executemany("INSERT OR IGNORE INTO vectors VALUES (?, ?)", rows))

    def _prepare(self, db: sqlite3.Connection) -> None:
        db.execute(_CREATE)

    def _find(self, keys: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
        marks = ",".join("?" * len(keys))
        asked = f"SELECT text, vector FROM vectors WHERE text IN ({marks})"
        return self._do(lambda db: db.execute(asked, keys).fetchall()) or []

    def _forget(self, keys: Iterable[bytes]) -> None:
        """Drop what cannot be a vector, so that the right one can take its place."""
        rows = [(key,) for key in keys]
        if rows:
            self._do(lambda db: db.executemany("DELETE FROM vectors WHERE text = ?", rows))


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def _batches(keys: list[bytes]) -> list[list[bytes]]:
    return [keys[start : start + _AT_ONCE] for start in range(0, len(keys), _AT_ONCE)]
