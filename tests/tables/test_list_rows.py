"""Lists of numbers in a Parquet file."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.opportunities.feature_store import Lists, read_lists, write_lists

ROWS = st.lists(st.lists(st.integers(0, 2**31 - 1), max_size=6), max_size=12)


def made(rows: list[list[int]]) -> Lists:
    starts = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(int)
    return Lists(starts, np.array([n for row in rows for n in row], dtype=np.int32))


def told(lists: Lists) -> list[list[int]]:
    ends = zip(lists.starts[:-1], lists.starts[1:], strict=True)
    return [lists.values[start:end].tolist() for start, end in ends]


@settings(max_examples=40, deadline=None)
@given(rows=ROWS)
def test_what_is_written_comes_back(rows: list[list[int]]) -> None:
    table = pd.DataFrame({"id": pd.Series([str(n) for n in range(len(rows))], dtype="str")})
    with TemporaryDirectory() as folder:
        file = Path(folder) / "rows.parquet"
        write_lists(table, {"terms": made(rows)}, file, "1")
        read = read_lists(file, ["terms"], "1")
        assert read is not None
        assert read[0]["id"].tolist() == table["id"].tolist()
        assert told(read[1]["terms"]) == rows
        assert read_lists(file, ["terms"], "2") is None
        assert read_lists(file, ["nothing"], "1") is None


@given(rows=ROWS, more=ROWS, data=st.data())
def test_taking_and_joining(
    rows: list[list[int]], more: list[list[int]], data: st.DataObject
) -> None:
    places = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=8)) if rows else []
    assert told(made(rows).take(np.array(places, dtype=int))) == [rows[place] for place in places]
    assert told(made(rows).then(made(more))) == rows + more


def test_no_file_and_half_a_file_are_none(tmp_path: Path) -> None:
    file = tmp_path / "rows.parquet"
    assert read_lists(file, [], "1") is None
    write_lists(pd.DataFrame({"id": ["a"]}), {"terms": made([[1]])}, file, "1")
    whole = file.read_bytes()
    for size in (0, 10, len(whole) - 3):
        file.write_bytes(whole[:size])
        assert read_lists(file, ["terms"], "1") is None
