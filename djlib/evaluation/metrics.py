"""Figures of a bucket model, from out-of-sample probabilities: accuracy, F1, log-loss, honesty.

Figures for one-bucket tables follow scikit-learn's definitions. Where tracks sit in several
buckets, `accuracy` is the share of tracks whose first choice is one of their buckets, F1 and the
per-bucket figures are of the buckets given out, log-loss is the mean over yes/no answers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import (
    confusion_matrix,
    label_ranking_average_precision_score,
    precision_recall_fscore_support,
)

from .calibration import calibration_error, reliability

_TINY = 1e-6
_TOP = 3

ROW_SCORES = ("accuracy", "top3_accuracy", "log_loss")
"""Figures that are the mean of one score a track, as `row_scores` gives them."""


def bucket_metrics(
    proba: np.ndarray,
    truth: np.ndarray,
    classes: list[str],
    *,
    given: np.ndarray | None = None,
) -> dict[str, Any]:
    """Measure probabilities against the truth.

    Parameters
    ----------
    proba : (n, buckets) out-of-sample probabilities.
    truth : (n, buckets) 0/1 membership; one 1 a row where tracks sit in one bucket.
    classes : the bucket of each column.
    given : (n, buckets) 0/1 buckets given out; needed, and only then, for multi-label tables.

    >>> figures = bucket_metrics(np.array([[0.8, 0.2], [0.6, 0.4]]), np.eye(2), ["a", "b"])
    >>> figures["accuracy"], round(figures["log_loss"], 3)
    (0.5, 0.57)
    """
    first = proba.argmax(axis=1)
    scores = row_scores(proba, truth, is_multi=given is not None)
    accuracy, top3_accuracy, log_loss = scores.mean(axis=0).tolist()
    hit, confidence = scores[:, 0] > 0, proba.max(axis=1)
    answered = np.eye(len(classes))[first] if given is None else given
    figures: dict[str, Any] = {
        "n": len(proba),
        "accuracy": accuracy,
        "top3_accuracy": top3_accuracy,
        "macro_f1": _f1(truth, answered, "macro"),
        "weighted_f1": _f1(truth, answered, "weighted"),
        "log_loss": log_loss,
        "calibration_error": calibration_error(confidence, hit),
        "reliability": reliability(confidence, hit),
        "per_bucket": _per_bucket(truth, answered, classes),
    }
    if given is None:
        matrix = confusion_matrix(truth.argmax(axis=1), first, labels=range(len(classes)))
        figures["confusion"] = {"buckets": classes, "rows_true_columns_predicted": matrix.tolist()}
    else:
        figures["micro_f1"] = _f1(truth, answered, "micro")
        figures["ranking_precision"] = float(label_ranking_average_precision_score(truth, proba))
    return figures


def row_scores(proba: np.ndarray, truth: np.ndarray, *, is_multi: bool) -> np.ndarray:
    """Score each track, shape (n, len(ROW_SCORES)): first choice right, a right one among the
    first three, and log-loss (over yes/no answers where tracks sit in several buckets).

    >>> row_scores(np.array([[0.8, 0.2]]), np.array([[1, 0]]), is_multi=False).round(3).tolist()
    [[1.0, 1.0, 0.223]]
    """
    top = np.argsort(-proba, axis=1, kind="stable")[:, :_TOP]
    found = np.take_along_axis(truth, top, axis=1) > 0
    inside = np.clip(proba, _TINY, 1 - _TINY)
    if is_multi:
        loss = -np.log(np.where(truth > 0, inside, 1 - inside)).mean(axis=1)
    else:
        loss = -np.log((inside * truth).sum(axis=1))
    return np.column_stack([found[:, 0], found.any(axis=1), loss])


def _f1(truth: np.ndarray, answered: np.ndarray, average: str) -> float:
    # over the buckets that occur in the truth or in an answer, as scikit-learn does for labels
    seen = truth.any(axis=0) | answered.any(axis=0)
    scores = precision_recall_fscore_support(
        truth[:, seen], answered[:, seen], average=average, zero_division=0.0
    )
    return float(scores[2])


def _per_bucket(
    truth: np.ndarray, answered: np.ndarray, classes: list[str]
) -> dict[str, dict[str, float]]:
    columns = precision_recall_fscore_support(truth, answered, average=None, zero_division=0.0)
    names = ("precision", "recall", "f1", "tracks")
    return {
        bucket: dict(zip(names, map(float, figures), strict=True))
        for bucket, figures in zip(classes, np.column_stack(columns), strict=True)
    }
