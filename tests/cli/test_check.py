"""`djlib check`: what is wrong with a table or a library, before anybody learns from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from djlib.tables.io import write_table
from tests.bucketing.test_label_quality import clear_library
from tests.cli.running import PREDICTIONS, Row, as_json, done, files, refused, write_rows
from tests.formats.samples import rekordbox_playlist, rekordbox_xml


@pytest.fixture
def doubtful(fresh: Path) -> Path:
    """A table with a gap, a double, a key nobody reads and a lonely label."""
    table: list[Row] = [
        {"track_id": str(n), "artist": f"Artist {n}", "title": f"Song {n}", "key": "8A"}
        | {"bpm": "124", "genres": "House", "bucket": "Peak" if n else "Paek"}
        for n in range(12)
    ]
    table[3]["bpm"] = ""
    table[4]["key"] = "nonsense"
    table[5] |= {"artist": "Artist 6", "title": "Song 6"}
    table.append(dict(table[7]))
    return write_rows(Path("doubtful.csv"), table)


def test_columns_gaps_doubles_and_problems_are_told(doubtful: Path) -> None:
    report = as_json("check", doubtful)

    columns = {c["name"]: c for c in report["quality"]["columns"]}
    assert report["table"] == "tracks"
    assert report["quality"]["rows"] == 13
    assert columns["bpm"]["missing"] == pytest.approx(1 / 13, abs=1e-3)
    assert columns["key"]["not_understood"] == pytest.approx(1 / 13, abs=1e-3)
    assert report["quality"]["findings"]


def test_a_person_sees_shares_and_what_is_worth_a_look(doubtful: Path) -> None:
    said = done("check", doubtful).stdout

    assert "doubtful.csv: 13 rows of tracks" in said
    assert "8 %" in said
    assert "Worth a look" in said


def test_a_clean_table_has_nothing_suspect(fresh: Path) -> None:
    table: list[Row] = [
        {"track_id": str(n), "artist": f"Artist {n}", "title": f"Song {n}", "bpm": "124"}
        for n in range(8)
    ]

    assert "Nothing suspect." in done("check", write_rows(Path("clean.csv"), table)).stdout


def test_other_tables_are_known_by_their_columns(learned: Path) -> None:
    done("assign-buckets")
    done("synth", "listings", "--rows", "30", "-o", "listings.csv")
    done("synth", "opportunities", "--rows", "30", "-o", "calls.parquet")

    assert as_json("check", PREDICTIONS)["table"] == "predictions"
    assert as_json("check", "listings.csv")["table"] == "listings"
    assert as_json("check", "calls.parquet")["table"] == "opportunities"


def test_a_library_is_checked_with_its_playlists(fresh: Path) -> None:
    tracks = [
        {"TrackID": str(n), "Name": f"Song {n}", "Location": f"file://localhost/D:/{n}.mp3"}
        for n in range(3)
    ]
    lists = rekordbox_playlist("Peak", ["0", "1"]) + rekordbox_playlist("Nothing", [])
    report = as_json("check", rekordbox_xml(fresh, tracks, lists))

    assert report["quality"]["rows"] == 3
    assert report["left_out"] == {"Nothing": "empty"}


def test_nothing_is_written(doubtful: Path) -> None:
    before = files()
    done("check", doubtful)

    assert files() == before
    assert sorted(p.name for p in Path().iterdir()) == ["djlib.toml", "doubtful.csv"]


def test_what_is_not_there_is_said(fresh: Path) -> None:
    assert "nowhere.csv does not exist" in refused("check", "nowhere.csv")


def test_what_was_scanned_is_checked_where_nothing_is_named(learned: Path) -> None:
    assert as_json("check")["source"].endswith("tracks.parquet")


@pytest.fixture
def misplaced(fresh: Path) -> Path:
    """A library of three clear crates in which one track is in the wrong one."""
    tracks = clear_library()
    tracks.loc[2, ["bucket", "buckets"]] = "Early"
    write_table(tracks, Path("misplaced.csv"))
    return Path("misplaced.csv")


def test_placements_that_look_odd_are_told_with_the_reason(misplaced: Path) -> None:
    said = done("check", misplaced, "--labels").stdout
    row = next(line for line in said.splitlines() if line.startswith("Artist 2 "))

    assert "Your placements that look odd (1)" in said
    assert "Early" in row
    assert "Late" in row
    assert "fit better" in row
    assert "djlib check --labels -o odd.csv" in said


def test_odd_placements_are_written_to_be_answered(misplaced: Path) -> None:
    said = done("check", misplaced, "--labels", "-o", "odd.csv").stdout
    report = as_json("check", misplaced, "--labels")

    assert "djlib feedback odd.csv" in said
    assert Path("odd.csv").read_text().startswith("track_id,artist,title,bucket,also_in,")
    assert [row["track_id"] for row in report["odd"]] == ["2"]
    assert report["written"] is None


def test_a_library_in_order_is_told_so(fresh: Path) -> None:
    write_table(clear_library(), Path("clear.csv"))

    assert "None of your placements looks odd." in done("check", "clear.csv", "--labels").stdout


def test_an_output_without_labels_is_refused(doubtful: Path) -> None:
    said = refused("check", doubtful, "-o", "odd.csv", code=2)

    assert "--output is written with --labels only" in said
