from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from djlib.errors import FormatError
from djlib.formats.dj.mixxx import FORMAT, read
from djlib.formats.library import read_library
from djlib.formats.playlists import choose_buckets

from .databases import MIXXX_1, MIXXX_41
from .databases import database as make
from .samples import is_known

SCHEMA = """
CREATE TABLE track_locations (id INTEGER PRIMARY KEY AUTOINCREMENT, location varchar(512) UNIQUE,
  filename varchar(512), directory varchar(512), filesize INTEGER, fs_deleted INTEGER,
  needs_verification INTEGER);
CREATE TABLE library (id INTEGER PRIMARY KEY AUTOINCREMENT, artist varchar(64), title varchar(64),
  album varchar(64), year varchar(16), genre varchar(64), tracknumber varchar(3),
  location INTEGER REFERENCES track_locations(location), comment varchar(256), duration FLOAT,
  bpm FLOAT, datetime_added DEFAULT CURRENT_TIMESTAMP, mixxx_deleted INTEGER,
  timesplayed INTEGER DEFAULT 0, rating INTEGER DEFAULT 0, key varchar(8) DEFAULT '');
CREATE TABLE crates (id INTEGER PRIMARY KEY AUTOINCREMENT, name varchar(48) UNIQUE NOT NULL,
  count INTEGER DEFAULT 0, show INTEGER DEFAULT 1);
CREATE TABLE crate_tracks (crate_id INTEGER NOT NULL, track_id INTEGER NOT NULL);
CREATE TABLE Playlists (id INTEGER PRIMARY KEY, name varchar(48), position INTEGER,
  hidden INTEGER DEFAULT 0 NOT NULL);
CREATE TABLE PlaylistTracks (id INTEGER PRIMARY KEY, playlist_id INTEGER, track_id INTEGER,
  position INTEGER);
"""
ROWS = """
INSERT INTO track_locations(id, location) VALUES (11, '/m/One.mp3'), (12, '/m/Two.mp3'),
  (13, '/m/Gone.mp3');
INSERT INTO library(id, artist, title, genre, year, location, duration, bpm, datetime_added,
  mixxx_deleted, timesplayed, rating, key) VALUES
  (1, 'Ána', 'One', 'House', '2018', 11, 200.5, 128.0, '2024-03-04T05:06:07', 0, 7, 4, 'Am'),
  (2, '', '', '', '', 12, 0, 0, '', 0, 0, 0, ''),
  (3, 'Cy', 'Gone', '', '', 13, 1, 120, '', 1, 0, 0, '');
INSERT INTO crates(id, name) VALUES (1, 'Late'), (2, 'Empty');
INSERT INTO crate_tracks VALUES (1, 1), (1, 3), (1, 2);
INSERT INTO Playlists VALUES (1, 'Set', 1, 0), (2, 'Auto DJ', 2, 1), (3, '2024-05-06', 3, 2);
INSERT INTO PlaylistTracks VALUES (1, 1, 2, 2), (2, 1, 1, 1), (3, 2, 1, 1), (4, 3, 1, 1);
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    file = tmp_path / "mixxxdb.sqlite"
    with sqlite3.connect(file) as db:
        db.executescript(SCHEMA + ROWS)
    db.close()
    return file


def test_tracks_crates_and_playlists_are_read(database: Path) -> None:
    library = read_library(database)
    one, two = library.tracks.to_dict("records")
    assert (one["artist"], one["bpm"], one["key"], one["rating"]) == ("Ána", 128, "Am", 4)
    assert (one["path"], one["source_id"], one["date_added"]) == ("/m/One.mp3", "1", "2024-03-04")
    assert two["title"] == "Two"
    assert two["bpm"] != two["bpm"]
    ids = library.tracks["track_id"].tolist()
    assert {p.name: list(p.track_ids) for p in library.playlists} == {
        "Empty": [],
        "Late": ids,
        "Set": ids,
        "HISTORY 2024-05-06": ids[:1],
    }
    assert [p.reason for p in library.problems] == ["1 of its tracks are not in the collection"]
    choice = choose_buckets(library.tracks, library.playlists)
    assert [p.name for p in choice.kept] == ["Late", "Set"]


def test_the_database_and_its_folder_stay_as_they_are(database: Path) -> None:
    (database.parent / "mixxxdb.sqlite-wal").touch()  # empty, as after a clean end
    before = {
        file.name: (file.read_bytes(), file.stat().st_mtime_ns)
        for file in database.parent.iterdir()
    }
    os.chmod(database, 0o400)
    read(database.parent)
    after = {
        file.name: (file.read_bytes(), file.stat().st_mtime_ns)
        for file in database.parent.iterdir()
    }
    assert after == before


def test_a_database_in_use_is_read_with_its_latest_changes_and_without_a_lock(
    database: Path,
) -> None:
    running = sqlite3.connect(database, isolation_level=None)
    running.execute("PRAGMA journal_mode = WAL")
    running.execute("UPDATE library SET title = 'Renamed' WHERE id = 1")
    running.execute("BEGIN IMMEDIATE")  # a writer at work
    running.execute("UPDATE library SET title = 'Not yet' WHERE id = 2")
    assert read(database).tracks["title"].tolist() == ["Renamed", "Two"]
    running.execute("COMMIT")
    assert read(database).tracks["title"].tolist() == ["Renamed", "Not yet"]
    running.close()


@pytest.mark.parametrize("keep", [16, 100, 1000, 5000])
def test_a_damaged_database_is_said(database: Path, keep: int) -> None:
    data = database.read_bytes()
    database.write_bytes(data[:keep])
    with pytest.raises(FormatError, match=r"mixxxdb\.sqlite: .*close Mixxx"):
        read(database)


def test_zeroes_in_the_middle_are_said(database: Path) -> None:
    data = bytearray(database.read_bytes())
    data[4096:] = bytes(len(data) - 4096)
    database.write_bytes(bytes(data))
    with pytest.raises(FormatError, match="damaged"):
        read(database)


def test_views_and_virtual_tables_are_not_asked(tmp_path: Path) -> None:
    file = tmp_path / "mixxxdb.sqlite"
    with sqlite3.connect(file) as db:
        db.execute("CREATE TABLE track_locations (id, location)")
        db.execute(
            "CREATE VIEW library AS WITH RECURSIVE n(id) AS "
            "(SELECT 1 UNION ALL SELECT id + 1 FROM n) SELECT id FROM n"
        )
    db.close()
    with pytest.raises(FormatError, match="no table of tracks"):
        read(file)


def test_an_older_revision_lacks_columns_and_tables(tmp_path: Path) -> None:
    file = tmp_path / "mixxxdb.sqlite"
    with sqlite3.connect(file) as db:
        db.executescript(
            "CREATE TABLE track_locations (id, location);"
            "INSERT INTO track_locations VALUES (1, '/a.mp3');"
            "CREATE TABLE library (id, title, location); INSERT INTO library VALUES (1, x'ff41', 1)"
        )
    db.close()
    assert read(file).tracks["title"].tolist() == ["\ufffdA"]


def test_it_is_known_by_its_tables(database: Path) -> None:
    assert is_known(FORMAT, database.parent)
    assert is_known(FORMAT, database.rename(database.with_name("copy.bak")))


@pytest.mark.parametrize("tables", [MIXXX_1, MIXXX_41], ids=["revision 1", "revision 41"])
def test_the_whole_schema_of_the_first_and_the_latest_revision(
    tmp_path: Path, tables: dict[str, str]
) -> None:
    is_first = tables is MIXXX_1
    place = "C:/Music/Öl #1.mp3"
    track = {
        "id": 7,
        "title": "Öl",
        "artist": "Cy",
        "year": "2018-05-06",
        "bpm": 171.98,
        "duration": 61.5,
        "datetime_added": "2024-03-04 05:06:07",
        "mixxx_deleted": 0,
        "location": place if is_first else 3,
    }
    newer = {"key": "F#m", "rating": 3, "timesplayed": 4, "grouping": "x", "key_id": 22}
    rows = {
        "track_locations": [{"id": 3, "location": place, "fs_deleted": 1}],
        "library": [track if is_first else {**track, **newer}],
        "crates": [{"id": 1, "name": "A / B", "show": 0}],
        "crate_tracks": [{"crate_id": 1, "track_id": 7}],
        "Playlists": [{"id": 1, "name": "Auto DJ", "hidden": 1, "position": 1}],
    }
    library = read_library(make(tmp_path / "mixxxdb.sqlite", tables, rows))
    (row,) = library.tracks.to_dict("records")
    assert (row["path"], row["year"], row["bpm"]) == (place, 2018, 171.98)
    assert (row["key"], row["date_added"]) == ("" if is_first else "F#m", "2024-03-04")
    assert [p.name for p in library.playlists] == ["A / B"]
    assert not library.problems
