"""What real files bring: each has a clear outcome, and nothing is lost or silently dropped."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from djlib.tables.io import read_table
from tests.cli.running import PREDICTIONS, as_json, djlib, done, edit, files, refused, rows

pytestmark = pytest.mark.slow

HEADER = "track_id,artist,title,genres,bpm,key,bucket"
LOG = Path("data/events/corrections.jsonl")


def library(*extra: str, header: str = HEADER) -> Path:
    """Twenty sound rows in two buckets, then the rows given."""
    sound = [
        f"s{n},Artist {n},Song {n},House,{122 if n % 2 else 174},8A,{('Late', 'Warm')[n % 2]}"
        for n in range(20)
    ]
    file = Path("mine.csv")
    file.write_text("\n".join([header, *sound, *extra]) + "\n", encoding="utf-8")
    return file


def told(report: dict[str, Any]) -> list[str]:
    return [f"{p['line']} {p['column']} {p['reason']} ({p['outcome']})" for p in report["problems"]]


def answers(*extra: str) -> tuple[dict[str, dict[str, str]], list[str]]:
    """The answers for a library with these extra rows, by track, and the problems told."""
    report = as_json("assign-buckets", library(*extra))
    return {row["track_id"]: row for row in rows()}, told(report)


@pytest.mark.parametrize("command", ["scan", "train", "assign-buckets", "check"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "mine.csv is empty; a table begins with a line of column names"),
        (b"\xef\xbb\xbf\r\n\r\n", "mine.csv is empty"),
        (b"s1,Robyn,Be Mine,Pop,122,8A\n", "no header: the first line holds"),
        (b"artist,title,bucket\nRobyn,Be Mine,Pop\n", "track_id"),
        (b"track_id,title,title\n1,a,b\n", "column 'title' stands twice"),
    ],
    ids=["empty", "blank", "no header", "no id column", "a column twice"],
)
def test_a_file_that_is_no_table_is_refused_by_every_command(
    fresh: Path, command: str, content: bytes, said: str
) -> None:
    Path("mine.csv").write_bytes(content)
    before = files()

    assert said in refused(command, "mine.csv")
    assert files() == before


@pytest.mark.parametrize("command", ["scan", "train", "assign-buckets", "feedback", "check"])
@pytest.mark.parametrize(
    ("name", "said"),
    [("nowhere.csv", "nowhere.csv does not exist"), ("place.csv", "place.csv")],
    ids=["missing", "a folder"],
)
def test_what_is_no_file_is_refused_by_every_command(
    learned: Path, command: str, name: str, said: str
) -> None:
    Path("place.csv").mkdir()

    assert said in refused(command, name)


def test_columns_nobody_knows_are_carried_along(fresh: Path) -> None:
    file = library(header=HEADER.replace("genres", "Genre") + ",mood")
    file.write_text(file.read_text().replace("Warm\n", "Warm,dark\n"))
    done("scan", file)

    kept = pd.read_parquet("data/tracks.parquet")
    assert set(kept.columns) >= {"genres", "mood"}
    assert set(kept["mood"]) == {"", "dark"}


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_another_delimiter_or_encoding_is_understood(
    learned: Path, delimiter: str, encoding: str
) -> None:
    text = library("é1,Mó,Ünal,House,122,8A,").read_text("utf-8").replace(",", delimiter)
    Path("mine.csv").write_bytes(text.encode(encoding))
    done("assign-buckets", "mine.csv")

    assert (rows()[-1]["track_id"], rows()[-1]["artist"]) == ("é1", "Mó")


def test_a_row_longer_than_its_header_is_left_out_and_said(learned: Path) -> None:
    given, problems = answers("x1,A,B,House,122,8A,Warm,what,is,this", "x2,A,B,House,122,8A,Warm")

    assert "x1" not in given
    assert "x2" in given
    assert problems == ["22  10 cells, the header has 7 (row left out)"]


def test_a_row_shorter_than_its_header_is_filled_and_said(learned: Path) -> None:
    given, problems = answers("x1,A,B")

    assert given["x1"]["status"] == "missing_data"
    assert problems == ["22  3 of 7 cells; the others are taken as empty (repaired)"]


def test_an_id_that_stands_twice_counts_once_and_is_said(learned: Path) -> None:
    given, problems = answers(
        "s3,Other,Name,Techno,130,1A,", "s4,Artist 4,Song 4,House,174,8A,Late"
    )

    assert given["s3"]["artist"] == "Artist 3"
    assert problems == [
        "22 track_id stands in line 5, other values: the first is used (row left out)",
        "23 track_id stands in line 6, an exact copy (row left out)",
    ]


def test_a_row_without_an_id_is_left_out_and_said(learned: Path) -> None:
    given, problems = answers(" ,A,B,House,122,8A,Warm")

    assert len(given) == 20
    assert problems == ["22 track_id no track_id (row left out)"]


def test_a_cell_of_ten_megabytes_costs_its_row_only(learned: Path) -> None:
    given, problems = answers("x1,A," + "B" * 10_000_000 + ",House,122,8A,", "x2,A,B,House,122,8A,")

    assert "x1" not in given
    assert "x2" in given
    assert problems == ["22  a cell of 10,000,000 signs; 1,000,000 are allowed (row left out)"]


def test_nul_bytes_are_removed_and_said(learned: Path) -> None:
    given, problems = answers("x1,A\x00\x00,B,House,122,8A,")

    assert given["x1"]["artist"] == "A"
    assert problems == ["22  2 NUL bytes removed (repaired)"]


def test_a_quote_that_never_closes_costs_its_row_only(learned: Path) -> None:
    given, problems = answers('x1,"A,B,House,122,8A,', "x2,A,B,House,122,8A,")

    assert {"x2"} <= set(given)
    assert len(problems) == 1
    assert "a quote opens here and never closes" in problems[0]


@pytest.mark.parametrize(
    ("bpm", "missing", "problem"),
    [
        ("0.00", True, ""),
        ('"128,00"', False, ""),
        ("128 BPM", False, ""),
        ("fast", True, "bpm not a number (value ignored)"),
        ("-5", True, "bpm not a tempo between 20 and 1000 (value ignored)"),
        ("1e400", True, "bpm not a tempo between 20 and 1000 (value ignored)"),
        ("nan", True, "bpm not a number (value ignored)"),
    ],
)
def test_every_way_to_write_a_tempo_has_an_outcome(
    learned: Path, bpm: str, missing: bool, problem: str
) -> None:
    given, problems = answers(f"x1,A,B,,{bpm},,")

    assert (given["x1"]["status"] == "missing_data") is missing
    assert [p.removeprefix("22 ") for p in problems] == ([problem] if problem else [])


@pytest.mark.parametrize("key", ["8A - 6", "Am", "a minor", "08A", "1m", "A♭ min"])
def test_every_way_to_write_a_key_is_read(learned: Path, key: str) -> None:
    given, problems = answers(f"x1,A,B,,,{key},")

    assert given["x1"]["status"] != "missing_data"
    assert problems == []


@pytest.mark.parametrize("name", ["NA", "null", "-", "007", "+44", "None", "nan", "TRUE", "1e5"])
def test_artists_with_names_that_programs_take_for_something_else_stay_themselves(
    learned: Path, name: str
) -> None:
    _, problems = answers(f"{name},{name},{name},House,122,8A,")
    given = read_table(PREDICTIONS, schema="predictions").set_index("track_id")
    done("scan", "mine.csv")

    assert tuple(given.loc[name, ["artist", "title"]]) == (name, name)
    assert problems == []
    assert name in pd.read_parquet("data/tracks.parquet")["artist"].tolist()


@pytest.mark.parametrize("name", ["tracks.parquet", "metrics.json", "bucket_predictions.csv"])
def test_a_folder_where_a_file_is_expected_is_said(learned: Path, name: str) -> None:
    place = Path("metrics.json" if name == "metrics.json" else f"data/{name}")
    if place.is_file():
        place.unlink()
    place.mkdir()

    assert name in djlib("assign-buckets").stderr


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + b"\x00" * 500 + b"PAR1", b"not"])
def test_a_damaged_scan_is_refused_and_a_new_one_repairs_it(learned: Path, content: bytes) -> None:
    tracks = Path("data/tracks.parquet")
    whole = tracks.read_bytes()
    for damaged in (content, whole[: len(whole) // 2]):
        tracks.write_bytes(damaged)
        for command in ("train", "assign-buckets"):
            assert "tracks.parquet" in refused(command)
    done("scan", "library.csv")
    done("assign-buckets")


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"training": ', "\x00"])
def test_damaged_metrics_are_set_aside(learned: Path, content: str) -> None:
    Path("metrics.json").write_text(content)
    done("assign-buckets")

    assert set(json.loads(Path("metrics.json").read_text())) == {"assignment"}
    (kept,) = Path().glob("metrics.json.corrupt-*")
    assert kept.read_text() == content


def corrected(learned: Path) -> None:
    done("assign-buckets")
    edit(lambda n, row: row.update(correct_bucket=row["second_bucket"] if n < 2 else ""))
    done("feedback", PREDICTIONS)


def test_a_damaged_log_of_corrections_stops_the_work_before_a_correction_is_lost(
    learned: Path,
) -> None:
    corrected(learned)
    first, second = LOG.read_text().splitlines()
    foreign = '{"at": "2026-01-01T00:00:00Z", "track_id": "x"}'
    for line, said in (("half a li", "line 2 is damaged; mend or"), (foreign, "'correct_buckets'")):
        LOG.write_text(f"{first}\n{line}\n{second}\n")
        before = files()
        for command in ("train", "assign-buckets", f"feedback {PREDICTIONS}"):
            refusal = refused(*command.split())
            assert "corrections.jsonl" in refusal
            assert said in refusal
        assert files() == before


def test_a_log_of_corrections_that_was_cut_off_loses_the_cut_line_only(learned: Path) -> None:
    corrected(learned)
    LOG.write_bytes(LOG.read_bytes()[:-40])

    assert as_json("train")["corrections"] == 1
    edit(lambda n, row: row.update(correct_bucket=row["second_bucket"] if n == 3 else ""))
    done("feedback", PREDICTIONS)
    assert as_json("train")["corrections"] == 2


def test_a_damaged_log_of_runs_stops_nothing(learned: Path) -> None:
    corrected(learned)
    Path("data/events/runs.jsonl").write_text('half a li\n{"command": "scan"}\n')

    done("train")
    done("assign-buckets")
    edit(lambda n, row: row.update(correct_bucket=row["second_bucket"] if n == 0 else ""))
    assert len(as_json("feedback", PREDICTIONS)["taken"]) == 1


WRITERS = ("train", "assign-buckets", "scan library.csv")


@pytest.fixture
def read_only(learned: Path, tmp_path: Path) -> Iterator[Path]:
    """A workspace that may be read but not written, not even by the system's own user."""
    for command in WRITERS:  # nothing is left to be imported by a user who may not read it
        done(*command.split())
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_mode & 0o055 != 0o055:
            folder.chmod(0o755)
    folders = [learned, *(p for p in learned.rglob("*") if p.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    if os.geteuid() == 0:
        os.seteuid(65534)
    yield learned
    os.seteuid(os.getuid())
    for folder in folders:
        folder.chmod(0o755)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions of another kind")
def test_a_workspace_that_may_not_be_written_is_said_in_one_line(read_only: Path) -> None:
    for command in WRITERS:
        line = refused(*command.split())

        assert line == f"djlib: {read_only}/.djlib.lock: Permission denied"
