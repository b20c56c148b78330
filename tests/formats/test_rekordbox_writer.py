from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from djlib.errors import UsageError
from djlib.formats.collection import Playlist
from djlib.formats.dj.rekordbox import read, write_rekordbox

from .samples import rekordbox_playlist, rekordbox_xml, table


def test_a_real_export_goes_through_unchanged(tmp_path: Path) -> None:
    original = read(rekordbox_xml(tmp_path, nodes=rekordbox_playlist("A", ["2", "3"])))
    file = tmp_path / "out.xml"
    assert write_rekordbox(file, original.tracks, original.playlists) == []
    again = read(file)
    columns = [c for c in original.tracks if c != "source_id"]
    pd.testing.assert_frame_equal(again.tracks[columns], original.tracks[columns])
    assert again.playlists == [Playlist(("djlib", "A"), original.playlists[0].track_ids)]


def test_counts_keys_and_nesting_are_right(tmp_path: Path) -> None:
    tracks = table(path=["/a.mp3", "/b.mp3", "/c.mp3"])
    playlists = [
        Playlist(("Sets", "Late"), ("t_2", "t_0")),
        Playlist(("Sets",), ("t_1",)),
        Playlist(("Empty",), ()),
    ]
    write_rekordbox(tmp_path / "x.xml", tracks, playlists)
    root = ElementTree.parse(tmp_path / "x.xml").getroot()
    collection = root.find("COLLECTION")
    assert collection is not None
    assert collection.get("Entries") == "3"
    assert len({int(t.attrib["TrackID"]) for t in collection}) == 3
    for node in root.iter("NODE"):
        assert int(node.get("Count") or node.get("Entries") or 0) == len(node)
    names = [node.get("Name") for node in root.iter("NODE")]
    assert names == ["ROOT", "djlib", "Sets", "Late", "Sets", "Empty"]
    late = next(node for node in root.iter("NODE") if node.get("Name") == "Late")
    titles = {t.attrib["TrackID"]: t.attrib["Name"] for t in collection}
    assert [titles[key.attrib["Key"]] for key in late] == ["Title 2", "Title 0"]


def test_the_location_rekordbox_wrote_is_copied_byte_for_byte(tmp_path: Path) -> None:
    written = "file://localhost/D:/a%2Fb%20%C3%A9~.mp3"  # not how djlib would spell it
    tracks = table(path=["D:/x.mp3", "D:/y.mp3"], location=[written, "Macintosh HD/:y.mp3"])
    write_rekordbox(tmp_path / "x.xml", tracks, [])
    text = (tmp_path / "x.xml").read_text()
    assert f'Location="{written}"' in text
    assert 'Location="file://localhost/D:/y.mp3"' in text


def test_tracks_without_a_usable_file_are_returned_as_problems(tmp_path: Path) -> None:
    tracks = table(title=["One", "Two", "Three"], path=["", "music/two.mp3", "/three.mp3"])
    playlist = Playlist(("A",), ("t_0", "t_1", "t_2", "t_9"))
    problems = write_rekordbox(tmp_path / "x.xml", tracks, [playlist])
    assert [p.value for p in problems] == ["One", "Two", "A"]
    assert len(read(tmp_path / "x.xml").playlists[0].track_ids) == 1


def test_missing_numbers_are_left_out(tmp_path: Path) -> None:
    tracks = table(path=["/a.mp3", "/b.mp3"], bpm=[np.nan, 128.0], year=[np.nan, 2001.0])
    write_rekordbox(tmp_path / "x.xml", tracks, [])
    text = (tmp_path / "x.xml").read_text()
    assert text.count("AverageBpm") == 1
    assert 'AverageBpm="128.00"' in text
    assert 'Year="2001"' in text


def test_tables_that_went_through_a_spreadsheet_can_be_exported(tmp_path: Path) -> None:
    tracks = table(
        path=["/a.mp3", "/b.mp3"],
        location=[np.nan, ""],
        rating=["4", ""],
        play_count=["many", "2"],
        comment=[None, "x"],
    )
    assert write_rekordbox(tmp_path / "x.xml", tracks, []) == []
    read_again = read(tmp_path / "x.xml").tracks
    assert read_again["path"].tolist() == ["/a.mp3", "/b.mp3"]
    assert read_again["comment"].tolist() == ["", "x"]
    assert read_again["rating"].tolist()[0] == 4
    assert read_again["play_count"].tolist()[1] == 2


def test_a_file_that_djlib_did_not_write_is_never_replaced(tmp_path: Path) -> None:
    file = rekordbox_xml(tmp_path)
    before = file.read_bytes()
    link = tmp_path / "link.xml"
    link.symlink_to(file)
    for target in (file, link, tmp_path):
        with pytest.raises(UsageError):
            write_rekordbox(target, table(path=["/a.mp3"]), [])
    assert file.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"notes", b"<DJ_PLAYLISTS/>", b"\xff\xfe\x00"])
def test_anything_unknown_counts_as_the_users_own(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "x.xml"
    file.write_bytes(content)
    with pytest.raises(UsageError, match="not written by djlib"):
        write_rekordbox(file, table(path=["/a.mp3"]), [])
    assert file.read_bytes() == content


def test_an_own_file_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "x.xml"
    write_rekordbox(file, table(path=["/a.mp3"]), [])
    write_rekordbox(file, table(path=["/a.mp3", "/b.mp3"]), [], folder="other")
    assert len(read(file).tracks) == 2
    assert [p.name for p in tmp_path.iterdir()] == ["x.xml"]
