"""The scheduler does a day once, whatever clock and machine do, and goes when it is told to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from djlib.errors import DjlibError
from djlib.jobs.scheduler import Time, catch_up, keep_running
from djlib.jobs.slots import past_job_runs
from djlib.settings import Settings, Workspace
from djlib.tables.locks import workspace_lock
from djlib.workflows.core.progress import NullReporter
from tests.jobs.doubles import Pretend

AT = Time(3, 0)
SETTINGS = Settings(lock_wait_s=0)


def wake(here: Path, now: datetime) -> bool:
    return catch_up(Workspace(here), SETTINGS, AT, talk=NullReporter(), now=lambda: now) is not None


def test_a_day_is_done_once_at_its_time_or_later(tmp_path: Path, pretend: Pretend) -> None:
    start = datetime(2026, 5, 1)
    ran = [wake(tmp_path, start + timedelta(hours=h)) for h in range(48)]
    assert [h for h, did in enumerate(ran) if did] == [3, 27]
    assert pretend.trained == 2
    assert wake(tmp_path, datetime(2026, 5, 9, 22))  # it slept for a week
    assert pretend.trained == 3


@pytest.mark.parametrize(
    ("zone", "month", "day"),
    [
        ("Europe/Berlin", 3, 29),
        ("Europe/Berlin", 10, 25),
        ("America/New_York", 3, 8),
        ("America/New_York", 11, 1),
        ("America/Havana", 3, 8),  # at midnight
        ("Australia/Lord_Howe", 4, 5),  # by half an hour
    ],
)
def test_no_change_of_clocks_misses_a_day_or_does_it_twice(
    tmp_path: Path, pretend: Pretend, zone: str, month: int, day: int
) -> None:
    local = ZoneInfo(zone)
    instant = datetime(2026, month, day, tzinfo=ZoneInfo("UTC")) - timedelta(days=1)
    days = set()
    for _ in range(4 * 24 * 3):
        now = instant.astimezone(local)
        wake(tmp_path, now.replace(tzinfo=None))
        if now.hour >= AT.hour:
            days.add(now.date())
        instant += timedelta(minutes=15)
    assert pretend.trained == len(days)


def test_a_clock_set_back_an_hour_does_nothing_twice(tmp_path: Path, pretend: Pretend) -> None:
    for hour, minute in ((3, 10), (2, 10), (3, 5), (3, 20)):
        wake(tmp_path, datetime(2026, 5, 1, hour, minute))
    assert pretend.trained == 1


def test_where_another_runs_it_tries_again(tmp_path: Path, pretend: Pretend) -> None:
    with workspace_lock(tmp_path / "data" / "jobs", "another", 0):
        assert not wake(tmp_path, datetime(2026, 5, 1, 3))
    assert wake(tmp_path, datetime(2026, 5, 1, 3, 15))
    assert pretend.trained == 1
    outcomes = [(run.job, run.outcome) for run in past_job_runs(Workspace(tmp_path))]
    assert outcomes[-1] == ("daily", "busy")


def test_a_library_that_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apscheduler.executors.pool", None)
    with pytest.raises(DjlibError, match=r"djlib\[scheduler\]"):
        keep_running(Workspace(tmp_path), SETTINGS, AT, talk=NullReporter(), done=print)


def test_it_catches_up_at_once_and_ends_when_told(tmp_path: Path) -> None:
    pytest.importorskip("apscheduler", reason="APScheduler is an extra: djlib[scheduler]")
    words = ["jobs", "run-scheduler", "--at", "00:00", "-w", str(tmp_path)]
    ran = subprocess.Popen(
        [sys.executable, "-m", "cli", *words], cwd=os.getcwd(), stderr=subprocess.PIPE
    )
    try:
        end = time.monotonic() + 30
        while not past_job_runs(Workspace(tmp_path)) and time.monotonic() < end:
            time.sleep(0.1)
    finally:
        ran.send_signal(signal.SIGTERM)
        ran.communicate(timeout=30)
    assert ran.returncode == 0
    assert {run.job: run.outcome for run in past_job_runs(Workspace(tmp_path))}["daily"] == "done"
