"""The switch to write-ahead mode waits for whoever holds the file, which SQLite by itself does
not."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from djlib.tables.state import write_ahead


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)


def test_it_waits_for_a_writer_to_end(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    with closing(_opened(path)) as one, closing(_opened(path)) as two:
        one.execute("BEGIN IMMEDIATE")
        end = threading.Timer(0.1, one.execute, ["COMMIT"])
        end.start()
        write_ahead(two, wait_s=30)
        end.join()
        assert one.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_a_writer_that_never_ends_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    with closing(_opened(path)) as one, closing(_opened(path)) as two:
        one.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            write_ahead(two, wait_s=0.05)


def test_another_failure_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    path.write_bytes(b"x" * 5000)
    with closing(_opened(path)) as db, pytest.raises(sqlite3.DatabaseError, match="not a database"):
        write_ahead(db, wait_s=3_600)


def test_a_file_that_takes_no_writes_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    with closing(_opened(path)) as db:
        db.execute("CREATE TABLE t (a)")
    with (
        closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as reader,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        write_ahead(reader, wait_s=3_600)


def test_many_that_open_a_new_file_at_once_all_may(tmp_path: Path) -> None:
    refused: list[Exception] = []

    def switch(path: Path, start: threading.Barrier) -> None:
        start.wait()
        with closing(sqlite3.connect(path, timeout=30)) as db:
            try:
                write_ahead(db, wait_s=30)
            except sqlite3.Error as error:
                refused.append(error)

    for n in range(20):
        start = threading.Barrier(8)
        path = tmp_path / f"{n}.sqlite"
        threads = [threading.Thread(target=switch, args=(path, start)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not refused
