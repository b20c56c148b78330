from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings

from djlib.errors import UsageError
from djlib.formats.collection import Playlist
from djlib.formats.dj.traktor import read, write_traktor
from djlib.formats.dj.traktor_places import BOOT_VOLUME, decode_volume, encode_volume, split_key
from djlib.formats.playlists import choose_buckets

from .samples import nml, nml_entry, nml_playlist, table
from .writing import PATHS


@settings(deadline=None, max_examples=200)
@given(path=PATHS)
@example("/a.mp3")
@example("/a//b.mp3")
@example("D:/a.mp3")
@example("//nas/a.mp3")
def test_a_place_leads_back_to_the_path(path: str) -> None:
    place = encode_volume(path)
    assert decode_volume(*place, BOOT_VOLUME) == path
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


def test_homes_on_a_second_disk_are_not_those_of_the_mac(tmp_path: Path) -> None:
    """Traktor does not say which disk is the Mac's own; the one with more of the library is."""
    entries = "".join(
        nml_entry(f"{volume} {n}", f'DIR="/:Users/:dj/:" FILE="{n}.mp3" VOLUME="{volume}"')
        for volume, count in (("Silver", 3), ("Backup", 2))
        for n in range(count)
    )
    original = read(nml(tmp_path, entries))
    paths = [f"/Users/dj/{n}.mp3" for n in range(3)]
    paths += [f"/Volumes/Backup/Users/dj/{n}.mp3" for n in range(2)]
    assert original.tracks["path"].tolist() == paths
    for tracks in (original.tracks, original.tracks[3:], original.tracks[3:].assign(location="")):
        write_traktor(tmp_path / "out.nml", tracks, [])
        again = read(tmp_path / "out.nml")
        assert again.tracks["path"].tolist() == tracks["path"].tolist()
        keys = again.tracks["location"].tolist()
        assert keys == original.tracks["location"].tolist()[-len(keys) :]
