"""What was read of each audio file, kept in one SQLite file so that it need not be read again.

A file that has the size and the time of change it had is the file it was.
"""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Iterable

import tinytag

from ..tables.cache_file import CacheFile
from .audio_tags import FIELDS, Tags

_VERSION = zlib.crc32("\n".join(("1", tinytag.__version__, *FIELDS)).encode()) & 0x7FFFFFFF
_CREATE = (
    "CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, size INTEGER, mtime_ns INTEGER,"
    " tags TEXT, reason TEXT) WITHOUT ROWID"
)
_FIND = "SELECT path, size, mtime_ns, tags, reason FROM files WHERE path >= ? AND path < ?"
_STORE = "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)"
_FORGET = "DELETE FROM files WHERE path = ? AND size = ? AND mtime_ns = ?"


AudioFile = tuple[str, int, int]
"""Path, size and time of change (ns): with another size or time it is another file."""


class ScanCache(CacheFile):
    """Remembers the tags of files between scans, so that a scan that was stopped goes on where it
    was; use as a context manager."""

    what = "scan cache"
    without = "scanning"

    def load(self, folder: str) -> dict[AudioFile, Tags]:
        """What is remembered of the files under `folder`."""
        start = folder.rstrip(os.sep) + os.sep
        end = start[:-1] + chr(ord(os.sep) + 1)
        rows = self._do(lambda db: db.execute(_FIND, (start, end)).fetchall()) or []
        return {row[:3]: row[3:] for row in rows}

    def store(self, files: Iterable[tuple[AudioFile, Tags]]) -> None:
        """Remember files, in place of what was remembered of their paths."""
        rows = [(*file, *tags) for file, tags in files]
        self._do(lambda db: db.executemany(_STORE, rows))

    def forget(self, files: Iterable[AudioFile]) -> None:
        """Drop files that are no longer there, or no longer in this state."""
        gone = list(files)
        self._do(lambda db: db.executemany(_FORGET, gone))

    def _prepare(self, db: sqlite3.Connection) -> None:
        if db.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
            db.execute("DROP TABLE IF EXISTS files")
            db.execute(f"PRAGMA user_version = {_VERSION}")
        db.execute(_CREATE)
