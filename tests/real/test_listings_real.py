"""Listings that strangers exported and answered, read in place and gone through."""

from __future__ import annotations

from pathlib import Path

import pytest

from djlib.formats.records.listings import holds_listings, joined, read_listings
from tests.cli.running import as_json, edit, rows
from tests.workflows.fake_bandit import use_counting_bandit

_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
_DISCOGS = sorted((_DATA / "discogs").glob("*")) if _DATA.is_dir() else []

pytestmark = pytest.mark.skipif(not _DATA.is_dir(), reason=f"no real data at {_DATA}")


@pytest.mark.parametrize("path", _DISCOGS, ids=lambda path: path.name)
def test_an_export_is_read_whole(path: Path) -> None:
    assert holds_listings(path)
    table, problems = read_listings(path)
    assert not [p for p in problems if p.outcome == "row left out"]
    assert len(table) > 20
    assert table["listing_id"].is_unique
    assert table["listing_id"].str.fullmatch(r"[rm]\d+|h[0-9a-f]{12}").mean() == 1
    assert table["title"].ne("").mean() > 0.99
    assert table["year"].dropna().between(1880, 2030).all()


def test_all_exports_are_one_table_with_every_release_once() -> None:
    tables = [read_listings(path)[0] for path in _DISCOGS]
    both = tables[0]
    for table in tables[1:]:
        both = joined(both, table)
    assert both["listing_id"].is_unique
    assert set(both["listing_id"]) == {i for table in tables for i in table["listing_id"]}


@pytest.mark.parametrize("pool", ["collector_1", "reviewer_1"])
def test_a_pool_is_gone_through_batch_by_batch(
    pool: str, fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_counting_bandit(monkeypatch)
    file = _DATA / "keepers" / f"{pool}.csv"
    truth = {row["listing_id"]: row["keeper"] for row in rows(file)}
    assert as_json("scan", file)["listings"] == len(truth)
    for batch in range(2):
        assert as_json("select-batch")["batch_number"] == batch
        edit(lambda _, row: row.update(keeper=truth[row["listing_id"]]), Path("data/batch.csv"))
        learned = as_json("feedback", "data/batch.csv")
        assert (learned["labels"], learned["refused"]) == (20 * (batch + 1), 0)
