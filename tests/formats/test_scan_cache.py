from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from djlib.formats.audio.folder import AudioFile, ScanCache
from djlib.tables import cache_file

A: AudioFile = ("/music/a.mp3", 10, 1_700_000_000_000_000_001)
B: AudioFile = ("/music/é/b.mp3", 20, 2)
ELSEWHERE: AudioFile = ("/musicals/c.mp3", 30, 3)


@pytest.fixture(autouse=True)
def _warn_again() -> None:
    cache_file._warn_once.cache_clear()


def filled(path: Path) -> Path:
    with ScanCache(path) as cache:
        cache.store([(A, ("x\x1fy", "")), (B, ("", "broken")), (ELSEWHERE, ("z", ""))])
    return path


def test_what_was_stored_is_loaded_by_folder(tmp_path: Path) -> None:
    path = filled(tmp_path / "new" / "cache.sqlite")
    with ScanCache(path) as cache:
        assert cache.load("/music") == {A: ("x\x1fy", ""), B: ("", "broken")}
        assert cache.load("/music/é/") == {B: ("", "broken")}
        assert set(cache.load("/")) == {A, B, ELSEWHERE}
        assert cache.load("/nowhere") == {}


def test_a_file_is_remembered_in_its_last_state_only(tmp_path: Path) -> None:
    path = filled(tmp_path / "cache.sqlite")
    changed = (A[0], 11, A[2])
    with ScanCache(path) as cache:
        cache.store([(changed, ("new", ""))])
        cache.forget([A, B])
    with ScanCache(path) as cache:
        assert cache.load("/music") == {changed: ("new", "")}


@pytest.mark.parametrize("damage", ["garbage", "cut", "page", "inside"])
def test_a_damaged_file_is_set_aside_and_rebuilt(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = filled(tmp_path / "cache.sqlite")
    content = path.read_bytes()
    broken = {
        "garbage": b"no database at all" * 100,
        "cut": content[:-10],
        "page": content[:4096],
        "inside": content[:4096] + b"\xff" * (len(content) - 4096),
    }[damage]
    path.write_bytes(broken)
    with ScanCache(path) as cache:
        assert cache.load("/music") == {}
        cache.store([(A, ("again", ""))])
    with ScanCache(path) as cache:
        assert cache.load("/music") == {A: ("again", "")}
    assert (tmp_path / "cache.sqlite.corrupt-1").read_bytes() == broken
    assert "damaged" in caplog.text


def test_a_cache_of_another_version_starts_afresh(tmp_path: Path) -> None:
    path = filled(tmp_path / "cache.sqlite")
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 1")
    db.close()
    with ScanCache(path) as cache:
        assert cache.load("/music") == {}
    assert not (tmp_path / "cache.sqlite.corrupt-1").exists()


@pytest.mark.parametrize("place", [".", "file/cache.sqlite"])
def test_a_place_that_cannot_be_written_is_done_without(
    tmp_path: Path, place: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    with ScanCache(tmp_path / place) as cache:
        cache.store([(A, ("x", ""))])
        assert cache.load("/music") == {}
        cache.forget([A])
    assert "cannot be used" in caplog.text
    assert tmp_path.is_dir()


def test_a_cache_that_another_scan_holds_is_not_set_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = filled(tmp_path / "cache.sqlite")
    holder = sqlite3.connect(path)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    monkeypatch.setattr(cache_file, "_WAIT_S", 0.01)
    with ScanCache(path) as cache:
        assert cache.load("/music") == {}
    holder.close()
    assert "locked" in caplog.text
    assert [p.name for p in tmp_path.iterdir()] == ["cache.sqlite"]
