"""The audit trail: what every run of `assign-buckets` said of every track, kept for later.

One Parquet file a run in `data/audit/`, named in the run's line of the log of runs. A file that
no line names was left by a run that did not end: nobody was given its answers.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from ...errors import FormatError
from ...settings import Workspace
from ...tables.atomic import sweep_stray
from ...tables.csv.sources import open_parquet
from ...tables.io import TableWriter
from ..core.runs import past_runs

MOST_RUNS = 365
"""Of how many runs the answers are kept: a year of nights."""

MOST_BYTES = 2**30

_KEPT = ["track_id", "predicted_bucket", "confidence", "status", "model_version"]
_BATCH_ROWS = 200_000

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Said:
    """What one run said of one track: the version, when (ISO 8601, UTC), from which source, and
    what the version had learned from."""

    at: str
    bucket: str
    confidence: float
    status: str
    version: str
    source: str
    run: str
    fingerprint: str


class Trail:
    """Takes the predictions of a run, batch by batch; `name` is the file they are kept in."""

    def __init__(self, path: Path, writer: TableWriter) -> None:
        self.name = path.name
        self._writer = writer

    def write(self, predictions: pd.DataFrame) -> None:
        """Keep who, what, how sure and the status of each row."""
        kept = predictions[_KEPT]
        self._writer.write(kept.astype({"confidence": "float32"}))


@contextmanager
def trail(workspace: Workspace) -> Iterator[Trail]:
    """Give the trail of a new run; its file appears when the block ends without an error, and the
    oldest ones go where there are more than `MOST_RUNS` or they take more than `MOST_BYTES`."""
    folder = _folder(workspace)
    path = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}.parquet"
    with TableWriter(path) as writer:
        yield Trail(path, writer)
    sweep_stray(folder)
    _thin_out(folder)


def said_of(workspace: Workspace, track_id: str) -> tuple[list[Said], int]:
    """Everything that was ever said of a track, oldest first, and how many runs before those
    kept cannot be asked any more."""
    found, n_gone = [], 0
    for run in past_runs(workspace):
        if run.get("command") != "assign-buckets" or "version" not in run:
            continue
        file = _folder(workspace) / Path(str(run.get("audit", ""))).name
        if not file.is_file():
            n_gone += 1
            continue
        found += [_said(run, row) for row in _rows_of(file, track_id)]
    return found, n_gone


def versions_said(workspace: Workspace, run: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Which version answered for which track in a run: both may stand in one file (A/B). Nothing
    where the file is gone."""
    file = _folder(workspace) / Path(str(run.get("audit", ""))).name
    if not file.is_file():
        return
    with open_parquet(file) as rows:
        for batch in rows.iter_batches(_BATCH_ROWS, columns=["model_version", "track_id"]):
            table = batch.to_pandas()
            yield from zip(table["model_version"], table["track_id"], strict=True)


def proposals_of(workspace: Workspace, predicted_at: Collection[str]) -> dict[tuple[str, str], str]:
    """The bucket that runs of these moments proposed, by version and track; nothing of a run whose
    file is gone."""
    found: dict[tuple[str, str], str] = {}
    columns = ["model_version", "track_id", "predicted_bucket"]
    for run in past_runs(workspace):
        file = _folder(workspace) / Path(str(run.get("audit", ""))).name
        if run.get("predicted_at") not in predicted_at or not file.is_file():
            continue
        with open_parquet(file) as rows:
            for batch in rows.iter_batches(_BATCH_ROWS, columns=columns):
                table = batch.to_pandas()
                keys = zip(table["model_version"], table["track_id"], strict=True)
                found.update(zip(keys, table["predicted_bucket"].astype(str), strict=True))
    return found


def confidences_of(workspace: Workspace, versions: Collection[str]) -> dict[tuple[str, str], float]:
    """How sure some versions were when they last answered for a track, by version and track."""
    found: dict[tuple[str, str], float] = {}
    columns = ["model_version", "track_id", "confidence"]
    for run in past_runs(workspace):
        file = _folder(workspace) / Path(str(run.get("audit", ""))).name
        if run.get("command") != "assign-buckets" or not file.is_file():
            continue
        with open_parquet(file) as rows:
            for batch in rows.iter_batches(_BATCH_ROWS, columns=columns):
                table = batch.to_pandas()
                table = table[table["model_version"].isin(list(versions))]
                keys = zip(table["model_version"], table["track_id"], strict=True)
                found.update(zip(keys, table["confidence"].astype(float), strict=True))
    return found


def _folder(workspace: Workspace) -> Path:
    return workspace.data / "audit"


def _thin_out(folder: Path) -> None:
    """Remove the oldest files beyond the limits; never the newest."""
    newest_first = sorted(folder.glob("*.parquet"), reverse=True)
    n_bytes = 0
    for place, file in enumerate(newest_first):
        n_bytes += file.stat().st_size
        if place and (place >= MOST_RUNS or n_bytes > MOST_BYTES):
            file.unlink(missing_ok=True)


def _rows_of(file: Path, track_id: str) -> list[dict[str, Any]]:
    try:
        with open_parquet(file) as rows:
            batches = rows.iter_batches(_BATCH_ROWS, columns=_KEPT)
            tables = (batch.to_pandas() for batch in batches)
            return [row for t in tables for row in t[t["track_id"] == track_id].to_dict("records")]
    except FormatError as error:
        _log.warning("the trail has a gap: %s", error)
        return []


def _said(run: dict[str, Any], row: dict[str, Any]) -> Said:
    return Said(
        at=str(run.get("predicted_at", run["at"])),
        bucket=str(row["predicted_bucket"]),
        confidence=round(float(row["confidence"]), 4),
        status=str(row["status"]),
        version=str(row["model_version"]),
        source=str(run.get("source", "")),
        run=Path(str(run["audit"])).stem,
        fingerprint=str(run.get(_fingerprint_of(run, row), "")),
    )


def _fingerprint_of(run: dict[str, Any], row: dict[str, Any]) -> str:
    """Where a run notes what the version of a row had learned from."""
    return "fingerprint" if row["model_version"] == run["version"] else "ab_fingerprint"
