"""What the jobs did, for people to read."""

from __future__ import annotations

from ..settings import Workspace
from ..tables.state import STATE_FILE, read_state
from .slots import JobRun, Slots


def past_job_runs(workspace: Workspace, most: int = 20, job: str | None = None) -> list[JobRun]:
    """The last runs of jobs, newest first; none where none has run."""
    if not (workspace.data / STATE_FILE).is_file():
        return []
    with read_state(workspace.data) as state:
        return Slots(state).history(most, job)
