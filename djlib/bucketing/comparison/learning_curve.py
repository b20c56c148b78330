"""Learning curves: accuracy and log-loss of models with fewer labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from ...evaluation.metrics import row_scores
from ...evaluation.splits import folds
from ..labels import Labels, encode
from ..training import TrainingSet
from .model_comparison import Candidate

_START = 50
_FOLDS, _SPLITS = 5, 3
"""The first three of five folds are tested: enough to see the shape, in a third of the time."""


@dataclass(frozen=True)
class CurvePoint:
    """A model that learned from `labels` tracks: figures on the same test tracks throughout."""

    name: str
    labels: int
    accuracy: float
    log_loss: float


def curve_sizes(n: int) -> list[int]:
    """How many labels to learn from: 50, doubled until `n`, and `n` itself.

    >>> curve_sizes(430), curve_sizes(40)
    ([50, 100, 200, 430], [40])
    """
    sizes = [_START * 2**step for step in range(20) if _START * 2**step * 1.25 < n]
    return [*sizes, n]


def curve_fits(n_tracks: int, n_models: int) -> int:
    """How many fits a curve takes, about."""
    return _SPLITS * n_models * len(curve_sizes(n_tracks * (_FOLDS - 1) // _FOLDS))


def learning_curve(
    candidates: Sequence[Candidate],
    training: TrainingSet,
    *,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> list[CurvePoint]:
    """Measure every model with few and many labels, the smaller sets inside the larger ones.

    Of every bucket at least one track is learned from, as long as there is room. A model that
    fails at a size has no point there.
    """
    labels = encode(training.y)
    splits = folds(training.tracks, labels.first, kind="stratified", n_folds=_FOLDS, seed=seed)
    tried = list(islice(splits, _SPLITS))
    if not tried:
        return []
    smallest = min(len(train) for train, _ in tried)
    points = []
    for candidate in candidates:
        for size in curve_sizes(smallest):
            scores = list(_scores(candidate, training, labels, tried, size, seed, progress))
            if scores:
                accuracy, _, log_loss = np.mean(scores, axis=0).tolist()
                points.append(CurvePoint(candidate.name, size, accuracy, log_loss))
    return points


def _scores(
    candidate: Candidate,
    training: TrainingSet,
    labels: Labels,
    splits: list[tuple[np.ndarray, np.ndarray]],
    size: int,
    seed: int,
    progress: Callable[[int], None] | None,
) -> Iterator[np.ndarray]:
    """Mean scores of a model on each split."""
    place = {bucket: column for column, bucket in enumerate(labels.classes)}
    for train, test in splits:
        if progress:
            progress(1)
        rows = _in_order(train, labels, seed)[:size]
        try:
            y = training.y
            model = candidate.make(seed).fit(training.tracks.iloc[rows], [y[i] for i in rows])
            predicted = model.predict_proba(training.tracks.iloc[test])
        except Exception:  # too few buckets among so few labels, or whatever: no point
            return
        proba = np.zeros((len(test), len(labels.classes)))
        proba[:, [place[bucket] for bucket in model.classes_]] = predicted
        yield row_scores(proba, labels.truth[test], is_multi=labels.is_multi).mean(axis=0)


def _in_order(train: np.ndarray, labels: Labels, seed: int) -> np.ndarray:
    """Training rows in the order they are labelled: one of each bucket first, then as they come."""
    shuffled = np.random.default_rng(seed).permutation(train)
    _, firsts = np.unique(labels.first[shuffled], return_index=True)
    rest = np.delete(shuffled, firsts)
    return np.concatenate([shuffled[np.sort(firsts)], rest])
