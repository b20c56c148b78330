"""What many processes share: one SQLite file for the runs of jobs, findings and the outbox."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from ..errors import BusyError, DjlibError, InputError

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


STATE_FILE = "state.sqlite"
_WAIT_S = 10.0
_SCHEMAS = (
    """
CREATE TABLE job_runs (
    id INTEGER PRIMARY KEY, job TEXT NOT NULL, learner TEXT NOT NULL, slot TEXT NOT NULL,
    started_at TEXT NOT NULL, finished_at TEXT, outcome TEXT NOT NULL, seconds REAL,
    pid INTEGER NOT NULL, said TEXT NOT NULL DEFAULT '', detail TEXT NOT NULL DEFAULT '{}');
CREATE INDEX job_runs_by_slot ON job_runs (job, learner, slot, outcome);
CREATE TABLE findings (
    slot TEXT NOT NULL, learner TEXT NOT NULL, version TEXT NOT NULL, kind TEXT NOT NULL,
    what TEXT NOT NULL, verdict TEXT NOT NULL, effect REAL, p_value REAL, words TEXT NOT NULL,
    PRIMARY KEY (slot, learner, kind, what));
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY, cause TEXT NOT NULL, day TEXT NOT NULL, channel TEXT NOT NULL,
    subject TEXT NOT NULL, body TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'pending',
    attempts INTEGER NOT NULL DEFAULT 0, next_try REAL NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL, sent_at TEXT, last_error TEXT NOT NULL DEFAULT '',
    UNIQUE (cause, day, channel));
""",
    "CREATE TABLE taken_up (log TEXT PRIMARY KEY, n INTEGER NOT NULL);",
)
"""What each version of the schema adds to the one before."""


@contextmanager
def open_state(folder: Path) -> Iterator[sqlite3.Connection]:
    """Give the state in `folder`, made if needed; changes are made inside `transaction`.

    Raises `InputError` for a file that is damaged or of a newer schema, `BusyError` where another
    process holds it too long, `DjlibError` where the system refuses.

    >>> import tempfile
    >>> with open_state(Path(tempfile.mkdtemp())) as state:
    ...     state.execute("SELECT count(*) FROM job_runs").fetchone()[0]
    0
    """
    path = folder / STATE_FILE
    with _refusals(path):
        folder.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None)) as state:
            state.row_factory = sqlite3.Row
            _check(state, path)
            yield state


@contextmanager
def read_state(folder: Path) -> Iterator[sqlite3.Connection]:
    """Give the state for reading only; also where the disk is full or takes no writes, as it was
    when it was last closed."""
    with ExitStack() as stack:
        try:
            state = stack.enter_context(open_state(folder))
        except (BusyError, InputError):
            raise
        except DjlibError:
            address = f"{(folder / STATE_FILE).absolute().as_uri()}?mode=ro&immutable=1"
            stack.enter_context(_refusals(folder / STATE_FILE))
            state = stack.enter_context(closing(sqlite3.connect(address, uri=True)))
            state.row_factory = sqlite3.Row
            if not _version(state):  # full already when it was to be made: there is nothing in it
                raise
        yield state


@contextmanager
def transaction(state: sqlite3.Connection) -> Iterator[None]:
    """All of the block's changes or none; other writers wait from its beginning."""
    state.execute("BEGIN IMMEDIATE")
    try:
        yield
        state.execute("COMMIT")
    except BaseException:
        if state.in_transaction:  # SQLite ends some by itself, as on a full disk
            state.execute("ROLLBACK")
        raise


def _check(state: sqlite3.Connection, path: Path) -> None:
    found, newest = _version(state), len(_SCHEMAS)
    if found > newest:
        raise InputError(
            f"{path} was written by a newer djlib (schema {found}, known here: up to {newest}); "
            "it is left as it is: update djlib"
        )
    if found == 0:
        write_ahead(state, _WAIT_S)
    if found < newest:
        with transaction(state):
            for schema in _SCHEMAS[_version(state) :]:  # what nobody else was faster with
                for statement in filter(None, map(str.strip, schema.split(";"))):
                    state.execute(statement)
            state.execute(f"PRAGMA user_version = {newest}")
    if state.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        raise sqlite3.DatabaseError("its pages do not fit together")
    state.execute("PRAGMA synchronous = FULL")


def _version(state: sqlite3.Connection) -> int:
    return int(state.execute("PRAGMA user_version").fetchone()[0])


@contextmanager
def _refusals(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or "busy" in str(error):
            raise BusyError(f"{path} is in use by another run: try again when it ends") from error
        raise DjlibError(f"{path}: {error}; free some space or mend its permissions") from error
    except sqlite3.DatabaseError as error:
        raise InputError(
            f"{path} is damaged ({error}); it is kept as it is: move it away to start a new one, "
            "which knows of no earlier run"
        ) from error
