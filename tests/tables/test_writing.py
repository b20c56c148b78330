"""Tables to files and back: exactly, atomically, and safe in a spreadsheet when asked."""

from __future__ import annotations

import csv
import gzip
import os
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.errors import InputError, UsageError
from djlib.tables.io import TableWriter, iter_table, read_table, undefuse, write_table
from djlib.tables.problems import Problem

_HOSTILE = [
    "=1+1", "+44", "-", "@x", "\tx", "\rx", "x\ry", "x\r\ny", "x\ny", '"', '""', "a,b;c|d", "NA",
    " x ", "\\", "\\n", "e\u0301", "é", "שלום", "🎧🏳️\u200d🌈", "\u2028", "\x85", "\x1a",
    "\ufeff", "'", "007", "1E5", "sep=;",
]  # fmt: skip
_cell = st.sampled_from(_HOSTILE) | st.text(
    alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8
)
_id = _cell.filter(str.strip)
_number = st.none() | st.floats(20, 1000) | st.integers(20, 1000).map(float)
_rows = st.lists(st.tuples(_id, _cell, _cell, _number), max_size=6, unique_by=lambda row: row[0])


def _table(rows: list[tuple[str, str, str, float | None]]) -> pd.DataFrame:
    names = ["track_id", "title", "My Mood", "bpm"]
    table = pd.DataFrame({n: [row[i] for row in rows] for i, n in enumerate(names)})
    return table.astype(dict.fromkeys(names[:3], "str") | {"bpm": "float64"})


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".tsv", ".parquet"])
@settings(deadline=None, max_examples=60)
@given(rows=_rows)
def test_the_working_file_gives_back_exactly_what_was_written(suffix: str, rows: list) -> None:
    table = _table(rows)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"tracks{suffix}"
        problems: list[Problem] = []

        write_table(table, path)
        back = read_table(path, problems=problems)

    pd.testing.assert_frame_equal(back, table)
    assert [p for p in problems if p.outcome != "note"] == []


@settings(deadline=None, max_examples=60)
@given(rows=_rows)
def test_a_spreadsheet_file_gives_back_what_was_written_once_undefused(rows: list) -> None:
    table = _table(rows)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tracks.csv"

        write_table(table, path, for_spreadsheet=True)
        back = read_table(path)

    for name in ("track_id", "title", "My Mood"):
        assert back[name].map(undefuse).tolist() == table[name].tolist()
    pd.testing.assert_series_equal(back["bpm"], table["bpm"])


def test_only_files_for_spreadsheets_are_changed(tmp_path: Path) -> None:
    table = pd.DataFrame({"track_id": ["1"], "title": ["=1+1"], "gain": [-3.5]})

    write_table(table, tmp_path / "work.csv")
    write_table(table, tmp_path / "sheet.csv", for_spreadsheet=True)

    assert (tmp_path / "work.csv").read_bytes() == b"track_id,title,gain\n1,=1+1,-3.5\n"
    assert (tmp_path / "sheet.csv").read_bytes() == (
        b"\xef\xbb\xbftrack_id,title,gain\n1,'=1+1,-3.5\n"
    )


def test_numbers_are_as_short_as_they_read_back(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "track_id": ["1", "2", "3"],
            "year": [1999.0, np.nan, 2001.0],
            "bpm": [0.1 + 0.2, 1e22, np.nan],
            "n": [1, 2, 3],
            "ok": [True, False, None],
        }
    )

    write_table(table, tmp_path / "t.csv")

    assert (tmp_path / "t.csv").read_text().splitlines() == [
        "track_id,year,bpm,n,ok",
        "1,1999,0.30000000000000004,1,True",
        "2,,1e+22,2,False",
        "3,2001,,3,",
    ]


def test_a_single_empty_cell_is_not_a_blank_line(tmp_path: Path) -> None:
    write_table(pd.DataFrame({"mood": ["", "x", "a\rb"]}), tmp_path / "t.csv")

    assert (tmp_path / "t.csv").read_bytes() == b'mood\n""\nx\n"a\rb"\n'
    with (tmp_path / "t.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [["mood"], [""], ["x"], ["a\rb"]]


def test_a_tsv_is_written_with_tabs(tmp_path: Path) -> None:
    write_table(pd.DataFrame({"track_id": ["1"], "title": ["a,b\tc"]}), tmp_path / "t.tsv.gz")

    with gzip.open(tmp_path / "t.tsv.gz", "rt") as file:
        assert file.read() == 'track_id\ttitle\n1\t"a,b\tc"\n'


def test_batches_become_one_table(tmp_path: Path) -> None:
    table = pd.DataFrame({"track_id": [str(i) for i in range(10)], "bpm": np.arange(100.0, 110)})
    for suffix in (".csv", ".csv.gz", ".parquet"):
        with TableWriter(tmp_path / f"t{suffix}") as writer:
            for start in range(0, 10, 3):
                writer.write(table[start : start + 3])

        pd.testing.assert_frame_equal(read_table(tmp_path / f"t{suffix}"), table)


def test_a_table_can_be_read_and_replaced_at_the_same_time(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    write_table(pd.DataFrame({"track_id": ["1", "2"]}), path)

    with TableWriter(path) as writer:
        for batch in iter_table(path, batch_rows=1):
            writer.write(batch.assign(bucket="Peak"))

    assert read_table(path)["bucket"].tolist() == ["Peak", "Peak"]


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".parquet"])
def test_an_error_between_batches_leaves_the_old_table_and_nothing_beside_it(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"t{suffix}"
    write_table(pd.DataFrame({"track_id": ["old"]}), path)
    before = path.read_bytes()

    batches = [pd.DataFrame({name: ["new"]}) for name in ("track_id", "title")]

    with pytest.raises(InputError, match="a batch has columns"), TableWriter(path) as writer:
        list(map(writer.write, batches))

    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == [path.name]


def test_batches_of_other_values_are_fitted_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    batches = [pd.DataFrame({"track_id": [f"t{n}"], "n": [n]}) for n in (1, None, "x")]

    with TableWriter(path) as writer:
        list(map(writer.write, batches[:2]))
    assert read_table(path)["n"].tolist() == pytest.approx([1, np.nan], nan_ok=True)

    with pytest.raises(InputError, match="unlike those of the first"), TableWriter(path) as writer:
        list(map(writer.write, batches))


def test_a_writer_that_was_given_nothing_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no table was given"), TableWriter(tmp_path / "t.csv"):
        pass

    assert os.listdir(tmp_path) == []


def test_an_unknown_suffix_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="a table ends in"):
        write_table(pd.DataFrame({"track_id": ["1"]}), tmp_path / "t.xlsx")

    assert os.listdir(tmp_path) == []


def test_the_same_table_gives_the_same_bytes(tmp_path: Path) -> None:
    table = pd.DataFrame({"track_id": ["1", "2"], "bpm": [128.0, np.nan]})
    for suffix in (".csv", ".csv.gz", ".parquet"):
        for name in "ab":
            write_table(table, tmp_path / f"{name}{suffix}")

        first, second = ((tmp_path / f"{name}{suffix}").read_bytes() for name in "ab")
        assert first == second
