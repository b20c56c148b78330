"""The shared state is sound or refused, and all of a change is there or none."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

import djlib.tables.state as module
from djlib.errors import BusyError, DjlibError, InputError
from djlib.tables.state import STATE_FILE, open_state, read_state, transaction

_PUT = "INSERT INTO job_runs (job, learner, slot, started_at, outcome, pid) VALUES "


def count(state: sqlite3.Connection) -> int:
    return int(state.execute("SELECT count(*) FROM job_runs").fetchone()[0])


def test_a_change_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail(state: sqlite3.Connection) -> None:
        with transaction(state):
            state.execute(f"{_PUT} ('a', '', 'd', 't', 'done', 1)")
            raise KeyError("x")

    with open_state(tmp_path) as state:
        with pytest.raises(KeyError):
            fail(state)
        assert count(state) == 0


def test_what_cannot_be_written_can_still_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_state(tmp_path) as state, transaction(state):
        state.execute(f"{_PUT} ('a', '', 'd', 't', 'done', 1)")
    before = {path.name for path in tmp_path.iterdir()}

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(module, "_check", full)  # the first that would write
    with read_state(tmp_path) as state:
        assert count(state) == 1
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            state.execute(f"{_PUT} ('b', '', 'd', 't', 'done', 1)")
    assert {path.name for path in tmp_path.iterdir()} == before
    (tmp_path / STATE_FILE).write_bytes(b"")
    with pytest.raises(DjlibError, match="disk I/O error"), read_state(tmp_path):
        pass


def test_many_writers_lose_nothing(tmp_path: Path) -> None:
    def write() -> None:
        for _ in range(25):
            with open_state(tmp_path) as state, transaction(state):
                state.execute(f"{_PUT} ('a', '', 'd', 't', 'done', 1)")

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with open_state(tmp_path) as state:
        assert count(state) == 100
        assert state.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_a_writer_that_never_ends_is_waited_for_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_WAIT_S", 0.05)
    with (
        open_state(tmp_path) as one,
        transaction(one),
        pytest.raises(BusyError, match="in use"),
        open_state(tmp_path) as two,
        transaction(two),
    ):
        pass


@pytest.mark.parametrize("content", [b"x" * 5000, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_file_is_refused_and_kept(tmp_path: Path, content: bytes) -> None:
    (tmp_path / STATE_FILE).write_bytes(content)
    with pytest.raises(DjlibError, match="kept as it is|mend"), open_state(tmp_path):
        pass
    assert (tmp_path / STATE_FILE).read_bytes() == content


def test_a_page_that_was_overwritten_is_found(tmp_path: Path) -> None:
    with open_state(tmp_path) as state, transaction(state):
        for _ in range(500):
            state.execute(f"{_PUT} ('a', '', 'd', 't', 'done', 1)")
    path = tmp_path / STATE_FILE
    whole = bytearray(path.read_bytes())
    size = len(whole)
    whole[size // 2 : size // 2 + 4096] = b"\x00" * 4096
    path.write_bytes(whole)
    with pytest.raises(InputError, match="damaged"), open_state(tmp_path):
        pass


def test_what_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / STATE_FILE).mkdir()
    with pytest.raises(DjlibError, match=STATE_FILE), open_state(tmp_path):
        pass


def test_a_state_of_an_older_djlib_is_brought_up_to_now(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / STATE_FILE) as old:
        old.executescript(f"{module._SCHEMAS[0]} PRAGMA user_version = 1;")
        old.execute(f"{_PUT} ('a', '', 'd', 't', 'done', 1)")
    old.close()
    for _ in range(2):
        with open_state(tmp_path) as state:
            assert count(state) == 1
            assert state.execute("SELECT count(*) FROM taken_up").fetchone()[0] == 0
