"""`train`: learn from what is sorted, measure, compare with the served version, keep or promote."""

from __future__ import annotations

import hashlib
import json
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack

from ...bucketing.base import BucketAssigner
from ...bucketing.catalogue import make_model
from ...bucketing.comparison.changes import Changes, Memory
from ...bucketing.cross_validation import Measurement, cross_validate, n_fits
from ...bucketing.labels import buckets_of
from ...bucketing.training import TrainingSet, assemble
from ...errors import InputError, NotFoundError
from ...evaluation.calibration import Abstention
from ...evaluation.proportions import Share
from ...evaluation.significance import Comparison
from ...registry import Version
from ...reporting.charts import confidence_chart
from ...settings import Settings, Workspace
from ...tables.events import utc_now
from ...tables.io import iter_table
from ...tables.plain_json import json_text, to_plain
from ...tables.problems import Problem
from ...tables.schema import TRACKS
from ..core.learner import Challenge
from ..core.progress import NullReporter, ProgressReporter, read_ahead
from ..core.runs import run, update_metrics
from ..core.song_identity import disambiguate_track_ids
from ..library.tracks import read_tracks
from ..promotion import POLICY, PromotionRequest
from .before_after import Pace, as_measured, before_after, changed_labels, never_unlearned, why_full
from .corrections import corrections_so_far, n_logged, renames_so_far
from .models import (
    InUse,
    bucket_models,
    changes_file,
    choose_threshold,
    figures_file,
    in_use,
    out_of_fold,
    out_of_fold_file,
)


@dataclass(frozen=True)
class TrainReport:
    """What was learned, how good it is, and whether it is served now.

    `update` is "fast" where the model went on from its parent; figures and threshold are then of
    the version `measured_by`, since which `changed_labels` changed. Else `full_because` may say
    why not. `left_out` says what the model had to do without, "" for nothing. `audit` is how it
    does on the test songs; `comparison` and `changes` are beside the version before, None where
    there was none or no test songs are left, as `not_compared` says; `recent` is the same on the
    songs added last.
    """

    version: str
    parent: str | None
    promoted: bool
    source: str
    tracks: int
    kept_aside: int
    corrections: int
    buckets: dict[str, int]
    is_multi: bool
    left_out: str
    update: Literal["fast", "full"]
    full_because: str
    measured_by: str | None
    changed_labels: int
    figures: dict[str, Any]
    abstention: Abstention
    too_small: dict[str, int]
    audit: Share | None
    comparison: Comparison | None
    not_compared: str
    changes: Changes | None
    memory: Memory | None
    problems: list[Problem]
    recent: Comparison | None = None


_NOT_OF_THE_VERSION = ("version", "parent", "problems", "figures", "promoted", "changes")


class Asked(TypedDict, total=False):
    """What a person may ask of training: several buckets a track or one (None: as the labels
    are), and whether the new version is served."""

    several: bool | None
    promotion: PromotionRequest


def train_buckets(
    workspace: Workspace,
    settings: Settings,
    source: Path | None = None,
    *,
    talk: ProgressReporter,
    **asked: Unpack[Asked],
) -> TrainReport:
    """Train a bucket model from `source`, or the scanned library, or `data/training.csv`."""
    with run(workspace, settings, "train", talk) as noted:
        found = learn(workspace, settings, source, talk=talk, **asked)
        noted |= {"version": found.version, "promoted": found.promoted}
        return found


def learn(
    workspace: Workspace,
    settings: Settings,
    source: Path | None = None,
    *,
    talk: ProgressReporter,
    several: bool | None = None,
    promotion: PromotionRequest = "auto",
    pace: Pace = "full",
) -> TrainReport:
    """Do what `train` does, inside a run that already holds the workspace; `pace` may allow to go
    on from the version in use."""
    source = source or training_source(workspace)
    tracks, _, problems = read_tracks(workspace, source, talk)
    training = assemble(
        tracks,
        disambiguate_track_ids(corrections_so_far(workspace), tracks),
        test_share=settings.buckets.test_share,
        several=several,
    )
    served = in_use(workspace)
    because = why_full(served, training, new_model(settings), pace)
    learned = (
        _learn_anew(training, settings, talk)
        if because
        else _learn_on(workspace, served, training, talk)
    )
    training = learned.training
    found = before_after(
        served, learned.model, training, renames_so_far(workspace), seed=settings.seed
    )
    compared = {"songs kept aside": to_plain(found.comparison)} if found.comparison else {}
    measured = learned.measurement
    report = TrainReport(
        version="",
        parent=served.id,
        promoted=POLICY.decide(compared, promotion).promote,
        source=str(source.absolute()),
        tracks=len(training.learned.tracks),
        kept_aside=int(training.aside.sum()),
        corrections=int(training.corrected.sum()),
        buckets=dict(training.learned.sizes.most_common()),
        is_multi=training.is_multi,
        left_out=learned.model.left_out,
        update="full" if because else "fast",
        full_because=because if served.version and pace != "full" else "",
        measured_by=learned.measured_by,
        changed_labels=learned.changed,
        figures=measured.figures,
        abstention=choose_threshold(measured.confidence, measured.correct, settings.buckets),
        too_small=measured.too_small,
        audit=found.audit,
        comparison=found.comparison,
        not_compared=found.not_compared,
        changes=found.changes,
        memory=found.memory,
        problems=problems,
        recent=found.recent,
    )
    return _keep(workspace, settings, learned, report)


def training_source(workspace: Workspace) -> Path:
    """The table to learn from when none is named: what was scanned, or `data/training.csv` where
    nothing was or none of it is sorted. Raises `NotFoundError` where there is neither."""
    tracks, training = workspace.tracks, workspace.training
    if tracks.is_file() and (not training.is_file() or _is_sorted(tracks)):
        return tracks
    if training.is_file():
        return training
    raise NotFoundError(
        f"nothing to learn from: neither {workspace.tracks} nor {workspace.training} exists; "
        "run 'djlib scan LIBRARY' first, or name a file"
    )


def _is_sorted(tracks: Path) -> bool:
    """Whether any track has a bucket; reads no further than to the first that has."""
    return any(any(buckets_of(batch)) for batch in iter_table(tracks, schema=TRACKS, problems=[]))


def draw_confidence(workspace: Workspace, report: TrainReport, path: Path) -> None:
    """Draw the version's confidence against the truth; PNG, SVG or HTML by suffix."""
    confidence, correct = out_of_fold(workspace, report.version)
    if not len(confidence):
        raise InputError("no chart: the buckets are too small to measure; label more tracks")
    confidence_chart(confidence, correct, path, threshold=report.abstention.threshold)


@dataclass(frozen=True)
class _Learned:
    """A new model, what it learned from, and the measurement that stands for it."""

    model: BucketAssigner
    training: TrainingSet
    measurement: Measurement
    measured_by: str | None = None
    changed: int = 0


def _learn_on(
    workspace: Workspace, served: InUse, training: TrainingSet, talk: ProgressReporter
) -> _Learned:
    """Let the model in use go on from where it is; nothing is measured but before and after."""
    assert served.model is not None
    assert served.version is not None
    changed = changed_labels(served, training)
    training = never_unlearned(training, served.model)
    with talk.step("Learning what changed", 1) as progress:
        model = copy(served.model).update(training.learned.tracks, training.learned.y)
        progress(1)
    measurement, measured_by = as_measured(workspace, served.version)
    return _Learned(model, training, measurement, measured_by, changed)


def _learn_anew(training: TrainingSet, settings: Settings, talk: ProgressReporter) -> _Learned:
    learned = training.learned
    read_ahead(talk, new_model(settings), learned.tracks)
    measurement = _measure(learned, settings, talk)
    with talk.step("Learning from all of them", 1) as progress:
        model = new_model(settings).fit(learned.tracks, learned.y)
        progress(1)
    return _Learned(model, training, measurement)


def new_model(settings: Settings) -> BucketAssigner:
    """An unfitted model of the kind and size the settings ask for."""
    name = settings.buckets.model
    own: dict[str, Any] = {}
    if name == "simple_ml":
        own = {"n_estimators": settings.buckets.n_estimators, "n_jobs": -1}
    elif name.startswith("hybrid"):
        engine = settings.buckets.engine
        own = {"engine": None if engine == "none" else engine}
    return make_model(name, seed=settings.seed, **own)


def _measure(learned: TrainingSet, settings: Settings, talk: ProgressReporter) -> Measurement:
    n_folds = settings.buckets.folds
    with talk.step("Measuring by cross-validation", n_fits(n_folds)) as progress:
        return cross_validate(
            lambda: new_model(settings),
            learned,
            n_folds=n_folds,
            min_tracks=settings.buckets.min_tracks,
            seed=settings.seed,
            progress=progress,
        )


def _keep(
    workspace: Workspace, settings: Settings, learned: _Learned, report: TrainReport
) -> TrainReport:
    """Save the version, point at it if it is promoted, and write the figures down."""
    model, measured = learned.model, learned.measurement
    metadata = {
        **{k: v for k, v in to_plain(report).items() if k not in _NOT_OF_THE_VERSION},
        "metrics": {kind: _summary(figures) for kind, figures in report.figures.items()},
        "trained_at": utc_now(),
        "model": type(model).__name__,
        "parameters": model.get_params(),
        "data_fingerprint": fingerprint(learned.training.learned),
        "corrections_logged": n_logged(workspace),
        "seed": settings.seed,
    }
    attachments = out_of_fold_file(measured.confidence, measured.correct)
    attachments |= figures_file(report.figures)
    if report.changes:
        attachments |= changes_file(report.changes.as_dict())
    version = bucket_models(workspace).save(
        model,
        metadata=metadata,
        attachments=attachments,
        parent=report.parent,
        promote=report.promoted,
    )
    kept = replace(report, version=version.id)
    update_metrics(workspace, "training", to_plain(kept))
    return kept


def _summary(figures: dict[str, Any]) -> dict[str, Any]:
    """The figures that are one number; metrics.json has the rest."""
    return {name: value for name, value in figures.items() if isinstance(value, int | float)}


def fingerprint(learned: TrainingSet) -> str:
    """Names the exact labels a version learned from."""
    pairs = zip(learned.tracks["track_id"], learned.labels, strict=True)
    lines = sorted(f"{track_id}\x1f{'|'.join(row)}" for track_id, row in pairs)
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def challenge_buckets(
    workspace: Workspace, settings: Settings, talk: ProgressReporter
) -> Challenge:
    """Train a challenger, unless a version has learned exactly this already."""
    with run(workspace, settings, "retrain", talk) as noted:
        served = in_use(workspace).id
        same = _same_version(workspace, settings)
        if same and (same.is_current or same.parent != served or _was_served(workspace, same)):
            return Challenge("", served, why=f"nothing new since version {same.id}")
        version = same or _challenger(workspace, settings, talk)
        noted |= {"version": version.id, "promoted": False}
        return Challenge(version.id, served, _comparisons(version))


def _challenger(workspace: Workspace, settings: Settings, talk: ProgressReporter) -> Version:
    report = learn(workspace, settings, talk=talk, promotion="never")
    return bucket_models(workspace).get(report.version)


def _comparisons(version: Version) -> dict[str, Any]:
    known = {"songs kept aside": "comparison", "the newest songs kept aside": "recent"}
    return {
        what: version.metadata[name] for what, name in known.items() if version.metadata.get(name)
    }


def _same_version(workspace: Workspace, settings: Settings) -> Version | None:
    """The newest sound version that learned exactly these labels with these settings."""
    tracks = read_tracks(workspace, training_source(workspace), NullReporter())[0]
    training = assemble(
        tracks,
        disambiguate_track_ids(corrections_so_far(workspace), tracks),
        test_share=settings.buckets.test_share,
    )
    labels, model = fingerprint(training.learned), new_model(settings)
    asked = [type(model).__name__, json.loads(json_text(model.get_params()))]
    for version in bucket_models(workspace).versions():
        made = version.metadata
        is_same = made.get("data_fingerprint") == labels
        if is_same and [made.get("model"), made.get("parameters")] == asked and not version.problem:
            return version
    return None


def _was_served(workspace: Workspace, version: Version) -> bool:
    history = bucket_models(workspace).history()
    return any(promotion.to_version == version.id for promotion in history)
