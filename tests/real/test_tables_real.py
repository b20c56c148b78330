"""Tables that strangers exported, read in place."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from djlib.tables.csv.sources import open_source
from djlib.tables.io import read_table, write_table
from djlib.tables.problems import Problem
from djlib.tables.quality import quality_report
from djlib.tables.schema import TRACKS

_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
_CRATES = sorted((_DATA / "crates").glob("*.csv"))

pytestmark = pytest.mark.skipif(not _DATA.is_dir(), reason=f"no real data at {_DATA}")


@pytest.mark.parametrize("path", _CRATES, ids=lambda path: path.stem)
def test_a_library_is_read_whole_and_comes_back_from_every_format(
    path: Path, tmp_path: Path
) -> None:
    problems: list[Problem] = []
    table = read_table(path, problems=problems)

    with path.open(encoding="utf-8") as file:
        assert len(table) == sum(1 for _ in file) - 1
    assert {p.outcome for p in problems} <= {"value ignored"}
    for suffix in (".csv.gz", ".parquet"):
        write_table(table, tmp_path / f"t{suffix}")
        pd.testing.assert_frame_equal(read_table(tmp_path / f"t{suffix}"), table)


@pytest.mark.parametrize("path", _CRATES, ids=lambda path: path.stem)
def test_a_library_gets_a_quality_report(path: Path) -> None:
    report = quality_report(read_table(path, problems=[], duplicates="keep"), TRACKS)

    assert report.rows > 700
    assert "same song twice" in {finding.name for finding in report.findings}


@pytest.mark.parametrize("path", sorted(_DATA.glob("*/*.csv")), ids=lambda path: path.name)
def test_every_csv_file_gives_rows_or_says_why_not(path: Path) -> None:
    with open_source(path, 10_000) as source:
        n_rows = sum(len(table) for table, _ in source.batches)

    assert n_rows or source.problems
    assert len(source.headings) > 5
