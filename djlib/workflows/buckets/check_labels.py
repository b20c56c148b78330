"""`check --labels`: which of a person's own placements look odd. Nothing is changed."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ...bucketing.analysis.label_quality import LabelQuality, label_quality
from ...bucketing.training import assemble
from ...errors import UsageError
from ...settings import Settings, Workspace
from ...tables.io import is_table, write_table
from ...tables.problems import Problem
from ..core.edits import keep_unread, state_of
from ..core.progress import ProgressReporter
from ..core.runs import run
from ..core.song_identity import disambiguate_track_ids
from ..library.tracks import read_tracks
from .corrections import Corrections, corrections_so_far
from .train import new_model, training_source

COLUMNS = (
    "track_id",
    "artist",
    "title",
    "bucket",
    "also_in",
    "suggested_bucket",
    "probability",
    "quality",
    "why",
    "correct_bucket",
)
"""Of the file a person answers in: `quality` is the probability of `bucket`, the placement that
looks odd; `also_in` are the track's other buckets."""

_DIGITS = 4


@dataclass(frozen=True)
class LabelReport:
    """Placements that look odd, the oddest first, as rows with `your_correction`; each correction
    with its `quality` (the probability of its bucket) and whether it is `odd`; how many tracks
    were checked, and the share of them whose bucket the model would choose as well."""

    source: str
    tracks: int
    buckets: int
    agreement: float
    odd: list[dict[str, Any]]
    corrections: list[dict[str, Any]]
    too_small: dict[str, int]
    problems: list[Problem]
    written: str | None = None


def check_labels(
    workspace: Workspace,
    settings: Settings,
    source: Path | None = None,
    *,
    output: Path | None = None,
    talk: ProgressReporter,
) -> LabelReport:
    """Ask models that never saw a track whether they would place it elsewhere, for the scanned
    library (or `source`) with the corrections so far.

    `output` is written for a person to answer in and to feed back; without it nothing is written.
    Raises `InputError` where fewer than two buckets are large enough.
    """
    if output is not None and not is_table(output):
        raise UsageError(f"{output}: answers are written in a table; name a .csv file")
    held: AbstractContextManager[dict[str, Any]] = nullcontext({})
    if output is not None:
        held = run(workspace, settings, "check", talk)
    with held as noted:
        source = source or training_source(workspace)
        if output and output.exists() and source.exists() and output.samefile(source):
            raise UsageError(f"{output} is the file the tracks are in; name another --output")
        tracks, _, problems = read_tracks(workspace, source, talk, remember=False)
        so_far = corrections_so_far(workspace)
        found = _judged(settings, tracks, disambiguate_track_ids(so_far, tracks), talk)
        report = _report(source, found, problems, output)
        if output:
            _write(workspace, output, report, so_far, talk)
            noted |= {"output": str(output.absolute()), "state": state_of(output)}
        return report


def _judged(
    settings: Settings, tracks: pd.DataFrame, corrections: Corrections, talk: ProgressReporter
) -> LabelQuality:
    training = assemble(tracks, corrections, test_share=0.0)
    n_folds = settings.buckets.folds
    with talk.step("Checking your placements", n_folds) as progress:
        return label_quality(
            lambda: new_model(settings),
            training,
            n_folds=n_folds,
            min_tracks=settings.buckets.min_tracks,
            seed=settings.seed,
            progress=progress,
        )


def _report(
    source: Path, found: LabelQuality, problems: list[Problem], output: Path | None
) -> LabelReport:
    tracks, corrected = found.training.tracks, found.training.corrected
    odd = [
        {
            **_song(tracks, place.row),
            "bucket": place.bucket,
            "also_in": "|".join(b for b in found.training.labels[place.row] if b != place.bucket),
            "suggested_bucket": place.suggested,
            "probability": round(place.probability, _DIGITS),
            "quality": round(place.quality, _DIGITS),
            "why": place.why,
            "your_correction": bool(corrected[place.row]),
        }
        for place in found.odd
    ]
    return LabelReport(
        source=str(source),
        tracks=len(tracks),
        buckets=len(found.buckets),
        agreement=found.agreement,
        odd=odd,
        corrections=_corrections(found),
        too_small=found.too_small,
        problems=problems,
        written=str(output) if output else None,
    )


def _corrections(found: LabelQuality) -> list[dict[str, Any]]:
    """Every correction that was checked, the least probable first."""
    training, quality = found.training, found.track_quality
    rows = np.flatnonzero(training.corrected & np.isfinite(quality))
    odd = {place.row for place in found.odd}
    return [
        {
            **_song(training.tracks, int(row)),
            "bucket": "|".join(training.labels[row]),
            "quality": round(float(quality[row]), _DIGITS),
            "odd": int(row) in odd,
        }
        for row in rows[np.argsort(quality[rows], kind="stable")]
    ]


def _song(tracks: pd.DataFrame, row: int) -> dict[str, str]:
    there = [c for c in ("track_id", "artist", "title") if c in tracks]
    return {"artist": "", "title": "", **{c: str(tracks[c].iloc[row]) for c in there}}


def _write(
    workspace: Workspace,
    output: Path,
    report: LabelReport,
    so_far: Corrections,
    talk: ProgressReporter,
) -> None:
    """Write what looks odd, with an empty `correct_bucket`; answers that were never fed back are
    copied aside first."""
    kept = keep_unread(workspace, output, so_far)
    if kept:
        talk.say(f"{output} holds something of yours that was not taken in: kept as {kept}")
    rows = [{**row, "correct_bucket": ""} for row in report.odd]
    write_table(pd.DataFrame(rows, columns=list(COLUMNS)), output, defuse=True)
