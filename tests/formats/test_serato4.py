from __future__ import annotations

from pathlib import Path

import pytest

from djlib.errors import FormatError
from djlib.formats.dj.serato4 import FORMAT, read
from djlib.formats.library import is_one_library, libraries_in, read_library
from djlib.formats.options import ReadOptions
from djlib.workflows.core.progress import NullReporter
from djlib.workflows.library.gather import gather

from .databases import SERATO_MASTER, SERATO_ROOT, database, entries
from .samples import is_known
from .test_serato import ONE, crate
from .test_serato import database as older

SPACES = entries("id name", (1, "Stems"), (2, "Serato Library"), (4, "Prepare"))
CONTAINERS = entries(
    "id parent_id name type list_order space_id",
    (0, None, "root", 0, 0, None),
    (1, 0, "Stems root", 0, 0, 1),
    (3, 0, "Serato Library root", 0, 0, 2),
    (4, 0, "Prepare root", 0, 0, 4),
    (9, 3, "Club", 1, 2, 2),
    (10, 9, "Late", 1, 3, 2),
    (11, 3, "Fast", 1, 1, 2),
    (14, 4, "Prepare", 1, 0, 4),
)
ASSETS = entries(
    "id portable_id name artist bpm key rating length_ms length_sec time_added dj_play_count year",
    (1, "Music/One.mp3", "One", "Ána", 127.5, "Am", 0.8, 200500, None, 1580992490, 7, "2018"),
    (2, "Music/Two.mp3", "", "", None, "", None, None, 100, 0, None, ""),
    (3, "Music/stem.mp4", "Stem", "", None, "", None, None, None, 0, None, ""),
    (4, "streaming://TIDAL/5", "Streamed", "Di", None, "1m", None, None, None, 0, None, ""),
)
IN_SPACES = entries("id asset_id space_id", (21, 1, 2), (22, 2, 2), (23, 3, 1), (24, 4, 2))
RULES = entries("container_id rules", (11, "{}"))


def root_database(file: Path) -> Path:
    members = entries(
        "container_id space_asset_id list_order", (10, 22, 2), (10, 21, 1), (9, 21, 1), (14, 21, 1)
    )
    rows = {
        "space": SPACES,
        "container": CONTAINERS,
        "asset": ASSETS,
        "space_asset": IN_SPACES,
        "container_asset": members,
        "smart_crate_rules": RULES,
    }
    return database(file, SERATO_ROOT, rows)


def master_database(file: Path) -> Path:
    """The same crates, of tracks in two places; each crate in a part for each place."""
    places = zip(ASSETS, (1, 2, 1, 1), strict=True)
    located = [{**row, "location_id": place, "key_value": -1} for row, place in places]
    rows = {
        "space": SPACES,
        "container": CONTAINERS,
        "asset": [*located, {"id": 5, "portable_id": "x.mp3", "location_id": 3, "key_value": 7}],
        "space_asset": [*IN_SPACES, {"id": 25, "asset_id": 5, "space_id": 2}],
        "location_container": entries("id container_id location_id", (31, 10, 1), (32, 10, 2)),
        "container_asset": entries(
            "location_container_id space_asset_id list_order", (31, 21, 1), (32, 22, 1), (31, 21, 2)
        ),
        "connection": entries(
            "location_id database_uri",
            (1, "/Users/dj/Library/Application Support/Serato/Library/root.sqlite"),
            (2, "/Volumes/USB #1/_Serato_/Library/location.sqlite"),
        ),
    }
    return database(file, SERATO_MASTER, rows)


def test_tracks_and_crates_of_one_drive_are_read(tmp_path: Path) -> None:
    library = read_library(root_database(tmp_path / "_Serato_/Library/location.sqlite"))
    one, two, streamed = library.tracks.to_dict("records")
    assert one["path"] == f"{tmp_path.as_posix()}/Music/One.mp3"
    assert (one["artist"], one["bpm"], one["key"], one["rating"]) == ("Ána", 127.5, "Am", 4)
    assert (one["duration_s"], one["date_added"], one["play_count"]) == (200.5, "2020-02-06", 7)
    assert (two["title"], two["duration_s"], two["date_added"]) == ("Two", 100, "")
    assert (streamed["path"], streamed["key"]) == ("", "1m")
    ids = library.tracks["track_id"].tolist()
    assert {p.path: (p.kind, list(p.track_ids)) for p in library.playlists} == {
        ("Fast",): ("smart", []),
        ("Club",): ("playlist", ids[:1]),
        ("Club", "Late"): ("playlist", ids[:2]),
    }


def test_the_computers_own_tracks_count_from_the_root(tmp_path: Path) -> None:
    assert read(root_database(tmp_path / "root.sqlite")).tracks.loc[0, "path"] == "/Music/One.mp3"


def test_the_database_of_all_drives_knows_where_each_is(tmp_path: Path) -> None:
    master_database(tmp_path / "master.sqlite")
    root_database(tmp_path / "root.sqlite")
    library = read_library(tmp_path)
    paths = library.tracks.set_index("title")["path"]
    assert paths.to_dict() == {
        "One": "/Music/One.mp3",
        "Two": "/Volumes/USB #1/Music/Two.mp3",
        "Streamed": "",
        "x": "",  # on a drive that Serato does not see now
    }
    assert library.tracks.set_index("title").loc["x", "key"] == "8A"
    late = next(p for p in library.playlists if p.path == ("Club", "Late"))
    assert len(late.track_ids) == 2


def test_a_folder_of_databases_is_one_library(tmp_path: Path) -> None:
    master_database(tmp_path / "Serato/Library/master.sqlite")
    root_database(tmp_path / "Serato/Library/root.sqlite")
    assert libraries_in(tmp_path) == [tmp_path / "Serato/Library"]
    assert is_one_library(tmp_path / "Serato/Library")
    (source,) = gather([tmp_path], ReadOptions(), NullReporter()).sources
    assert (source.kind, source.tracks) == ("Serato DJ 4 library", 4)


def test_the_older_library_beside_it_goes_first_since_serato_writes_both(tmp_path: Path) -> None:
    root_database(tmp_path / "_Serato_/Library/location.sqlite")
    assert read_library(tmp_path).source == "Serato DJ 4 library"
    assert read_library(tmp_path / "_Serato_").source == "Serato DJ 4 library"
    (tmp_path / "_Serato_/database V2").write_bytes(older(ONE))
    assert read_library(tmp_path).source == "Serato library"
    assert not is_known(FORMAT, tmp_path / "_Serato_")
    assert is_known(FORMAT, tmp_path / "_Serato_/Library/location.sqlite")


def test_a_crate_that_holds_itself_has_an_end(tmp_path: Path) -> None:
    loop = entries("id parent_id name type space_id", (1, 2, "A", 1, 2), (2, 1, "B", 1, 2))
    rows = {"space": SPACES, "container": loop, "asset": ASSETS[:1]}
    library = read(database(tmp_path / "root.sqlite", SERATO_ROOT, rows))
    assert sorted(p.path for p in library.playlists) == [("A", "B"), ("B", "A")]
    assert len(library.tracks) == 1  # of no space: all are taken


@pytest.mark.parametrize("tables", [{"x": "y"}, {"asset": "id name"}])
def test_another_database_of_this_name_is_said(tmp_path: Path, tables: dict[str, str]) -> None:
    with pytest.raises(FormatError, match="no table of tracks"):
        read(database(tmp_path / "root.sqlite", tables, {}))


def test_it_is_known_by_its_tables_too(tmp_path: Path) -> None:
    assert is_known(FORMAT, root_database(tmp_path / "backup of serato.db"))
    assert not is_known(FORMAT, tmp_path)
    (tmp_path / "root.sqlite").write_bytes(crate("a.mp3"))
    assert not is_known(FORMAT, tmp_path / "root.sqlite")
