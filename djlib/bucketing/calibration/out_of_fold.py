"""What a model said of tracks it had not learned from, and how well it knew them.

Three kinds of folds: drawn by chance, so that artists and songs repeat as they do in the library;
by artist, so that there is enough to learn from about artists never seen; and forward in time, as
it will be asked about tracks added after all it knows.
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
    """What a fold asks: votes on the tracks `test` of a model that learned the tracks `train` only;
    `as_later` asks about them as ones that lie behind everything learned."""

    train: np.ndarray
    test: np.ndarray
    as_later: bool = False


FoldPredictor = Callable[[list[Fold]], Iterable[np.ndarray]]
"""Answers questions in order, (len(test), buckets) each."""

N_FOLDS = 5
MAX_PREDICTIONS = 10_000
"""Answers that tell all there is to learn from them: past these no further fold is asked."""

GROUP_FOLD_WEIGHT = 0.5
"""Weight of an answer about an unknown artist from the folds by artist: they tell what such an
artist does to the confidence, while the drawn folds tell how often one comes."""

TEMPORAL_FOLD_WEIGHT = 40.0
"""Weight of all answers forward in time. Those of one fold stand and fall together, and what came
after one border tells little of what comes after the next; counted one by one they took all
confidence from a library that moved on and then came back."""

FIRST_CUT_SHARE, N_CUTS = 0.4, 4
"""The first fold forward in time learns from this share of the tracks; each further one from more,
at even steps, and is asked about what was added until the next."""

MIN_TRACKS = 20
"""Tracks to learn from, at least, in a fold forward in time."""


@dataclass(frozen=True)
class FoldPredictions:
    """Votes (n, buckets) on tracks not learned from, and the facts (n, 3) that held then, as of
    `NoveltyFeatures`; NaN rows had none."""

    votes: np.ndarray
    facts: np.ndarray

    def shifted(self, leaning: ClassBiasCorrection) -> FoldPredictions:
        """The same with the shifts of `leaning` on all votes."""
        return replace(self, votes=leaning.apply(self.votes))


@dataclass(frozen=True)
class OutOfFoldPredictions:
    """The answers of each kind of folds."""

    drawn: FoldPredictions
    by_artist: FoldPredictions
    forward: FoldPredictions

    @classmethod
    def from_folds(cls, ask: FoldPredictor, X: pd.DataFrame, labels: Labels, seed: int) -> Self:
        """Ask for votes, of each kind until there are plenty."""
        X = X.reset_index(drop=True)
        names = TrackGroups.of(X)
        drawn = [Fold(*split) for split in _drawn(labels, seed)]
        by_artist = [Fold(*split) for split in _by_artist(X, labels, seed)]
        forward = [Fold(*split, as_later=True) for split in _forward(names.days)]
        kinds = [_enough(kind, labels) for kind in (drawn, by_artist, forward)]
        votes = iter(ask([question for kind in kinds for question in kind]))
        return cls(*(_gathered(kind, votes, names, labels) for kind in kinds))

    def leaning(self, truth: np.ndarray) -> ClassBiasCorrection:
        """Learn which buckets are voted for too rarely, whoever the artist is."""
        kinds = [(self.drawn, self._every()), (self.by_artist, self._strangers())]
        votes, _, asked, weight = _together(kinds, truth)
        return ClassBiasCorrection.fit(votes, asked, weight)

    def shifted(self, leaning: ClassBiasCorrection) -> Self:
        """The same with the shifts of `leaning` on all votes."""
        kinds = (self.drawn, self.by_artist, self.forward)
        return type(self)(*(answers.shifted(leaning) for answers in kinds))

    def confidence(
        self, calibration: Calibration, labels: Labels
    ) -> TopLabelCalibrator | MultiLabelCalibrator:
        """Learn how far to trust first choices, or the probability of each of several buckets,
        from all kinds of folds."""
        n_later = int(np.isfinite(self.forward.votes).all(axis=1).sum())
        tomorrow = min(1.0, TEMPORAL_FOLD_WEIGHT / max(n_later, 1))
        kinds = [
            (self.drawn, self._every()),
            (self.by_artist, self._strangers()),
            (self.forward, tomorrow * self._every()),
        ]
        votes, facts, truth, weight = _together(kinds, labels.truth)
        proba = calibration.apply(votes)
        if labels.is_multi:
            return MultiLabelCalibrator.fit(proba, truth, facts, weight)
        correct = truth[np.arange(len(truth)), proba.argmax(axis=1)] > 0
        return TopLabelCalibrator.fit(proba, correct, facts, weight)

    def _every(self) -> np.ndarray:
        return np.ones(len(self.drawn.votes))

    def _strangers(self) -> np.ndarray:
        return GROUP_FOLD_WEIGHT * (self.by_artist.facts[:, 0] == 0)


def _together(
    kinds: Iterable[tuple[FoldPredictions, np.ndarray]], truth: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Votes, facts, truth and weight of the answers of several kinds, those that count."""
    answers, weights = zip(*kinds, strict=True)
    votes, weight = np.vstack([some.votes for some in answers]), np.concatenate(weights)
    facts, asked = np.vstack([some.facts for some in answers]), np.vstack([truth] * len(answers))
    used = np.isfinite(votes).all(axis=1) & (weight > 0)
    return votes[used], facts[used], asked[used], weight[used]


def _drawn(labels: Labels, seed: int) -> Iterator[Split]:
    n_folds = min(N_FOLDS, int(np.bincount(labels.first).max()))
    if n_folds < 2:
        return
    splitter = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():  # a bucket rarer than the folds is in some of them only
        warnings.filterwarnings("ignore", "The least populated class")
        yield from splitter.split(labels.truth, labels.first)


def _by_artist(X: pd.DataFrame, labels: Labels, seed: int) -> Iterator[Split]:
    """Folds that keep artists together. With several buckets the drawn ones tell enough about
    strangers: these took four thousandths off the log-loss, for five more fits."""
    if not labels.is_multi:
        yield from folds(X, labels.first, kind="artist", n_folds=N_FOLDS, seed=seed)


def _forward(days: np.ndarray) -> Iterator[Split]:
    """What was added until a day, and what after it until the next such day."""
    dated = np.flatnonzero(np.isfinite(days))
    if len(dated) < MIN_TRACKS:
        return
    shares = np.linspace(FIRST_CUT_SHARE, 1, N_CUTS, endpoint=False)
    borders = np.unique(np.quantile(days[dated], shares, method="lower"))
    for border, end in zip(borders, [*borders[1:], np.inf], strict=True):
        day = days[dated]
        train, test = dated[day <= border], dated[(day > border) & (day <= end)]
        if len(train) >= MIN_TRACKS and len(test):
            yield train, test


def _enough(questions: Iterable[Fold], labels: Labels) -> list[Fold]:
    """The questions that can be asked, until there are plenty of answers."""
    found, n_answers = [], 0
    for question in questions:
        if n_answers < MAX_PREDICTIONS and labels.truth[question.train].any(axis=0).sum() > 1:
            found.append(question)
            n_answers += len(question.test)
    return found


def _gathered(
    questions: list[Fold], votes: Iterator[np.ndarray], names: TrackGroups, labels: Labels
) -> FoldPredictions:
    """The next votes, one for each question, beside what was known of the tracks."""
    found = np.full(labels.truth.shape, np.nan)
    facts = np.zeros((len(found), N_NOVELTY_FEATURES))
    for question in questions:
        known = NoveltyFeatures.of(names.rows(question.train))
        found[question.test] = next(votes)
        facts[question.test] = known.facts(names.rows(question.test))
    return FoldPredictions(found, facts)
