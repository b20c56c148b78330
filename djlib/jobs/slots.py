"""The record of jobs: for each day's slot what ran, how it ended, and whether it is still to do.

A slot is a job, a learner and a day. It is finished by a run that ended well; one that failed, met
another run or was killed leaves it open, and the next run does it.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from ..settings import Workspace
from ..tables.events import utc_now
from ..tables.plain_json import json_text
from ..tables.state import STATE_FILE, read_state, transaction

Ending = Literal["running", "done", "failed", "busy", "killed"]


@dataclass(frozen=True)
class Slot:
    """A piece of work: the job, the learner ("" where it is of all), the day (ISO 8601, local)."""

    job: str
    learner: str
    day: str


@dataclass(frozen=True)
class JobRun:
    """One run of a slot: times are UTC, `said` is what came of it in a line."""

    id: int
    job: str
    learner: str
    slot: str
    started_at: str
    finished_at: str | None
    outcome: Ending
    seconds: float | None
    pid: int
    said: str
    detail: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return asdict(self)


class Slots:
    """The record in an open state."""

    def __init__(self, state: sqlite3.Connection) -> None:
        self._state = state

    def finished(self, slot: Slot) -> JobRun | None:
        """The run that finished a slot, None while it is to do."""
        rows = self._rows(
            "WHERE job = ? AND learner = ? AND slot = ? AND outcome = 'done' ORDER BY id DESC",
            (slot.job, slot.learner, slot.day),
        )
        return next(rows, None)

    def note_killed(self) -> list[JobRun]:
        """Mark runs that never ended; whoever holds the lock of the jobs knows that they are dead.
        Gives them."""
        dead = list(self._rows("WHERE outcome = 'running' ORDER BY id", ()))
        with transaction(self._state):
            self._state.execute(
                "UPDATE job_runs SET outcome = 'killed', said = 'cut off; the next run does it' "
                "WHERE outcome = 'running'"
            )
        return dead

    def begin(self, slot: Slot) -> int:
        """Note that a run begins; gives its number."""
        with transaction(self._state):
            return self._insert(slot, "running")

    def met_another(self, slot: Slot, said: str) -> None:
        """Note a run that did nothing, since another one held the workspace."""
        with transaction(self._state):
            number = self._insert(slot, "busy")
            self._end(number, "busy", 0.0, said, {})

    @contextmanager
    def ending(
        self, number: int, outcome: Ending, said: str, detail: Mapping[str, Any], started: float
    ) -> Iterator[None]:
        """Note how a run ended, together with what the block changes, or neither."""
        with transaction(self._state):
            self._end(number, outcome, round(time.monotonic() - started, 3), said, detail)
            yield

    def has_judged(self, version: str) -> bool:
        """Whether a finished run has decided about a model's version."""
        found = self._state.execute(
            "SELECT 1 FROM job_runs WHERE outcome = 'done' AND "
            "json_extract(detail, '$.version') = ? LIMIT 1",
            (version,),
        )
        return found.fetchone() is not None

    def has_gone_back(self, learner: str, day: str) -> bool:
        """Whether a finished run of this day has gone back to the version before."""
        found = self._state.execute(
            "SELECT 1 FROM job_runs WHERE outcome = 'done' AND learner = ? AND slot = ? AND "
            "json_extract(detail, '$.went_back') IS NOT NULL LIMIT 1",
            (learner, day),
        )
        return found.fetchone() is not None

    def history(self, most: int = 50, job: str | None = None) -> list[JobRun]:
        """The last runs, newest first."""
        of = "" if job is None else "WHERE job = ? "
        return list(self._rows(f"{of}ORDER BY id DESC LIMIT ?", (*([job] if job else []), most)))

    def _insert(self, slot: Slot, outcome: Ending) -> int:
        made = self._state.execute(
            "INSERT INTO job_runs (job, learner, slot, started_at, outcome, pid) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (slot.job, slot.learner, slot.day, utc_now(), outcome, os.getpid()),
        )
        assert made.lastrowid is not None
        return made.lastrowid

    def _end(
        self, number: int, outcome: Ending, seconds: float, said: str, detail: Mapping[str, Any]
    ) -> None:
        self._state.execute(
            "UPDATE job_runs SET outcome = ?, finished_at = ?, seconds = ?, said = ?, detail = ? "
            "WHERE id = ?",
            (outcome, utc_now(), seconds, said, json_text(detail), number),
        )

    def _rows(self, how: str, values: tuple[Any, ...]) -> Iterator[JobRun]:
        for row in self._state.execute(f"SELECT * FROM job_runs {how}", values):
            yield JobRun(**{**dict(row), "detail": json.loads(row["detail"])})


def past_job_runs(workspace: Workspace, most: int = 20, job: str | None = None) -> list[JobRun]:
    """The last runs of jobs, newest first; none where none has run."""
    if not (workspace.data / STATE_FILE).is_file():
        return []
    with read_state(workspace.data) as state:
        return Slots(state).history(most, job)


def today() -> str:
    """The day it is here: local, so that a clock changed for the summer shifts no slot."""
    return f"{datetime.now().astimezone():%Y-%m-%d}"
