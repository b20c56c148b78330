"""A SQLite file of what could be worked out anew, so that losing it costs time and nothing else.

Several processes may use it at once. Whatever happens to it, the work goes on: a damaged file is
set aside and begun anew, one that cannot be read or written is done without.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import lru_cache
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self, TypeVar

from .state import write_ahead

logger = logging.getLogger(__name__)

_WAIT_S = 30.0
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}
"""What a file that is not as it was left answers: an error is a table that is not there, or not of
these columns. Anything else (locked, full, no memory) passes, and the file is worth keeping."""

T = TypeVar("T")


class CacheFile(ABC):
    """Base of the caches; use as a context manager. `what` it is and what happens `without` it are
    words for warnings, `_prepare` makes its tables.

    `path`: the SQLite file; it and its folder are made if needed. None: nothing is remembered.
    """

    what: ClassVar[str]
    without: ClassVar[str]

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._db: sqlite3.Connection | None = None
        if path is not None:
            try:
                self._db = self._connect(path)
            except (OSError, sqlite3.Error) as error:
                self._recover(path, error)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        if self._db is not None:
            self._db.close()
            self._db = None

    @abstractmethod
    def _prepare(self, db: sqlite3.Connection) -> None:
        """Make the tables where there are none."""

    def _do(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        """Do `work` in one transaction; None where there is no cache to do it in."""
        if self._db is None or self.path is None:
            return None
        try:
            with self._db:
                return work(self._db)
        except sqlite3.Error as error:
            self.close()
            self._recover(self.path, error)
            return None

    def _connect(self, path: Path) -> sqlite3.Connection:
        path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(path, timeout=_WAIT_S)
        try:
            write_ahead(db, _WAIT_S)
            db.execute("PRAGMA synchronous = NORMAL")  # a power cut may cost the last rows only
            if path.stat().st_size % db.execute("PRAGMA page_size").fetchone()[0]:
                raise sqlite3.DatabaseError("cut short")  # SQLite would read the rest as zeroes
            with db:
                self._prepare(db)
        except sqlite3.Error:
            db.close()
            raise
        return db

    def _recover(self, path: Path, error: Exception) -> None:
        """Start afresh where the file is damaged; go on without one where it cannot be used."""
        if not _is_damage(error):
            self._warn(path, error)
            return
        try:
            aside = _set_aside(path)
            logger.warning("%s %s is damaged (%s): moved to %s", self.what, path, error, aside.name)
            self._db = self._connect(path)
        except (OSError, sqlite3.Error) as again:
            self._warn(path, again)

    def _warn(self, path: Path, error: Exception) -> None:
        _warn_once(f"{self.what} {path} cannot be used ({error}): {self.without} without")


@lru_cache
def _warn_once(line: str) -> None:
    logger.warning(line)


def _is_damage(error: Exception) -> bool:
    if not isinstance(error, sqlite3.DatabaseError) or isinstance(error, sqlite3.ProgrammingError):
        return False
    code = getattr(error, "sqlite_errorcode", None)  # none for what Python itself cannot decode
    return code is None or code & 0xFF in _DAMAGED


def _set_aside(path: Path) -> Path:
    """Rename a damaged file; its journal would only damage the next one."""
    names = (path.with_name(f"{path.name}.corrupt-{n}") for n in count(1))
    aside = next(name for name in names if not name.exists())
    os.replace(path, aside)
    for journal in ("-wal", "-shm"):
        path.with_name(path.name + journal).unlink(missing_ok=True)
    return aside
