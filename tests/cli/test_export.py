"""`djlib export`: buckets as playlists in new files, and never a person's own file harmed."""

from __future__ import annotations

import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from djlib.jobs.assign import AssignOptions, assign_buckets
from djlib.jobs.scan import ScanOptions, scan
from djlib.jobs.talk import Silent
from djlib.settings import Workspace, load_settings
from tests.cli.running import (
    PREDICTIONS,
    Row,
    as_json,
    djlib,
    done,
    edit,
    files,
    refused,
    rows,
    write_rows,
)
from tests.conftest import QUICK
from tests.formats.samples import rekordbox_playlist, rekordbox_xml

XML = Path("data/export/djlib_rekordbox.xml")

LOCATIONS = [
    "file://localhost/D:/Music/R%26B%20%5blive%5d%20#1%20+%20%c3%a9.mp3",
    "file://localhost/Users/dj/Music/Track%20#1%20+%20%c3%a9.mp3",
    "file://localhost/Volumes/USB/e%cc%81%20%e2%80%93%20100%25.mp3",
    "file://localhost//nas/music/a%20b.mp3",
]


@pytest.fixture(scope="module")
def _answered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = Workspace(tmp_path_factory.mktemp("answered") / "crates")
    made.root.mkdir()
    (made.root / "djlib.toml").write_text(QUICK)
    settings = load_settings(made.root, {})
    tracks = [
        {"TrackID": str(n), "Name": f"Song {n}", "Artist": f"Artist {n}", "Genre": "House"}
        | {"AverageBpm": "174.00" if n % 2 else "122.00", "TotalTime": "300"}
        | {"Location": f"file://localhost/D:/{n}.mp3" if n < 40 else LOCATIONS[n - 40]}
        for n in range(44)
    ]
    lists = rekordbox_playlist("Warm", [str(n) for n in range(0, 40, 2)])
    lists += rekordbox_playlist("Late", [str(n) for n in range(1, 40, 2)])
    source = rekordbox_xml(made.root, tracks, f'<NODE Type="0" Name="Sets">{lists}</NODE>')
    scan(made, settings, source, options=ScanOptions(), talk=Silent())
    assign_buckets(made, settings, options=AssignOptions(), talk=Silent())
    # Moved, so that no copy of it finds the tracks it was made from.
    return Path(shutil.move(made.root, tmp_path_factory.mktemp("moved")))


@pytest.fixture
def answered(_answered: Path, fresh: Path) -> Path:
    """A rekordbox export of 44 tracks, the last four unsorted with strange paths, answered for."""
    shutil.copytree(_answered, fresh, dirs_exist_ok=True)
    return fresh / "export.xml"


def playlists(file: Path = XML) -> dict[str, list[str]]:
    """Playlists of a rekordbox file by the way to them, and the names of the tracks in them."""
    root = ET.parse(file).getroot()
    names = {t.get("TrackID"): t.get("Name") or "" for t in root.iterfind("COLLECTION/TRACK")}
    found: dict[str, list[str]] = {}

    def walk(node: ET.Element, above: tuple[str, ...]) -> None:
        for child in node.iterfind("NODE"):
            path = (*above, child.get("Name") or "")
            if child.get("Type") == "1":
                found["/".join(path)] = [names[t.get("Key")] for t in child.iterfind("TRACK")]
            walk(child, path)

    start = root.find("PLAYLISTS/NODE")
    assert start is not None
    walk(start, ())
    return found


def test_sure_tracks_become_playlists_in_a_new_file(answered: Path) -> None:
    before = answered.read_bytes()
    report = as_json("export", "--to", "rekordbox")

    assert [r["status"] for r in rows()] == ["ok"] * 4
    assert playlists() == {
        "djlib/Sets/Late": ["Song 41", "Song 43"],
        "djlib/Sets/Warm": ["Song 40", "Song 42"],
    }
    assert report["playlists"] == {"Sets / Late": 2, "Sets / Warm": 2}
    assert report["written"] == [str(Path.cwd() / XML)]
    assert answered.read_bytes() == before


def test_locations_survive_byte_for_byte(answered: Path) -> None:
    done("export", "--to", "rekordbox")
    root = ET.parse(XML).getroot()

    assert [t.get("Location") for t in root.iterfind("COLLECTION/TRACK")] == LOCATIONS
    for location in LOCATIONS:
        assert location.encode() in XML.read_bytes()


def test_an_export_that_is_scanned_again_gives_no_labels(answered: Path) -> None:
    done("export", "--to", "rekordbox")
    report = as_json("scan", XML)

    assert report["tracks"] == 4
    assert report["buckets"] == {}
    assert set(report["left_out"].values()) == {"exported by djlib: its own guesses are no labels"}


def test_m3u8_playlists_are_one_file_each_with_the_paths_as_they_are(answered: Path) -> None:
    report = as_json("export", "--to", "m3u8", "--output", "lists")

    assert sorted(report["written"]) == ["lists/Sets/Late.m3u8", "lists/Sets/Warm.m3u8"]
    late = Path("lists/Sets/Late.m3u8").read_text("utf-8").splitlines()
    assert [line for line in late if not line.startswith("#")] == [
        "/Users/dj/Music/Track #1 + é.mp3",
        "//nas/music/a b.mp3",
    ]
    warm = Path("lists/Sets/Warm.m3u8").read_text("utf-8")
    assert "D:/Music/R&B [live] #1 + é.mp3" in warm
    assert "/Volumes/USB/e\u0301 – 100%.mp3" in warm


def test_unsure_tracks_are_left_out_unless_asked_for(answered: Path) -> None:
    done("assign-buckets", "--threshold", "1")
    line = refused("export", "--to", "rekordbox")

    assert "nothing to export: 4 unsure predictions" in line
    assert "--include-unsure" in line
    assert sum(map(len, as_json("export", "--to", "rekordbox", "--include-unsure")["playlists"]))
    assert sum(map(len, playlists().values())) == 4


def test_tracks_that_were_sorted_before_come_along_where_asked(answered: Path) -> None:
    done("export", "--to", "rekordbox", "--include-sorted")

    assert sum(map(len, playlists().values())) == 44


def test_corrections_count_before_predictions_whether_fed_back_or_not(answered: Path) -> None:
    def correct(number: int, row: Row) -> None:
        row["correct_bucket"] = "Sets / Late" if number == 0 else ""

    edit(correct)
    done("export", "--to", "rekordbox")
    assert "Song 40" in playlists()["djlib/Sets/Late"]
    done("feedback", PREDICTIONS)
    done("assign-buckets")
    done("export", "--to", "rekordbox")
    assert "Song 40" in playlists()["djlib/Sets/Late"]


def test_a_correction_by_another_spelling_makes_no_second_playlist(answered: Path) -> None:
    def correct(number: int, row: Row) -> None:
        row["correct_bucket"] = " sets / LATE" if number == 0 else ""

    edit(correct)
    done("export", "--to", "rekordbox")

    assert set(playlists()) == {"djlib/Sets/Late", "djlib/Sets/Warm"}


def test_a_correction_that_cannot_be_read_is_said_and_its_track_left_out(answered: Path) -> None:
    def correct(number: int, row: Row) -> None:
        row["correct_bucket"] = "#NAME?" if number == 0 else ""

    edit(correct)
    report = as_json("export", "--to", "rekordbox")

    assert report["tracks"] == 3
    assert [p["line"] for p in report["problems"]] == [2]
    assert "a spreadsheet's error" in report["problems"][0]["reason"]


def test_a_file_of_another_program_is_never_replaced(answered: Path) -> None:
    before = files()
    line = refused("export", "--to", "rekordbox", "--output", answered, code=2)

    assert "exists and was not written by djlib" in line
    Path("lists/Sets").mkdir(parents=True)
    Path("lists/Sets/Late.m3u8").write_text("mine\n")
    assert "was not written by djlib" in refused("export", "--to", "m3u8", "-o", "lists", code=2)
    assert files() == before | {"lists/Sets/Late.m3u8": b"mine\n"}


def test_an_own_file_is_replaced(answered: Path) -> None:
    done("export", "--to", "rekordbox")
    done("export", "--to", "rekordbox", "--folder", "Tonight")

    assert set(playlists()) == {"Tonight/Sets/Late", "Tonight/Sets/Warm"}


def test_a_dry_run_writes_nothing(answered: Path) -> None:
    before = files()
    said = done("export", "--to", "rekordbox", "--dry-run").stdout

    assert "4 tracks in 2 playlists" in said
    assert "Nothing written (--dry-run)." in said
    assert files() == before


def test_predictions_by_another_name_are_exported_too(answered: Path) -> None:
    PREDICTIONS.rename("tonight.csv")

    assert "no predictions" in refused("export", "--to", "rekordbox")
    assert as_json("export", "tonight.csv", "--to", "rekordbox")["tracks"] == 4


def test_tracks_without_a_file_are_named(fresh: Path) -> None:
    table: list[Row] = [
        {"track_id": str(n), "title": f"Song {n}", "bpm": "174" if n % 2 else "122"}
        | {"path": "" if n == 0 else f"/music/{n}.mp3", "bucket": "Late" if n % 2 else "Warm"}
        for n in range(20)
    ]
    done("assign-buckets", write_rows(Path("mine.csv"), table))
    report = as_json("export", "--to", "rekordbox")
    (problem,) = [p for p in report["problems"] if p["column"] == "path"]

    assert problem["value"] == "Song 0"
    assert "it has no file" in problem["reason"]


def test_a_library_that_is_gone_is_said(answered: Path) -> None:
    Path("data/tracks.parquet").unlink()
    line = refused("export", "--to", "rekordbox")

    assert "the files of 4 tracks are not known here; scan the library they are in" in line


def test_another_program_is_wrong_usage(answered: Path) -> None:
    result = djlib("export", "--to", "winamp")

    assert result.exit_code == 2
    assert "nothing is called 'winamp' to export to; there are rekordbox" in result.stderr
