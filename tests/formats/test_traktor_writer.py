from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from djlib.errors import UsageError
from djlib.formats.collection import Playlist
from djlib.formats.locations import path_key
from djlib.formats.playlists import choose_buckets
from djlib.formats.traktor import FORMAT, read, write_traktor
from djlib.formats.traktor_places import decode_volume, encode_volume, split_key

from .samples import is_known, nml, nml_entry, nml_playlist, table
from .writing import NAMES, PATHS, as_read, in_xml


@settings(deadline=None, max_examples=60)
@given(
    titles=st.lists(NAMES, min_size=1, max_size=4),
    folders=st.lists(NAMES, max_size=2),
    name=NAMES,
    data=st.data(),
)
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory,
    titles: list[str],
    folders: list[str],
    name: str,
    data: st.DataObject,
) -> None:
    paths = data.draw(st.lists(PATHS, min_size=len(titles), max_size=len(titles), unique=True))
    tracks = table(title=titles, path=paths, artist=titles[::-1])
    file = tmp_path_factory.mktemp("export") / "djlib.nml"
    ids = tuple(tracks["track_id"])
    problems = write_traktor(file, tracks, [Playlist((*folders, name), ids[::-1])])
    sayable = [path for path in paths if in_xml(path) == path]
    assert len(problems) == len(paths) - len(sayable)
    library = read(file)
    assert is_known(FORMAT, file)
    assert not [
        p for p in library.problems if p.outcome == "row left out" and "entered" not in p.reason
    ]
    known = dict(zip(library.tracks["path"], library.tracks["title"], strict=True))
    assert set(known) <= set(sayable)
    assert len(known) == len(set(map(path_key, sayable)))
    for path, title in zip(paths, titles, strict=True):
        if path in known:  # two spellings of one accent are one file
            assert known[path] == in_xml(title)
    assert library.playlists[0].path == ("djlib", *map(as_read, folders), as_read(name))
    assert set(library.playlists[0].track_ids) == set(library.tracks["track_id"])


@settings(deadline=None, max_examples=200)
@given(path=PATHS)
@example("/a.mp3")
@example("/a//b.mp3")
@example("D:/a.mp3")
@example("//nas/a.mp3")
def test_a_place_leads_back_to_the_path(path: str) -> None:
    place = encode_volume(path)
    assert decode_volume(*place) == path
    if not place.volume.startswith("//"):
        assert split_key(place.key) == place


def test_a_real_collection_goes_through_unchanged(tmp_path: Path) -> None:
    inner = (
        '<ALBUM TITLE="LP"/><INFO GENRE="House" LABEL="4AD" COMMENT="x" PLAYCOUNT="2"'
        ' PLAYTIME_FLOAT="321.5" IMPORT_DATE="2011/3/29" RELEASE_DATE="2010/1/1" RANKING="204"/>'
        '<TEMPO BPM="126.500000"/><MUSICAL_KEY VALUE="21"/>'
    )
    disk = 'DIR="/:Users/:dj/:" FILE="Two.mp3" VOLUME="My disk"'
    entries = nml_entry("One", inner=inner) + nml_entry("Two", disk)
    keys = ["My disk/:Users/:dj/:Two.mp3", "Macintosh HD/:Users/:dj/:Music/:One.mp3"]
    original = read(nml(tmp_path, entries, nml_playlist("A", keys)))
    file = tmp_path / "out.nml"
    assert write_traktor(file, original.tracks, original.playlists) == []
    again = read(file)
    pd.testing.assert_frame_equal(again.tracks, original.tracks)
    assert again.playlists == [Playlist(("djlib", "A"), original.playlists[0].track_ids)]
    written = [key.attrib["KEY"] for key in ElementTree.parse(file).iter("PRIMARYKEY")]
    assert written == keys


def test_keys_of_files_are_copied_from_any_source_that_knows_them(tmp_path: Path) -> None:
    told = "rekordbox XML: 17; Traktor NML: My disk/:Users/:dj/:a;b.mp3; Mixxx library: 4"
    tracks = table(
        path=["/Users/dj/a;b.mp3", "/Users/dj/c.mp3", "/Users/dj/moved.mp3"],
        location=["file://localhost/Users/dj/a;b.mp3", "", "My disk/:Users/:dj/:old.mp3"],
        source_ids=[told, "", ""],
    )
    write_traktor(tmp_path / "x.nml", tracks, [])
    places = [dict(e.attrib) for e in ElementTree.parse(tmp_path / "x.nml").iter("LOCATION")]
    assert [place["FILE"] for place in places] == ["a;b.mp3", "c.mp3", "moved.mp3"]
    assert {place["VOLUME"] for place in places} == {"My disk"}  # the library says its name


@pytest.mark.parametrize(
    ("key", "key_name", "value", "tag"),
    [
        ("Am", "", "21", "Am"),
        ("F#m", "", "18", "F#m"),
        ("8A", "Am", "21", "8A"),
        ("8A", "", None, "8A"),
        ("off", "", None, "off"),
        ("", "", None, None),
    ],
)
def test_keys_are_numbered_where_they_are_known(
    tmp_path: Path, key: str, key_name: str, value: str | None, tag: str | None
) -> None:
    tracks = table(path=["/a.mp3"], key=[key], key_name=[key_name])
    write_traktor(tmp_path / "x.nml", tracks, [])
    root = ElementTree.parse(tmp_path / "x.nml")
    numbers = [found.get("VALUE") for found in root.iter("MUSICAL_KEY")]
    assert numbers == ([] if value is None else [value])
    assert [found.get("KEY") for found in root.iter("INFO")] == ([] if tag is None else [tag])


def test_counts_and_nesting_are_right(tmp_path: Path) -> None:
    playlists = [
        Playlist(("Sets", "Late"), ("t_1", "t_0")),
        Playlist(("Sets",), ("t_0",)),
        Playlist(("Empty",), ()),
    ]
    tracks = table(path=["/a.mp3", "/b.mp3"])
    write_traktor(tmp_path / "x.nml", tracks, playlists)
    root = ElementTree.parse(tmp_path / "x.nml").getroot()
    collection = root.find("COLLECTION")
    assert collection is not None
    assert collection.get("ENTRIES") == "2" == str(len(collection))
    for nodes in root.iter("SUBNODES"):
        assert int(nodes.attrib["COUNT"]) == len(nodes)
    for playlist in root.iter("PLAYLIST"):
        assert int(playlist.attrib["ENTRIES"]) == len(playlist)
    names = [node.get("NAME") for node in root.iter("NODE")]
    assert names == ["$ROOT", "djlib", "Sets", "Late", "Sets", "Empty"]
    uuids = [playlist.attrib["UUID"] for playlist in root.iter("PLAYLIST")]
    assert len(set(uuids)) == 3
    assert {len(uuid) for uuid in uuids} == {32}


def test_tracks_without_a_usable_file_are_returned_as_problems(tmp_path: Path) -> None:
    tracks = table(path=["", "music/two.mp3", "/a\x07.mp3", "/four.mp3"], bpm=[np.nan] * 4)
    playlist = Playlist(("A",), ("t_0", "t_1", "t_2", "t_3", "t_9"))
    problems = write_traktor(tmp_path / "x.nml", tracks, [playlist])
    assert [p.value for p in problems] == ["Title 0", "Title 1", "Title 2", "A"]
    assert len(read(tmp_path / "x.nml").playlists[0].track_ids) == 1


def test_the_collection_itself_is_never_replaced(tmp_path: Path) -> None:
    collection = nml(tmp_path, nml_entry())
    before = collection.read_bytes()
    with pytest.raises(UsageError, match="not written by djlib"):
        write_traktor(collection, table(path=["/a.mp3"]), [])
    assert collection.read_bytes() == before


def test_an_own_file_is_replaced_and_its_lists_are_no_labels(tmp_path: Path) -> None:
    file = tmp_path / "x.nml"
    for paths in (["/a.mp3"], ["/a.mp3", "/b.mp3"]):
        write_traktor(file, table(path=paths), [Playlist(("A",), ("t_0",))])
    library = read(file)
    assert len(library.tracks) == 2
    assert choose_buckets(library.tracks, library.playlists, include=["*"]).kept == []
