"""`djlib duplicates`: copies and versions are found, the best is named, nothing is changed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pandas as pd

from djlib.workflows.library.duplicates import find_copies
from tests.cli.running import Row, as_json, done, files, refused, rows, write_rows
from tests.formats.audio_files import mp3, wav

LIST = Path("data/duplicates.csv")


def track(number: int, title: str, seconds: int = 300, **more: str) -> Row:
    row = {"track_id": str(number), "artist": "Moby", "title": title, "duration_s": str(seconds)}
    return {**row, "genres": "", "path": "", **more}


def table(*tracks: Row) -> Path:
    return write_rows(Path("mine.csv"), list(tracks))


def told(report: Any) -> list[tuple[str, str, str]]:
    return [(row["track_id"], row["kind"], row["suggestion"]) for row in report["rows"]]


def test_copies_and_versions_of_a_song_stand_together(fresh: Path) -> None:
    source = table(
        track(1, "Go"),
        track(2, "Porcelain"),
        track(3, "GO (Original Mix)", 301, genres="House"),
        track(4, "Go (Extended Mix)", 420),
        track(5, "Go (Orbital Remix)"),
    )
    before = files()
    report = as_json("duplicates", source)

    assert told(report) == [
        ("3", "same recording", "keep"),
        ("1", "same recording", "copy"),
        ("4", "other version", ""),
        ("5", "other version", ""),
    ]
    assert report["rows"][0]["why"] == "3 of 8 tags filled beside 2"
    assert (report["songs"], report["copies"], report["versions"]) == (1, 1, 2)
    assert files() == before | {str(LIST): LIST.read_bytes()}
    assert [row["track_id"] for row in rows(LIST)] == ["3", "1", "4", "5"]
    assert "1 song more than once, 1 copy" in done("duplicates", source).stdout


def test_versions_can_be_left_out(fresh: Path) -> None:
    source = table(track(1, "Go"), track(2, "Go"), track(3, "Go (Dub)"))

    assert [row[0] for row in told(as_json("duplicates", source, "--no-versions"))] == ["1", "2"]


def test_files_are_compared_byte_for_byte(fresh: Path) -> None:
    Path("music").mkdir()
    one = mp3(Path("music/a.mp3"))
    two = Path("music/renamed.mp3")
    two.write_bytes(one.read_bytes())
    source = table(
        track(1, "Go", path=str(one.absolute())),
        track(2, "Something Else", path=str(two.absolute())),
        track(3, "Porcelain", path=str(wav(Path("music/c.wav")).absolute())),
    )
    report = as_json("duplicates", source)

    assert told(report) == [("1", "same file", "keep"), ("2", "same file", "copy")]
    assert report["bytes"] == one.stat().st_size


def test_two_entries_of_one_path_are_one_file(fresh: Path) -> None:
    source = table(
        track(1, "Go", path="D:/Music/Go.mp3"), track(2, "Go (Live)", 600, path="d:\\music\\GO.mp3")
    )

    assert [row[1] for row in told(as_json("duplicates", source))] == ["same file"] * 2


def test_the_best_file_is_kept_and_the_reason_said(fresh: Path) -> None:
    Path("music").mkdir()
    made = [mp3(Path("music/a.mp3")), wav(Path("music/b.wav"))]
    source = table(
        track(1, "Go", path="/gone/go.flac", genres="House"),
        *(track(n, "Go", path=str(p.absolute())) for n, p in enumerate(made, start=2)),
    )
    report = as_json("duplicates", source)

    assert [row["track_id"] for row in report["rows"]] == ["3", "1", "2"]
    assert report["rows"][0]["why"] == "lossless (wav) beside mp3"


def test_what_was_scanned_is_looked_at_by_default(fresh: Path) -> None:
    done("scan", table(track(1, "Go"), track(2, "Go"), track(3, "Porcelain")))

    assert len(as_json("duplicates")["rows"]) == 2
    assert "does not exist" in refused("duplicates", "nowhere.csv")


def test_a_library_without_copies_says_so(fresh: Path) -> None:
    said = done("duplicates", table(track(1, "Go"), track(2, "Porcelain"))).stdout

    assert "2 tracks: 0 songs more than once, 0 copies" in said
    assert rows(LIST) == []


def test_time_grows_no_faster_than_the_library() -> None:
    seconds = []
    for n_rows in (2_000, 8_000):
        names = [f"{n * 7919 % 10007:x} {n * 104729 % 8191:x} {n % 97:x}" for n in range(n_rows)]
        tracks = pd.DataFrame(
            {"track_id": list(map(str, range(n_rows))), "artist": "Ana", "title": names}
        )
        started = time.process_time()
        find_copies(tracks)
        seconds.append(time.process_time() - started)
    assert seconds[1] < 12 * seconds[0]
