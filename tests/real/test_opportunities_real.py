"""Calls and conferences that strangers scraped: read, made calls, merged, read again."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from djlib.formats.calls.feeds import read_opportunities
from djlib.opportunities.intake import take_in
from djlib.opportunities.merging import merge
from tests.cli.running import as_json

_DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "opportunities"
NOW = "2026-05-01T03:00:00Z"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not _DATA.is_dir(), reason="no ../shared/data here"),
]


def test_a_scan_of_both_twice_brings_nothing_new_and_accuses_nobody(fresh: Path) -> None:
    both = [fresh / "opportunities.csv", fresh / "conferences.csv"]
    for file in both:  # a third of each: four scans of all take long, and all are merged below
        table = pd.read_csv(_DATA / file.name, dtype="str", keep_default_na=False)
        table.iloc[::3].to_csv(file, index=False)
    first = as_json("scan", *both)
    assert first["calls"] == first["new"] > 1000
    assert first["unread"] == []
    before = pd.read_parquet("data/opportunities.parquet")
    assert before["opportunity_id"].is_unique
    for _ in range(3):
        again = as_json("scan", *both)
        assert (again["new"], again["moved"], again["watched"]) == (0, 0, [])
        assert again["calls"] == first["calls"]
    after = pd.read_parquet("data/opportunities.parquet")
    assert after.drop(columns="scraped_at").equals(before.drop(columns="scraped_at"))


def test_half_and_then_all_is_the_same_as_all() -> None:
    for name in ("opportunities.csv", "conferences.csv"):
        made = take_in(read_opportunities(_DATA / name)[0], now=NOW).calls
        whole = merge(None, made).calls
        parts = merge(merge(None, made.iloc[::2]).calls, made).calls
        assert abs(len(parts) - len(whole)) <= 0.002 * len(whole)


def test_what_is_left_out_has_a_reason_and_most_stays() -> None:
    records = read_opportunities(_DATA / "opportunities.csv")[0]
    taken = take_in(records, now=NOW)
    assert 0.7 < len(taken.calls) / len(records) < 0.95
    left_out = [p for p in taken.problems if p.outcome == "row left out"]
    assert len(taken.calls) + len(left_out) == len(records)
    assert all(problem.reason for problem in left_out)
    is_dated = taken.calls["deadline"].str.match(r"\d")
    assert is_dated.mean() > 0.2
    assert taken.found_in_text >= 10


def test_a_part_of_it_that_breaks_is_found(fresh: Path) -> None:
    records = read_opportunities(_DATA / "conferences.csv")[0].assign(source="Conferences")
    for n in range(3):
        records.iloc[n::6].to_csv("calls.csv", index=False)
        assert as_json("scan", "calls.csv")["watched"] == []
    records.iloc[3::6].assign(deadline="2026-05-01").to_csv("calls.csv", index=False)
    (verdict,) = as_json("scan", "calls.csv")["watched"]
    assert verdict["state"] == "broken"
    records.iloc[4::6].to_csv("calls.csv", index=False)
    assert as_json("scan", "calls.csv")["watched"] == []
