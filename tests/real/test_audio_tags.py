"""Small audio files of many kinds, some broken on purpose, read in place."""

from __future__ import annotations

from pathlib import Path

import pytest

from djlib.formats.audio.audio_tags import UNREADABLE_SUFFIXES
from djlib.formats.collection import Library
from djlib.formats.library import read_library

_FILES = Path(__file__).resolve().parents[3] / "shared" / "data" / "audio_tags"

pytestmark = pytest.mark.skipif(not _FILES.is_dir(), reason=f"no real data at {_FILES}")


@pytest.fixture(scope="module")
def scanned() -> Library:
    return read_library(_FILES, folder_names_as_playlists=True)


def test_every_file_is_a_track_or_a_problem(scanned: Library) -> None:
    audio = {str(file) for file in _FILES.rglob("*.*")}
    reported = {p.value for p in scanned.problems if p.column == "path"}
    tracks = set(scanned.tracks["path"])
    assert tracks | reported == audio
    assert not tracks & reported
    assert len(tracks) > 100


def test_every_problem_has_a_reason(scanned: Library) -> None:
    assert all(p.reason for p in scanned.problems)
    unsupported = [p.value for p in scanned.problems if "files cannot be read" in p.reason]
    assert {Path(value).suffix for value in unsupported} <= UNREADABLE_SUFFIXES


def test_every_track_has_a_title_and_most_have_a_length(scanned: Library) -> None:
    assert scanned.tracks["title"].ne("").all()
    assert scanned.tracks["duration_s"].notna().mean() > 0.8


def test_the_fully_tagged_files_agree_whatever_their_format(scanned: Library) -> None:
    full = scanned.tracks[scanned.tracks["path"].str.contains(r"_full\.")]
    assert len(full) >= 5
    for column, value in (("artist", "the artist"), ("title", "full"), ("genres", "the genre")):
        assert full[column].eq(value).all()
    assert full["year"].eq(2001).all()


def test_folders_are_playlists(scanned: Library) -> None:
    assert {playlist.name for playlist in scanned.playlists} == {"mediafile", "tinytag"}
