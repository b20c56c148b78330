"""The log of corrections and renames: appended to, never rewritten, replayed at every training."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pandas as pd

from ...bucketing.corrections import (
    Correction,
    Kind,
    Rename,
    current_names,
    in_force,
    rename_event,
    rename_of,
)
from ...errors import InputError
from ...settings import Workspace
from ...tables.events import append_events, read_events
from ...tables.schema import TRACKS
from ..core.event_log import CORRECTIONS

Corrections = dict[str, tuple[Correction, dict[str, Any]]]
"""Track id to its last correction and the track's own columns."""

_Said = tuple[Correction, dict[str, Any]]


def corrections_so_far(workspace: Workspace) -> Corrections:
    """Replay the log; the last word on a track wins, buckets are called what they are called now.
    Raises `InputError` for a damaged log."""
    records = _records(workspace)
    renames = in_force(r for r in records if isinstance(r, Rename))
    found: Corrections = {}
    for number, record in enumerate(records, start=1):
        if isinstance(record, Rename):
            continue
        said, track = record
        now = current_names(said.buckets, renames, since=number)
        found.pop(said.track_id, None)
        found[said.track_id] = (replace(said, buckets=now), track)
    return found


def all_corrections(workspace: Workspace) -> list[Correction]:
    """Every correction as it was said, oldest first, those that were replaced later included."""
    return [r[0] for r in _records(workspace) if not isinstance(r, Rename)]


def renames_so_far(workspace: Workspace) -> tuple[Rename, ...]:
    """The renames in force, in order."""
    return in_force(r for r in _records(workspace) if isinstance(r, Rename))


def n_logged(workspace: Workspace) -> int:
    """How long the log is: a model that was trained when it was shorter has not seen it all."""
    return len(read_events(workspace.events, CORRECTIONS))


def log_corrections(
    workspace: Workspace, taken: list[Correction], rows: dict[str, dict[str, Any]], source: str
) -> None:
    """Append what was taken, each with the columns of its track (`rows`, by id), so that the log
    alone can be learned from again."""
    append_events(
        workspace.events,
        CORRECTIONS,
        [
            {
                "track_id": correction.track_id,
                "correct_buckets": list(correction.buckets),
                "predicted_bucket": correction.predicted,
                "model_version": correction.model_version,
                "source": source,
                "track": _plain(rows[correction.track_id]),
            }
            for correction in taken
        ],
    )


def log_renames(workspace: Workspace, renames: Iterable[tuple[str, str, Kind]]) -> None:
    """Append renames: old name, new name, and what that means."""
    append_events(workspace.events, CORRECTIONS, [rename_event(*rename) for rename in renames])


def _records(workspace: Workspace) -> list[Rename | _Said]:
    """Every record of the log, read."""
    read: list[Rename | _Said] = []
    for number, event in enumerate(read_events(workspace.events, CORRECTIONS), start=1):
        try:
            read.append(rename_of(event, number) or _said(event))
        except (KeyError, TypeError) as error:
            raise InputError(
                f"{workspace.events / CORRECTIONS}.jsonl: correction {number} lacks {error}; "
                "mend or remove its line"
            ) from error
    return read


def _said(event: dict[str, Any]) -> _Said:
    correction = Correction(
        event["track_id"],
        tuple(event["correct_buckets"]),
        event.get("predicted_bucket", ""),
        event.get("model_version", ""),
    )
    return correction, dict(event["track"])


def _plain(track: dict[str, Any]) -> dict[str, Any]:
    kept = {c: track[c] for c in TRACKS.names if c in track and c not in ("bucket", "buckets")}
    return {column: None if pd.isna(value) else value for column, value in kept.items()}
