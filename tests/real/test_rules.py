"""Rules and odd placements on libraries of strangers, read in place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import as_json

_CRATES = Path(__file__).resolve().parents[3] / "shared" / "data" / "crates"

pytestmark = pytest.mark.skipif(not _CRATES.is_dir(), reason=f"no real data at {_CRATES}")


def test_crates_of_a_tagged_library_have_rules_that_hold(fresh: Path) -> None:
    report = as_json("rules", _CRATES / "library_c.csv")
    found = [rule["cross_validated"] for rule in report["rules"] if rule["holds"]]

    assert len(found) >= 10
    assert sorted(fit["precision"] for fit in found)[len(found) // 2] > 0.8
    assert sorted(fit["recall"] for fit in found)[len(found) // 2] > 0.8


def test_few_placements_of_a_real_library_look_odd(fresh: Path) -> None:
    report = as_json("check", "--labels", _CRATES / "library_c.csv")

    assert 0 < len(report["odd"]) < 0.1 * report["tracks"]
    assert report["agreement"] > 0.6
    assert all(row["probability"] >= 19 * row["quality"] for row in report["odd"])
    assert [row["quality"] for row in report["odd"]] == sorted(r["quality"] for r in report["odd"])
