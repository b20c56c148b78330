"""Running a job: once a slot, alone, each step written down, however it ends."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from ..errors import BusyError, DjlibError, UsageError
from ..monitoring.alerts import Alerts
from ..monitoring.outbox import Alert, Delivery
from ..settings import Settings, Workspace
from ..tables.locks import workspace_lock
from ..tables.state import open_state
from ..workflows.core.progress import ProgressReporter
from ..workflows.learner import chosen
from .slots import Ending, Slot, Slots, today
from .step import JOBS, Here, Job, Outcome, Step
from .steps import steps_of

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StepDone:
    """How one step ended; "finished" is one that an earlier run had done."""

    job: str
    learner: str
    slot: str
    outcome: str
    said: str
    detail: dict[str, Any]


@dataclass(frozen=True)
class JobReport:
    """What a job did, step by step."""

    plain_extra: ClassVar = ("exit_code",)

    job: str
    slot: str
    steps: list[StepDone]
    delivery: Delivery

    @property
    def exit_code(self) -> int:
        """0 where all is done, 1 where a step failed, 75 where one met another run."""
        outcomes = {step.outcome for step in self.steps}
        return DjlibError.exit_code if "failed" in outcomes else 75 * ("busy" in outcomes)


def run_job(
    workspace: Workspace,
    settings: Settings,
    job: Job,
    *,
    talk: ProgressReporter,
    names: Sequence[str] = (),
    day: str | None = None,
    force: bool = False,
) -> JobReport:
    """Do what is still to do of a job for `day` (today by default, in local time).

    A step that fails does not stop the others. Raises `BusyError` where another job runs, and
    `UsageError` for a job, learner or day that is none.
    """
    if job not in JOBS:
        raise UsageError(f"unknown job {job!r}; known: {', '.join(JOBS)}")
    day = _day(day)
    learners = chosen(workspace, names)
    alerts = Alerts(workspace, settings)
    with open_state(workspace.data) as state:
        slots = Slots(state)
        try:
            with workspace_lock(workspace.data / "jobs", f"jobs run {job}", settings.lock_wait_s):
                for dead in slots.note_killed():
                    talk.say(f"{dead.job} {dead.learner} of {dead.slot} was cut off; doing it now")
                here = Here(workspace, settings, state, alerts, day, talk)
                todo = steps_of(job, day, learners, has_feeds=bool(settings.opportunities.feeds))
                steps = [_done(here, step, force) for step in todo]
                delivery = alerts.deliver(state)
        except BusyError as error:
            slots.met_another(Slot(job, "", day), str(error))
            raise
    return JobReport(job, day, steps, delivery)


def _day(asked: str | None) -> str:
    if asked is None:
        return today()
    try:
        return date.fromisoformat(asked).isoformat()
    except ValueError:
        raise UsageError(f"--slot {asked!r} is no day; write it as 2026-01-31") from None


def _done(here: Here, step: Step, force: bool) -> StepDone:
    slot = step.slot
    before = None if force else here.slots.finished(slot)
    if before:
        said = f"done already at {before.finished_at} ({before.said})"
        return StepDone(slot.job, slot.learner, slot.day, "finished", said, before.detail)
    number, started = here.slots.begin(slot), time.monotonic()
    outcome, found = _tried(here, step)
    said = here.alerts.blot(found.said)
    with here.slots.ending(number, outcome, said, found.detail, started):
        here.alerts.queue(here.state, found.alerts, slot.day)
    _log.info("%s %s of %s: %s: %s", slot.job, slot.learner, slot.day, outcome, said)
    return StepDone(slot.job, slot.learner, slot.day, outcome, said, found.detail)


def _tried(here: Here, step: Step) -> tuple[Ending, Outcome]:
    """Do a step; nothing it raises stops the job, since nobody is there to start it again."""
    try:
        return "done", step.do(here)
    except BusyError as error:
        return "busy", Outcome(str(error))
    except (DjlibError, OSError) as error:
        _log.warning("%s %s failed: %s", step.slot.job, step.slot.learner, error)
        return "failed", _failure(step.slot, str(error))
    except Exception as error:
        _log.exception("%s %s failed", step.slot.job, step.slot.learner)
        return "failed", _failure(step.slot, f"{type(error).__name__}: {error}")


def _failure(slot: Slot, said: str) -> Outcome:
    name = f"{slot.job} {slot.learner}".strip()
    body = f"{name} of {slot.day} failed:\n{said}\n\nSee: djlib jobs history, logs/djlib.log"
    return Outcome(said, {}, (Alert(f"failed {name}", f"{name} failed", body),))
