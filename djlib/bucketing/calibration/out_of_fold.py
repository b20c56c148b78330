"""Out-of-fold votes of a model, beside the novelty of each track to the fold that voted.

Three kinds of folds: stratified, so that artists and songs repeat as they do in the library;
grouped by artist, so that there is enough to learn from about artists never seen; and temporal, as
tracks to come are added after all that was learned from.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold

from ...evaluation.calibration import Calibration
from ...evaluation.splits import folds
from ..labels import Labels
from .calibrators import ClassBiasCorrection, MultiLabelCalibrator, TopLabelCalibrator
from .novelty import N_NOVELTY_FEATURES, NoveltyFeatures, TrackGroups

Split = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class Fold:
    """One split: a model that learned the rows `train` only votes on the rows `test`; with
    `is_temporal` they are presented as tracks added after everything learned."""

    train: np.ndarray
    test: np.ndarray
    is_temporal: bool = False


FoldPredictor = Callable[[list[Fold]], Iterable[np.ndarray]]
"""Gives the votes of each fold in order, (len(test), buckets) each."""

N_FOLDS = 5
MAX_PREDICTIONS = 10_000
"""Votes that tell all there is to learn from them: past these no further fold is fitted."""

GROUP_FOLD_WEIGHT = 0.5
"""Weight of a vote on an unknown artist from the grouped folds: they tell what such an artist
does to the confidence, while the stratified folds tell how often one comes."""

TEMPORAL_FOLD_WEIGHT = 40.0
"""Weight of all temporal votes together. Those of one fold stand and fall together, and what came
after one cut tells little of what comes after the next; counted one by one they took all
confidence from a library that moved on and then came back."""

FIRST_CUT_SHARE, N_CUTS = 0.4, 4
"""The first temporal fold learns from this share of the tracks; each further one from more, at
even steps, and is tested on what was added until the next."""

MIN_TRACKS = 20
"""Tracks to learn from, at least, in a temporal fold."""


@dataclass(frozen=True)
class OutOfFoldPredictions:
    """The predictions of each kind of folds."""

    stratified: FoldPredictions
    grouped: FoldPredictions
    temporal: FoldPredictions

    @classmethod
    def from_folds(cls, predict: FoldPredictor, X: pd.DataFrame, labels: Labels, seed: int) -> Self:
        """Let `predict` vote on folds of the tracks `X`, of each kind until there are plenty."""
        X = X.reset_index(drop=True)
        groups = TrackGroups.of(X)
        stratified = [Fold(*split) for split in _stratified(labels, seed)]
        grouped = [Fold(*split) for split in _grouped(X, labels, seed)]
        temporal = [Fold(*split, is_temporal=True) for split in _temporal(groups.days)]
        kinds = [_enough(kind, labels) for kind in (stratified, grouped, temporal)]
        votes = iter(predict([fold for kind in kinds for fold in kind]))
        return cls(*(_gathered(kind, votes, groups, labels) for kind in kinds))

    def fit_bias_correction(self, truth: np.ndarray) -> ClassBiasCorrection:
        """Learn which buckets are voted for too rarely, whoever the artist is; `truth` is 0/1,
        (n, buckets)."""
        kinds = [
            (self.stratified, self._all_rows()),
            (self.grouped, self._unknown_artists()),
        ]
        votes, _, targets, weight = _stacked(kinds, truth)
        return ClassBiasCorrection.fit(votes, targets, weight)

    def shifted(self, bias: ClassBiasCorrection) -> Self:
        """The same with the shifts of `bias` on all votes."""
        kinds = (self.stratified, self.grouped, self.temporal)
        return type(self)(*(predictions.shifted(bias) for predictions in kinds))

    def fit_calibrator(
        self, calibration: Calibration, labels: Labels
    ) -> TopLabelCalibrator | MultiLabelCalibrator:
        """Learn how far to trust first choices, or the probability of each of several buckets,
        once `calibration` was applied, from all kinds of folds."""
        n_later = int(np.isfinite(self.temporal.votes).all(axis=1).sum())
        temporal_weight = min(1.0, TEMPORAL_FOLD_WEIGHT / max(n_later, 1))
        kinds = [
            (self.stratified, self._all_rows()),
            (self.grouped, self._unknown_artists()),
            (self.temporal, temporal_weight * self._all_rows()),
        ]
        votes, novelty, truth, weight = _stacked(kinds, labels.truth)
        proba = calibration.apply(votes)
        if labels.is_multi:
            return MultiLabelCalibrator.fit(proba, truth, novelty, weight)
        correct = truth[np.arange(len(truth)), proba.argmax(axis=1)] > 0
        return TopLabelCalibrator.fit(proba, correct, novelty, weight)

    def _all_rows(self) -> np.ndarray:
        return np.ones(len(self.stratified.votes))

    def _unknown_artists(self) -> np.ndarray:
        return GROUP_FOLD_WEIGHT * (self.grouped.novelty[:, 0] == 0)


@dataclass(frozen=True)
class FoldPredictions:
    """Votes (n, buckets) on tracks not learned from, and their features (n, 3) as of
    `NoveltyFeatures` then; rows without a vote are NaN."""

    votes: np.ndarray
    novelty: np.ndarray

    def shifted(self, bias: ClassBiasCorrection) -> FoldPredictions:
        """The same with the shifts of `bias` on all votes."""
        return replace(self, votes=bias.apply(self.votes))


def _stratified(labels: Labels, seed: int) -> Iterator[Split]:
    n_folds = min(N_FOLDS, int(np.bincount(labels.first).max()))
    if n_folds < 2:
        return
    splitter = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():  # a bucket rarer than the folds is in some of them only
        warnings.filterwarnings("ignore", "The least populated class")
        yield from splitter.split(labels.truth, labels.first)


def _grouped(X: pd.DataFrame, labels: Labels, seed: int) -> Iterator[Split]:
    """Folds that keep artists together. With several buckets the stratified ones tell enough about
    unknown artists: these took four thousandths off the log-loss, for five more fits."""
    if not labels.is_multi:
        yield from folds(X, labels.first, kind="artist", n_folds=N_FOLDS, seed=seed)


def _temporal(days: np.ndarray) -> Iterator[Split]:
    """What was added until a day, and what after it until the next such day."""
    dated = np.flatnonzero(np.isfinite(days))
    if len(dated) < MIN_TRACKS:
        return
    shares = np.linspace(FIRST_CUT_SHARE, 1, N_CUTS, endpoint=False)
    cuts = np.unique(np.quantile(days[dated], shares, method="lower"))
    for cut, end in zip(cuts, [*cuts[1:], np.inf], strict=True):
        day = days[dated]
        train, test = dated[day <= cut], dated[(day > cut) & (day <= end)]
        if len(train) >= MIN_TRACKS and len(test):
            yield train, test


def _enough(candidates: Iterable[Fold], labels: Labels) -> list[Fold]:
    """The folds with two buckets to learn, until there are plenty of test rows."""
    chosen, n_rows = [], 0
    for fold in candidates:
        if n_rows < MAX_PREDICTIONS and labels.truth[fold.train].any(axis=0).sum() > 1:
            chosen.append(fold)
            n_rows += len(fold.test)
    return chosen


def _gathered(
    of_kind: list[Fold], votes: Iterator[np.ndarray], groups: TrackGroups, labels: Labels
) -> FoldPredictions:
    """The next votes, one array for each fold, beside the novelty of its test rows."""
    gathered = np.full(labels.truth.shape, np.nan)
    novelty = np.zeros((len(gathered), N_NOVELTY_FEATURES))
    for fold in of_kind:
        features = NoveltyFeatures.of(groups.rows(fold.train))
        gathered[fold.test] = next(votes)
        novelty[fold.test] = features.transform(groups.rows(fold.test))
    return FoldPredictions(gathered, novelty)


def _stacked(
    kinds: Iterable[tuple[FoldPredictions, np.ndarray]], truth: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Votes, novelty, truth and weight of the predictions of several kinds, those that count."""
    predictions, weights = zip(*kinds, strict=True)
    votes, weight = np.vstack([p.votes for p in predictions]), np.concatenate(weights)
    novelty = np.vstack([p.novelty for p in predictions])
    targets = np.vstack([truth] * len(predictions))
    used = np.isfinite(votes).all(axis=1) & (weight > 0)
    return votes[used], novelty[used], targets[used], weight[used]
