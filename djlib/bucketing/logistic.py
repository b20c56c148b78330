"""Logistic regression for buckets: one question for one bucket a track, or one a bucket.

A thin layer over scikit-learn's `LogisticRegression`, so that two buckets, several buckets a track
and buckets without a track all give coefficients of one shape. Many questions about the same full
columns are answered together.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from scipy.special import expit, softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from .many_questions import fit_together
from .one_question import fit_one_question
from .side_by_side import side_by_side

STRENGTH = 3.0
"""Inverse penalty (C). With a temperature learned out of sample, anything
from 1 to 8 gave the same log-loss within about a percent on four real libraries."""

MOST_STEPS, _TOLERANCE = 200, 1e-3
_TOGETHER = 3e-5
"""Rare buckets hardly slope the mean: what is enough for one question of all is too little here.
With 155 buckets of 6,018 tracks, 1e-3 lost 18 percent of log-loss and 2 of 100 first choices."""

_CLOSER = 1e-5
"""Where coefficients are given to go on from, a few new labels are a small slope already."""


def fit_logistic(
    columns: Any,
    truth: np.ndarray,
    *,
    is_multi: bool,
    start: np.ndarray | None = None,
    steps: int = MOST_STEPS,
) -> np.ndarray:
    """Fit logistic regression; give coefficients (columns + 1, buckets), the intercepts last.

    One multinomial question for one bucket a track, a yes/no question a bucket for several
    (`is_multi`). `start` are coefficients to go on from, for so many `steps` at most. `columns` may
    be sparse.

    >>> answers = np.array([[1, 0], [0, 1]] * 10)
    >>> weights = fit_logistic(np.array([[1.0], [-1.0]] * 10), answers, is_multi=False)
    >>> weights.shape, bool(weights[0, 0] > 0)
    ((2, 2), True)
    """
    if is_multi and start is None and isinstance(columns, np.ndarray):
        return _together(columns, truth)
    if is_multi:
        starts = [None if start is None else start[:, [k]] for k in range(truth.shape[1])]
        questions = zip(truth.T, starts, strict=True)
        return np.hstack(side_by_side(lambda asked: _binary(columns, *asked, steps), questions))
    target, present = truth.argmax(axis=1), np.flatnonzero(truth.any(axis=0))
    weights = np.zeros((columns.shape[1] + 1, truth.shape[1]), dtype=np.float32)
    weights[-1] = _NEVER
    if len(present) == 2:  # two buckets are one question, its answer shared by both
        first = None if start is None else start[:, [present[1]]] - start[:, [present[0]]]
        half = _binary(columns, (target == present[1]).astype(int), first, steps) / 2
        weights[:, present] = np.hstack([-half, half])
        return weights
    if start is None and isinstance(columns, np.ndarray):
        among = np.searchsorted(present, target)
        weights[:, present] = fit_one_question(columns, among, strength=STRENGTH, steps=steps)
        return weights
    model = _logistic(columns, target, None if start is None else start[:, present], steps)
    weights[:-1, present], weights[-1, present] = model.coef_.T, model.intercept_
    return weights


_NEVER = -12.0
"""Intercept of a bucket that was never seen."""


def as_votes(scores: np.ndarray, *, is_multi: bool) -> np.ndarray:
    """Turn linear scores into probabilities, shape of `scores`."""
    return np.asarray(expit(scores) if is_multi else softmax(scores, axis=1))


def _together(columns: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Coefficients (columns + 1, buckets) of a yes/no question a bucket; one that is always
    answered alike has no coefficients."""
    weights = np.zeros((columns.shape[1] + 1, truth.shape[1]), dtype=np.float32)
    share = truth.mean(axis=0)
    weights[-1] = np.where(share == 1, -_NEVER, _NEVER)
    both = np.flatnonzero((share > 0) & (share < 1))
    weights[:, both] = fit_together(
        columns, truth[:, both], strength=STRENGTH, tolerance=_TOGETHER, steps=MOST_STEPS
    )
    return weights


def _binary(columns: Any, answer: np.ndarray, start: np.ndarray | None, steps: int) -> np.ndarray:
    """Coefficients (columns + 1, 1) of one yes/no question; one that is always answered alike
    has no coefficients."""
    weights = np.zeros((columns.shape[1] + 1, 1), dtype=np.float32)
    if answer.min() == answer.max():
        weights[-1] = -_NEVER if answer.max() else _NEVER
        return weights
    model = _logistic(columns, answer, start, steps)
    weights[:-1, 0], weights[-1] = model.coef_[0], model.intercept_
    return weights


def _logistic(
    columns: Any, target: np.ndarray, start: np.ndarray | None, steps: int
) -> LogisticRegression:
    model = LogisticRegression(
        C=STRENGTH,
        max_iter=steps,
        tol=_TOLERANCE if start is None else _CLOSER,
        warm_start=start is not None,
    )
    if start is not None:
        model.classes_ = np.unique(target)
        model.coef_ = np.ascontiguousarray(start[:-1].T, dtype=columns.dtype)
        model.intercept_ = start[-1].astype(columns.dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(columns, target)
