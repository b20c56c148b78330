"""Tracks this workspace has met: scanned, learned from, answered for or corrected."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from ...errors import DjlibError, NotFoundError
from ...settings import Workspace
from ...tables.io import is_table, iter_table
from ...tables.schema import TRACKS
from ..buckets.corrections import Corrections
from ..core.progress import NullReporter
from ..core.runs import past_runs
from .tracks import read_tracks

_log = logging.getLogger(__name__)

_NAMES = ["track_id", "artist", "title"]


def names_met(workspace: Workspace, so_far: Corrections) -> pd.DataFrame:
    """Id, artist and title of every track met; only these, so that a million fit in memory.

    Raises `NotFoundError` where no track was ever met.
    """
    names = [batch.reindex(columns=_NAMES, fill_value="") for batch in _batches(workspace)]
    logged = [{name: row.get(name) or "" for name in _NAMES} for _, row in so_far.values()]
    corrected = pd.DataFrame(logged, columns=_NAMES)
    parts = [part for part in [*names, corrected] if len(part)]
    if not parts:
        raise NotFoundError("no tracks are known here; run 'djlib scan LIBRARY' first")
    return pd.concat(parts, ignore_index=True).drop_duplicates("track_id")


def rows_met(
    workspace: Workspace, so_far: Corrections, wanted: set[str]
) -> dict[str, dict[str, Any]]:
    """The columns of each wanted track, by its id; the newest source wins, the log of
    corrections helps out."""
    rows: dict[str, dict[str, Any]] = {}
    for batch in _batches(workspace):
        for row in batch[batch["track_id"].isin(wanted - set(rows))].to_dict("records"):
            rows[str(row["track_id"])] = row
    logged = {track_id: row for track_id, (_, row) in so_far.items() if track_id in wanted}
    return {**logged, **rows}


def _batches(workspace: Workspace) -> Iterator[pd.DataFrame]:
    """Tracks of every file worked on that is still there, the newest first."""
    answered = (Path(r["source"]) for r in reversed(past_runs(workspace)) if "rows" in r)
    for source in dict.fromkeys([workspace.tracks, workspace.training, *answered]):
        if not source.exists():
            continue
        try:
            if is_table(source):
                yield from iter_table(source, schema=TRACKS, problems=[])
            else:
                yield read_tracks(workspace, source, NullReporter())[0]
        except DjlibError as error:
            _log.warning("%s: not searched for tracks: %s", source, error)
