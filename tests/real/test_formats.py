"""Every file of DJ software and every tagged file at hand is read, or said with its reason."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from djlib.formats.audio.audio_tags import READABLE_SUFFIXES, UNREADABLE_SUFFIXES
from djlib.formats.library import read_library
from djlib.formats.options import ReadOptions
from djlib.workflows.core.progress import NullReporter
from djlib.workflows.library.gather import Gathered, gather

_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
_FILES = sorted(p for p in (_DATA / "dj_software").rglob("*") if p.is_file() and p.suffix != ".csv")

pytestmark = pytest.mark.skipif(not _DATA.is_dir(), reason=f"no real data at {_DATA}")


def gathered(*paths: Path) -> Gathered:
    return gather(paths, ReadOptions(), NullReporter())


@pytest.mark.parametrize("file", _FILES, ids=lambda file: file.name)
def test_every_file_of_dj_software_is_a_library(file: Path) -> None:
    assert len(read_library(file).tracks)


def test_the_folder_of_all_is_one_library() -> None:
    found = gathered(_DATA / "dj_software")
    kinds = [source.kind for source in found.sources]
    assert kinds == ["rekordbox XML"] * 2 + ["Traktor NML"] * 2 + ["Serato library"]
    each = [source.tracks for source in found.sources]
    assert max(each) < len(found.library.tracks) <= sum(each)
    assert found.library.tracks["track_id"].is_unique
    assert not [p for p in found.library.problems if p.column == "source"]


def test_a_serato_library_has_its_crates_and_tempi() -> None:
    library = read_library(_DATA / "dj_software/serato")
    assert [len(p.track_ids) for p in library.playlists] == [1, 2]
    assert library.tracks["bpm"].between(100, 140).all()
    assert library.tracks["key"].ne("").all()
    assert library.tracks["duration_s"].notna().all()
    assert not library.problems


def test_a_library_read_twice_under_two_names_is_one(tmp_path: Path) -> None:
    export = _DATA / "dj_software/rekordbox_5.8_mac.xml"
    copy = shutil.copy(export, tmp_path / "copy.xml")
    once, twice = gathered(export).library, gathered(export, Path(copy)).library
    assert twice.tracks["track_id"].tolist() == once.tracks["track_id"].tolist()
    assert [(p.path, p.track_ids) for p in twice.playlists] == [
        (p.path, p.track_ids) for p in once.playlists
    ]


def test_every_tagged_file_is_a_track_or_a_problem_with_a_reason() -> None:
    library = gathered(_DATA / "audio_tags").library
    suffixes = READABLE_SUFFIXES | UNREADABLE_SUFFIXES
    audio = {str(p) for p in (_DATA / "audio_tags").rglob("*") if p.suffix.lower() in suffixes}
    left_out = {p.value: p.reason for p in library.problems if p.outcome == "row left out"}
    assert set(library.tracks["path"]) | set(left_out) == audio
    assert all(left_out.values())
