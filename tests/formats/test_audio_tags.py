from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.scanning import flac, mp3
from djlib.formats.audio import audio_tags
from djlib.formats.audio.audio_tags import FIELDS, read_tags, values_of

TAGS = {
    "artist": "Ana",
    "title": "Só",
    "album": "LP",
    "publisher": "4AD",
    "genre": "House",
    "bpm": "127.95",
    "key": "8A",
    "year": "2017",
}


def tags_of(path: Path) -> dict[str, str]:
    text, reason = read_tags(str(path))
    assert reason == ""
    return dict(zip(FIELDS, values_of(text), strict=True))


@pytest.mark.parametrize("version", [3, 4])
def test_tags_of_an_mp3_are_read(tmp_path: Path, version: int) -> None:
    file = tmp_path / "a.mp3"
    file.write_bytes(mp3(TAGS, version=version))
    read = tags_of(file)
    assert float(read.pop("duration_s")) == pytest.approx(60 * 1152 / 44100, abs=0.1)
    assert read == {
        "artist": "Ana",
        "title": "Só",
        "album": "LP",
        "label": "4AD",
        "genres": "House",
        "bpm": "127.95",
        "key": "8A",
        "year": "2017",
        "comment": "",
    }


def test_tags_of_a_flac_are_read(tmp_path: Path) -> None:
    file = tmp_path / "a.flac"
    file.write_bytes(flac({**TAGS, "comment": "6"}, cover=b"x" * 100))
    read = tags_of(file)
    assert (read["bpm"], read["key"], read["label"]) == ("127.95", "8A", "4AD")
    assert (read["duration_s"], read["comment"]) == ("180.000", "6")


def test_several_genres_and_artists_are_joined(tmp_path: Path) -> None:
    file = tmp_path / "a.mp3"
    file.write_bytes(mp3({"genre": "House\x00Disco\x00House", "artist": "Ana\x00Bo"}))
    read = tags_of(file)
    assert (read["genres"], read["artist"]) == ("House; Disco", "Ana, Bo")


@pytest.mark.parametrize("tags", [{}, {"title": "  ", "artist": "Ana"}])
def test_a_file_without_a_title_is_called_by_its_name(tmp_path: Path, tags: dict[str, str]) -> None:
    file = tmp_path / "Ana - Só.v2.mp3"
    file.write_bytes(mp3(tags))
    assert tags_of(file)["title"] == "Ana - Só.v2"


def test_text_that_no_table_can_hold_is_repaired(tmp_path: Path) -> None:
    file = tmp_path / "a.flac"
    file.write_bytes(flac({"artist": "A\x00n\x1fa", "title": "x"}))
    read = tags_of(file)
    assert read["artist"] == "A n a"
    assert read["title"] == "x"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.mp3", b"", "the file is empty"),
        ("a.mp3", b"<html>not found</html>", "neither tags nor audio"),
        ("a.flac", b"nothing", "neither tags nor audio|cannot be read"),
        ("a.m4a", b"\xff\xfe", "cannot be read"),
        ("a.wav", b"RIFX", "cannot be read"),
    ],
)
def test_what_cannot_be_read_has_a_reason(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    text, given = read_tags(str(file))
    assert text == ""
    assert any(part in given for part in reason.split("|"))


def test_a_file_that_vanished_has_a_reason(tmp_path: Path) -> None:
    assert read_tags(str(tmp_path / "gone.mp3")) == (
        "",
        "its tags cannot be read: No such file or directory",
    )


def test_a_worker_loads_no_tables() -> None:
    program = (
        "import runpy, sys, io\nsys.stdin = io.StringIO()\n"
        f"runpy.run_path({audio_tags.__file__!r}, run_name='__main__')\n"
        "print(sorted({'pandas', 'numpy', 'pyarrow', 'djlib'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
