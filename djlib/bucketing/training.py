"""What a model learns from: a person's labels with their corrections laid over them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..errors import InputError
from ..evaluation.abstention import Abstention, measured_at, threshold_for_precision
from ..evaluation.metrics import bucket_metrics
from ..evaluation.splits import FoldKind, folds, kept_aside
from .assigner import BucketAssigner
from .corrections import Correction
from .labels import Labels, are_several, buckets_of, encode, one_bucket_of
from .thresholds import given_out

KINDS: tuple[FoldKind, ...] = ("stratified", "artist")
_ENOUGH_TO_COMPARE = 5
"""Labelled songs a bucket needs before any of them is kept aside."""


@dataclass(frozen=True)
class TrainingSet:
    """Labelled tracks: `labels` holds the buckets of each row of `tracks`, `corrected` whether a
    person's correction gave them, `aside` whether the row is a test row for good."""

    tracks: pd.DataFrame
    labels: list[list[str]]
    is_multi: bool
    corrected: np.ndarray
    aside: np.ndarray

    @property
    def y(self) -> list[Any]:
        """Labels as `fit` takes them."""
        return list(self.labels) if self.is_multi else [row[0] for row in self.labels]

    def rows(self, chosen: np.ndarray) -> TrainingSet:
        """The rows where `chosen` (n,) is true."""
        return TrainingSet(
            self.tracks[chosen].reset_index(drop=True),
            [row for row, keep in zip(self.labels, chosen, strict=True) if keep],
            self.is_multi,
            self.corrected[chosen],
            self.aside[chosen],
        )

    @property
    def learned(self) -> TrainingSet:
        """The rows a model may learn from."""
        return self.rows(~self.aside)

    @property
    def kept_aside(self) -> TrainingSet:
        """The test rows."""
        return self.rows(self.aside)


def assemble(
    tracks: pd.DataFrame,
    corrections: Mapping[str, tuple[Correction, dict[str, Any]]],
    *,
    test_share: float,
    several: bool | None = None,
) -> TrainingSet:
    """Gather the labelled rows of `tracks`, corrections first.

    `corrections` maps a track id to its correction and the track's own columns, for tracks that
    are no longer in the table. `several` decides whether tracks sit in several buckets; None
    looks at the labels. A corrected song is learned from, never a test row: people correct what
    looked wrong, so scoring on corrections would be biased. Raises `InputError` where nothing is
    labelled.
    """
    absent = [row for track_id, (_, row) in corrections.items()
              if track_id not in set(tracks["track_id"])]
    table = pd.concat([tracks, pd.DataFrame(absent)], ignore_index=True) if absent else tracks
    is_multi = are_several(buckets_of(table)) if several is None else several
    labels = buckets_of(table) if is_multi else [[b] if b else [] for b in one_bucket_of(table)]
    corrected = table["track_id"].isin(corrections).to_numpy()
    for row in np.flatnonzero(corrected):
        labels[row] = list(corrections[table["track_id"].iloc[row]][0].buckets)
    labelled = np.array([bool(row) for row in labels], dtype=bool)
    if not labelled.any():
        raise InputError(
            f"none of {len(table)} tracks has a bucket; fill the column 'bucket', or scan a "
            "library whose playlists are your buckets"
        )
    found = TrainingSet(table, labels, is_multi, corrected, np.zeros(len(table), bool))
    found = found.rows(labelled)
    aside = kept_aside(found.tracks, test_share) & ~found.corrected & _in_large_bucket(found)
    return TrainingSet(found.tracks, found.labels, is_multi, found.corrected, aside)


def _in_large_bucket(training: TrainingSet) -> np.ndarray:
    sizes = pd.Series([b for row in training.labels for b in row]).value_counts()
    return np.array(
        [min(sizes[b] for b in row) >= _ENOUGH_TO_COMPARE for row in training.labels], dtype=bool
    )


@dataclass(frozen=True)
class Measurement:
    """Cross-validated figures by kind of fold, the abstention they lead to, and the buckets that
    were too small to measure."""

    figures: dict[str, dict[str, Any]]
    abstention: Abstention
    too_small: dict[str, int]


def measure(
    make_model: Callable[[], BucketAssigner],
    training: TrainingSet,
    *,
    threshold: float,
    target_precision: float | None = None,
    n_folds: int = 5,
    min_tracks: int = 3,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> Measurement:
    """Cross-validate a model: stratified and artist-disjoint folds, `2 * n_folds` fits.

    Buckets with fewer than `min_tracks` tracks are left out of the folds and named in
    `too_small`; where fewer than two remain there are no figures. `progress` is told of each fit.
    """
    sizes = pd.Series([b for row in training.labels for b in row]).value_counts()
    too_small = {str(b): int(n) for b, n in sizes.items() if n < min_tracks}
    measured = _without(training, set(too_small))
    figures: dict[str, dict[str, Any]] = {}
    abstention = measured_at(np.empty(0), np.empty(0, bool), threshold)
    if len({b for row in measured.labels for b in row}) < 2:
        return Measurement(figures, abstention, too_small)
    labels = encode(measured.y)
    for kind in KINDS:
        proba, given = _out_of_fold(make_model, measured, labels, kind, n_folds, seed, progress)
        done = np.isfinite(proba).all(axis=1)
        figures[kind] = bucket_metrics(
            proba[done],
            labels.truth[done],
            list(labels.classes),
            given=given[done] if labels.is_multi else None,
        )
        if kind == "stratified":
            abstention = _abstention(proba[done], labels.truth[done], threshold, target_precision)
    return Measurement(figures, abstention, too_small)


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
        columns = [place[bucket] for bucket in model.classes_]
        found = model.predict_proba(training.tracks.iloc[test])
        proba[test] = 0.0
        proba[np.ix_(test, columns)] = found
        if model.is_multi_:
            given[np.ix_(test, columns)] = given_out(found, model.thresholds_)
    return proba, given


def _abstention(
    proba: np.ndarray, truth: np.ndarray, threshold: float, target: float | None
) -> Abstention:
    first = proba.argmax(axis=1)
    correct = truth[np.arange(len(truth)), first] > 0
    confidence = proba.max(axis=1)
    if target is None:
        return measured_at(confidence, correct, threshold)
    return threshold_for_precision(confidence, correct, target)
