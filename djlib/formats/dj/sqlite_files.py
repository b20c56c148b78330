"""Other programs' SQLite databases, read without touching them.

A program may be running on the database: it is opened as a file that nobody changes, so that no
lock is taken and nothing is written beside it. Where the program has changes that it did not yet
move into the file (`-wal`, `-journal`), a copy of all is read instead. Only plain tables are
asked: a view or a virtual table could run what its maker likes.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from ...errors import FormatError

SIGNATURE = b"SQLite format 3\0"

_BESIDE = ("-wal", "-journal")
_LONGEST = 1 << 24
"""Bytes of one value; longer ones are damage or malice, no name of a track."""
_AT_ONCE = 1000


@contextmanager
def opened(path: Path, advice: str) -> Iterator[sqlite3.Connection]:
    """A database for reading only; what is wrong with it is a `FormatError` that ends in `advice`.

    Text that is no UTF-8 is read with replacement signs.
    """
    try:
        with _unchanging(path) as (file, how), closing(_connect(file, how)) as db:
            yield db
    except (sqlite3.Error, UnicodeDecodeError) as error:  # names in a damaged schema are bytes
        what = " ".join(str(error).split())
        raise FormatError(f"{path}: a damaged database: {what}; {advice}") from error


@contextmanager
def _unchanging(path: Path) -> Iterator[tuple[Path, str]]:
    """The file itself, or a copy of it with the changes that stand beside it; how to open it."""
    pending = [path.with_name(path.name + end) for end in _BESIDE]
    pending = [file for file in pending if file.is_file() and file.stat().st_size]
    if not pending:
        yield path, "mode=ro&immutable=1"
        return
    with TemporaryDirectory(prefix="djlib-") as folder:
        for file in (path, *pending):
            shutil.copyfile(file, Path(folder) / file.name)
        yield Path(folder) / path.name, "mode=rw"


def _connect(file: Path, how: str) -> sqlite3.Connection:
    db = sqlite3.connect(f"file:{quote(str(file.absolute()))}?{how}", uri=True)
    db.text_factory = lambda data: data.decode("utf-8", "replace")
    db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
    db.execute("PRAGMA trusted_schema = OFF")
    return db


def columns_of(db: sqlite3.Connection, table: str) -> list[str]:
    """The columns of a plain table, [] where there is no such table."""
    asked = "SELECT sql FROM sqlite_master WHERE type = 'table' AND lower(name) = lower(?)"
    found = db.execute(asked, (table,)).fetchone()
    if found is None or str(found[0]).lstrip().upper().startswith("CREATE VIRTUAL"):
        return []
    return [str(row[1]) for row in db.execute(f'PRAGMA table_info("{table}")')]


def table_rows(
    db: sqlite3.Connection, table: str, wanted: Sequence[str], order: str = ""
) -> Iterator[tuple[str, ...]]:
    """Rows of a table as text, "" for missing; columns that the table lacks are missing too.

    A table that is not there has no rows.
    """
    there = {name.lower() for name in columns_of(db, table)}
    if not there:
        return
    parts = [f'"{name}"' if name.lower() in there else "NULL" for name in wanted]
    sorting = f' ORDER BY "{order}"' if order.lower() in there else ""
    cursor = db.execute(f'SELECT {", ".join(parts)} FROM "{table}"{sorting}')
    while rows := cursor.fetchmany(_AT_ONCE):
        for row in rows:
            yield tuple(map(_text, row))


def _text(value: object) -> str:
    if value is None:
        return ""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
