"""The steps of the jobs, each done once a day: what it does, what came of it, whom to tell."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ..jobs.talk import Talk
from ..monitoring.alert import Alert
from ..monitoring.alerts import Alerts
from ..settings import Settings, Workspace
from .doors import Learner
from .slots import Slot, Slots

Job = Literal["search", "retrain", "monitor", "report", "daily"]
JOBS: tuple[Job, ...] = ("search", "retrain", "monitor", "report", "daily")


@dataclass(frozen=True)
class Outcome:
    """What came of a step, in a line and as plain values, and the alerts it asks for."""

    said: str
    detail: dict[str, Any] = field(default_factory=dict)
    alerts: tuple[Alert, ...] = ()


@dataclass(frozen=True)
class Here:
    """Where a step works: the workspace, its settings, the open state, who is told, the day, who
    listens."""

    workspace: Workspace
    settings: Settings
    state: sqlite3.Connection
    alerts: Alerts
    day: str
    talk: Talk

    @property
    def slots(self) -> Slots:
        """The record of jobs."""
        return Slots(self.state)


@dataclass(frozen=True)
class Step:
    """One slot and what is done for it."""

    slot: Slot
    do: Callable[[Here], Outcome]


def steps_of(
    job: Job, day: str, learners: Sequence[Learner], *, has_feeds: bool = True
) -> list[Step]:
    """The steps of a job in order; `daily` is all the others and a summary, without `search` where
    there are no feeds to search."""
    from .monitor import monitor
    from .report import summary, write_report
    from .retrain import retrain
    from .search import search

    def of_each(name: str, do: Callable[[Here, Learner], Outcome]) -> list[Step]:
        return [_step(name, day, learner, do) for learner in learners]

    made = {
        "search": [Step(Slot("search", "", day), search)],
        "retrain": of_each("retrain", retrain),
        "monitor": of_each("monitor", monitor),
        "report": [Step(Slot("report", "", day), write_report)],
    }
    if job != "daily":
        return made[job]
    last = Step(Slot("daily", "", day), summary)
    if not has_feeds:
        del made["search"]
    return [*(step for steps in made.values() for step in steps), last]


def _step(name: str, day: str, learner: Learner, do: Callable[[Here, Learner], Outcome]) -> Step:
    return Step(Slot(name, learner.name, day), lambda here: do(here, learner))
