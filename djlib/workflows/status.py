"""`status`: what is scanned, learned and waiting, learner by learner, and the next command.

Only small files, footers of tables and logs are read: this answers at once in any workspace.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from ..errors import DjlibError, NotTrainedError
from ..registry import Version
from ..settings import Workspace
from ..tables.events import read_events
from .core.learner import Learner
from .core.runs import past_runs
from .learner import LEARNERS, ledger_of

_TAKES = ("feedback", "review")
"""Commands after which the answers in a file of proposals are learned."""
_MOST_BYTES = 30_000_000
"""A larger table of proposals is not counted row by row."""


@dataclass(frozen=True)
class Step:
    """A command to run next, and why; of several steps that of the lowest `rank` comes first."""

    command: str
    why: str
    rank: int = 9


_SCAN = Step("djlib scan LIBRARY", "nothing is scanned yet", 4)


@dataclass(frozen=True)
class LearnerStatus:
    """Where one learner stands. Times are ISO 8601, UTC; None stands for "there is none".

    `rows` were scanned at `scanned_at`; `version` was made at `learned_at` and has a `problem`
    where it cannot be used. `logged` answers are in its logs, `unlearned` of them came after that
    version. The file of proposals holds `proposals` rows, `answered` of them by the person, and
    `untaken` says that answers there were not given to `feedback` yet.
    """

    learner: str
    subject: str
    rows: int | None = None
    scanned_at: str | None = None
    version: str | None = None
    learned_at: str | None = None
    problem: str = ""
    logged: int = 0
    unlearned: int = 0
    file: str | None = None
    proposals: int | None = None
    answered: int | None = None
    untaken: bool = False
    next: Step | None = None

    @property
    def is_begun(self) -> bool:
        """Whether anything was done for this learner yet."""
        return any((self.rows is not None, self.version, self.logged, self.file))


@dataclass(frozen=True)
class Status:
    """Where a workspace stands; `next` is the one command to run now."""

    workspace: str
    learners: Sequence[LearnerStatus]

    plain_extra: ClassVar[tuple[str, ...]] = ("next",)

    @property
    def next(self) -> Step:
        """The most urgent step of all learners; of equal ones the first of the table."""
        steps = [status.next for status in self.learners if status.is_begun and status.next]
        return min(steps, key=lambda step: step.rank, default=_SCAN)


def workspace_status(workspace: Workspace) -> Status:
    """Say where every learner of a workspace stands. Writes nothing, loads no model."""
    runs = past_runs(workspace)
    return Status(
        str(workspace.root),
        [_status(workspace, learner, runs) for learner in LEARNERS.values()],
    )


def _status(
    workspace: Workspace, learner: Learner, runs: Sequence[dict[str, Any]]
) -> LearnerStatus:
    rows, scanned_at = _scanned(learner.table(workspace))
    version, problem = _served(workspace, learner.name)
    logged = _logged(workspace, learner)
    file = learner.proposals(workspace)
    proposals, answered, changed_at = _answers(file, learner.answer_column)
    taken_at = max(
        (*logged, *(r["at"] for r in runs if r.get("command") in _TAKES and "at" in r)), default=""
    )
    status = LearnerStatus(
        learner.name,
        learner.subject,
        rows,
        scanned_at,
        version.id if version else None,
        version.created_at if version else None,
        problem,
        len(logged),
        sum(at > version.created_at for at in logged) if version else len(logged),
        str(file) if file and file.is_file() else None,
        proposals,
        answered,
        bool(answered) and changed_at > taken_at,
    )
    return replace(status, next=_next(learner, status, changed_at))


def _next(learner: Learner, status: LearnerStatus, changed_at: str) -> Step | None:
    name = Path(status.file).name if status.file else ""
    if status.problem:
        return Step("djlib doctor", status.problem, 0)
    if status.untaken:
        return Step(
            f"djlib feedback data/{name}",
            f"{status.answered:,} answers there are not learned yet",
            1,
        )
    if status.version is None and (status.rows is not None or status.logged):
        return Step(learner.first_step, "nothing is learned yet", 2)
    if status.unlearned:
        # Not `train`, which without a file is for the first learner of the table alone.
        why = f"{status.unlearned:,} answers came after this version"
        return Step("djlib jobs run retrain", why, 3)
    if status.rows is None:
        return _SCAN if status.version else None
    if status.file is None or (status.scanned_at or "") > changed_at:
        return Step(learner.propose_step, "what was scanned has no proposals yet", 5)
    left = (status.proposals or 0) - (status.answered or 0)
    if left > 0:
        return Step(f"djlib review data/{name}", f"{left:,} proposals wait for a look", 6)
    return Step(learner.propose_step, "everything proposed is answered", 7)


def _scanned(table: tuple[str, Path] | None) -> tuple[int | None, str | None]:
    """Rows of a scanned table, by its footer, and when it was written."""
    if table is None or not table[1].is_file():
        return None, None
    import pyarrow.parquet as parquet  # late: half of what this command takes

    try:
        return parquet.read_metadata(table[1]).num_rows, _changed_at(table[1])
    except (OSError, ValueError):
        return None, None  # said by check and doctor


def _served(workspace: Workspace, learner: str) -> tuple[Version | None, str]:
    """The version in force, and what is wrong with it or with the registry."""
    try:
        version = ledger_of(workspace, learner).current()
    except NotTrainedError:
        return None, ""
    except DjlibError as error:
        return None, str(error)
    return version, version.problem


def _logged(workspace: Workspace, learner: Learner) -> list[str]:
    """When each answer was logged; none of a log that cannot be read, which doctor says."""
    times: list[str] = []
    for kind in learner.logs():
        try:
            times += [str(event.get("at", "")) for event in read_events(workspace.events, kind)]
        except DjlibError:
            continue
    return times


def _answers(file: Path | None, column: str) -> tuple[int | None, int | None, str]:
    """Rows of the file of proposals, rows with an answer, when it was changed."""
    if file is None or not file.is_file():
        return None, None, ""
    changed_at = _changed_at(file)
    if file.stat().st_size > _MOST_BYTES:
        return None, None, changed_at
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            cells = [(row.get(column) or "").strip() for row in csv.DictReader(lines)]
    except (OSError, ValueError, csv.Error):
        return None, None, changed_at  # saved by a spreadsheet in its own way: feedback reads it
    return len(cells), sum(map(bool, cells)), changed_at


def _changed_at(file: Path) -> str:
    return datetime.fromtimestamp(file.stat().st_mtime, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
