"""Sentence vectors kept in one SQLite file, so that no text is ever embedded twice.

Several processes may use a file at once. Whatever happens to it, the work goes on: a damaged file
is set aside and begun anew, one that cannot be read or written is done without.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import numpy as np

logger = logging.getLogger(__name__)

_CREATE = "CREATE TABLE IF NOT EXISTS vectors (text BLOB PRIMARY KEY, vector BLOB NOT NULL)"
_WAIT_S = 30.0
_AT_ONCE = 500
"""Texts looked for in one query: SQLite allows no more than 999 values in old versions."""
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_ROUNDING = 0.01
"""How far from one the length of a sound vector may be: half precision is ten times better."""

_T = TypeVar("_T")


class EmbeddingCache:
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

    def __init__(self, path: Path | None, dimension: int) -> None:
        self.dimension = dimension
        self._db: sqlite3.Connection | None = None
        if path is not None:
            self._path = path
            self._open()

    def __enter__(self) -> EmbeddingCache:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

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

    def close(self) -> None:
        """Let go of the file."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def _find(self, keys: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
        marks = ",".join("?" * len(keys))
        asked = f"SELECT text, vector FROM vectors WHERE text IN ({marks})"
        return self._do(lambda db: db.execute(asked, keys).fetchall()) or []

    def _forget(self, keys: Iterable[bytes]) -> None:
        """Drop what cannot be a vector, so that the right one can take its place."""
        rows = [(key,) for key in keys]
        if rows:
            self._do(lambda db: db.executemany("DELETE FROM vectors WHERE text = ?", rows))

    def _do(self, work: Callable[[sqlite3.Connection], _T]) -> _T | None:
        """Do `work` in one transaction; None where there is no cache to do it in."""
        if self._db is None:
            return None
        try:
            with self._db:
                return work(self._db)
        except sqlite3.Error as error:
            self.close()
            self._recover(error)
            return None

    def _open(self) -> None:
        try:
            self._db = self._connect()
        except (OSError, sqlite3.Error) as error:
            self._recover(error)

    def _connect(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(self._path, timeout=_WAIT_S)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")  # a power cut may cost the last vectors only
            db.execute(_CREATE)
        except sqlite3.Error:
            db.close()
            raise
        return db

    def _recover(self, error: Exception) -> None:
        """Start afresh where the file is damaged; go on without one where it cannot be used."""
        if getattr(error, "sqlite_errorcode", None) not in _DAMAGED:
            _warn_once(self._path, str(error))
            return
        try:
            aside = _set_aside(self._path)
            logger.warning("embedding cache %s is damaged: moved to %s", self._path, aside.name)
            self._db = self._connect()
        except (OSError, sqlite3.Error) as again:
            _warn_once(self._path, str(again))


@lru_cache
def _warn_once(path: Path, reason: str) -> None:
    logger.warning("embedding cache %s cannot be used (%s): embedding without", path, reason)


def _set_aside(path: Path) -> Path:
    """Rename a damaged file; its journal would only damage the next one."""
    names = (path.with_name(f"{path.name}.corrupt-{n}") for n in count(1))
    aside = next(name for name in names if not name.exists())
    os.replace(path, aside)
    for journal in ("-wal", "-shm"):
        path.with_name(path.name + journal).unlink(missing_ok=True)
    return aside


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def _batches(keys: list[bytes]) -> list[list[bytes]]:
    return [keys[start : start + _AT_ONCE] for start in range(0, len(keys), _AT_ONCE)]
