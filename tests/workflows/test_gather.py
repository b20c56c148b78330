"""What a person names is read in any mix, and what cannot be read is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.scanning import mp3
from djlib.errors import DjlibError, FormatError
from djlib.formats.options import ReadOptions
from djlib.workflows.core.progress import NullReporter
from djlib.workflows.library.gather import gather
from tests.formats.samples import nml, nml_entry, nml_playlist, rekordbox_xml
from tests.formats.test_serato import crate, library


def kinds(*paths: Path) -> list[str]:
    return [source.kind for source in gather(paths, ReadOptions(), NullReporter()).sources]


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """A folder with two audio files, a Serato library of one of them and a Traktor collection."""
    for name in ("One", "Two"):
        (tmp_path / f"{name}.mp3").write_bytes(mp3({"title": name, "artist": "Ana"}))
    library(tmp_path, [{"pfil": "One.mp3", "tbpm": "126"}], {"Late.crate": crate("One.mp3")})
    place = f'DIR="/:" FILE="Two.mp3" VOLUME="{tmp_path}"'
    nml(tmp_path, nml_entry("Two", place), nml_playlist("Peak", [f"{tmp_path}/:Two.mp3"]))
    return tmp_path


def test_a_folder_gives_its_libraries_and_its_audio_files(music: Path) -> None:
    found = gather([music], ReadOptions(), NullReporter())
    assert [s.kind for s in found.sources] == [
        "Serato library",
        "Traktor NML",
        "a folder of audio files",
    ]
    one = found.library.tracks.set_index("title").loc["One"]
    assert (one["bpm"], one["artist"]) == (126, "Ana")
    assert [p.name for p in found.library.playlists] == ["Late", "Peak"]
    assert len(found.library.tracks) == 2


def test_what_one_program_keeps_is_read_as_one(music: Path) -> None:
    assert kinds(music / "_Serato_") == ["Serato library"]
    assert kinds(music / "_Serato_/Subcrates/Late.crate") == ["Serato library"]


def test_backups_inside_a_folder_are_not_looked_at(music: Path) -> None:
    (music / "Backup").mkdir()
    (music / "collection.nml").rename(music / "Backup/collection.nml")
    assert "Traktor NML" not in kinds(music)
    assert kinds(music / "Backup") == ["Traktor NML"]


def test_any_mix_is_read_and_the_unreadable_is_a_problem(tmp_path: Path) -> None:
    export = rekordbox_xml(tmp_path)
    table = tmp_path / "more.csv"
    table.write_text("track_id,artist,title,bucket\n7,Ana,One,Peak\n8,Di,Four,Late\n")
    broken = tmp_path / "broken.nml"
    broken.write_text("<NML><COLL")
    found = gather([export, broken, table, tmp_path / "gone"], ReadOptions(), NullReporter())
    assert [s.kind for s in found.sources] == ["rekordbox XML", "table"]
    assert [(p.column, Path(p.value).name) for p in found.library.problems] == [
        ("source", "broken.nml"),
        ("source", "gone"),
    ]
    tracks = found.library.tracks
    assert tracks["bucket"].tolist() == ["Peak", "", "", "Late"]
    assert tracks["source_ids"].tolist()[0] == "rekordbox XML: 98567750; table: 7"


def test_where_nothing_can_be_read_the_first_reason_is_the_error(tmp_path: Path) -> None:
    broken = tmp_path / "broken.nml"
    broken.write_text("<NML><COLL")
    with pytest.raises(FormatError, match="broken XML"):
        gather([broken, tmp_path / "gone"], ReadOptions(), NullReporter())
    with pytest.raises(DjlibError, match="broken XML"):
        gather([tmp_path], ReadOptions(), NullReporter())
