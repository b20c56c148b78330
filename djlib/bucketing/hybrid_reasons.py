"""Explanations of the hybrid: contributions by field, nearest neighbours, strongest terms."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from ..features.lexical import unit_rows
from ..features.track_columns import TrackColumns
from .hybrid_heads import LogisticHead

_AT_ONCE = 500


def projected_by_field(
    columns: TrackColumns, projection: np.ndarray, X: pd.DataFrame, half_dated: np.ndarray
) -> np.ndarray:
    """Give what each field adds to the head's inputs, (fields, n, k); the day of tracks
    that are `half_dated` (n,) counts half."""
    names = columns.joined.field_names
    inputs = np.zeros((len(names), len(X), projection.shape[1]))
    for field, at, part in columns.parts(X, half_dated=half_dated):
        inputs[names.index(field)] += part @ projection[at : at + part.shape[1]]
    return inputs


def average_by_field(
    columns: TrackColumns, projection: np.ndarray, X: pd.DataFrame, sentences: np.ndarray
) -> np.ndarray:
    """Give where the average of tracks lies in that projection, by field, (fields, k)."""
    names = columns.joined.field_names
    means = np.zeros((len(names), projection.shape[1]))
    for field, at, part in columns.parts(X, sentences):
        average = np.asarray(part.mean(axis=0)).reshape(1, -1)
        means[names.index(field)] += (average @ projection[at : at + part.shape[1]])[0]
    return means


def contributions(
    head: Any, means: np.ndarray, inputs: np.ndarray, column: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Take the score of bucket `column` (n,) apart: the average track's score (n,), and what each
    field's difference from it adds, (n, fields).

    Exact for the logistic head. For the others fields are swapped in one after the other, in
    order and in reverse, and the two are averaged (a path of Shapley's, 1953), so that they add
    up too. `means` is (fields, k), `inputs` (fields, n, k).
    """
    rows = np.arange(len(column))

    def score(difference: np.ndarray) -> np.ndarray:
        scores = head.scores(means.sum(axis=0) + difference)
        return np.asarray(scores[rows, column], dtype=float)

    nothing = np.zeros_like(inputs[0])
    if isinstance(head, LogisticHead):
        added = inputs[:, rows, column] - means[:, column]
        return score(nothing), added.T
    orders: list[Iterable[int]] = [range(len(means)), reversed(range(len(means)))]
    parts = sum(_swapped_in(score, inputs - means[:, None], order) for order in orders)
    return score(nothing), np.asarray(parts / 2)


def _swapped_in(
    score: Callable[[np.ndarray], np.ndarray], differences: np.ndarray, order: Iterable[int]
) -> np.ndarray:
    now = np.zeros_like(differences[0])
    before = score(now)
    parts = np.zeros((len(before), len(differences)))
    for field in order:
        now = now + differences[field]
        after = score(now)
        parts[:, field] = after - before
        before = after
    return parts


def nearest(
    known: sparse.csr_matrix, queries: sparse.csr_matrix, n: int
) -> tuple[np.ndarray, np.ndarray]:
    """Give the `n` rows of `known` with the largest cosine for each row of `queries`, and it."""
    n = min(n, known.shape[0])
    columns = unit_rows(known).T.tocsr()
    rows, alike = np.zeros((queries.shape[0], n), dtype=int), np.zeros((queries.shape[0], n))
    for start in range(0, queries.shape[0], _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        cosine = np.clip((unit_rows(queries[some]) @ columns).toarray(), 0, 1)
        rows[some] = np.argsort(-cosine, axis=1, kind="stable")[:, :n]
        alike[some] = np.take_along_axis(cosine, rows[some], axis=1)
    return rows, alike


def evidence(head: Any, columns: TrackColumns, bucket: int, n: int) -> list[tuple[str, str, float]]:
    """Give field, term and weight of what speaks most for a bucket beside the others; nothing for
    heads that are not linear."""
    if not isinstance(head, LogisticHead):
        return []
    terms = columns.joined.terms()
    learned = head.projection[: len(terms)]
    weights = learned[:, bucket] - learned.mean(axis=1)
    strongest = np.argsort(-weights, kind="stable")[:n]
    return [(*terms[i], float(weights[i])) for i in strongest]
