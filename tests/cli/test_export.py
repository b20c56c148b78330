"""`djlib export`: buckets as playlists in new files, and never a person's own file harmed."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

from djlib.formats.dj.serato_chunks import chunk_records, fields, text
from tests.cli.conftest import LOCATIONS
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

XML = Path("data/export/djlib_rekordbox.xml")
NML = Path("data/export/djlib_traktor.nml")
CRATES = Path("data/export/djlib_serato")


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


def test_traktor_gets_a_file_of_its_own(answered: Path) -> None:
    report = as_json("export", "--to", "traktor", "--keys", "camelot")

    assert report["written"] == [str(Path.cwd() / NML)]
    root = ET.parse(NML).getroot()
    names = [node.get("NAME") for node in root.iter("NODE")]
    assert names == ["$ROOT", "djlib", "Sets", "Late", "Warm"]
    assert [found.get("KEY") for found in root.iter("INFO")] == ["8A"] * 4
    assert [found.get("VALUE") for found in root.iter("MUSICAL_KEY")] == ["21"] * 4
    assert "D:/:Music/:R&B [live] #1 + é.mp3" in [k.get("KEY") for k in root.iter("PRIMARYKEY")]


def test_serato_gets_crates_inside_each_other(answered: Path) -> None:
    report = as_json("export", "--to", "serato")

    late = CRATES / "root/_Serato_/Subcrates/djlib%%Sets%%Late.crate"
    there = {path.relative_to(CRATES).parts[0] for path in CRATES.rglob("*.crate")}
    assert there == {"Volumes_USB", "D_", "root"}
    assert str(Path.cwd() / late) in report["written"]
    found = [text(fields(data)[b"ptrk"]) for _, data in chunk_records(late, b"otrk")]
    assert found == ["Users/dj/Music/Track #1 + é.mp3"]
    assert "it is on a network share" in report["problems"][0]["reason"]


def test_a_table_is_a_row_a_track_with_its_buckets(answered: Path) -> None:
    done("export", "--to", "csv", "--output", "buckets.csv", "--keys", "openkey")
    table = rows(Path("buckets.csv"))

    assert [row["bucket"] for row in table] == ["Sets / Warm", "Sets / Late"] * 2
    assert {row["key"] for row in table} == {"1m"}
    assert "key_name" not in table[0]
    assert "should end in .csv" in refused("export", "--to", "csv", "-o", "x.txt", code=2)


def test_keys_are_written_in_every_notation(answered: Path) -> None:
    for notation, key in {
        "camelot": "8A",
        "openkey": "1m",
        "musical": "Am",
        "as-is": "Amin",
    }.items():
        done("export", "--keys", notation)
        root = ET.parse(XML).getroot()
        assert {t.get("Tonality") for t in root.iterfind("COLLECTION/TRACK")} == {key}


def test_playlist_files_may_have_relative_paths_and_a_mark(answered: Path) -> None:
    done("export", "--to", "m3u8", "--output", "lists", "--relative", "--bom", "--forward-slash")
    data = Path("lists/Sets/Late.m3u8").read_bytes()

    assert data.startswith(b"\xef\xbb\xbf#EXTM3U")
    line = next(found for found in data.decode().splitlines() if "Track #1" in found)
    assert line.startswith("../")
    assert line.endswith("Users/dj/Music/Track #1 + é.mp3")
    done("export", "--to", "m3u", "--output", "lists")
    assert b"\xe9.mp3" in Path("lists/Sets/Late.m3u").read_bytes()


def test_only_what_is_new_since_the_last_export_is_written(answered: Path) -> None:
    first = as_json("export", "--only-new")
    assert first["tracks"] == 4
    assert first["changes"]["since"] is None
    again = as_json("export", "--only-new")
    assert (again["tracks"], again["written"]) == (0, [])
    assert sum(map(len, playlists().values())) == 4  # what was written stays
    assert "Nothing is new since the last export" in done("export", "--only-new").stdout

    def correct(number: int, row: Row) -> None:
        row["correct_bucket"] = "New" if number == 0 else ""

    edit(correct)
    third = as_json("export", "--only-new")
    assert playlists() == {"djlib/New": ["Song 40"]}
    assert {b: len(ids) for b, ids in third["changes"]["added"].items()} == {"New": 1}
    assert as_json("export", "--only-new")["tracks"] == 0


def test_what_changes_is_said_before_it_is_written(answered: Path) -> None:
    done("export", "--to", "m3u8")

    def correct(number: int, row: Row) -> None:
        row["correct_bucket"] = "New" if number == 0 else ""

    edit(correct)
    before = files()
    report = as_json("export", "--to", "m3u8", "--dry-run")
    assert files() == before
    assert {b: len(ids) for b, ids in report["changes"]["added"].items()} == {"New": 1}
    assert {b: len(ids) for b, ids in report["changes"]["removed"].items()} == {"Sets / Warm": 1}
    happens = {Path(path).name: what for path, what in report["files"].items()}
    assert happens == {"New.m3u8": "new", "Late.m3u8": "same", "Warm.m3u8": "changed"}
    said = done("export", "--to", "m3u8").stdout
    assert "Since the last export (entry 1)" in said


def test_files_of_buckets_that_are_gone_are_named_and_left(answered: Path) -> None:
    done("export", "--to", "m3u8")
    edit(lambda number, row: row.update(correct_bucket="Sets / Late"))
    report = as_json("export", "--to", "m3u8")

    assert [Path(path).name for path in report["stale"]] == ["Warm.m3u8"]
    assert Path(report["stale"][0]).is_file()


def test_crates_are_replaced_until_somebody_edits_them(answered: Path) -> None:
    done("export", "--to", "serato")
    done("export", "--to", "serato", "--include-sorted")
    crate = CRATES / "D_/_Serato_/Subcrates/djlib%%Sets%%Late.crate"
    crate.write_bytes(crate.read_bytes()[:-20])
    line = refused("export", "--to", "serato", "--include-sorted", code=2)

    assert "djlib%%Sets%%Late.crate exists and was not written by djlib, or was changed" in line


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


def test_a_library_without_any_file_goes_to_a_table_only(fresh: Path) -> None:
    table: list[Row] = [
        {"track_id": str(n), "title": f"Song {n}", "bpm": "174" if n % 2 else "122"}
        | {"bucket": "Late" if n % 2 else "Warm"}
        for n in range(20)
    ]
    done("assign-buckets", write_rows(Path("mine.csv"), table))
    before = files()

    for to in ("rekordbox", "traktor", "serato", "m3u8", "m3u"):
        line = refused("export", "--to", to, "--dry-run")
        assert f"none of 20 tracks can go to {to}, e.g. path 'Song" in line
        assert "it has no file" in line
        assert "'djlib export --to csv' takes tracks without files" in line
    assert files() == before
    assert as_json("export", "--to", "csv")["tracks"] == 20


def test_a_library_that_is_gone_is_said(answered: Path) -> None:
    Path("data/tracks.parquet").unlink()
    line = refused("export", "--to", "rekordbox")

    assert "the files of 4 tracks are not known here; scan the library they are in" in line


def test_another_program_is_wrong_usage(answered: Path) -> None:
    result = djlib("export", "--to", "winamp")

    assert result.exit_code == 2
    assert "nothing is called 'winamp' to export to; there are rekordbox" in result.stderr


def test_lists_are_counted_without_what_was_left_out(answered: Path) -> None:
    report = as_json("export", "--to", "serato")
    assert report["playlists"] == {"Sets / Late": 1, "Sets / Warm": 2}
    assert report["tracks"] == 3
    assert [p["value"] for p in report["problems"]] == ["Song 43"]


def test_what_is_there_already_is_not_written_again(answered: Path) -> None:
    done("export", "--to", "m3u8")
    before = files()
    assert "Nothing is new since the last export" in done("export", "--to", "m3u8").stdout
    assert files() == before
    assert len(as_json("history", "list")) == 1
    next(Path("data/export/djlib_playlists").rglob("Late.m3u8")).unlink()
    assert as_json("export", "--to", "m3u8")["entry"] == 2
