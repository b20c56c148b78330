"""A process that stays and runs the daily jobs, for machines without cron and systemd.

What is done for a day is in the record, not in the scheduler: it only wakes up, at the time asked
for and every quarter of an hour, and does what is still to do. So a machine that slept, a clock
that jumped, a restart or a second scheduler neither miss a day nor do it twice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from ..errors import DjlibError
from ..jobs.talk import Talk
from ..jobs.watch import stopped_by_signals
from ..monitoring.alerts import send_waiting
from ..settings import Settings, Workspace
from ..tables.state import open_state
from .run_job import JobReport, run_job
from .slots import Slot, Slots
from .timetable import Time

_EVERY_MINUTES = 15

_log = logging.getLogger(__name__)


def run_scheduler(
    workspace: Workspace,
    settings: Settings,
    at: Time,
    *,
    talk: Talk,
    done: Callable[[JobReport], None],
) -> None:
    """Stay until SIGTERM or Ctrl-C; a job that runs then is finished first. `done` is given the
    report of each day. Raises `DjlibError` where APScheduler is not installed."""
    try:
        from apscheduler.executors.pool import ThreadPoolExecutor
        from apscheduler.schedulers.background import BackgroundScheduler
    except ImportError:
        raise DjlibError("APScheduler is missing: pip install 'djlib[scheduler]'") from None

    def wake() -> None:
        report = catch_up(workspace, settings, at, talk=talk)
        if report:
            done(report)

    # One thread, any delay, several missed times as one: nothing runs beside or after itself.
    once = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    scheduler = BackgroundScheduler(
        executors={"default": ThreadPoolExecutor(1)}, job_defaults=once, daemon=True
    )
    scheduler.add_job(wake, "cron", hour=at.hour, minute=at.minute)
    scheduler.add_job(wake, "interval", minutes=_EVERY_MINUTES, next_run_time=datetime.now())
    with stopped_by_signals() as stop:
        scheduler.start()
        talk.say(f"Every day at {at.hour:02d}:{at.minute:02d}; Ctrl-C ends it")
        stop.wait()
        scheduler.shutdown(wait=True)


def catch_up(
    workspace: Workspace,
    settings: Settings,
    at: Time,
    *,
    talk: Talk,
    now: Callable[[], datetime] = datetime.now,
) -> JobReport | None:
    """Run today's jobs if it is time and they are not done, and give what they did; else send what
    waits. What goes wrong is said, and the next time tries again."""
    try:
        if not _is_due(workspace, at, now()):
            send_waiting(workspace, settings)
            return None
        day = f"{now():%Y-%m-%d}"
        return run_job(workspace, settings, "daily", talk=talk, day=day)
    except DjlibError as error:
        _log.warning("%s; trying again in %d minutes", error, _EVERY_MINUTES)
        return None


def _is_due(workspace: Workspace, at: Time, now: datetime) -> bool:
    if (now.hour, now.minute) < (at.hour, at.minute):
        return False
    with open_state(workspace.data) as state:
        return Slots(state).finished(Slot("daily", "", f"{now:%Y-%m-%d}")) is None
