"""Which buckets are taken for which: a matrix whose mistakes stand together, and its worst ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Mistake:
    """`count` of `tracks` tracks of bucket `truth` were taken for `said`."""

    truth: str
    said: str
    count: int
    tracks: int


def clustered(matrix: np.ndarray) -> np.ndarray:
    """An order of the buckets in which those that are taken for each other are neighbours, (k,).

    `matrix` (k, k) counts rows true, columns predicted. Average linkage with optimal leaf
    ordering (Bar-Joseph et al. 2001).

    >>> clustered(np.array([[9, 0, 3, 0], [0, 9, 0, 3], [3, 0, 9, 0], [0, 3, 0, 9]])).tolist()
    [0, 2, 3, 1]
    """
    from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
    from scipy.spatial.distance import squareform

    if len(matrix) < 3:
        return np.arange(len(matrix))
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    apart = 1 - np.clip(shares + shares.T, 0, 1)
    np.fill_diagonal(apart, 0)
    distances = squareform(apart, checks=False)
    tree = linkage(distances, "average")
    return np.asarray(leaves_list(optimal_leaf_ordering(tree, distances)))


def worst_mistakes(matrix: np.ndarray, buckets: Sequence[str], most: int = 6) -> list[Mistake]:
    """The pairs confused most often, by count.

    >>> worst_mistakes(np.array([[8, 2], [0, 5]]), ["Warm", "Late"])
    [Mistake(truth='Warm', said='Late', count=2, tracks=10)]
    """
    wrong = matrix - np.diag(np.diag(matrix))
    order = np.argsort(-wrong, axis=None, kind="stable")[:most]
    pairs = (divmod(int(place), len(matrix)) for place in order)
    return [
        Mistake(buckets[t], buckets[s], int(wrong[t, s]), int(matrix[t].sum()))
        for t, s in pairs
        if wrong[t, s] > 0
    ]


@dataclass(frozen=True)
class ConfusionTable:
    """A confusion matrix as it is shown: bucket names, counts (k lists of k; rows true, columns
    predicted) and the tracks of each row."""

    names: list[str]
    counts: list[list[int]]
    totals: list[int]


def confusion_table(matrix: np.ndarray, buckets: Sequence[str]) -> ConfusionTable:
    """Put the matrix (k, k) into the order of `clustered`.

    >>> confusion_table(np.array([[8, 2], [0, 5]]), ["Warm", "Late"]).totals
    [10, 5]
    """
    order = clustered(matrix)
    counts = matrix[np.ix_(order, order)]
    totals = counts.sum(axis=1)
    return ConfusionTable([buckets[i] for i in order], counts.tolist(), totals.tolist())
