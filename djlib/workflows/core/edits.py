"""A file that a person has worked in, where predictions go: nothing they wrote is lost."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from ...errors import InputError
from ...settings import Workspace
from ...tables.io import iter_table
from ...tables.problems import Problem
from ...tables.schema import CORRECTIONS, split_buckets
from ..buckets.corrections import Corrections
from .runs import past_runs


def keep_unread(workspace: Workspace, output: Path, so_far: Corrections) -> Path | None:
    """Copy `output` beside itself if it holds corrections that were never fed back, or is no file
    of predictions at all; gives the copy, None where nothing would be lost."""
    if not output.is_file() or state_of(output) in _left_by_runs(workspace, output):
        return None
    if _is_all_read(output, so_far):
        return None
    return copy_aside(output)


def copy_aside(file: Path) -> Path:
    """Copy a file beside itself, under a name with the time; gives the copy."""
    stem, dot, suffixes = file.name.partition(".")
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    kept = file.with_name(f"{stem}.kept-{stamp}{dot}{suffixes}")
    shutil.copy2(file, kept)
    return kept


def state_of(output: Path) -> list[int]:
    """Size and time of change, by which a file is known to be as a run left it."""
    state = output.stat()
    return [state.st_size, state.st_mtime_ns]


def _left_by_runs(workspace: Workspace, output: Path) -> list[list[int]]:
    here = str(output.absolute())
    return [run["state"] for run in past_runs(workspace) if run.get("output") == here]


def _is_all_read(output: Path, so_far: Corrections) -> bool:
    problems: list[Problem] = []
    try:
        batches = iter_table(output, schema=CORRECTIONS, problems=problems)
        is_known = all(_is_known(batch, so_far) for batch in batches)
    except InputError:
        return False
    return is_known and not any(problem.outcome == "row left out" for problem in problems)


def _is_known(batch: pd.DataFrame, so_far: Corrections) -> bool:
    answered = batch[batch["correct_bucket"].str.strip() != ""]
    return all(
        track_id in so_far and set(so_far[track_id][0].buckets) == set(split_buckets(cell))
        for track_id, cell in zip(answered["track_id"], answered["correct_bucket"], strict=True)
    )
