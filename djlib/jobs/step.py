"""A step of a job: where it works, what came of it, whom to tell."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from ..monitoring.alerts import Alerts
from ..monitoring.outbox import Alert
from ..settings import Settings, Workspace
from ..workflows.core.progress import ProgressReporter
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
    talk: ProgressReporter

    @property
    def slots(self) -> Slots:
        """The record of jobs."""
        return Slots(self.state)


@dataclass(frozen=True)
class Step:
    """One slot and what is done for it."""

    slot: Slot
    do: Callable[[Here], Outcome]
