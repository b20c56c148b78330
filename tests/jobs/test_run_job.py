"""A job is done once a day, alone, and whatever ends it is written down."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from djlib.errors import BusyError, DjlibError, InputError, UsageError
from djlib.jobs.run_job import JobReport, run_job
from djlib.jobs.slots import past_job_runs
from djlib.settings import Settings, Workspace
from djlib.tables.locks import workspace_lock
from djlib.tables.state import open_state
from djlib.workflows.core.progress import NullReporter
from tests.jobs.doubles import Pretend

DAY = "2026-03-29"
SETTINGS = Settings(lock_wait_s=0)


def do(here: Path, *, job: str = "retrain", force: bool = False, day: str = DAY) -> JobReport:
    return run_job(Workspace(here), SETTINGS, job, talk=NullReporter(), day=day, force=force)  # type: ignore[arg-type]


def test_a_finished_slot_is_not_done_again_unless_forced(tmp_path: Path, pretend: Pretend) -> None:
    assert [s.outcome for s in do(tmp_path).steps] == ["done"]
    ledger = (tmp_path / "models" / "pretend_registry.json").read_bytes()
    for _ in range(3):
        assert [s.outcome for s in do(tmp_path).steps] == ["finished"]
    assert (tmp_path / "models" / "pretend_registry.json").read_bytes() == ledger
    assert pretend.trained == 1
    do(tmp_path, force=True)
    do(tmp_path, day="2026-03-30")
    assert pretend.trained == 3


def test_a_failure_is_written_down_and_tried_again(tmp_path: Path, pretend: Pretend) -> None:
    def fail() -> None:
        raise DjlibError("the disk is asleep")

    pretend.before = fail
    report = do(tmp_path)
    assert (report.exit_code, report.steps[0].outcome) == (1, "failed")
    assert past_job_runs(Workspace(tmp_path))[0].said == "the disk is asleep"
    pretend.before = lambda: None
    assert do(tmp_path).exit_code == 0
    assert [r.outcome for r in past_job_runs(Workspace(tmp_path))] == ["done", "failed"]


def test_a_bug_in_a_step_is_a_failure_too(tmp_path: Path, pretend: Pretend) -> None:
    def fail() -> None:
        raise ZeroDivisionError("no tracks")

    pretend.before = fail
    assert do(tmp_path).steps[0].said == "ZeroDivisionError: no tracks"


def test_a_workspace_in_use_leaves_the_slot_open(tmp_path: Path, pretend: Pretend) -> None:
    def busy() -> None:
        raise BusyError("'train' holds it")

    pretend.before = busy
    assert do(tmp_path).exit_code == 75
    pretend.before = lambda: None
    assert do(tmp_path).exit_code == 0


def test_of_two_schedulers_one_meets_the_other(tmp_path: Path, pretend: Pretend) -> None:
    with workspace_lock(tmp_path / "data" / "jobs", "jobs run daily", 0), pytest.raises(BusyError):
        do(tmp_path)
    assert pretend.trained == 0
    assert past_job_runs(Workspace(tmp_path))[0].outcome == "busy"


@pytest.mark.parametrize("job", ["retrain", "monitor", "report"])
def test_a_run_that_met_the_daily_one_does_not_keep_the_day_open(
    tmp_path: Path, pretend: Pretend, job: str
) -> None:
    def another() -> None:
        with pytest.raises(BusyError):
            do(tmp_path, job=job)

    pretend.before = another
    report = do(tmp_path, job="daily")
    assert {step.outcome for step in report.steps} == {"done"}
    assert report.steps[-1].said == "3 done, 0 not"
    with workspace_lock(tmp_path / "data" / "jobs", "jobs run daily", 0), pytest.raises(BusyError):
        do(tmp_path, job=job)  # once all is done
    assert do(tmp_path, job="daily", force=True).steps[-1].said == "3 done, 0 not"


def test_a_clock_set_back_does_nothing_twice(tmp_path: Path, pretend: Pretend) -> None:
    for day in ("2026-03-29", "2026-03-30", "2026-03-29", "2026-03-30"):
        do(tmp_path, day=day)
    assert pretend.trained == 2


def test_a_damaged_record_is_refused_and_kept(tmp_path: Path, pretend: Pretend) -> None:
    do(tmp_path)
    record = tmp_path / "data" / "state.sqlite"
    for beside in ("-wal", "-shm"):
        record.with_name(f"{record.name}{beside}").unlink(missing_ok=True)
    record.write_bytes(b"not a database, but long enough to be one" * 50)
    kept = record.read_bytes()
    with pytest.raises(InputError, match="damaged .*move it away"):
        do(tmp_path)
    assert record.read_bytes() == kept


def test_the_record_of_a_newer_djlib_is_refused_and_kept(tmp_path: Path, pretend: Pretend) -> None:
    do(tmp_path)
    with open_state(tmp_path / "data") as state:
        state.execute("PRAGMA user_version = 99")
    with pytest.raises(InputError, match="newer djlib"):
        do(tmp_path)
    with sqlite3.connect(tmp_path / "data" / "state.sqlite") as state:
        assert state.execute("SELECT count(*) FROM job_runs").fetchone() == (1,)


@pytest.mark.parametrize("day", ["", "soon", "2026-02-30"])
def test_a_day_that_is_none_is_refused(tmp_path: Path, pretend: Pretend, day: str) -> None:
    with pytest.raises(UsageError, match="is no day"):
        do(tmp_path, day=day)
