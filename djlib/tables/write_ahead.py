"""Put a SQLite file into write-ahead mode, so that readers never wait for who writes."""

from __future__ import annotations

import random
import sqlite3
import time

_IN_USE = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def write_ahead(db: sqlite3.Connection, wait_s: float) -> None:
    """Switch the file of `db` to write-ahead logging; nothing happens where it is so already.

    Several that open a new file at once all ask for it alone, and SQLite refuses one of them at
    once, whatever its timeout, rather than let them wait for each other. So the wait is here:
    `sqlite3.OperationalError` (locked) only after `wait_s` seconds.

    >>> import tempfile, pathlib
    >>> db = sqlite3.connect(pathlib.Path(tempfile.mkdtemp()) / "a.sqlite")
    >>> write_ahead(db, wait_s=1)
    >>> db.execute("PRAGMA journal_mode").fetchone()[0]
    'wal'
    """
    until = time.monotonic() + wait_s
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _IN_USE or time.monotonic() > until:
                raise
        time.sleep(random.uniform(0.001, 0.02))  # uneven, or the same ones meet again
