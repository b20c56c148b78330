"""A job killed at any step is gone on with: no version too many, none too few, all on record."""

from __future__ import annotations

import errno
import importlib
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from djlib.errors import DjlibError
from djlib.jobs.run_job import run_job
from djlib.jobs.slots import Slots, past_job_runs
from djlib.settings import Settings, Workspace, load_settings
from djlib.tables.events import read_events
from djlib.workflows.buckets.models import bucket_models
from djlib.workflows.core.progress import NullReporter
from djlib.workflows.opportunities.feedback import opportunity_feedback
from djlib.workflows.opportunities.models import opportunity_models
from djlib.workflows.opportunities.ratings import ratings_so_far
from tests.jobs.doubles import Pretend
from tests.monitoring.servers import webhook
from tests.processes import ended, start
from tests.workflows.calls_rated import rating_file, scanned

pytestmark = pytest.mark.slow

_POINTS = [
    ("djlib.workflows.buckets.train", "learn", "after"),
    ("djlib.registry:Registry", "promote", "before"),
    ("djlib.registry:Registry", "promote", "after"),
    ("djlib.jobs.retrain", "log_decision", "after"),
    ("djlib.jobs.slots:Slots", "_end", "after"),
    ("djlib.monitoring.alerts:Alerts", "deliver", "before"),
    ("djlib.monitoring.alerts:Alerts", "deliver", "after"),
]


_POINTS_OF_CALLS = [
    ("djlib.workflows.opportunities.retuning", "retune", "after"),
    ("djlib.workflows.opportunities.retuning", "learn_ratings", "after"),
    ("djlib.registry:Registry", "promote", "before"),
    ("djlib.registry:Registry", "promote", "after"),
    ("djlib.jobs.monitor", "remember", "after"),
]


def killed(folder: Path, home: str, name: str, when: str) -> None:
    """A daily run that is killed before or after it calls something."""
    assert ended(start(run_and_die, folder, home, name, when)) == -signal.SIGKILL


def run_and_die(folder: Path, home: str, name: str, when: str) -> None:
    module, _, owner = home.partition(":")
    holder: Any = importlib.import_module(module)
    holder = getattr(holder, owner) if owner else holder
    whole = getattr(holder, name)

    def cut(*args: Any, **options: Any) -> None:
        if when == "after":
            whole(*args, **options)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(holder, name, cut)
    settings = load_settings(folder, {})
    run_job(Workspace(folder), settings, "daily", talk=NullReporter(), day="2026-01-01")


@pytest.fixture(scope="module")
def rated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Calls with a model of 60 ratings, and 100 more that no model has learned."""
    here, settings = scanned(tmp_path_factory.mktemp("rated"))
    opportunity_feedback(here, settings, rating_file(here, range(60)), talk=NullReporter())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("djlib.workflows.opportunities.feedback.is_all_learned", lambda *_: True)
        opportunity_feedback(here, settings, rating_file(here, range(60, 160)), talk=NullReporter())
    return here.root


@pytest.mark.parametrize(("home", "name", "when"), _POINTS_OF_CALLS)
def test_so_is_one_that_learns_of_calls(
    rated: Path, fresh: Path, home: str, name: str, when: str
) -> None:
    shutil.copytree(rated, fresh, dirs_exist_ok=True)
    here, settings = Workspace(fresh), load_settings(fresh, {})
    first = opportunity_models(here).current().id
    killed(fresh, home, name, when)
    for _ in range(2):
        assert (
            run_job(here, settings, "daily", talk=NullReporter(), day="2026-01-01").exit_code == 0
        )
    versions = opportunity_models(here).versions()
    assert [v.parent for v in versions] == [first, None]
    assert versions[0].is_current
    assert versions[0].metadata["ratings"] == 160
    assert len(ratings_so_far(here).by_key) == 160
    runs = past_job_runs(here)
    ended_well = [(run.job, run.learner) for run in runs if run.outcome == "done"]
    assert sorted(ended_well) == sorted(set(ended_well))
    assert {run.outcome for run in runs} <= {"done", "killed"}
    assert {job for job, _ in ended_well} - {"remind"} == {
            "retrain", "monitor", "report", "daily",
        }  # fmt: skip


@pytest.mark.parametrize(("home", "name", "when"), _POINTS)
def test_a_kill_anywhere_is_gone_on_with(
    learned: Path, monkeypatch: pytest.MonkeyPatch, home: str, name: str, when: str
) -> None:
    here = Workspace(learned)
    toml = learned / "djlib.toml"
    toml.write_text(toml.read_text().replace("trees = 8", "trees = 9"))
    first = bucket_models(here).current().id
    with webhook() as hook:
        monkeypatch.setenv("DJLIB_SECRET_SLACK_WEBHOOK", hook.address)
        killed(learned, home, name, when)
        settings = load_settings(learned, {})
        for _ in range(2):
            report = run_job(here, settings, "daily", talk=NullReporter(), day="2026-01-01")
            assert report.exit_code == 0
        summaries = [taken for taken in hook.taken if "done" in taken["text"]]
    versions = bucket_models(here).versions()
    assert [v.parent for v in versions] == [first, None]
    assert versions[0].is_current
    assert not any(faults for _, faults in bucket_models(here).verify())
    assert len(summaries) == 1
    assert {fact["version"] for fact in read_events(here.events, "promotions")} <= {versions[0].id}
    runs = past_job_runs(here)
    assert {run.outcome for run in runs} <= {"done", "killed"}
    ended_well = {run.job for run in runs if run.outcome == "done"}
    assert ended_well == {"retrain", "monitor", "report", "daily"}


def test_a_full_disk_fails_the_run_and_the_next_one_does_it(
    tmp_path: Path, pretend: Pretend
) -> None:
    def full() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(tmp_path / "models"))

    here, settings = Workspace(tmp_path), Settings(lock_wait_s=0)
    pretend.before = full
    report = run_job(here, settings, "retrain", talk=NullReporter(), day="2026-01-01")
    assert report.exit_code == 1
    assert "No space left" in past_job_runs(here)[0].said
    pretend.before = lambda: None
    assert run_job(here, settings, "retrain", talk=NullReporter(), day="2026-01-01").exit_code == 0


def test_a_record_that_cannot_grow_leaves_the_slot_open(
    tmp_path: Path, pretend: Pretend, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlite3

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    here, settings = Workspace(tmp_path), Settings(lock_wait_s=0)
    with monkeypatch.context() as patch:
        patch.setattr(Slots, "_end", full)
        with pytest.raises(DjlibError, match="disk is full"):
            run_job(here, settings, "retrain", talk=NullReporter(), day="2026-01-01")
    run_job(here, settings, "retrain", talk=NullReporter(), day="2026-01-01")
    assert [run.outcome for run in past_job_runs(here)] == ["done", "killed"]
