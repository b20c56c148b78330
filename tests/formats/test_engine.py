from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from djlib.errors import FormatError
from djlib.formats.dj.engine import FORMAT, read
from djlib.formats.library import read_library

from .databases import (
    ENGINE_2_18,
    ENGINE_3_0,
    PRIME_1_7,
    PRIME_1_18,
    PRIME_VIEWS,
    database,
    entries,
)
from .samples import is_known

TODAY = """
CREATE TABLE Information (id INTEGER PRIMARY KEY, uuid TEXT);
CREATE TABLE Track (id INTEGER PRIMARY KEY, playOrder INTEGER, length INTEGER, bpm INTEGER,
  year INTEGER, path TEXT, filename TEXT, bpmAnalyzed REAL, title TEXT, artist TEXT, album TEXT,
  genre TEXT, comment TEXT, label TEXT, key INTEGER, rating INTEGER, dateAdded DATETIME,
  originDatabaseUuid TEXT, originTrackId INTEGER);
CREATE TABLE Playlist (id INTEGER PRIMARY KEY, title TEXT, parentListId INTEGER,
  isPersisted BOOLEAN, nextListId INTEGER);
CREATE TABLE PlaylistEntity (id INTEGER PRIMARY KEY, listId INTEGER, trackId INTEGER,
  databaseUuid TEXT, nextEntityId INTEGER, membershipReference INTEGER);
CREATE TABLE Smartlist (listUuid TEXT PRIMARY KEY, title TEXT, rules TEXT);
INSERT INTO Information VALUES (1, 'own');
INSERT INTO Track(id, length, bpm, year, path, filename, bpmAnalyzed, title, artist, label, key,
  rating, dateAdded, originDatabaseUuid, originTrackId) VALUES
  (1, 200, 128, 2018, '../Music/One.mp3', 'One.mp3', 127.99, 'One', 'Ana', 'L', 1, 80,
   1580992490, 'own', 1),
  (2, 0, 0, 0, 'Two.mp3', 'Two.mp3', 0, '', '', '', NULL, 0, 0, 'usb', 77);
INSERT INTO Playlist VALUES (1, 'Club', 0, 1, 0), (2, 'Late', 1, 1, 0), (3, 'Loop', 3, 1, 0);
INSERT INTO PlaylistEntity VALUES (1, 2, 1, 'own', 0, 0), (2, 2, 77, 'usb', 1, 0),
  (3, 2, 99, 'own', 0, 0);
INSERT INTO Smartlist VALUES ('u', 'Fast', '{}');
"""
PRIME = """
CREATE TABLE Information (id INTEGER PRIMARY KEY, uuid TEXT);
CREATE TABLE Track (id INTEGER PRIMARY KEY, length INTEGER, bpm INTEGER, year INTEGER, path TEXT,
  filename TEXT, bpmAnalyzed REAL);
CREATE TABLE MetaData (id INTEGER, type INTEGER, text TEXT);
CREATE TABLE MetaDataInteger (id INTEGER, type INTEGER, value INTEGER);
CREATE TABLE List (id INTEGER, type INTEGER, title TEXT, path TEXT);
CREATE TABLE ListTrackList (id INTEGER PRIMARY KEY, listId INTEGER, listType INTEGER,
  trackId INTEGER);
CREATE VIEW Crate AS SELECT id, title, path FROM List WHERE type = 4;
INSERT INTO Track VALUES (1, 200, 128, 2018, '../Music/One.mp3', 'One.mp3', 128.0);
INSERT INTO MetaData VALUES (1, 1, 'One'), (1, 2, 'Ana'), (1, 4, 'House'), (1, 10, '03:20');
INSERT INTO MetaDataInteger VALUES (1, 4, 2);
INSERT INTO List VALUES (1, 4, 'Late', 'Club;Late;'), (1, 1, 'Set', 'Set;'), (1, 2, 'Past', 'P;');
INSERT INTO ListTrackList VALUES (1, 1, 4, 1), (2, 1, 1, 1);
"""


def engine_library(folder: Path, script: str, inside: str = "Database2") -> Path:
    place = folder / "Engine Library" / inside
    place.mkdir(parents=True)
    with sqlite3.connect(place / "m.db") as db:
        db.executescript(script)
    db.close()
    return folder / "Engine Library"


def test_todays_library_is_read(tmp_path: Path) -> None:
    library = read_library(engine_library(tmp_path, TODAY))
    one, two = library.tracks.to_dict("records")
    assert one["path"] == f"{tmp_path.as_posix()}/Music/One.mp3"
    assert two["path"] == f"{tmp_path.as_posix()}/Engine Library/Two.mp3"
    assert (one["bpm"], one["key"], one["rating"], one["label"]) == (127.99, "Am", 4, "L")
    assert (one["date_added"], two["date_added"], two["title"]) == ("2020-02-06", "", "Two")
    ids = library.tracks["track_id"].tolist()
    assert [(p.path, p.kind, list(p.track_ids)) for p in library.playlists] == [
        (("Club", "Late"), "playlist", [ids[1], ids[0]]),
        (("Fast",), "smart", []),
    ]


def test_a_list_that_holds_itself_has_an_end(tmp_path: Path) -> None:
    script = TODAY + "INSERT INTO PlaylistEntity VALUES (9, 3, 1, 'own', 9, 0);"
    library = read(engine_library(tmp_path, script))
    assert [p.path for p in library.playlists if p.track_ids] == [("Club", "Late"), ("Loop",)]


def test_a_library_of_engine_prime_is_read(tmp_path: Path) -> None:
    library = read_library(engine_library(tmp_path, PRIME, inside=""))
    (one,) = library.tracks.to_dict("records")
    assert (one["title"], one["artist"], one["genres"], one["key"]) == ("One", "Ana", "House", "G")
    assert one["path"] == f"{tmp_path.as_posix()}/Music/One.mp3"
    assert [p.path for p in library.playlists] == [("Club", "Late"), ("Set",)]
    assert all(len(p.track_ids) == 1 for p in library.playlists)


@pytest.mark.parametrize("script", ["CREATE TABLE x (y)", "CREATE VIEW Track AS SELECT 1 AS path"])
def test_another_database_of_this_name_is_said(tmp_path: Path, script: str) -> None:
    with pytest.raises(FormatError, match="no table of tracks"):
        read(engine_library(tmp_path, script))


def test_a_database_cut_short_is_said(tmp_path: Path) -> None:
    file = engine_library(tmp_path, TODAY) / "Database2/m.db"
    file.write_bytes(file.read_bytes()[:6000])
    with pytest.raises(FormatError, match="close Engine DJ"):
        read(file)


def test_it_is_known_by_folder_and_file(tmp_path: Path) -> None:
    place = engine_library(tmp_path, TODAY)
    for known in (tmp_path, place, place / "Database2", place / "Database2/m.db"):
        assert is_known(FORMAT, known)
    assert not is_known(FORMAT, tmp_path / "nothing")


MEMBERS = "listId id nextEntityId trackId databaseUuid"
LISTS = entries("id title parentListId nextListId", (1, "Club", 0, 0), (2, "Late; 5", 1, 0))
TRACKS = entries(
    "id title artist path key rating bpmAnalyzed dateAdded length originDatabaseUuid originTrackId"
    " streamingSource",
    (1, "One", "Ána", "../Music/One #1.mp3", 11, 60, 127.99, 1580992490, 200, "own", 1, ""),
    (2, "Two", "", "../Music/Two.flac", 0, None, None, None, None, "usb", 77, None),
    (3, "Streamed", "Di", "streaming://TIDAL/5", None, 0, 0, 0, 0, "own", 3, "TIDAL"),
)


@pytest.mark.parametrize("tables", [ENGINE_2_18, ENGINE_3_0], ids=["2.18", "3.0"])
def test_the_whole_schema_of_engine_dj(tmp_path: Path, tables: dict[str, str]) -> None:
    rows = {
        "Information": [{"id": 1, "uuid": "own", "schemaVersionMajor": 2}],
        "Track": TRACKS,
        "Playlist": LISTS,
        "PlaylistEntity": entries(
            MEMBERS, (2, 1, 0, 1, "own"), (2, 2, 1, 77, "usb"), (1, 3, 0, 3, "own")
        ),
    }
    views = {"ChangeLog2": "SELECT 0", "PlaylistPath": "SELECT id, title AS path FROM Playlist"}
    if "Smartlist" in tables:
        rows["Smartlist"] = entries("listUuid title parentPlaylistPath", ("u", "Fast", "Club;"))
    database(tmp_path / "Engine Library/Database2/m.db", tables, rows, views)
    library = read_library(tmp_path / "Engine Library")
    one, two, streamed = library.tracks.to_dict("records")
    assert one["path"] == f"{tmp_path.as_posix()}/Music/One #1.mp3"
    assert (one["key"], one["rating"], one["date_added"]) == ("Abm", 3, "2020-02-06")
    assert (two["key"], two["bpm"] == two["bpm"], two["rating"] == two["rating"]) == (
        "C",
        False,
        False,
    )
    assert streamed["path"] == ""
    ids = library.tracks["track_id"].tolist()
    found = {p.path: (p.kind, list(p.track_ids)) for p in library.playlists}
    assert found.pop(("Club", "Fast"), ("smart", [])) == ("smart", [])
    assert found == {
        ("Club",): ("playlist", ids[2:]),
        ("Club", "Late; 5"): ("playlist", [ids[1], ids[0]]),
    }
    assert not library.problems


@pytest.mark.parametrize("is_first", [True, False], ids=["1.7", "1.18"])
def test_the_whole_schema_of_engine_prime(tmp_path: Path, is_first: bool) -> None:
    """Lists were tables of their own first, then one table with views of the old names."""
    track = {"id": 1, "length": 200, "bpm": 128, "path": "../One.mp3", "filename": "One.mp3"}
    texts = ((1, 1, "One"), (1, 2, "Ána"), (1, 6, "4AD"), (1, 10, "03:20"), (1, 13, "mp3"))
    rows: dict[str, list[dict[str, Any]]] = {
        "Information": [{"id": 1, "uuid": "own"}],
        "Track": [track],
        "MetaData": entries("id type text", *texts),
        "MetaDataInteger": entries("id type value", (1, 4, 2), (1, 5, 80), (1, 1, 1580992490)),
    }
    if is_first:
        rows |= {
            "Crate": entries("id title path", (1, "Late", "Club;Late;")),
            "CrateTrackList": entries("crateId trackId", (1, 1)),
            "Playlist": entries("id title", (1, "Set")),
            "PlaylistTrackList": entries("playlistId trackId trackNumber", (1, 1, 1)),
            "Historylist": entries("id title", (1, "History 1")),
            "HistorylistTrackList": entries("historylistId trackId", (1, 1)),
        }
    else:
        rows |= {
            "List": entries(
                "id type title path",
                (1, 4, "Late", "Club;Late;"),
                (1, 1, "Set", "Set;"),
                (1, 2, "History 1", "History 1;"),
                (1, 3, "Prepare", "Prepare;"),
            ),
            "ListTrackList": entries(
                "listId listType trackId", (1, 4, 1), (1, 1, 1), (1, 2, 1), (1, 3, 1)
            ),
        }
    tables, views = (PRIME_1_7, {}) if is_first else (PRIME_1_18, PRIME_VIEWS)
    database(tmp_path / "Engine Library/m.db", tables, rows, views)
    library = read_library(tmp_path / "Engine Library")
    (one,) = library.tracks.to_dict("records")
    assert (one["title"], one["artist"], one["label"], one["key"]) == ("One", "Ána", "4AD", "G")
    assert (one["rating"], one["duration_s"]) == (4, 200)
    assert {p.path: len(p.track_ids) for p in library.playlists} == {
        ("Club", "Late"): 1,
        ("Set",): 1,
    }
