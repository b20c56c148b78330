"""`djlib demo`: the whole loop in a new folder, for somebody who has nothing yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import as_json, done, edit, refused, rows

pytestmark = pytest.mark.slow


def test_the_demo_leaves_a_workspace_in_which_the_loop_goes_on(
    fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJLIB_BUCKETS_ENGINE", "none")  # test_docs.py has the one that embeds
    monkeypatch.setenv("DJLIB_BUCKETS_TREES", "8")
    monkeypatch.setenv("DJLIB_BUCKETS_FOLDS", "2")
    said = done("demo")

    folder = fresh / "djlib-demo"
    assert "█" in said.stdout
    for name in ("bucket_predictions.csv", "low_confidence.csv", "metrics.json"):
        (written,) = folder.rglob(name)
        assert str(written.relative_to(fresh)) in said.stdout
    assert "cd djlib-demo" in said.stdout
    assert "djlib feedback data/bucket_predictions.csv" in said.stdout
    assert "Measuring" in said.stderr

    monkeypatch.chdir(folder)
    answered = len(rows())
    assert 100 < answered < 200
    edit(lambda n, row: row.update(correct_bucket=row["second_bucket"] if n < 3 else ""))
    assert len(as_json("feedback", "data/bucket_predictions.csv")["taken"]) == 3
    assert as_json("assign-buckets")["rows"] == answered - 3


def test_the_demo_does_not_replace_a_library(fresh: Path) -> None:
    (fresh / "mine.csv").write_text("track_id,bucket\n1,Warm\n2,Late\n")
    done("scan", "mine.csv")
    before = Path("data/tracks.parquet").read_bytes()

    assert "holds a library already" in refused("demo", "--folder", ".", code=2)
    assert Path("data/tracks.parquet").read_bytes() == before


def test_the_demo_can_be_had_again_elsewhere_and_by_programs(
    fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJLIB_BUCKETS_MODEL", "simple_ml")
    monkeypatch.setenv("DJLIB_BUCKETS_TREES", "4")
    monkeypatch.setenv("DJLIB_BUCKETS_FOLDS", "2")
    report = as_json("demo", "--folder", "elsewhere")

    assert report["scan"]["tracks"] == 600
    assert report["assign_buckets"]["rows"] == len(
        rows(Path("elsewhere/data") / "bucket_predictions.csv")
    )
    assert set(report["train"]["figures"]) == {"stratified", "artist", "later"}
