"""What was read of each audio file, kept in one SQLite file so that it need not be read again.

A file that has the size and the time of change it had is the file it was. Whatever happens to the
cache, a scan goes on: a damaged one is set aside, one that cannot be written is done without.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType

import tinytag

from .audio_tags import FIELDS, Tags

logger = logging.getLogger(__name__)

_VERSION = zlib.crc32("\n".join(("1", tinytag.__version__, *FIELDS)).encode()) & 0x7FFFFFFF
_CREATE = (
    "CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, size INTEGER, mtime_ns INTEGER,"
    " tags TEXT, reason TEXT) WITHOUT ROWID"
)
_COMMIT_EVERY = 500
_NOT_DAMAGE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_PERM,
}


AudioFile = tuple[str, int, int]
"""Path, size and time of change (ns): with another size or time it is another file."""


class ScanCache:
    """Remembers the tags of files between scans; use as a context manager.

    What was stored is committed every few hundred files and on leaving, also after an error or
    Ctrl-C, so that a scan that was stopped goes on where it was.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._db: sqlite3.Connection | None = None
        self._uncommitted = 0
        self._open()

    def __enter__(self) -> ScanCache:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def load(self, folder: str) -> dict[AudioFile, Tags]:
        """What is remembered of the files under `folder`."""
        if self._db is None:
            return {}
        start = folder.rstrip(os.sep) + os.sep
        end = start[:-1] + chr(ord(os.sep) + 1)
        found = "SELECT path, size, mtime_ns, tags, reason FROM files WHERE path >= ? AND path < ?"
        try:
            rows = self._db.execute(found, (start, end))
            return {row[:3]: row[3:] for row in rows}
        except sqlite3.Error as error:
            self._recover(error)
            return {}

    def store(self, files: Iterable[tuple[AudioFile, Tags]]) -> None:
        """Remember files, in place of what was remembered of their paths."""
        rows = [(*file, *tags) for file, tags in files]
        self._change("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)", rows)

    def forget(self, files: Iterable[AudioFile]) -> None:
        """Drop files that are no longer there, or no longer in this state."""
        gone = "DELETE FROM files WHERE path = ? AND size = ? AND mtime_ns = ?"
        self._change(gone, list(files))

    def close(self) -> None:
        """Commit and let go of the file."""
        if self._db is not None:
            self._commit()
        if self._db is not None:
            self._db.close()
            self._db = None

    def _open(self) -> None:
        try:
            self._db = self._connect()
        except (OSError, sqlite3.Error) as error:
            self._recover(error)

    def _connect(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(self.path)
        try:
            page_size = db.execute("PRAGMA page_size").fetchone()[0]
            if self.path.stat().st_size % page_size:  # SQLite would read the rest as zeroes
                raise sqlite3.DatabaseError("cut short")
            if db.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
                db.execute("DROP TABLE IF EXISTS files")
                db.execute(f"PRAGMA user_version = {_VERSION}")
            db.execute(_CREATE)
            db.commit()
        except sqlite3.Error:
            db.close()
            raise
        return db

    def _change(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        if self._db is None or not rows:
            return
        try:
            self._db.executemany(statement, rows)
        except sqlite3.Error as error:
            self._recover(error)
            return
        self._uncommitted += len(rows)
        if self._uncommitted >= _COMMIT_EVERY:
            self._commit()

    def _commit(self) -> None:
        assert self._db is not None
        try:
            self._db.commit()
            self._uncommitted = 0
        except sqlite3.Error as error:
            self._recover(error)

    def _recover(self, error: Exception) -> None:
        """Start afresh where the file is damaged; go on without one where it cannot be used."""
        if self._db is not None:
            self._db.close()
            self._db = None
        if not _is_damage(error):
            logger.warning("scan cache %s cannot be used (%s); scanning without", self.path, error)
            return
        aside = self.path.with_name(self.path.name + ".damaged")
        logger.warning("scan cache %s is damaged (%s); moved to %s", self.path, error, aside.name)
        try:
            os.replace(self.path, aside)
            self._db = self._connect()
        except (OSError, sqlite3.Error) as again:
            logger.warning("scan cache %s cannot be made anew (%s)", self.path, again)


def _is_damage(error: Exception) -> bool:
    code = getattr(error, "sqlite_errorcode", None)  # none for what Python itself cannot decode
    refused = code is not None and code & 0xFF in _NOT_DAMAGE
    return isinstance(error, sqlite3.Error) and not refused
