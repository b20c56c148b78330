"""One run at a time in a workspace, each written down: what ran, how long, how it ended."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from ...errors import InputError
from ...settings import Settings, Workspace
from ...tables.atomic import sweep_stray, write_json
from ...tables.events import append_events, read_events
from ...tables.locks import workspace_lock
from .progress import ProgressReporter

RUNS = "runs"

_log = logging.getLogger(__name__)


@contextmanager
def run(
    workspace: Workspace,
    settings: Settings,
    command: str,
    talk: ProgressReporter,
    *,
    recorded: bool = True,
) -> Iterator[dict[str, Any]]:
    """Hold the workspace for one command and record it, whatever happens.

    Gives a dictionary to note facts in; a run that promised to write nothing is not `recorded`.
    Raises `BusyError` after `settings.lock_wait_s` where another run holds the workspace.
    """
    with workspace_lock(workspace.root, command, settings.lock_wait_s, waiting=talk.say):
        for folder in (workspace.root, workspace.data, workspace.models, workspace.logs):
            sweep_stray(folder)
        noted: dict[str, Any] = {}
        started = time.monotonic()
        outcome = "failed"
        try:
            yield noted
            outcome = "done"
        finally:
            seconds = round(time.monotonic() - started, 3)
            facts = {"command": command, "outcome": outcome, "seconds": seconds, **noted}
            # A failure in a folder that is no workspace yet must not make it look like one.
            if recorded and (outcome == "done" or workspace.data.is_dir()):
                append_events(workspace.events, RUNS, [facts])


def past_runs(workspace: Workspace) -> list[dict[str, Any]]:
    """What earlier runs noted, oldest first; nothing where their log is damaged, since no run
    depends on it."""
    try:
        return read_events(workspace.events, RUNS)
    except InputError as error:
        _log.warning("earlier runs are not known: %s", error)
        return []


def update_metrics(workspace: Workspace, section: str, figures: dict[str, Any]) -> None:
    """Replace one section of metrics.json; a damaged file is set aside, never half-used."""
    write_json(workspace.metrics, {**_metrics(workspace), section: figures})


def _metrics(workspace: Workspace) -> dict[str, Any]:
    if not workspace.metrics.is_file():
        return {}
    try:
        read = json.loads(workspace.metrics.read_text(encoding="utf-8"))
    except ValueError:
        read = None
    if isinstance(read, dict):
        return read
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    workspace.metrics.rename(workspace.metrics.with_name(f"metrics.json.corrupt-{stamp}"))
    return {}
