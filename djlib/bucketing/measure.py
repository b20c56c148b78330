"""How good a bucket model is on one person's library, measured before it is trusted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..evaluation.metrics import bucket_metrics
from ..evaluation.splits import FoldKind, folds
from .assigner import BucketAssigner
from .labels import Labels, encode
from .thresholds import given_out
from .training import TrainingSet

KINDS: tuple[FoldKind, ...] = ("stratified", "artist")


@dataclass(frozen=True)
class Measurement:
    """Cross-validated `figures` by kind of fold; `confidence` and `correct` (n,) of the
    stratified out-of-fold first choices, to choose a threshold from; the buckets that were
    `too_small` to measure."""

    figures: dict[str, dict[str, Any]]
    confidence: np.ndarray
    correct: np.ndarray
    too_small: dict[str, int]


def measure(
    make_model: Callable[[], BucketAssigner],
    training: TrainingSet,
    *,
    n_folds: int = 5,
    min_tracks: int = 3,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> Measurement:
    """Cross-validate a model: stratified and artist-disjoint folds, `2 * n_folds` fits.

    Buckets with fewer than `min_tracks` tracks are left out of the folds and named in
    `too_small`; where fewer than two remain there are no figures. `progress` is told of each fit.
    """
    too_small = {b: n for b, n in sorted(training.sizes.items()) if n < min_tracks}
    measured = _without(training, set(too_small))
    if len(measured.sizes) < 2:
        return Measurement({}, np.empty(0), np.empty(0, bool), too_small)
    labels = encode(measured.y)
    figures: dict[str, dict[str, Any]] = {}
    confidence, correct = np.empty(0), np.empty(0, bool)
    for kind in KINDS:
        proba, given = _out_of_fold(make_model, measured, labels, kind, n_folds, seed, progress)
        done = np.isfinite(proba).all(axis=1)
        if not done.any():
            continue
        figures[kind] = bucket_metrics(
            proba[done],
            labels.truth[done],
            list(labels.classes),
            given=given[done] if labels.is_multi else None,
        )
        if kind == "stratified":
            confidence, correct = _first_choice(proba[done], labels.truth[done])
    return Measurement(figures, confidence, correct, too_small)


def _without(training: TrainingSet, too_small: set[str]) -> TrainingSet:
    labels = [[b for b in row if b not in too_small] for row in training.labels]
    left = TrainingSet(
        training.tracks, labels, training.is_multi, training.corrected, training.aside
    )
    return left.rows(np.array([bool(row) for row in labels], dtype=bool))


def _out_of_fold(
    make_model: Callable[[], BucketAssigner],
    training: TrainingSet,
    labels: Labels,
    kind: FoldKind,
    n_folds: int,
    seed: int,
    progress: Callable[[int], None] | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Out-of-fold probabilities and given-out buckets, both (n, buckets); NaN where a fold could
    not learn two buckets."""
    proba = np.full(labels.truth.shape, np.nan)
    given = np.zeros(labels.truth.shape, dtype=int)
    y = training.y
    place = {bucket: column for column, bucket in enumerate(labels.classes)}
    splits = folds(training.tracks, labels.first, kind=kind, n_folds=n_folds, seed=seed)
    for train, test in splits:
        if progress:
            progress(1)
        if len({str(b) for i in train for b in training.labels[i]}) < 2:
            continue
        model = make_model().fit(training.tracks.iloc[train], [y[i] for i in train])
        columns = np.array([place[bucket] for bucket in model.classes_])
        found = model.predict_proba(training.tracks.iloc[test])
        proba[test] = 0.0
        proba[np.ix_(test, columns)] = found
        if model.is_multi_:
            given[np.ix_(test, columns)] = given_out(found, model.thresholds_)
    return proba, given


def _first_choice(proba: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Confidence of each first choice and whether it was right, both (n,)."""
    first = proba.argmax(axis=1)
    return proba.max(axis=1), truth[np.arange(len(truth)), first] > 0
