"""`djlib scan`: whatever a library is, it becomes one table with playlists as buckets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from benchmarks.scanning import mp3
from tests.cli.running import Row, as_json, djlib, done, files, refused, write_rows
from tests.formats.samples import nml, nml_entry, nml_playlist, rekordbox_playlist, rekordbox_xml

LISTS = (
    rekordbox_playlist("Warm up", ["1", "2"])
    + rekordbox_playlist("Peak", ["2", "3"])
    + rekordbox_playlist("HISTORY 2026-01-02", ["1", "3"])
    + rekordbox_playlist("Empty", [])
)


def track(number: int, **attributes: str) -> dict[str, str]:
    place = f"file://localhost/D:/{number}.mp3"
    return {"TrackID": str(number), "Name": f"Song {number}", "Location": place, **attributes}


def scanned() -> pd.DataFrame:
    return pd.read_parquet("data/tracks.parquet")


@pytest.fixture
def export(fresh: Path) -> Path:
    """A rekordbox export of four tracks and four playlists."""
    tracks = [track(n, AverageBpm=f"{120 + n}.00", Tonality="8A") for n in range(1, 5)]
    return rekordbox_xml(fresh, tracks, LISTS)


def test_playlists_of_rekordbox_become_buckets(export: Path) -> None:
    report = as_json("scan", export)

    assert scanned()["buckets"].tolist() == ["Warm up", "Peak|Warm up", "Peak", ""]
    assert scanned()["bpm"].tolist() == [121, 122, 123, 124]
    assert report["buckets"] == {"Warm up": 2, "Peak": 2}
    assert (report["tracks"], report["sorted_tracks"]) == (4, 3)


def test_playlists_that_are_no_buckets_are_named_with_the_reason(export: Path) -> None:
    said = done("scan", export).stdout

    assert "4 tracks, 3 already sorted (75 %)" in said
    assert "HISTORY 2026-01-02: a history of what was played" in said
    assert "Empty: empty" in said
    assert "djlib assign-buckets" in said


def test_patterns_decide_which_playlists_count(export: Path) -> None:
    def buckets(*options: str) -> set[str]:
        return set(as_json("scan", export, *options)["buckets"])

    assert buckets("--include", "history*") == {"Warm up", "Peak", "HISTORY 2026-01-02"}
    assert buckets("--exclude", "peak") == {"Warm up"}
    assert buckets("--exclude", "Peak", "--exclude", "Warm*") == set()
    assert buckets("--all-playlists") == {"Warm up", "Peak", "HISTORY 2026-01-02"}
    assert buckets("--all-playlists", "--exclude", "H*") == {"Warm up", "Peak"}


def test_a_pattern_that_fits_nothing_is_said(export: Path) -> None:
    said = done("scan", export, "--exclude", "Pake").stdout

    assert "pattern 'Pake': no playlist is called so" in said


def test_a_dry_run_writes_nothing(export: Path) -> None:
    before = files()
    said = done("scan", export, "--dry-run")

    assert "4 tracks" in said.stdout
    assert "Written" not in said.stdout
    assert files() == before
    assert not Path("data").exists()


def test_a_library_of_traktor_becomes_a_table(fresh: Path) -> None:
    keys = [f"Macintosh HD/:Users/:dj/:Music/:Song {n}.mp3" for n in range(3)]
    entries = "".join(nml_entry(f"Song {n}", inner='<TEMPO BPM="124.9"/>') for n in range(3))
    lists = nml_playlist("Warm up", keys[:2]) + nml_playlist("Peak", keys[2:])
    report = as_json("scan", nml(fresh, entries, lists))

    assert report["buckets"] == {"Warm up": 2, "Peak": 1}
    assert scanned()["path"].tolist()[0] == "/Users/dj/Music/Song 0.mp3"


def test_a_table_is_taken_as_it_is_with_columns_of_its_own(fresh: Path) -> None:
    table = [
        {"Track ID": "007", "Name": "NA", "Tempo": "128,00", "Crate": "Peak", "mood": "dark"},
        {"Track ID": "8", "Name": "null", "Tempo": "fast", "Crate": "", "mood": "-"},
        {"Track ID": "8", "Name": "again", "Tempo": "", "Crate": "", "mood": ""},
    ]
    said = done("scan", write_rows(Path("mine.csv"), table)).stdout

    assert scanned()["track_id"].tolist() == ["007", "8"]
    assert scanned()["title"].tolist() == ["NA", "null"]
    assert scanned()["mood"].tolist() == ["dark", "-"]
    assert "line 3, bpm 'fast': not a number (value ignored)" in said
    assert "line 4, track_id '8': stands in line 3, other values: the first is used" in said
    assert "Nothing to learn from yet" in said


def test_folders_of_tagged_files_are_read_and_their_names_are_buckets_where_asked(
    fresh: Path,
) -> None:
    for place in ("House/a.mp3", "House/b.mp3", "Techno/c.mp3", "d.mp3"):
        file = Path("music") / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(mp3({"title": place, "bpm": "124"}))

    assert as_json("scan", "music")["buckets"] == {}
    report = as_json("scan", "music", "--folders-as-buckets")
    assert report["buckets"] == {"House": 2, "Techno": 1}
    assert scanned().set_index("title")["bucket"]["d.mp3"] == ""
    assert scanned()["bpm"].tolist() == [124] * 4


def test_a_dry_run_over_a_folder_remembers_nothing(fresh: Path) -> None:
    Path("music").mkdir()
    Path("music/a.mp3").write_bytes(mp3({"title": "A"}))
    before = files()
    done("scan", "music", "--dry-run")
    done("check", "music")

    assert files() == before


def test_a_new_scan_replaces_the_table_whole(export: Path) -> None:
    done("scan", export)
    done("scan", rekordbox_xml(Path(), [track(9)], name="new.xml"))

    assert scanned()["title"].tolist() == ["Song 9"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("nothing.xml", b"", "nothing.xml: it is empty; readable: rekordbox XML, Traktor NML"),
        ("page.xml", b"<html><body/></html>", "outermost element is <html>"),
        ("half.xml", b'<?xml version="1.0"?><DJ_PLAYLISTS><COLL', "broken XML at line 1"),
        ("notes.doc", b"dear diary", "notes.doc: it is a text of another kind"),
        ("sheet.csv", b"PK\x03\x04rest", "a zip or Excel file; save it as CSV"),
        ("empty.csv", b"", "empty.csv is empty; a table begins with a line of column names"),
        ("bare.csv", b"1,House,124\n2,Disco,118\n", "no header: the first line holds"),
        ("songs.csv", b"artist,title\nRobyn,Be Mine\n", "no column 'track_id'; found 'artist'"),
        ("rows.parquet", b"PAR1 no", "rows.parquet"),
    ],
)
def test_what_cannot_be_read_is_refused_and_replaces_nothing(
    export: Path, name: str, content: bytes, said: str
) -> None:
    done("scan", export)
    Path(name).write_bytes(content)
    before = files()

    assert said in refused("scan", name)
    assert files() == before


@pytest.mark.parametrize("name", ["nowhere.xml", "nowhere.csv", "nowhere"])
def test_what_is_not_there_is_said(fresh: Path, name: str) -> None:
    assert f"{name} does not exist" in refused("scan", name)


def test_a_folder_without_audio_is_refused(fresh: Path) -> None:
    Path("texts").mkdir()

    assert "no audio files in this folder" in refused("scan", "texts")


def test_a_library_in_which_no_track_is_usable_is_refused_with_the_first_reason(
    fresh: Path,
) -> None:
    table: list[Row] = [{"track_id": "", "title": "Be Mine"}]

    line = refused("scan", write_rows(Path("mine.csv"), table))
    assert "mine.csv: no track could be read; the first of 1 problems: line 2, track_id" in line


def test_json_lists_every_problem(fresh: Path) -> None:
    table: list[Row] = [{"track_id": str(n), "bpm": "fast"} for n in range(20)]
    write_rows(Path("mine.csv"), table)
    report: dict[str, Any] = as_json("scan", "mine.csv")

    assert len(report["problems"]) == 20
    assert report["problems"][0] == {
        "line": 2,
        "column": "bpm",
        "value": "fast",
        "reason": "not a number",
        "outcome": "value ignored",
    }
    assert "and 12 more; --json lists all" in done("scan", "mine.csv").stdout


def test_a_failed_scan_is_recorded_as_failed_in_a_workspace_only(fresh: Path) -> None:
    djlib("scan", "nowhere.csv")
    assert not Path("data").exists()

    Path("data").mkdir()
    djlib("scan", "nowhere.csv")
    noted = json.loads(Path("data/events/runs.jsonl").read_text())

    assert (noted["command"], noted["outcome"]) == ("scan", "failed")


@pytest.mark.parametrize("header", ["track_id,predicted_bucket", "track_id,correct_bucket"])
def test_a_file_of_answers_is_not_taken_for_a_library(fresh: Path, header: str) -> None:
    (fresh / "edited.csv").write_text(f"{header}\nt_1,Warm\n")

    assert "'djlib feedback edited.csv' takes corrections" in refused("scan", "edited.csv")
    assert not (fresh / "data").exists()


def test_several_sources_are_shown_and_scanned_again_without_a_name(export: Path) -> None:
    collection = nml(Path(), nml_entry("Song 9"), "")
    said = done("scan", export, collection).stdout
    assert "rekordbox XML" in said
    assert "Traktor NML" in said
    assert scanned()["source_ids"].tolist()[-1].startswith("Traktor NML: ")

    assert "Nothing changed since the last scan" in done("scan").stdout
    collection.write_bytes(nml(Path(), nml_entry("Other")).read_bytes())
    report = as_json("scan")
    assert report["tracks"] == 5
    assert [source["tracks"] for source in report["sources"]] == [4, 1]
    assert "Other" in set(scanned()["title"])


def test_one_unreadable_source_is_a_line_and_not_the_end(export: Path) -> None:
    said = done("scan", export, "gone.nml").stdout
    assert "4 tracks" in said
    assert "source 'gone.nml': gone.nml does not exist" in said


def test_without_a_first_scan_a_name_is_asked_for(fresh: Path) -> None:
    assert "nothing was scanned here yet" in refused("scan", code=2)
    assert "cannot be a --dry-run" in refused("scan", "x.xml", "--watch", "--dry-run", code=2)
