"""Which buckets are taken for which: a matrix whose mistakes stand together, and its worst ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

_MANY = 20
"""Buckets from which the cells are small."""

_MID, _STRONG = 0.6, 0.85
"""Shares from which words on a cell change colour, in the dark and in daylight."""


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


def confusion_table(matrix: np.ndarray, buckets: Sequence[str]) -> str:
    """Draw the matrix as an HTML table, in the order of `clustered`: one row a true bucket, one
    column an answer; each cell holds its count and its share of the row, a page shows either."""
    order = clustered(matrix)
    names = [buckets[i] for i in order]
    ranked = matrix[np.ix_(order, order)]
    totals = ranked.sum(axis=1)
    head = "".join(
        f'<th scope="col" title="{escape(name)}"><span>{escape(name)}</span></th>' for name in names
    )
    rows = "".join(
        f'<tr><th scope="row" title="{escape(name)}"><span>{escape(name)}</span></th>'
        f'<td class="n">{totals[i]}</td>'
        + "".join(_cell(ranked[i, j], totals[i], i == j, name, names[j]) for j in range(len(names)))
        + "</tr>"
        for i, name in enumerate(names)
    )
    size = "matrix small" if len(names) >= _MANY else "matrix"
    return (
        f'<table class="{size}"><caption>Rows: where a track belongs. Columns: where it was put.'
        '</caption><thead><tr><th scope="col">belongs in</th><th scope="col" class="n">tracks</th>'
        f"{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _cell(count: int, total: int, is_right: bool, truth: str, said: str) -> str:
    kind = "hit" if is_right else "miss"
    if not count:
        return f'<td class="{kind}"></td>'
    share = count / max(total, 1)
    strong = " mid strong" if share > _STRONG else " mid" if share > _MID else ""
    words = f"{count} of {total} {truth!r} put into {said!r}"
    return (
        f'<td class="{kind}{strong}" style="--v:{share:.3f}" title="{escape(words)}">'
        f'<span class="share">{max(round(100 * share), 1)}</span>'
        f'<span class="count">{count}</span></td>'
    )
