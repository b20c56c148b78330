"""Several buckets a track: from which probability on a bucket is given out."""

from __future__ import annotations

import numpy as np

_ENOUGH = 10
"""Tracks a bucket needs for a threshold of its own; smaller ones share the common one."""

_GRID = np.round(np.arange(0.05, 0.91, 0.025), 3)


def bucket_thresholds(proba: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Pick, for each bucket, the probability that gives the best F1 out of sample.

    `proba` and the 0/1 `truth` are (n, buckets); gives (buckets,). A bucket of few tracks would
    fit its threshold to luck, so it takes the one that is best over all buckets together; no
    bucket goes under that one, because the F1 of a rare bucket is best when it is given out far
    too often, and a person has to take out every wrong one.

    >>> bucket_thresholds(np.array([[0.8], [0.1]] * 20), np.array([[1], [0]] * 20)).tolist()
    [0.475]
    """
    scores = np.stack([_counts(proba >= t, truth) for t in _GRID])  # (grid, 3, buckets)
    own = _f1(scores)
    common = _best(_f1(scores.sum(axis=2)))
    chosen = [_best(own[:, k]) for k in range(proba.shape[1])]
    return np.where(truth.sum(axis=0) >= _ENOUGH, np.maximum(chosen, common), common)


def given_out(proba: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Which buckets each track gets, (n, buckets) bool: those over their threshold, at least one.

    >>> given_out(np.array([[0.6, 0.5], [0.2, 0.1]]), np.array([0.5, 0.5])).tolist()
    [[True, True], [True, False]]
    """
    taken = proba >= thresholds
    taken[np.arange(len(proba)), proba.argmax(axis=1)] = True
    return np.asarray(taken)


def _counts(answered: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """True positives, answers and positives of each bucket, shape (3, buckets)."""
    hits = (answered & (truth > 0)).sum(axis=0)
    return np.stack([hits, answered.sum(axis=0), truth.sum(axis=0)])


def _f1(counts: np.ndarray) -> np.ndarray:
    """F1 along the grid from counts (grid, 3, ...)."""
    return np.asarray(2 * counts[:, 0] / np.maximum(counts[:, 1] + counts[:, 2], 1))


def _best(scores: np.ndarray) -> float:
    """The middle of the thresholds that share the best score: furthest from both cliffs."""
    ties = np.flatnonzero(scores >= scores.max() - 1e-12)
    return float(_GRID[ties[len(ties) // 2]])
