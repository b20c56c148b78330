"""When the jobs run: lines for cron and systemd, and a process that stays and runs them."""

from __future__ import annotations

import logging
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ..errors import DjlibError, UsageError
from ..monitoring.alerts import send_waiting
from ..settings import Settings, Workspace, hour_and_minute
from ..tables.state import open_state
from ..workflows.core.progress import ProgressReporter
from ..workflows.library.watch import stopped_by_signals
from .run_job import JobReport, run_job
from .slots import Slot, Slots

WAIT_S = 600
_CRON = "{minute} {hour} * * *  {command} >> {log} 2>&1"
_SERVICE = """\
# ~/.config/systemd/user/djlib-{job}.service
[Unit]
Description=djlib: {job}

[Service]
Type=oneshot
ExecStart={command}
SuccessExitStatus=75
"""
_TIMER = """\
# ~/.config/systemd/user/djlib-{job}.timer
[Unit]
Description=djlib: {job} at {hour:02d}:{minute:02d}

[Timer]
OnCalendar=*-*-* {hour:02d}:{minute:02d}:00
Persistent=true

[Install]
WantedBy=timers.target
"""


@dataclass(frozen=True)
class Time:
    """A time of the day, local."""

    hour: int
    minute: int

    @classmethod
    def read(cls, text: str) -> Time:
        """Read "03:00". Raises `UsageError` for anything else.

        >>> Time.read("3:05")
        Time(hour=3, minute=5)
        """
        return cls(*hour_and_minute(text))


def command_of(job: str, workspace: Workspace) -> list[str]:
    """The command that runs a job, as this djlib was started: its script, or its package."""
    script = Path(sys.executable).with_name("djlib")
    start = [str(script)] if script.is_file() else [sys.executable, "-m", "djlib_cli"]
    where = ["-w", str(workspace.root), "--wait", str(WAIT_S)]
    return [*start, "jobs", "run", job, *where]


def cron_lines(workspace: Workspace, command: list[str], at: Time) -> str:
    """The line for `crontab -e`. Cron takes `%` for a new line unless it is escaped, and starts
    in the home folder, so that every path is whole.

    >>> line = cron_lines(Workspace(Path("/my 100% sets")), ["djlib", "-w", "/my 100% sets"],
    ...     Time(3, 0))
    >>> line  # doctest: +NORMALIZE_WHITESPACE
    "0 3 * * * djlib -w '/my 100\\\\% sets' >> '/my 100\\\\% sets/logs/jobs.log' 2>&1"
    """
    log = str(workspace.logs / "jobs.log")
    _refuse_line_ends([*command, log])
    quoted, logged = (text.replace("%", "\\%") for text in (shlex.join(command), shlex.quote(log)))
    return _CRON.format(minute=at.minute, hour=at.hour, command=quoted, log=logged)


def systemd_units(job: str, command: list[str], at: Time) -> str:
    """A service and a timer; a run that was missed while the machine was off is made up for."""
    _refuse_line_ends(command)
    line = " ".join(_for_systemd(word) for word in command)
    service = _SERVICE.format(job=job, command=line)
    timer = _TIMER.format(job=job, hour=at.hour, minute=at.minute)
    start = f"# then: systemctl --user enable --now djlib-{job}.timer"
    return f"{service}\n{timer}\n{start}"


def _for_systemd(word: str) -> str:
    """One argument of ExecStart, where `%` and `$` stand for other things unless doubled.

    >>> print(_for_systemd("/my 100% sets"), _for_systemd("jobs"))
    "/my 100%% sets" jobs
    """
    doubled = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    is_plain = word.replace("-", "").replace("/", "").replace(".", "").replace("_", "").isalnum()
    return doubled if is_plain else f'"{doubled}"'


def _refuse_line_ends(words: list[str]) -> None:
    bad = [word for word in words if "\n" in word or "\r" in word]
    if bad:
        raise UsageError(f"the path {bad[0]!r} has a line end in it; move the workspace")


_EVERY_MINUTES = 15

_log = logging.getLogger(__name__)


def keep_running(
    workspace: Workspace,
    settings: Settings,
    at: Time,
    *,
    talk: ProgressReporter,
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
    talk: ProgressReporter,
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
