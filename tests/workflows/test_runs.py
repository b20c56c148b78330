"""Runs are written down however they end; figures are replaced a section at a time."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from djlib.errors import BusyError, InputError
from djlib.settings import Settings, Workspace
from djlib.workflows.core.progress import NullReporter
from djlib.workflows.core.runs import past_runs, run, update_metrics

SETTINGS = Settings(lock_wait_s=0)


def test_a_run_is_noted_with_its_facts(tmp_path: Path) -> None:
    here = Workspace(tmp_path / "new")
    with run(here, SETTINGS, "scan", NullReporter()) as noted:
        noted["tracks"] = 7

    (found,) = past_runs(here)
    assert (found["command"], found["outcome"], found["tracks"]) == ("scan", "done", 7)
    assert found["seconds"] >= 0


@pytest.mark.parametrize("error", [InputError("no"), KeyError("bug"), KeyboardInterrupt()])
def test_a_run_that_fails_is_noted_as_failed_and_lets_go(
    tmp_path: Path, error: BaseException
) -> None:
    here = Workspace(tmp_path)
    here.data.mkdir()
    with pytest.raises(type(error)), run(here, SETTINGS, "train", NullReporter()):
        raise error

    assert past_runs(here)[0]["outcome"] == "failed"
    with run(here, SETTINGS, "train", NullReporter()):
        pass


def test_a_run_that_fails_makes_no_workspace_of_a_folder(tmp_path: Path) -> None:
    here = Workspace(tmp_path)
    with pytest.raises(InputError), run(here, SETTINGS, "train", NullReporter()):
        raise InputError("no")

    assert [p.name for p in tmp_path.iterdir() if p.name != ".djlib.lock"] == []


def test_a_run_that_promised_to_write_nothing_leaves_no_trace(tmp_path: Path) -> None:
    here = Workspace(tmp_path)
    with run(here, SETTINGS, "scan", NullReporter(), recorded=False):
        pass

    assert [p.name for p in tmp_path.iterdir() if p.name != ".djlib.lock"] == []


def test_a_second_run_is_kept_out(tmp_path: Path) -> None:
    here = Workspace(tmp_path)
    with (
        run(here, SETTINGS, "train", NullReporter()),
        pytest.raises(BusyError, match="'train'"),
        run(here, SETTINGS, "scan", NullReporter()),
    ):
        pass

    assert [r["command"] for r in past_runs(here)] == ["train"]


def test_what_a_killed_run_left_is_swept_away_once_it_is_old(tmp_path: Path) -> None:
    here = Workspace(tmp_path)
    here.data.mkdir()
    old, young = here.data / ".djlib-0123.tmp", here.data / ".djlib-4567.tmp"
    for stray in (old, young):
        stray.write_text("half")
    os.utime(old, (time.time() - 7200, time.time() - 7200))
    with run(here, SETTINGS, "scan", NullReporter()):
        pass

    assert not old.exists()
    assert young.exists()


def test_a_damaged_log_of_runs_is_no_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    here = Workspace(tmp_path)
    here.events.mkdir(parents=True)
    (here.events / "runs.jsonl").write_text('{\n{"command": "scan"}\n')

    assert past_runs(here) == []
    assert "earlier runs are not known" in caplog.text


def test_sections_of_the_figures_are_replaced_one_by_one(tmp_path: Path) -> None:
    here = Workspace(tmp_path)
    update_metrics(here, "training", {"accuracy": float("nan")})
    update_metrics(here, "assignment", {"rows": 3})
    update_metrics(here, "assignment", {"rows": 4})

    assert json.loads(here.metrics.read_text()) == {
        "training": {"accuracy": None},
        "assignment": {"rows": 4},
    }
