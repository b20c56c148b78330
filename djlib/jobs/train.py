"""`train`: learn from what is sorted, measure, compare with the model in use, keep or promote."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack

import numpy as np

from ..bucketing.assigner import BucketAssigner
from ..bucketing.catalogue import make_model
from ..bucketing.labels import buckets_of
from ..bucketing.measure import KINDS, Measurement, measure
from ..bucketing.training import TrainingSet, assemble
from ..errors import InputError, ModelError, NotFoundError, NotTrainedError
from ..evaluation.abstention import Abstention, measured_at, threshold_for_precision
from ..evaluation.charts import confidence_chart
from ..evaluation.comparison import Comparison, compare_paired
from ..evaluation.splits import artist_groups, song_groups
from ..registry import Version
from ..settings import BucketSettings, Settings, Workspace
from ..tables.events import utc_now
from ..tables.io import iter_table
from ..tables.problems import Problem
from ..tables.schema import TRACKS
from .corrections import corrections_so_far, n_logged
from .models import bucket_models, out_of_fold, out_of_fold_file
from .runs import run, update_metrics
from .scan import ScanOptions, read_tracks
from .songs import told_apart
from .talk import Talk

Promotion = Literal["auto", "always", "never"]
"""auto: unless it is measurably worse than the model in use."""

_THRESHOLD = 0.5
_NOT_OF_THE_VERSION = ("version", "parent", "problems", "figures", "promoted")


@dataclass(frozen=True)
class TrainReport:
    """What was learned, how good it is, and whether it is served now. `comparison` is None for
    a first model or where no test rows are left; `not_compared` then says why."""

    version: str
    parent: str | None
    promoted: bool
    source: str
    tracks: int
    kept_aside: int
    corrections: int
    buckets: dict[str, int]
    is_multi: bool
    figures: dict[str, Any]
    abstention: Abstention
    too_small: dict[str, int]
    comparison: Comparison | None
    not_compared: str
    problems: list[Problem]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json` and metrics.json."""
        plain = dict(self.__dict__)
        plain["abstention"] = self.abstention.as_dict()
        plain["comparison"] = self.comparison.as_dict() if self.comparison else None
        plain["problems"] = [p.as_dict() for p in self.problems]
        return plain


class Asked(TypedDict, total=False):
    """What a person may ask of training: several buckets a track or one (None: as the labels
    are), and whether the new version is served."""

    several: bool | None
    promotion: Promotion


def train(
    workspace: Workspace,
    settings: Settings,
    source: Path | None = None,
    *,
    talk: Talk,
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
    talk: Talk,
    several: bool | None = None,
    promotion: Promotion = "auto",
) -> TrainReport:
    """Do what `train` does, inside a run that already holds the workspace."""
    source = source or training_source(workspace)
    tracks, _, problems = read_tracks(workspace, source, ScanOptions(), talk)
    training = assemble(
        tracks,
        told_apart(corrections_so_far(workspace), tracks),
        test_share=settings.buckets.test_share,
        several=several,
    )
    learned = training.learned
    measurement = _measure(learned, settings, talk)
    with talk.step("Learning from all of them", 1) as progress:
        model = _new_model(settings).fit(learned.tracks, learned.y)
        progress(1)
    abstention = choose_threshold(measurement.confidence, measurement.correct, settings.buckets)
    comparison, not_compared = _compare(workspace, model, training, settings.seed)
    worse = comparison is not None and comparison.verdict == "worse"
    promote = promotion == "always" or (promotion == "auto" and not worse)
    report = TrainReport(
        version="",
        parent=_current_id(workspace),
        promoted=promote,
        source=str(source.absolute()),
        tracks=len(learned.tracks),
        kept_aside=int(training.aside.sum()),
        corrections=int(training.corrected.sum()),
        buckets=dict(training.sizes.most_common()),
        is_multi=training.is_multi,
        figures=measurement.figures,
        abstention=abstention,
        too_small=measurement.too_small,
        comparison=comparison,
        not_compared=not_compared,
        problems=problems,
    )
    return _keep(workspace, settings, model, measurement, learned, report)


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


def choose_threshold(
    confidence: np.ndarray, correct: np.ndarray, settings: BucketSettings
) -> Abstention:
    """The person's threshold and what it gives, or the one that keeps their target precision."""
    if settings.target_precision is None:
        threshold = _THRESHOLD if settings.threshold is None else settings.threshold
        return measured_at(confidence, correct, threshold)
    if not len(confidence):
        raise InputError(
            "a target precision needs cross-validated predictions, and the buckets are too small "
            "to measure; label more tracks or set a threshold"
        )
    return threshold_for_precision(confidence, correct, settings.target_precision)


def as_trained(asked: BucketSettings, version: Version) -> BucketSettings:
    """Keep to the threshold or target precision a version was trained with, unless another one
    is asked for."""
    if asked.threshold is not None or asked.target_precision is not None:
        return asked
    kept = version.metadata["abstention"]
    if kept["target"] is not None:
        return replace(asked, target_precision=kept["target"])
    return replace(asked, threshold=kept["threshold"])


def draw_confidence(workspace: Workspace, report: TrainReport, path: Path) -> None:
    """Draw the version's confidence against the truth; PNG, SVG or HTML by suffix."""
    confidence, correct = out_of_fold(workspace, report.version)
    if not len(confidence):
        raise InputError("no chart: the buckets are too small to measure; label more tracks")
    confidence_chart(confidence, correct, path, threshold=report.abstention.threshold)


def _new_model(settings: Settings) -> BucketAssigner:
    name = settings.buckets.model
    own = {"n_estimators": settings.buckets.trees, "n_jobs": -1} if name == "simple_ml" else {}
    return make_model(name, seed=settings.seed, **own)


def _measure(learned: TrainingSet, settings: Settings, talk: Talk) -> Measurement:
    n_folds = settings.buckets.folds
    with talk.step("Measuring by cross-validation", len(KINDS) * n_folds) as progress:
        return measure(
            lambda: _new_model(settings),
            learned,
            n_folds=n_folds,
            min_tracks=settings.buckets.min_tracks,
            seed=settings.seed,
            progress=progress,
        )


def _current_id(workspace: Workspace) -> str | None:
    try:
        return bucket_models(workspace).current().id
    except NotTrainedError:
        return None


def _compare(
    workspace: Workspace, model: BucketAssigner, training: TrainingSet, seed: int
) -> tuple[Comparison | None, str]:
    """The model in use against the new one, on test rows that neither has learned from."""
    try:
        before = bucket_models(workspace).load()
    except NotTrainedError:
        return None, "this is the first model"
    except ModelError as error:
        return None, f"the model in use cannot be loaded: {error}"
    rows = training.kept_aside
    unseen = ~np.isin(song_groups(rows.tracks), song_groups(before.labelled_))
    rows = rows.rows(unseen)
    if not len(rows.tracks):
        return None, "no test tracks that neither model has learned from"
    groups = artist_groups(rows.tracks)
    return compare_paired(_hits(before, rows), _hits(model, rows), groups, seed=seed), ""


def _hits(model: BucketAssigner, rows: TrainingSet) -> np.ndarray:
    """Whether the first choice is one of the track's buckets, (n,)."""
    first = model.classes_[model.predict_proba(rows.tracks).argmax(axis=1)]
    return np.array([str(b) in row for b, row in zip(first, rows.labels, strict=True)], bool)


def _keep(
    workspace: Workspace,
    settings: Settings,
    model: BucketAssigner,
    measurement: Measurement,
    learned: TrainingSet,
    report: TrainReport,
) -> TrainReport:
    """Save the version, point at it if it is promoted, and write the figures down."""
    metadata = {
        **{k: v for k, v in report.as_dict().items() if k not in _NOT_OF_THE_VERSION},
        "metrics": {kind: _summary(figures) for kind, figures in report.figures.items()},
        "trained_at": utc_now(),
        "model": type(model).__name__,
        "parameters": model.get_params(),
        "data_fingerprint": _fingerprint(learned),
        "corrections_logged": n_logged(workspace),
        "seed": settings.seed,
    }
    version = bucket_models(workspace).save(
        model,
        metadata=metadata,
        attachments=out_of_fold_file(measurement.confidence, measurement.correct),
        parent=report.parent,
        promote=report.promoted,
    )
    kept = TrainReport(**{**report.__dict__, "version": version.id})
    update_metrics(workspace, "training", kept.as_dict())
    return kept


def _summary(figures: dict[str, Any]) -> dict[str, Any]:
    """The figures that are one number; metrics.json has the rest."""
    return {name: value for name, value in figures.items() if isinstance(value, int | float)}


def _fingerprint(learned: TrainingSet) -> str:
    """Names the exact labels a version learned from."""
    pairs = zip(learned.tracks["track_id"], learned.labels, strict=True)
    lines = sorted(f"{track_id}\x1f{'|'.join(row)}" for track_id, row in pairs)
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()[:16]
