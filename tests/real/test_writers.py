"""Real libraries written and read again, and the tags of real files changed and brought back."""

from __future__ import annotations

import shutil
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

from djlib.errors import FormatError
from djlib.formats.audio.file_patch import Patch
from djlib.formats.audio.tag_fields import Beside, Field, bring_back, change_field, read_field
from djlib.formats.collection import Library, Playlist
from djlib.formats.dj.rekordbox import write_rekordbox
from djlib.formats.dj.serato import write_serato
from djlib.formats.dj.traktor import write_traktor
from djlib.formats.library import read_library
from djlib.formats.locations import path_key

_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
_LIBRARIES = sorted((_DATA / "dj_software").glob("*.[xn]ml"))
_TAGGED = sorted(p for p in (_DATA / "audio_tags").rglob("*") if p.suffix)

pytestmark = pytest.mark.skipif(not _DATA.is_dir(), reason=f"no real data at {_DATA}")


def playlists_of(library: Library) -> list[Playlist]:
    """Playlists with a bucket's kind, each under a name of its own."""
    kept = {p.path: p for p in library.playlists if p.kind == "playlist"}
    return [Playlist(p.path, p.track_ids) for p in kept.values()]


def by_path(library: Library, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], tuple[str, ...]]:
    return {p.path[len(path) :]: p.track_ids for p in library.playlists}


@pytest.mark.parametrize("file", _LIBRARIES, ids=lambda file: file.name)
@pytest.mark.parametrize("to", ["rekordbox", "traktor"])
def test_a_library_goes_through_every_xml(file: Path, to: str, tmp_path: Path) -> None:
    original = read_library(file)
    lists = playlists_of(original)
    out = tmp_path / "out.xml"
    write = {"rekordbox": write_rekordbox, "traktor": write_traktor}[to]
    assert [p for p in write(out, original.tracks, lists) if p.outcome == "row left out"] == []
    again = read_library(out)
    same = ["track_id", "artist", "title", "album", "genres", "label", "path", "rating"]
    columns = [name for name in same if name in original.tracks]
    pd.testing.assert_frame_equal(again.tracks[columns], original.tracks[columns])
    assert by_path(again, ("djlib",)) == {p.path: p.track_ids for p in lists}
    again_bpm, bpm = again.tracks["bpm"], original.tracks["bpm"]
    pd.testing.assert_series_equal(again_bpm, bpm, atol=0.005)


@pytest.mark.parametrize("name", ["traktor_v15.nml", "traktor_v19.nml"])
def test_traktors_own_keys_are_copied(name: str, tmp_path: Path) -> None:
    file = _DATA / "dj_software" / name
    original = read_library(file)
    write_traktor(tmp_path / "out.nml", original.tracks, playlists_of(original))
    known = set(original.tracks["location"])
    root = ElementTree.parse(tmp_path / "out.nml")
    assert {key.attrib["KEY"] for key in root.iter("PRIMARYKEY")} <= known


@pytest.mark.parametrize("file", _LIBRARIES, ids=lambda file: file.name)
def test_a_library_goes_through_crates(file: Path, tmp_path: Path) -> None:
    original = read_library(file)
    lists = playlists_of(original)
    files, problems = write_serato(tmp_path, original.tracks, lists)
    assert len(files) >= len(lists)
    lost = {p.value for p in problems}
    names = dict(zip(original.tracks["track_id"], original.tracks["title"], strict=True))
    homes = {file.parents[2] for file in files}
    sizes = [len(p.track_ids) for home in homes for p in read_library(home).playlists]
    keys = dict(
        zip(original.tracks["track_id"], map(path_key, original.tracks["path"]), strict=True)
    )
    expected = [len({keys[t] for t in p.track_ids if names[t] not in lost}) for p in lists]
    assert sum(sizes) == sum(expected)


@pytest.mark.parametrize("field", ["grouping", "comment"])
@pytest.mark.parametrize("file", _TAGGED, ids=lambda file: file.name)
def test_a_tag_is_changed_and_brought_back_or_the_file_is_left(
    file: Path, field: Field, tmp_path: Path
) -> None:
    pytest.importorskip("mutagen", reason="mutagen is not installed: pip install .[tags]")
    copy = Path(shutil.copy(file, tmp_path / file.name))
    before, kept = copy.read_bytes(), list[Patch]()
    beside = Beside("t").of(copy, 1)
    try:
        change_field(copy, beside, field, ["Sets / Late; Früh"], kept.append)
    except FormatError:
        assert copy.read_bytes() == before
        return
    assert read_field(copy, field) == ["Sets / Late; Früh"]
    bring_back(copy, beside, kept[0])
    assert copy.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


def test_most_whole_files_take_a_tag(tmp_path: Path) -> None:
    pytest.importorskip("mutagen", reason="mutagen is not installed: pip install .[tags]")
    changed, refused = set[str](), list[str]()
    for file in _TAGGED:
        copy = Path(shutil.copy(file, tmp_path / file.name))
        try:
            change_field(copy, Beside("t").of(copy, 1), "grouping", ["Late"], lambda patch: None)
            changed.add(file.suffix)
        except FormatError as error:
            refused.append(str(error))
    suffixes = {".mp3", ".m4a", ".flac", ".ogg", ".wma", ".wav", ".aiff", ".opus", ".ape", ".wv"}
    assert suffixes <= changed
    assert len(refused) < len(_TAGGED) / 4
