"""Tables read from files: what is kept as written, what is reported, what is refused."""

from __future__ import annotations

import gzip
import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from djlib.errors import FormatError, InputError, NotFoundError, UsageError
from djlib.tables.io import count_rows, iter_table, read_table, write_table
from djlib.tables.problems import Problem
from djlib.tables.schema import CORRECTIONS, TRACKS

_HEAD = "track_id,artist,title,bpm\n"


def _csv(folder: Path, text: str, name: str = "tracks.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def _read(path: Path, **options) -> tuple[pd.DataFrame, list[str]]:
    problems: list[Problem] = []
    table = read_table(path, problems=problems, **options)
    return table, [str(p) for p in problems]


@pytest.mark.parametrize("name", ["NA", "null", "None", "nan", "-", "007", "+44", "1E5", "=1"])
def test_artists_that_look_like_something_else_survive(tmp_path: Path, name: str) -> None:
    table, problems = _read(_csv(tmp_path, f"{_HEAD}{name},{name},{name},1E2\n"))

    assert table.loc[0].tolist() == [name, name, name, 100.0]
    assert problems == []


def test_an_id_of_spaces_is_no_id(tmp_path: Path) -> None:
    table, problems = _read(_csv(tmp_path, _HEAD + " ,a,b,\n"))

    assert table.empty
    assert problems == ["line 2, track_id '': no track_id (row left out)"]


def test_text_is_str_with_empty_for_missing_and_numbers_are_float64(tmp_path: Path) -> None:
    table, _ = _read(_csv(tmp_path, _HEAD + "1,,a,\n2,b,,128\n"))

    assert table.dtypes.astype(str).tolist() == ["str", "str", "str", "float64"]
    assert table.loc[0, "artist"] == ""
    assert np.isnan(table.loc[0, "bpm"])


def test_unknown_columns_are_carried_along_as_text(tmp_path: Path) -> None:
    table, problems = _read(_csv(tmp_path, "My Mood ,ID,énergie\n007,1,+3\nNA,2,\n"))

    assert list(table.columns) == ["My Mood ", "track_id", "énergie"]
    assert table["My Mood "].tolist() == ["007", "NA"]
    assert table["énergie"].tolist() == ["+3", ""]
    assert problems == []


def test_every_unusable_row_and_value_is_reported_with_its_line(tmp_path: Path) -> None:
    rows = ["1,a,b,fast", '2,"x\ny",b,0.00', ",c,d,128", "4,e,f,128,99", "5,g", "", "1,a,b,fast"]

    table, problems = _read(_csv(tmp_path, _HEAD + "\n".join(rows)))

    assert table["track_id"].tolist() == ["1", "2", "5"]
    assert problems == [
        "line 2, bpm 'fast': not a number (value ignored)",
        "line 5, track_id '': no track_id (row left out)",
        "line 6, '4,e,f,128,99': 5 cells, the header has 4 (row left out)",
        "line 7, '5,g': 2 of 4 cells; the others are taken as empty (repaired)",
        "line 9, bpm 'fast': not a number (value ignored)",
        "line 9, track_id '1': stands in line 2, an exact copy (row left out)",
    ]


def test_blank_rows_are_no_problem(tmp_path: Path) -> None:
    table, problems = _read(_csv(tmp_path, _HEAD + "1,a,b,\n,,,\n  ,,\t,\n\n2,c,d,\n"))

    assert table["track_id"].tolist() == ["1", "2"]
    assert problems == []


@pytest.mark.parametrize(
    ("duplicates", "titles", "reported"),
    [
        ("first", ["a", "x"], {3: "stands in line 2, an exact copy", 5: "other values: the first"}),
        ("last", ["x", "b"], {2: "stands again in line 5, other", 3: "other values: the last"}),
        ("keep", ["a", "a", "x", "b"], {}),
    ],
)
def test_rows_with_one_id_are_kept_as_asked_and_reported(
    tmp_path: Path, duplicates, titles: list[str], reported: dict[int, str]
) -> None:
    path = _csv(tmp_path, "track_id,title\n1,a\n1,a\n2,x\n1,b\n")
    problems: list[Problem] = []

    table = read_table(path, problems=problems, duplicates=duplicates)

    assert table["title"].tolist() == titles
    assert [p.line for p in problems] == list(reported)
    assert all(reported[p.line or 0] in p.reason for p in problems)


def test_a_copy_of_the_last_row_is_called_a_copy(tmp_path: Path) -> None:
    path = _csv(tmp_path, _HEAD + "1,a,b,\n1,a,b,\n")

    assert "an exact copy" in _read(path, duplicates="last")[1][0]


@pytest.mark.parametrize("batch_rows", [1, 2, 3, 100])
def test_batches_give_the_same_table_and_problems(tmp_path: Path, batch_rows: int) -> None:
    rows = [f"{i % 7},a{i % 2},b,{'x' if i == 4 else 120 + i}" for i in range(12)]
    path = _csv(tmp_path, _HEAD + "\n".join(rows) + "\n8\n,z,z,1")
    whole, expected = _read(path)
    problems: list[Problem] = []

    batches = list(iter_table(path, batch_rows=batch_rows, problems=problems))

    assert all(len(batch) <= batch_rows for batch in batches)
    pd.testing.assert_frame_equal(pd.concat(batches, ignore_index=True), whole)
    assert sorted(map(str, problems)) == sorted(expected)


def test_the_line_of_each_row_can_be_asked_for(tmp_path: Path) -> None:
    table, _ = _read(_csv(tmp_path, _HEAD + '\n1,"a\n",b,\n,,x,\n2,c,d,\n'), line_column="line")

    assert table["line"].tolist() == [3, 6]


def test_only_a_header_is_an_empty_table_with_a_note(tmp_path: Path) -> None:
    path = _csv(tmp_path, _HEAD)

    table, problems = _read(path)

    assert table.empty
    assert table.dtypes.astype(str).tolist() == ["str", "str", "str", "float64"]
    assert problems == ["there is a header, but no row (note)"]
    assert [len(batch) for batch in iter_table(path)] == [0]


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("", {}, "is empty; a table begins with a line of column names"),
        ("\n\n", {}, "is empty"),
        (";;\n", {}, "no header"),
        ("1,Robyn,Be Mine\n", {}, "no header: the first line holds '1', 'Robyn', 'Be Mine'"),
        ("1,Robyn\n", {"schema": TRACKS}, "such as track_id, artist, title, album"),
        ("track_id;artist\n", {"delimiter": ","}, "holds 'track_id;artist'"),
        ("artist,title\n", {}, "columns 'artist', 'title'; needed: track_id"),
        ("artist,title\n", {"schema": "tracks"}, "no column 'track_id'; found 'artist', 'title'"),
        ("track_id,bucket\n", {"schema": CORRECTIONS}, "no column 'correct_bucket'"),
        ("track_id,a,a\n", {}, "column 'a' stands twice"),
    ],
)
def test_a_table_that_cannot_be_used_is_one_clear_error(
    tmp_path: Path, text: str, options: dict, message: str
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read_table(_csv(tmp_path, text), **options)

    assert "tracks.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_schema_that_does_not_exist_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown schema 'trakcs'; known: tracks"):
        read_table(_csv(tmp_path, _HEAD), schema="trakcs")


def test_missing_files_folders_and_unknown_suffixes_are_told_apart(tmp_path: Path) -> None:
    _csv(tmp_path, _HEAD)
    (tmp_path / "tracks.xlsx").touch()

    with pytest.raises(NotFoundError, match=r"did you mean tracks\.csv"):
        read_table(tmp_path / "track.csv")
    with pytest.raises(InputError, match="is a folder"):
        read_table(tmp_path)
    with pytest.raises(UsageError, match="a table ends in"):
        read_table(tmp_path / "tracks.xlsx")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("packed", [False, True])
def test_delimiter_encoding_and_packing_make_no_difference(
    tmp_path: Path, delimiter: str, encoding: str, packed: bool
) -> None:
    text = "track_id,artist,title\n1,Motörhead,Bömbér\n2,Sigur Rós,Ágætis\n".replace(",", delimiter)
    content = text.encode(encoding)
    path = tmp_path / ("tracks.txt" + ".gz" * packed)
    path.write_bytes(gzip.compress(content) if packed else content)

    table, problems = _read(path)

    assert table["artist"].tolist() == ["Motörhead", "Sigur Rós"]
    assert table["title"].tolist() == ["Bömbér", "Ágætis"]
    assert len(problems) == (encoding == "cp1252")


def test_problems_nobody_asked_for_are_counted_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = _csv(tmp_path, _HEAD + "1,a,b,x\n2,a,b,y\n")

    with caplog.at_level(logging.WARNING):
        read_table(path)

    assert "problems: 2; the first: line 2, bpm 'x'" in caplog.text


def test_parquet_is_checked_like_csv(tmp_path: Path) -> None:
    path = tmp_path / "tracks.parquet"
    pd.DataFrame(
        {"ID": [1.0, 2.0, 2.0, np.nan], "bpm": ["128,0", "x", "x", "1"], "mood": [1, 2, 3, 4]}
    ).to_parquet(path)

    table, problems = _read(path)

    assert table["track_id"].tolist() == ["1", "2"]
    assert table["mood"].tolist() == [1, 2]
    assert problems[:2] == ["bpm 'x': not a number (value ignored)"] * 2
    assert problems[3:] == [
        "track_id '': row 4: no track_id (row left out)",
        "track_id '2': row 3: stands in row 2, other values: the first is used (row left out)",
    ]


def test_a_parquet_file_without_rows_is_an_empty_table(tmp_path: Path) -> None:
    path = tmp_path / "tracks.parquet"
    write_table(pd.DataFrame({"track_id": pd.Series(dtype="str")}), path)

    table, problems = _read(path)

    assert table.empty
    assert problems == ["there is a header, but no row (note)"]


@pytest.mark.parametrize("damage", [lambda b: b[:-9], lambda b: b"", lambda b: b"track_id\n1\n"])
def test_a_file_that_is_not_whole_parquet_is_refused(tmp_path: Path, damage) -> None:
    path = tmp_path / "tracks.parquet"
    write_table(pd.DataFrame({"track_id": ["1", "2"]}), path)
    path.write_bytes(damage(path.read_bytes()))

    with pytest.raises(FormatError, match="is not a whole Parquet file"):
        read_table(path)
    assert count_rows(path) is None


def test_rows_are_counted_exactly_where_it_is_cheap_and_estimated_else(tmp_path: Path) -> None:
    n = 60_000
    table = pd.DataFrame({"track_id": [f"t{i:06}" for i in range(n)]})
    for name in ("t.parquet", "t.csv", "t.csv.gz"):
        write_table(table, tmp_path / name)

    assert count_rows(tmp_path / "t.parquet") == n
    assert count_rows(tmp_path / "t.csv") == pytest.approx(n, rel=0.05)
    assert count_rows(tmp_path / "t.csv.gz") == pytest.approx(n, rel=0.4)
    assert count_rows(_csv(tmp_path, _HEAD + "1,a,b,\n")) == 1
    assert count_rows(_csv(tmp_path, "", "empty.csv")) is None
    with pytest.raises(NotFoundError):
        count_rows(tmp_path / "none.csv")
