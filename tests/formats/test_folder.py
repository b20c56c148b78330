from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.scanning import make_files, mp3
from djlib.errors import FormatError, UsageError
from djlib.formats.audio import folder
from djlib.formats.audio.folder import find_audio_files, read, scan
from djlib.formats.options import ReadOptions


def put(place: Path, title: str = "", content: bytes | None = None) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(mp3({"title": title} if title else {}) if content is None else content)
    return place


def found(root: Path) -> list[str]:
    return [os.path.relpath(path, root) for path, *_ in find_audio_files(str(root))[0]]


def test_tags_and_paths_of_a_tree_become_tracks_in_the_order_of_names(tmp_path: Path) -> None:
    put(tmp_path / "b.mp3", "Second")
    put(tmp_path / "a" / "x.MP3", "First")
    put(tmp_path / "a" / "cover.jpg")
    library = read(tmp_path)
    assert library.tracks["title"].tolist() == ["First", "Second"]
    assert library.tracks["path"].tolist() == [
        str(tmp_path / "a" / "x.MP3"),
        str(tmp_path / "b.mp3"),
    ]
    assert library.playlists == []
    assert library.problems == []


def test_folders_are_playlists_where_asked(tmp_path: Path) -> None:
    for place in ("root.mp3", "House/a.mp3", "House/Deep/b.mp3", "House/Deep/c.mp3"):
        put(tmp_path / place, place)
    library = read(tmp_path, ReadOptions(folder_names_as_playlists=True))
    titles = dict(zip(library.tracks["track_id"], library.tracks["title"], strict=True))
    assert {p.path: [titles[m] for m in p.track_ids] for p in library.playlists} == {
        ("House", "Deep"): ["House/Deep/b.mp3", "House/Deep/c.mp3"],
        ("House",): ["House/a.mp3"],
    }
    assert {p.kind for p in library.playlists} == {"folder"}


def test_hidden_files_and_folders_are_skipped(tmp_path: Path) -> None:
    for place in ("._a.mp3", ".hidden.mp3", ".trash/b.mp3", "c.mp3"):
        put(tmp_path / place)
    assert found(tmp_path) == ["c.mp3"]


def test_links_are_followed_and_loops_end(tmp_path: Path) -> None:
    put(tmp_path / "music" / "a.mp3")
    put(tmp_path / "other" / "b.mp3")
    (tmp_path / "music" / "loop").symlink_to(tmp_path / "music")
    (tmp_path / "music" / "more").symlink_to(tmp_path / "other")
    assert found(tmp_path / "music") == ["a.mp3", "more/b.mp3"]


def test_what_cannot_be_read_is_reported_once_each(tmp_path: Path) -> None:
    put(tmp_path / "bad.mp3", content=b"")
    put(tmp_path / "good.mp3", "Good")
    put(tmp_path / "old.ape", content=b"MAC ")
    (tmp_path / "lost.mp3").symlink_to(tmp_path / "nowhere.mp3")
    os.mkfifo(tmp_path / "pipe.mp3")
    library = read(tmp_path)
    assert library.tracks["title"].tolist() == ["Good"]
    assert {os.path.basename(p.value): p.reason for p in library.problems} == {
        "bad.mp3": "the file is empty",
        "old.ape": "tags of .ape files cannot be read",
        "lost.mp3": "not a file, or a link to nothing",
        "pipe.mp3": "not a file, or a link to nothing",
    }
    assert {p.outcome for p in library.problems} == {"row left out"}


def test_a_folder_that_may_not_be_opened_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "a.mp3")
    put(tmp_path / "closed" / "b.mp3")
    scandir = os.scandir

    def refuse(place: str) -> os._ScandirIterator[str]:
        if place.endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return scandir(place)

    monkeypatch.setattr(os, "scandir", refuse)
    files, problems = find_audio_files(str(tmp_path))
    assert len(files) == 1
    assert [(p.column, p.reason) for p in problems] == [("folder", "Permission denied")]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names themselves")
def test_a_name_that_is_not_utf8_is_reported(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/caf\xe9.mp3", "wb") as file:
        file.write(mp3({}))
    put(tmp_path / "café.mp3")
    library = read(tmp_path)
    assert len(library.tracks) == 1
    assert "not UTF-8" in library.problems[0].reason


def test_a_folder_without_audio_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "notes.txt", content=b"")
    with pytest.raises(FormatError, match="no audio files in this folder; readable: .*mp3"):
        read(tmp_path)


def test_two_processes_read_what_one_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_files(tmp_path, 60)
    put(tmp_path / "Crate 1" / "bad.mp3", content=b"")
    files = find_audio_files(str(tmp_path))[0]
    alone = scan(str(tmp_path), files)
    monkeypatch.setattr(folder, "_WORTH_A_WORKER", 1)
    monkeypatch.setattr(folder, "_CHUNK", 7)
    told: list[int] = []
    assert scan(str(tmp_path), files, jobs=2, progress=told.append) == alone
    assert sum(told) == len(files) == 61
    assert len(told) == 9


def test_work_of_a_process_that_dies_is_done_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    make_files(tmp_path, 20)
    files = find_audio_files(str(tmp_path))[0]
    alone = scan(str(tmp_path), files)
    monkeypatch.setattr(folder, "_WORTH_A_WORKER", 1)
    monkeypatch.setattr(folder, "_CHUNK", 5)
    monkeypatch.setattr(folder, "_COMMAND", [sys.executable, "-c", "raise SystemExit(3)"])
    assert scan(str(tmp_path), files, jobs=2) == alone
    assert "died" in caplog.text


def test_an_interrupt_ends_every_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_files(tmp_path, 60)
    files = find_audio_files(str(tmp_path))[0]
    monkeypatch.setattr(folder, "_WORTH_A_WORKER", 1)
    monkeypatch.setattr(folder, "_CHUNK", 5)
    started: list[subprocess.Popen[str]] = []

    class Watched(subprocess.Popen[str]):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            started.append(self)

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(folder.subprocess, "Popen", Watched)
    with pytest.raises(KeyboardInterrupt):
        scan(str(tmp_path), files, jobs=2, progress=interrupt)
    assert len(started) == 2
    assert all(worker.returncode is not None for worker in started)


@pytest.mark.parametrize("jobs", [0, -1])
def test_no_processes_at_all_is_a_usage_error(tmp_path: Path, jobs: int) -> None:
    put(tmp_path / "a.mp3")
    with pytest.raises(UsageError, match="jobs must be 1 or more"):
        read(tmp_path, ReadOptions(jobs=jobs))


def titles(root: Path, cache: Path) -> dict[str, str]:
    tracks = read(root, ReadOptions(cache=cache)).tracks
    return {
        os.path.relpath(path, root): title
        for path, title in zip(tracks["path"], tracks["title"], strict=True)
    }


def test_an_unchanged_folder_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    music, cache = tmp_path / "music", tmp_path / "data" / "cache.sqlite"
    make_files(music, 12)
    put(music / "bad.mp3", content=b"")
    first = read(music, ReadOptions(cache=cache))
    monkeypatch.setattr(folder, "read_many", None)
    told: list[int] = []
    second = read(music, ReadOptions(cache=cache, progress=told.append))
    assert second.tracks.equals(first.tracks)
    assert second.problems == first.problems
    assert told == [13]


def test_changed_new_and_removed_files_are_noticed(tmp_path: Path) -> None:
    music, cache = tmp_path / "music", tmp_path / "cache.sqlite"
    put(music / "a.mp3", "A")
    put(music / "b.mp3", "B")
    put(tmp_path / "music2" / "z.mp3", "Z")
    titles(music, cache)
    assert titles(tmp_path / "music2", cache) == {"z.mp3": "Z"}
    put(music / "a.mp3", "Changed")
    (music / "b.mp3").unlink()
    put(music / "c.mp3", "C")
    assert titles(music, cache) == {"a.mp3": "Changed", "c.mp3": "C"}
    put(music / "b.mp3", "B again")
    assert titles(music, cache)["b.mp3"] == "B again"


def test_a_change_that_keeps_the_size_is_noticed_by_its_time(tmp_path: Path) -> None:
    music, cache = tmp_path / "music", tmp_path / "cache.sqlite"
    file = put(music / "a.mp3", "Old")
    titles(music, cache)
    put(file, "New")
    os.utime(file, ns=(1, 1))
    assert titles(music, cache) == {"a.mp3": "New"}


def test_a_scan_that_was_interrupted_goes_on_where_it_was(tmp_path: Path) -> None:
    music, cache = tmp_path / "music", tmp_path / "cache.sqlite"
    make_files(music, 120)
    files = find_audio_files(str(music))[0]

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scan(str(music), files, cache=cache, progress=interrupt)
    told: list[int] = []
    scan(str(music), files, cache=cache, progress=told.append)
    assert told[0] == 50
    assert sum(told) == 120


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_scan_that_was_killed_leaves_a_cache_that_can_be_used(tmp_path: Path) -> None:
    music, cache = tmp_path / "music", tmp_path / "cache.sqlite"
    for number in range(700):
        put(music / f"{number:03}.mp3", content=b"not audio")
    program = (
        "import os, signal, sys\nfrom djlib.formats.audio.folder import find_audio_files, scan\n"
        "seen = 0\n"
        "def count(n):\n    global seen\n    seen += n\n"
        "    if seen >= 650: os.kill(os.getpid(), signal.SIGKILL)\n"
        "scan(sys.argv[1], find_audio_files(sys.argv[1])[0], cache=sys.argv[2], progress=count)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(music), str(cache)], check=False)
    assert done.returncode == -signal.SIGKILL
    told: list[int] = []
    scan(str(music), find_audio_files(str(music))[0], cache=cache, progress=told.append)
    assert told[0] == 650
    assert sum(told) == 700
