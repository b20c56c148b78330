"""Two real processes at once: each slot is done once, nothing is lost, and history tells."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from djlib.jobs.slots import JobRun, past_job_runs
from djlib.settings import Workspace
from djlib.tables.events import read_events
from djlib.workflows.buckets.models import bucket_models
from tests.cli.running import done
from tests.processes import ended, start_djlib

pytestmark = pytest.mark.slow

STEPS = {("retrain", "bucket"), ("monitor", "bucket"), ("report", ""), ("daily", "")}


@pytest.fixture
def due(learned: Path) -> Path:
    """A workspace whose model was made with other settings than those in force: it is to train."""
    toml = learned / "djlib.toml"
    toml.write_text(toml.read_text().replace("trees = 8", "trees = 9"))
    return learned


@pytest.fixture
def started() -> Iterator[list[BaseProcess]]:
    """Processes that a test started; those still running at its end are killed."""
    running: list[BaseProcess] = []
    yield running
    for one in running:
        one.kill()
        one.join()


def jobs(folder: Path, number: int, *words: str) -> BaseProcess:
    return start_djlib("jobs", *words, "-w", folder, output=folder.parent / f"{number}.json")


def check_trained_once(folder: Path) -> list[JobRun]:
    """One version more, sound and in force, decided about once; gives the runs, oldest first."""
    here = Workspace(folder)
    newest, first = bucket_models(here).versions()
    assert newest.is_current
    assert newest.parent == first.id
    assert not any(faults for _, faults in bucket_models(here).verify())
    assert [fact["version"] for fact in read_events(here.events, "promotions")] == [newest.id]
    runs = past_job_runs(here)[::-1]
    done_ones = Counter((run.job, run.learner, run.slot) for run in runs if run.outcome == "done")
    assert set(done_ones.values()) == {1}
    assert {run.outcome for run in runs} <= {"done", "busy"}
    return runs


@pytest.mark.parametrize("wait", ["0", "60"])
def test_two_schedulers_do_a_day_once(due: Path, started: list[BaseProcess], wait: str) -> None:
    toml = due / "djlib.toml"
    lines = [line for line in toml.read_text().splitlines() if not line.startswith("lock_wait_s")]
    toml.write_text("\n".join([f"lock_wait_s = {wait}", *lines]) + "\n")
    started += [jobs(due, n, "run-scheduler", "--at", "00:00") for n in range(2)]
    end = time.monotonic() + 120
    while time.monotonic() < end:
        runs = past_job_runs(Workspace(due))
        # the other one has met the first, or will find everything done
        is_met = wait != "0" or any(run.outcome == "busy" for run in runs)
        if is_met and any(run.job == "daily" and run.outcome == "done" for run in runs):
            break
        time.sleep(0.1)
    for one in started:
        one.terminate()
    assert [ended(one) for one in started] == [0, 0]
    runs = check_trained_once(due)
    assert {(run.job, run.learner) for run in runs if run.outcome == "done"} == STEPS
    assert len({run.pid for run in runs if run.outcome == "done"}) == 1
    shown = done("jobs", "history", "-w", due).stdout
    assert "retrain bucket" in shown
    assert json.loads(done("jobs", "history", "--json", "-w", due).stdout)


def test_two_retrainings_train_once(due: Path, started: list[BaseProcess]) -> None:
    started += [jobs(due, n, "run", "retrain", "--wait", "60", "--json") for n in range(2)]
    assert [ended(one) for one in started] == [0, 0]
    told = [json.loads((due.parent / f"{n}.json").read_text()) for n in range(2)]
    outcomes = [report["steps"][0]["outcome"] for report in told]
    assert sorted(outcomes) == ["done", "finished"]
    check_trained_once(due)
