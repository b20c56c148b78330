"""How good a bucket model is on one person's library, measured before it is trusted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from ..evaluation.metrics import bucket_metrics
from ..evaluation.splits import FEWEST_LATER, FoldKind, folds, past_and_later
from .base import BucketAssigner, given_out
from .labels import Labels, encode
from .training import TrainingSet

Split = tuple[np.ndarray, np.ndarray]

_KINDS: tuple[FoldKind, ...] = ("stratified", "artist")
_LATER = "later"
"""The kind of figures on tracks added after all that was learned from."""


@dataclass(frozen=True)
class Measurement:
    """Cross-validated `figures` by kind of fold; `confidence` and `correct` (n,) of the
    stratified out-of-fold first choices, to choose a threshold from; the buckets that were
    `too_small` to measure."""

    figures: dict[str, dict[str, Any]]
    confidence: np.ndarray
    correct: np.ndarray
    too_small: dict[str, int]


@dataclass(frozen=True)
class OutOfFold:
    """What models said of tracks they never saw: probabilities `proba` and, for several buckets a
    track, the buckets `given` out, both (n, buckets) in the order of `labels.classes`. A row is
    NaN where its fold could not learn two buckets."""

    labels: Labels
    proba: np.ndarray
    given: np.ndarray

    @property
    def answered(self) -> np.ndarray:
        """Which tracks have an answer, (n,)."""
        return np.asarray(np.isfinite(self.proba).all(axis=1))


def cross_validate(
    make_model: Callable[[], BucketAssigner],
    training: TrainingSet,
    *,
    n_folds: int = 5,
    min_tracks: int = 3,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> Measurement:
    """Cross-validate a model: stratified and artist-disjoint folds, and once learned from the past
    and asked about what was added later, where days are known; `n_fits(n_folds)` fits at most.

    Buckets with fewer than `min_tracks` tracks are left out of the folds and named in
    `too_small`; where fewer than two remain there are no figures. `progress` is told of each fit.
    """
    measured, too_small = with_min_support(training, min_tracks)
    if len(measured.sizes) < 2:
        return Measurement({}, np.empty(0), np.empty(0, bool), too_small)
    figures: dict[str, dict[str, Any]] = {}
    confidence, correct = np.empty(0), np.empty(0, bool)
    splits: dict[str, list[Split]] = {
        **{kind: _folds(measured, kind, n_folds, seed) for kind in _KINDS},
        _LATER: _later(measured),
    }
    every = [split for of_kind in splits.values() for split in of_kind]
    models = iter(make_model().refits(measured.tracks, measured.y, every))
    for kind, of_kind in splits.items():
        found = _answered(measured, of_kind, islice(models, len(of_kind)), progress)
        done, labels = found.answered, found.labels
        if not done.any():
            continue
        figures[kind] = bucket_metrics(
            found.proba[done],
            labels.truth[done],
            list(labels.classes),
            given=found.given[done] if labels.is_multi else None,
        )
        if kind == "stratified":
            confidence, correct = _first_choice(found.proba[done], labels.truth[done])
    return Measurement(figures, confidence, correct, too_small)


def with_min_support(training: TrainingSet, min_tracks: int) -> tuple[TrainingSet, dict[str, int]]:
    """Leave out buckets of fewer than `min_tracks` tracks, and the tracks that then have none;
    gives what is left and the size of each bucket left out."""
    too_small = {b: n for b, n in sorted(training.sizes.items()) if n < min_tracks}
    labels = [[b for b in row if b not in too_small] for row in training.labels]
    left = TrainingSet(
        training.tracks, labels, training.is_multi, training.corrected, training.aside
    )
    return left.rows(np.array([bool(row) for row in labels], dtype=bool)), too_small


def out_of_fold(
    make_model: Callable[[], BucketAssigner],
    training: TrainingSet,
    kind: FoldKind = "stratified",
    *,
    n_folds: int = 5,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
    each_fold: Callable[[BucketAssigner, np.ndarray], None] | None = None,
) -> OutOfFold:
    """Answer for every track with a model that learned from the other folds, one fit a fold.

    `each_fold` is given every fitted model with the row numbers it was tested on; `progress` is
    told of each fit. Raises `InputError` for fewer than two buckets.

    >>> from djlib import SimpleMLBucketAssigner
    >>> from djlib.bucketing.training import assemble
    >>> from djlib.synthetic.tables import synthetic_library
    >>> training = assemble(synthetic_library(60, buckets=3), {}, test_share=0.0)
    >>> found = out_of_fold(lambda: SimpleMLBucketAssigner(10, random_state=0), training, n_folds=2)
    >>> found.proba.shape, bool(found.answered.all())
    ((60, 3), True)
    """
    splits = _folds(training, kind, n_folds, seed)
    models = make_model().refits(training.tracks, training.y, splits)
    return _answered(training, splits, models, progress, each_fold)


def n_fits(n_folds: int) -> int:
    """How many models `measure` fits at most."""
    return len(_KINDS) * n_folds + 1


def _folds(training: TrainingSet, kind: FoldKind, n_folds: int, seed: int) -> list[Split]:
    strata = encode(training.y).first
    return _learnable(
        training, folds(training.tracks, strata, kind=kind, n_folds=n_folds, seed=seed)
    )


def _later(training: TrainingSet) -> list[Split]:
    """The past, and what was added later to buckets that had tracks by then."""
    truth = encode(training.y).truth
    found = []
    for past, later in past_and_later(training.tracks):
        had_tracks = truth[past].any(axis=0)
        asked = later[truth[later][:, had_tracks].any(axis=1)]
        found += [(past, asked)] * (len(asked) >= FEWEST_LATER)
    return _learnable(training, found)


def _learnable(training: TrainingSet, splits: Iterable[Split]) -> list[Split]:
    """Rows to learn from and to test on, where there are two buckets to learn."""
    truth = encode(training.y).truth
    return [split for split in splits if truth[split[0]].any(axis=0).sum() > 1]


def _answered(
    training: TrainingSet,
    splits: Sequence[Split],
    models: Iterable[BucketAssigner],
    progress: Callable[[int], None] | None = None,
    each_fold: Callable[[BucketAssigner, np.ndarray], None] | None = None,
) -> OutOfFold:
    """What the model of each split says of its test rows."""
    labels = encode(training.y)
    proba = np.full(labels.truth.shape, np.nan)
    given = np.zeros(labels.truth.shape, dtype=int)
    place = {bucket: column for column, bucket in enumerate(labels.classes)}
    for (_, test), model in zip(splits, models, strict=True):
        if progress:
            progress(1)
        columns = np.array([place[bucket] for bucket in model.classes_])
        found = model.predict_proba(training.tracks.iloc[test])
        proba[test] = 0.0
        proba[np.ix_(test, columns)] = found
        if model.is_multi_:
            given[np.ix_(test, columns)] = given_out(found, model.thresholds_)
        if each_fold:
            each_fold(model, test)
    return OutOfFold(labels, proba, given)


def _first_choice(proba: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Confidence of each first choice and whether it was right, both (n,)."""
    first = proba.argmax(axis=1)
    return proba.max(axis=1), truth[np.arange(len(truth)), first] > 0
