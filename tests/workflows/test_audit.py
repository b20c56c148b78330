from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from djlib.errors import DjlibError
from djlib.settings import Workspace, load_settings
from djlib.tables.io import read_table
from djlib.workflows.buckets import audit
from djlib.workflows.buckets.assign import AssignOptions, AssignReport, propose_buckets
from djlib.workflows.buckets.audit import said_of, trail
from djlib.workflows.core.progress import NullReporter
from djlib.workflows.core.runs import past_runs


def assign(root: Path, **options: object) -> AssignReport:
    """Answer in a few batches."""
    settings = replace(load_settings(root, {}), batch_rows=30)
    asked = AssignOptions(**options)  # type: ignore[arg-type]
    return propose_buckets(Workspace(root), settings, options=asked, talk=NullReporter())


def test_every_answer_of_a_run_is_kept_with_version_time_and_source(learned: Path) -> None:
    here = Workspace(learned)
    report = assign(learned)
    table = read_table(here.predictions)
    assert len(table) > 30
    for row in table.iloc[[0, 10, -1]].to_dict("records"):
        (said,), n_gone = said_of(here, row["track_id"])
        assert (said.bucket, said.status) == (row["predicted_bucket"], row["status"])
        assert said.confidence == pytest.approx(row["confidence"], abs=1e-4)
        assert (said.version, said.at) == (row["model_version"], row["predicted_at"])
        assert (said.source, said.run) == (str(here.tracks), Path(report.audit).stem)
        assert len(said.fingerprint) == 16
        assert n_gone == 0


def test_runs_are_told_in_order_and_dry_ones_not_at_all(learned: Path) -> None:
    for options in ({}, {"dry_run": True}, {"output": learned / "mine.csv"}):
        report = assign(learned, **options)
    track_id = report.first_rows[0]["track_id"]
    said, _ = said_of(Workspace(learned), track_id)
    assert len(said) == 2
    assert said[0].run < said[1].run
    assert said_of(Workspace(learned), "nobody") == ([], 0)


def test_a_run_that_fails_leaves_no_answers(learned: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise DjlibError("the disk is full")

    monkeypatch.setattr(AssignReport, "count", fail)
    with pytest.raises(DjlibError, match="the disk is full"):
        assign(learned)
    assert not list((learned / "data" / "audit").glob("*"))
    assert past_runs(Workspace(learned))[-1]["outcome"] == "failed"


def test_a_damaged_file_is_a_gap_and_a_removed_one_is_counted(
    learned: Path, caplog: pytest.LogCaptureFixture
) -> None:
    here = Workspace(learned)
    reports = [assign(learned) for _ in range(3)]
    files = [here.data / "audit" / report.audit for report in reports]
    files[0].unlink()
    files[1].write_bytes(files[1].read_bytes()[:100])
    said, n_gone = said_of(here, reports[0].first_rows[0]["track_id"])
    assert [one.run for one in said] == [files[2].stem]
    assert n_gone == 1
    assert "the trail has a gap" in caplog.text


def test_an_older_log_of_runs_counts_as_not_kept(learned: Path) -> None:
    here = Workspace(learned)
    track_id = assign(learned).first_rows[0]["track_id"]
    log = here.events / "runs.jsonl"
    log.write_text(log.read_text().replace('"audit"', '"before_there_was_one"'))
    assert said_of(here, track_id) == ([], 1)


def keep(workspace: Workspace, n_rows: int = 1) -> str:
    table = pd.DataFrame(
        {
            "track_id": [f"t{i}" for i in range(n_rows)],
            "predicted_bucket": "Warm up",
            "confidence": 0.5,
            "status": "ok",
            "model_version": "20261121T034500Z-1a2b3c4d",
        }
    )
    with trail(workspace) as kept:
        kept.write(table)
    return kept.name


def test_the_oldest_go_when_there_are_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "MOST_RUNS", 3)
    names = [keep(Workspace(tmp_path)) for _ in range(5)]
    assert sorted(p.name for p in (tmp_path / "data" / "audit").iterdir()) == names[2:]


def test_the_newest_stays_however_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "MOST_BYTES", 10)
    names = [keep(Workspace(tmp_path)) for _ in range(2)]
    assert [p.name for p in (tmp_path / "data" / "audit").iterdir()] == names[1:]


def test_a_hundred_thousand_answers_take_little_room(tmp_path: Path) -> None:
    name = keep(Workspace(tmp_path), 100_000)
    assert (tmp_path / "data" / "audit" / name).stat().st_size < 2_000_000


def test_a_run_cannot_name_a_file_elsewhere(learned: Path) -> None:
    here = Workspace(learned)
    report = assign(learned)
    (learned / "data" / "audit" / report.audit).rename(learned / report.audit)
    log = here.events / "runs.jsonl"
    log.write_text(log.read_text().replace(report.audit, f"../../{report.audit}"))
    assert said_of(here, report.first_rows[0]["track_id"]) == ([], 1)
