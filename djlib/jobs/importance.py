"""`explain --model`: which fields a version leans on, and what speaks for each bucket."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..bucketing.assigner import BucketAssigner
from ..bucketing.field_words import field_name
from ..bucketing.importance import Importance, importance, mean_contributions, shuffled_fields
from ..bucketing.training import TrainingSet, assemble
from ..errors import InputError, NotFoundError
from ..evaluation.importance_chart import importance_chart
from ..evaluation.splits import song_groups
from ..registry import Version
from ..settings import Settings, Workspace
from .corrections import corrections_so_far
from .models import bucket_models
from .scan import ScanOptions, read_tracks
from .songs import told_apart
from .talk import Talk
from .train import training_source

_FEWEST = 10
"""Test tracks that say anything about a field."""

_MOST, _REPEATS = 400, 3
"""Test tracks that are shuffled, and how often; more take long, since every sentence is read anew,
and change little."""

_MOST_EVIDENCE = 6

Evidence = tuple[str, str, float]
"""A field, a value or word of it, and its weight for a bucket."""


@dataclass(frozen=True)
class ImportanceReport:
    """What a version leans on, the strongest field first.

    `fields` are measured on `n_tracks` test tracks it has never learned from. Where there are
    too few, `fields` is empty and `moved` says how far each field moves the vote on average.
    `made_of_others` are parts of the model that are no column of their own. `evidence` names,
    for each bucket, what speaks most for it, where the model can tell.
    """

    version: str
    n_tracks: int
    fields: tuple[Importance, ...]
    moved: dict[str, float]
    vote_scale: str
    made_of_others: tuple[str, ...]
    evidence: dict[str, tuple[Evidence, ...]]
    written: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return asdict(self)


def explain_model(
    workspace: Workspace,
    settings: Settings,
    *,
    version: str = "current",
    chart: Path | None = None,
    talk: Talk,
) -> ImportanceReport:
    """Measure what a version leans on; draw it into `chart` where one is asked for."""
    found = bucket_models(workspace).get(version)
    model = bucket_models(workspace).load(found.id)
    rows = _test_rows(workspace, settings, found, model, talk)
    fields: list[Importance] = []
    if len(rows.tracks) >= _FEWEST:
        with talk.step("Shuffling fields", len(shuffled_fields(model))) as progress:
            fields = importance(
                model, rows.tracks, rows.labels,
                n_repeats=_REPEATS, seed=settings.seed, progress=progress,
            )  # fmt: skip
    report = ImportanceReport(
        version=found.id,
        n_tracks=len(rows.tracks) if fields else len(model.labelled_),
        fields=tuple(fields),
        moved={} if fields else mean_contributions(model, model.labelled_),
        vote_scale=model.vote_scale,
        made_of_others=tuple(f for f in model.fields if f not in shuffled_fields(model)),
        evidence=_evidence(model),
        written=(str(chart),) if chart else (),
    )
    if chart:
        _draw(report, chart)
    return report


def _test_rows(
    workspace: Workspace, settings: Settings, version: Version, model: BucketAssigner, talk: Talk
) -> TrainingSet:
    """Test tracks the version has never learned from, in buckets it knows; at most `_MOST`."""
    rows = _kept_aside(workspace, settings, version, model, talk)
    unseen = ~np.isin(song_groups(rows.tracks), song_groups(model.labelled_))
    known = [set(row) <= set(model.classes_) for row in rows.labels]
    rows = rows.rows(unseen & np.array(known, dtype=bool))
    some = np.random.default_rng(settings.seed).permutation(len(rows.tracks)) < _MOST
    return rows.rows(some)


def _kept_aside(
    workspace: Workspace, settings: Settings, version: Version, model: BucketAssigner, talk: Talk
) -> TrainingSet:
    try:
        source = Path(version.metadata.get("source", ""))
        source = source if source.is_file() else training_source(workspace)
        tracks = read_tracks(workspace, source, ScanOptions(remember=False), talk)[0]
        corrections = told_apart(corrections_so_far(workspace), tracks)
        share = settings.buckets.test_share
        return assemble(tracks, corrections, test_share=share, several=model.is_multi_).kept_aside
    except (NotFoundError, InputError):
        nothing = np.zeros(0, dtype=bool)
        return TrainingSet(model.labelled_.head(0), [], model.is_multi_, nothing, nothing)


def _evidence(model: BucketAssigner) -> dict[str, tuple[Evidence, ...]]:
    """What speaks most for each bucket, of a model that can tell."""
    tell = getattr(model, "evidence", None)
    if tell is None:
        return {}
    return {str(bucket): tuple(tell(bucket))[:_MOST_EVIDENCE] for bucket in model.classes_}


def _draw(report: ImportanceReport, chart: Path) -> None:
    if report.fields:
        table = pd.DataFrame(
            {
                "field": [field_name(one.field) for one in report.fields],
                "lost": [100 * one.accuracy.mean for one in report.fields],
                "low": [100 * one.accuracy.low for one in report.fields],
                "high": [100 * one.accuracy.high for one in report.fields],
            }
        )
        unit = "fewer right answers in 100 when the field is shuffled"
    else:
        lost = list(report.moved.values())
        names = [field_name(field) for field in report.moved]
        table = pd.DataFrame({"field": names, "lost": lost, "low": lost, "high": lost})
        unit = f"how far the field moves the vote ({report.vote_scale})"
    table = table.sort_values("lost", ascending=False, kind="stable")
    importance_chart(table, chart, unit=unit, n_tracks=report.n_tracks)
