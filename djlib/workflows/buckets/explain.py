"""`explain`: one track taken apart, its history, or what a version leans on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ...bucketing.analysis.importance import (
    Importance,
    importance,
    mean_contributions,
    shuffled_fields,
)
from ...bucketing.base import BucketAssigner
from ...bucketing.explain import Explanation, explain
from ...bucketing.field_words import field_name
from ...bucketing.labels import buckets_of
from ...bucketing.proposals import Proposer, Terms
from ...bucketing.training import TrainingSet, assemble
from ...errors import InputError, NotFoundError
from ...evaluation.splits import song_groups
from ...registry import Version
from ...reporting.charts import importance_chart
from ...settings import Settings, Workspace
from ...tables.events import read_events, utc_now
from ..core.event_log import CORRECTIONS
from ..core.progress import ProgressReporter
from ..core.song_identity import disambiguate_track_ids
from ..library.find_track import find_track
from ..library.tracks import read_tracks
from .audit import Said, said_of
from .corrections import corrections_so_far
from .models import as_trained, bucket_models, choose_threshold, out_of_fold
from .train import training_source


@dataclass(frozen=True)
class ExplainOptions:
    """What a person may ask: another table or library to look in, another version, and how many
    choices and nearest tracks."""

    data: Path | None = None
    version: str = "current"
    top: int = 3


@dataclass(frozen=True)
class ExplainReport:
    """What a version says of one track, and why. `sorted_into` are the buckets the person put it
    in, `learned` whether the version has learned from that."""

    track_id: str
    artist: str
    title: str
    version: str
    status: str
    reason: str
    threshold: float
    sorted_into: tuple[str, ...]
    learned: bool
    explanation: Explanation


def explain_track(
    workspace: Workspace,
    settings: Settings,
    wanted: str,
    *,
    options: ExplainOptions,
    talk: ProgressReporter,
) -> ExplainReport:
    """Explain what a version says of the track meant by `wanted`, as `find_track` finds it.

    Nothing is written. Raises `UsageError` where several tracks fit, `NotFoundError` where none
    does, `NotTrainedError` where there is no model yet.
    """
    version = bucket_models(workspace).get(options.version)
    track = find_track(workspace, wanted, options.data, talk=talk)
    model = bucket_models(workspace).load(version.id)
    kept = as_trained(settings.buckets, version)
    abstention = choose_threshold(*out_of_fold(workspace, version.id), kept)
    terms = Terms(abstention.threshold, version.id, utc_now())
    answer = Proposer(model, terms).propose(track).iloc[0]
    with talk.step("Taking the answer apart"):
        found = explain(model, track, n_nearest=options.top, n_choices=options.top, what_if=True)[0]
    return ExplainReport(
        track_id=str(answer["track_id"]),
        artist=str(answer["artist"]),
        title=str(answer["title"]),
        version=version.id,
        status=str(answer["status"]),
        reason=str(answer["reason"]),
        threshold=abstention.threshold,
        sorted_into=sorted_into(workspace, track)[0],
        learned=bool(model.labelled_["track_id"].eq(answer["track_id"]).any()),
        explanation=found,
    )


def sorted_into(workspace: Workspace, track: pd.DataFrame) -> tuple[tuple[str, ...], str]:
    """Where a person put the one track of a table, and how: by `correction`, which counts more,
    or in the `library`; nothing and "" where they did not."""
    apart = disambiguate_track_ids(corrections_so_far(workspace), track)
    corrected = apart.get(str(track["track_id"].iloc[0]))
    if corrected:
        return corrected[0].buckets, "correction"
    own = tuple(buckets_of(track)[0])
    return own, "library" if own else ""


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


def explain_model(
    workspace: Workspace,
    settings: Settings,
    *,
    version: str = "current",
    chart: Path | None = None,
    talk: ProgressReporter,
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
    workspace: Workspace,
    settings: Settings,
    version: Version,
    model: BucketAssigner,
    talk: ProgressReporter,
) -> TrainingSet:
    """Test tracks the version has never learned from, in buckets it knows; at most `_MOST`."""
    rows = _kept_aside(workspace, settings, version, model, talk)
    unseen = ~np.isin(song_groups(rows.tracks), song_groups(model.labelled_))
    known = [set(row) <= set(model.classes_) for row in rows.labels]
    rows = rows.rows(unseen & np.array(known, dtype=bool))
    some = np.random.default_rng(settings.seed).permutation(len(rows.tracks)) < _MOST
    return rows.rows(some)


def _kept_aside(
    workspace: Workspace,
    settings: Settings,
    version: Version,
    model: BucketAssigner,
    talk: ProgressReporter,
) -> TrainingSet:
    try:
        source = Path(version.metadata.get("source", ""))
        source = source if source.is_file() else training_source(workspace)
        tracks = read_tracks(workspace, source, talk, remember=False)[0]
        corrections = disambiguate_track_ids(corrections_so_far(workspace), tracks)
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


@dataclass(frozen=True)
class Corrected:
    """A correction of the track: when, the right buckets, what it answered to and where from."""

    at: str
    buckets: tuple[str, ...]
    predicted: str
    version: str
    source: str


@dataclass(frozen=True)
class Speaker:
    """A version that said something of the track: whether it can still be asked, and what it had
    learned from: how many tracks, when, which exact labels (`fingerprint`)."""

    id: str
    state: str
    tracks: int | None
    trained_at: str
    fingerprint: str


@dataclass(frozen=True)
class History:
    """Everything said of one track, oldest first. `in_force` are the buckets that count now, by
    `correction`, `library` or `prediction`; `runs_gone` counts runs whose answers are not kept."""

    track_id: str
    artist: str
    title: str
    said: tuple[Said, ...]
    corrected: tuple[Corrected, ...]
    versions: tuple[Speaker, ...]
    in_force: tuple[str, ...]
    by: str
    runs_gone: int


def track_history(
    workspace: Workspace, wanted: str, source: Path | None = None, *, talk: ProgressReporter
) -> History:
    """Gather what was said of the track meant by `wanted`: as `find_track` finds it or, for one
    that is in no library any more, by its exact id."""
    track = _found(workspace, wanted, source, talk)
    track_id = str(track["track_id"].iloc[0])
    said, runs_gone = said_of(workspace, track_id)
    own, by = sorted_into(workspace, track)
    if not own and said:
        own, by = tuple(said[-1].bucket.split("|")), "prediction"
    names = track.reindex(columns=["artist", "title"], fill_value="").iloc[0]
    return History(
        track_id=track_id,
        artist=str(names["artist"]),
        title=str(names["title"]),
        said=tuple(said),
        corrected=tuple(_corrected(event) for event in _events(workspace, track_id)),
        versions=_speakers(workspace, said),
        in_force=own,
        by=by,
        runs_gone=runs_gone,
    )


def _found(
    workspace: Workspace, wanted: str, source: Path | None, talk: ProgressReporter
) -> pd.DataFrame:
    try:
        return find_track(workspace, wanted, source, talk=talk)
    except NotFoundError:
        events = _events(workspace, wanted)
        if not events and not said_of(workspace, wanted)[0]:
            raise
        logged = events[-1]["track"] if events else {}
        return pd.DataFrame([{"artist": "", "title": "", **logged, "track_id": wanted}])


def _events(workspace: Workspace, track_id: str) -> list[dict[str, Any]]:
    events = read_events(workspace.events, CORRECTIONS)
    return [event for event in events if event.get("track_id") == track_id]


def _corrected(event: dict[str, Any]) -> Corrected:
    return Corrected(
        event["at"],
        tuple(event["correct_buckets"]),
        event.get("predicted_bucket", ""),
        event.get("model_version", ""),
        event.get("source", ""),
    )


def _speakers(workspace: Workspace, said: list[Said]) -> tuple[Speaker, ...]:
    known = {version.id: version for version in bucket_models(workspace).versions()}
    spoke = {one.version: one for one in said}
    return tuple(_speaker(one, known.get(version)) for version, one in spoke.items())


def _speaker(said: Said, version: Version | None) -> Speaker:
    if version is None:
        return Speaker(said.version, "deleted", None, "", said.fingerprint)
    known = version.metadata
    return Speaker(
        said.version,
        "current" if version.is_current else version.problem or "kept",
        known.get("tracks"),
        str(known.get("trained_at", version.created_at)),
        str(known.get("data_fingerprint", said.fingerprint)),
    )
