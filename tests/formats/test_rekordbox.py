from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from djlib.errors import FormatError
from djlib.formats.dj import xml as xml_files
from djlib.formats.dj.rekordbox import FORMAT, read
from djlib.formats.options import ReadOptions

from .samples import TRACKS, is_known, rekordbox_playlist, rekordbox_xml


def test_attributes_become_columns(tmp_path: Path) -> None:
    track = {
        "TrackID": "98567750",
        "Name": "Night & Day",
        "Artist": "NA",
        "Album": "LP",
        "Genre": "House; Disco",
        "TotalTime": "201",
        "Year": "2017",
        "AverageBpm": "127.95",
        "DateAdded": "2018-11-15",
        "Comments": "8A - 6",
        "PlayCount": "3",
        "Rating": "255",
        "Location": "file://localhost/D:/DJ/R%26B%20#1.mp3",
        "Tonality": "Emin",
        "Label": "007",
    }
    row = read(rekordbox_xml(tmp_path, [track])).tracks.iloc[0].to_dict()
    assert row.pop("track_id").startswith("t_")
    assert row == {
        "artist": "NA",
        "title": "Night & Day",
        "album": "LP",
        "label": "007",
        "genres": "House; Disco",
        "bpm": 127.95,
        "key": "Emin",
        "year": 2017,
        "duration_s": 201,
        "date_added": "2018-11-15",
        "path": "D:/DJ/R&B #1.mp3",
        "location": "file://localhost/D:/DJ/R%26B%20#1.mp3",
        "source_id": "98567750",
        "comment": "8A - 6",
        "rating": 5,
        "play_count": 3,
    }


def test_missing_attributes_and_zeroes_are_missing_values(tmp_path: Path) -> None:
    track = {"TrackID": "1", "AverageBpm": "0.00", "Year": "0", "Location": "file://localhost/D:/a"}
    row = read(rekordbox_xml(tmp_path, [track])).tracks.iloc[0]
    assert (row["artist"], row["title"], row["key"]) == ("", "", "")
    assert np.isnan(row["bpm"])
    assert np.isnan(row["year"])
    assert np.isnan(row["rating"])


def test_ids_stay_when_the_export_renumbers_its_tracks(tmp_path: Path) -> None:
    renumbered = [{**track, "TrackID": str(9 - n)} for n, track in enumerate(TRACKS)]
    first = read(rekordbox_xml(tmp_path)).tracks
    second = read(rekordbox_xml(tmp_path, renumbered)).tracks
    assert first["track_id"].tolist() == second["track_id"].tolist()
    assert first["source_id"].tolist() != second["source_id"].tolist()


def test_playlists_stand_in_their_folders_and_counts_are_not_trusted(tmp_path: Path) -> None:
    nodes = (
        f'<NODE Type="0" Name="Sets" Count="7">{rekordbox_playlist("Warm up ", ["2", "3", "2"])}'
        f"</NODE>{rekordbox_playlist('Warm up', ['98567750'])}"
    )
    library = read(rekordbox_xml(tmp_path, nodes=nodes))
    ids = library.tracks["track_id"].tolist()
    found = {playlist.path: playlist.track_ids for playlist in library.playlists}
    assert found == {("Sets", "Warm up"): tuple(ids[1:]), ("Warm up",): (ids[0],)}


def test_keys_may_be_locations_in_any_spelling(tmp_path: Path) -> None:
    keys = ["file://localhost/D:/1.mp3", "file://localhost/d:/%32.MP3", "nothing"]
    library = read(rekordbox_xml(tmp_path, nodes=rekordbox_playlist("A", keys, key_type="1")))
    assert library.playlists[0].track_ids == tuple(library.tracks["track_id"][:2])
    assert "1 of its tracks" in library.problems[0].reason


def test_keys_that_are_not_in_the_collection_are_counted(tmp_path: Path) -> None:
    nodes = rekordbox_playlist("A", ["2", "77", "78"])
    library = read(rekordbox_xml(tmp_path, nodes=nodes))
    assert "2 of its tracks" in library.problems[0].reason
    assert len(library.playlists[0].track_ids) == 1


@pytest.mark.parametrize("location", ["tidal:tracks:17", "file://localhost/D:/%ff.mp3"])
def test_a_location_that_is_no_path_is_kept_and_reported(tmp_path: Path, location: str) -> None:
    track = {"TrackID": "1", "Name": "One", "Artist": "Ana", "Location": location}
    library = read(rekordbox_xml(tmp_path, [track]))
    assert library.tracks.loc[0, ["path", "location"]].tolist() == ["", location]
    assert (library.problems[0].line, library.problems[0].outcome) == (5, "value ignored")


def test_progress_counts_every_track_once(tmp_path: Path) -> None:
    tracks = [
        {"TrackID": str(n), "Name": "x" * 400, "Location": f"file://localhost/D:/{n}.mp3"}
        for n in range(2000)
    ]
    told: list[int] = []
    read(rekordbox_xml(tmp_path, tracks), ReadOptions(progress=told.append))
    assert sum(told) == 2000
    assert len(told) > 1


def test_broken_xml_is_refused_with_line_and_column(tmp_path: Path) -> None:
    file = rekordbox_xml(tmp_path)
    whole = file.read_text()
    file.write_text(whole[: whole.index("Two") + 1])
    with pytest.raises(FormatError, match=r"line 6, column \d+.*Export Collection"):
        read(file)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no element found"),
        ("<plist><dict/></plist>", "outermost element is <plist>"),
        ("<DJ_PLAYLISTS><PLAYLISTS/></DJ_PLAYLISTS>", "no <COLLECTION>"),
        ('<?xml version="1.0" encoding="x-none"?><DJ_PLAYLISTS/>', "encoding"),
    ],
)
def test_what_is_no_collection_is_refused(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "export.xml"
    file.write_text(text)
    with pytest.raises(FormatError, match=message):
        read(file)


def test_an_empty_collection_is_no_error(tmp_path: Path) -> None:
    library = read(rekordbox_xml(tmp_path, []))
    assert len(library.tracks) == 0
    assert library.playlists == []


@pytest.mark.parametrize(
    "entity",
    [
        '<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">',
        '<!ENTITY a SYSTEM "file:///etc/hostname">',
        '<!ENTITY % a SYSTEM "http://localhost/x.dtd"> %a;',
    ],
)
def test_declared_entities_are_refused(tmp_path: Path, entity: str) -> None:
    file = rekordbox_xml(tmp_path)
    text = file.read_text().replace("<DJ_PL", f"<!DOCTYPE x [{entity}]>\n<DJ_PL", 1)
    file.write_text(text)
    with pytest.raises(FormatError, match="declares the XML entity"):
        read(file)


def test_the_playlists_may_stand_before_the_collection(tmp_path: Path) -> None:
    file = rekordbox_xml(tmp_path, nodes=rekordbox_playlist("A", ["2"]))
    text = file.read_text()
    start, end = text.index("<PLAYLISTS>"), text.index("</DJ_PLAYLISTS>")
    moved = text[:start] + text[end:]
    file.write_text(moved.replace("<COLLECTION", text[start:end] + "<COLLECTION"))
    assert len(read(file).playlists[0].track_ids) == 1


def test_the_file_is_known_by_its_content(tmp_path: Path) -> None:
    assert is_known(FORMAT, rekordbox_xml(tmp_path, name="library.bak"))
    utf16 = tmp_path / "utf16.xml"
    text = rekordbox_xml(tmp_path).read_text().replace("UTF-8", "UTF-16")
    utf16.write_text(text, encoding="utf-16")
    assert is_known(FORMAT, utf16)
    assert len(read(utf16).tracks) == 3
    assert not is_known(FORMAT, tmp_path)


@pytest.mark.parametrize(
    ("written", "read_as", "n_signs"),
    [
        (b"a\x0bb\x00c", "a b c", 2),
        (b"a&#11;b&#x1F;c&#xFFFF;", "a b c", 3),
        (b"caf\xe9 noir", "caf\ufffd noir", 1),
        (b"a\xef\xbf\xbeb\xef\xbf\xbf", "a\ufffdb\ufffd", 2),
        (b"a\xed\xa0\x80b", "a\ufffd\ufffd\ufffdb", 3),
        (b"a&#233;&amp;\xc3\xa9", "aé&é", 0),
    ],
)
def test_signs_that_xml_forbids_are_replaced_and_counted(
    tmp_path: Path, written: bytes, read_as: str, n_signs: int
) -> None:
    file = rekordbox_xml(tmp_path)
    file.write_bytes(file.read_bytes().replace(b'"One"', b'"' + written + b'"'))
    library = read(file)
    assert library.tracks["title"].tolist()[0].strip() == read_as
    reasons = [p.reason for p in library.problems if p.outcome == "repaired"]
    assert [r.partition(" ")[0] for r in reasons] == [str(n_signs)] * bool(n_signs)


@pytest.mark.parametrize("chunk", [1, 2, 3, 7])
def test_pieces_of_any_size_give_the_same(
    tmp_path: Path, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = rekordbox_xml(tmp_path)
    file.write_bytes(file.read_bytes().replace(b'"One"', b'"&#x1F;\xc3\xa9&amp;\xff&#11;"'))
    monkeypatch.setattr(xml_files, "_CHUNK", chunk)
    library = read(file)
    assert library.tracks["title"].tolist()[0] == " é&\ufffd "
    assert [p.reason for p in library.problems] == ["3 signs that XML forbids were replaced"]


def test_half_a_letter_at_the_end_of_a_piece_stays_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = rekordbox_xml(tmp_path)
    data = file.read_bytes().replace(b'"One"', b'"One\xc3 more"')
    file.write_bytes(data)
    monkeypatch.setattr(xml_files, "_CHUNK", data.index(b"\xc3") + 1)
    assert read(file).tracks["title"].tolist()[0] == "One\ufffd more"
