"""Parquet columns as other programs write them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from djlib.errors import FormatError
from djlib.tables.io import read_table


def _file(folder: Path, **columns: pa.Array) -> Path:
    path = folder / "tracks.parquet"
    pq.write_table(pa.table(columns), path)
    return path


def test_lists_of_text_are_joined_as_buckets_are(tmp_path: Path) -> None:
    path = _file(
        tmp_path, track_id=pa.array(["1", "2"]), buckets=pa.array([["Peak", "Warm up"], None])
    )

    assert read_table(path)["buckets"].tolist() == ["Peak|Warm up", ""]


def test_binary_text_is_decoded(tmp_path: Path) -> None:
    path = _file(tmp_path, track_id=pa.array([b"1"]), artist=pa.array(["Björk".encode()]))

    assert read_table(path)["artist"].tolist() == ["Björk"]


def test_binary_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = _file(tmp_path, track_id=pa.array([b"\xff\xfe"]))

    with pytest.raises(FormatError):
        read_table(path)


def test_dictionaries_dates_and_empty_columns_become_text(tmp_path: Path) -> None:
    path = _file(
        tmp_path,
        track_id=pa.array([1, 2]),
        artist=pa.array(["a", None]).dictionary_encode(),
        title=pa.nulls(2),
        date_added=pa.array([pd.Timestamp("2024-05-01"), None], pa.timestamp("us")),
    )

    table = read_table(path)

    assert table.to_dict("list") == {
        "track_id": ["1", "2"],
        "artist": ["a", ""],
        "title": ["", ""],
        "date_added": ["2024-05-01", ""],
    }


def test_an_index_that_pandas_stored_is_no_column_unless_it_has_a_name(tmp_path: Path) -> None:
    path = tmp_path / "tracks.parquet"
    table = pd.DataFrame({"track_id": ["1", "2"], "artist": ["a", "b"]})

    table.iloc[[1]].to_parquet(path)
    assert list(read_table(path).columns) == ["track_id", "artist"]
    table.set_index("track_id").to_parquet(path)
    assert sorted(read_table(path).columns) == ["artist", "track_id"]


def test_unknown_nested_columns_are_carried_along(tmp_path: Path) -> None:
    path = _file(tmp_path, track_id=pa.array(["1"]), cues=pa.array([[{"at": 1.5}]]))

    assert read_table(path)["cues"].tolist()[0][0] == {"at": 1.5}
