"""The log of corrections: appended to, never rewritten, replayed whenever a model is trained."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ..bucketing.corrections import Correction
from ..errors import InputError
from ..settings import Workspace
from ..tables.events import append_events, read_events
from ..tables.schema import TRACKS

CORRECTIONS = "corrections"

Corrections = dict[str, tuple[Correction, dict[str, Any]]]
"""Track id to its last correction and the track's own columns."""


def corrections_so_far(workspace: Workspace) -> Corrections:
    """Replay the log; the last word on a track wins. Raises `InputError` for a damaged log."""
    found: Corrections = {}
    for number, event in enumerate(read_events(workspace.events, CORRECTIONS), start=1):
        try:
            correction, track = _said(event)
        except (KeyError, TypeError) as error:
            raise InputError(
                f"{workspace.events / CORRECTIONS}.jsonl: correction {number} lacks {error}; "
                "mend or remove its line"
            ) from error
        found.pop(correction.track_id, None)
        found[correction.track_id] = (correction, track)
    return found


def _said(event: dict[str, Any]) -> tuple[Correction, dict[str, Any]]:
    correction = Correction(
        event["track_id"],
        tuple(event["correct_buckets"]),
        event.get("predicted_bucket", ""),
        event.get("model_version", ""),
    )
    return correction, dict(event["track"])


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


def _plain(track: dict[str, Any]) -> dict[str, Any]:
    kept = {c: track[c] for c in TRACKS.names if c in track and c not in ("bucket", "buckets")}
    return {column: None if pd.isna(value) else value for column, value in kept.items()}
