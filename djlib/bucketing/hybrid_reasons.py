"""Why the hybrid says so: what fields add, the nearest known tracks, what speaks for a bucket."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from ..features.lexical import unit_rows
from ..features.track_columns import TrackColumns
from ..features.track_vectorizer import FIELDS
from .calibration.calibrators import MultiLabelCalibrator, TopLabelCalibrator
from .calibration.novelty import is_out_of_range
from .hybrid_heads import LogisticHead

_AT_ONCE = 500


def seen_by_field(
    columns: TrackColumns, projection: np.ndarray, X: pd.DataFrame, half_dated: np.ndarray
) -> np.ndarray:
    """Give what each field brings to the places a head looks at, (fields, n, k); the day of tracks
    that are `half_dated` (n,) counts half."""
    seen = np.zeros((len(FIELDS), len(X), projection.shape[1]))
    for field, at, part in columns.parts(X, half_dated=half_dated):
        seen[FIELDS.index(field)] += part @ projection[at : at + part.shape[1]]
    return seen


def average_by_field(
    columns: TrackColumns, projection: np.ndarray, X: pd.DataFrame, sentences: np.ndarray
) -> np.ndarray:
    """Give where the average of tracks lies in that projection, by field, (fields, k)."""
    means = np.zeros((len(FIELDS), projection.shape[1]))
    for field, at, part in columns.parts(X, sentences):
        average = np.asarray(part.mean(axis=0)).reshape(1, -1)
        means[FIELDS.index(field)] += (average @ projection[at : at + part.shape[1]])[0]
    return means


def contributions(
    head: Any, means: np.ndarray, seen: np.ndarray, column: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Take the score of bucket `column` (n,) apart: the average track's score (n,), and what each
    field's difference from it adds, (n, fields).

    Exact for the logistic head. For the others fields are swapped in one after the other, in
    order and in reverse, and the two are averaged (a path of Shapley's, 1953), so that they add
    up too. `means` is (fields, k), `seen` (fields, n, k).
    """
    rows = np.arange(len(column))

    def score(difference: np.ndarray) -> np.ndarray:
        scores = head.scores(means.sum(axis=0) + difference)
        return np.asarray(scores[rows, column], dtype=float)

    nothing = np.zeros_like(seen[0])
    if isinstance(head, LogisticHead):
        added = seen[:, rows, column] - means[:, column]
        return score(nothing), added.T
    orders: list[Iterable[int]] = [range(len(means)), reversed(range(len(means)))]
    parts = sum(_swapped_in(score, seen - means[:, None], order) for order in orders)
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


def if_familiar(
    confidence: TopLabelCalibrator | MultiLabelCalibrator, proba: np.ndarray, facts: np.ndarray
) -> list[dict[str, float]]:
    """Give, for each track, the confidence in its first choice were what is strange about it not
    so: its "artist", its "day". `proba` (n, buckets) are probabilities before `confidence` was
    applied, `facts` (n, 3) are those of `Familiarity`; what is familiar is not named.

    >>> facts = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    >>> proba = np.array([[0.5, 0.5], [0.5, 0.5]])
    >>> if_familiar(TopLabelCalibrator(weights=(0.0, 0.0, 0.0)), proba, facts)[1]
    {}
    """
    rows, first = np.arange(len(proba)), proba.argmax(axis=1)
    strange = {"artist": (0, facts[:, 0] == 0, 1.0), "day": (2, is_out_of_range(facts), 0.0)}
    found: list[dict[str, float]] = [{} for _ in rows]
    for name, (column, holds, familiar) in strange.items():
        otherwise = facts.copy()
        otherwise[:, column] = familiar
        then = confidence.apply(proba, otherwise)[rows, first]
        for row in np.flatnonzero(holds):
            found[row][name] = float(then[row])
    return found


def nearest(
    known: sparse.csr_matrix, asked: sparse.csr_matrix, n: int
) -> tuple[np.ndarray, np.ndarray]:
    """Give the `n` rows of `known` with the largest cosine for each row of `asked`, and it."""
    n = min(n, known.shape[0])
    columns = unit_rows(known).T.tocsr()
    rows, alike = np.zeros((asked.shape[0], n), dtype=int), np.zeros((asked.shape[0], n))
    for start in range(0, asked.shape[0], _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        cosine = np.clip((unit_rows(asked[some]) @ columns).toarray(), 0, 1)
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
