"""A hierarchical logistic regression of what people like in calls: weights shared by everybody and
a deviation from them for each person.

A weight of a person is the shared weight and their own deviation, both drawn towards zero, so that
somebody with few ratings is ranked for as everybody is, and a person nobody knows wholly so (a
hierarchical prior; Daume III 2007, "Frustratingly Easy Domain Adaptation", is the same sum).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from .call_features import Points

_ITERATIONS = 200


@dataclass(frozen=True)
class HierarchicalLogistic:
    """Learned weights: row 0 is everybody's, row 1 + i the deviation of `users[i]`.

    `words` (1 + users, WIDTH) sparse, `dense` (1 + users, meaning + standing + 1).
    """

    users: tuple[str, ...]
    words: sparse.csr_matrix
    dense: np.ndarray
    n_meaning: int
    own: float = 0.5
    _place: Mapping[str, int] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_place", {u: i for i, u in enumerate(self.users, start=1)})

    @classmethod
    def fit(
        cls,
        points: Points,
        users: Sequence[str],
        liked: np.ndarray,
        weight: np.ndarray,
        *,
        own: float,
    ) -> HierarchicalLogistic:
        """Learn from rated points: who rated, how well each was liked, from 0 to 1, and how much
        that counts, all (n,).

        `own` is the share of the prior variance that is a person's own.
        """
        names = tuple(dict.fromkeys(users))
        place = {name: number for number, name in enumerate(names)}
        at = np.array([place[user] for user in users], dtype=int)
        seen, columns = np.unique(points.words.indices, return_inverse=True)
        small = sparse.csr_matrix(
            (points.words.data, columns, points.words.indptr), shape=(len(points), len(seen))
        )
        dense = np.hstack([points.meaning, points.standing, np.ones((len(points), 1))])
        rows = sparse.hstack([small, sparse.csr_matrix(dense)], format="csr", dtype=np.float64)
        weights = _fit_weights(rows, at, len(names), liked, own, weight)
        words = [_wide(part[: len(seen)], seen, points.words.shape[1]) for part in weights]
        return cls(
            names,
            sparse.vstack(words, format="csr", dtype=np.float32),
            np.stack([part[len(seen) :] for part in weights]).astype(np.float32),
            points.meaning.shape[1],
            own,
        )

    def of(self, user: str) -> LogOddsFunction:
        """The log-odds for a person; the shared ones for a person without ratings."""
        words, dense = self.words[0].toarray().ravel(), self.dense[0].astype(np.float64)
        if user in self._place:
            row = self._place[user]
            words = words + self.words[row].toarray().ravel()
            dense = dense + self.dense[row]
        n = self.n_meaning
        return LogOddsFunction(
            words.astype(np.float32),
            dense[:n].astype(np.float32),
            dense[n:-1].astype(np.float32),
            float(dense[-1]),
        )

    def log_odds(self, points: Points, users: Sequence[str]) -> np.ndarray:
        """The log-odds of each point for the person of its row, (n,)."""
        names = np.array(users, dtype=object)
        log_odds = np.zeros(len(points))
        for name in dict.fromkeys(users):
            rows = np.flatnonzero(names == name)
            some = points if len(rows) == len(points) else points.take(rows)
            log_odds[rows] = self.of(name).evaluate(some)
        return log_odds

    def arrays(self) -> dict[str, np.ndarray]:
        """The weights, for a file of arrays."""
        return {
            "words_data": self.words.data,
            "words_indices": self.words.indices,
            "words_indptr": self.words.indptr,
            "dense": self.dense,
        }

    @classmethod
    def restore(
        cls, users: Sequence[str], n_meaning: int, own: float, width: int, arrays: Any
    ) -> HierarchicalLogistic:
        """Take back what `arrays` gave."""
        parts = (arrays["words_data"], arrays["words_indices"], arrays["words_indptr"])
        words = sparse.csr_matrix(parts, shape=(len(users) + 1, width))
        return cls(tuple(users), words, arrays["dense"], n_meaning, own)


@dataclass(frozen=True)
class LogOddsFunction:
    """A linear function of points: weights of words (WIDTH,), meaning, standing, and what a call of
    which nothing is known gets."""

    words: np.ndarray
    meaning: np.ndarray
    standing: np.ndarray
    bias: float

    def evaluate(self, points: Points) -> np.ndarray:
        """The log-odds of each call, (n,)."""
        log_odds = np.asarray(points.words @ self.words, dtype=np.float64) + self.bias
        if points.meaning.shape[1]:
            log_odds += points.meaning @ self.meaning
        if points.standing.shape[1]:
            log_odds += points.standing @ self.standing
        return log_odds


def _fit_weights(
    rows: sparse.csr_matrix,
    at: np.ndarray,
    n_users: int,
    liked: np.ndarray,
    own: float,
    weight: np.ndarray,
) -> list[np.ndarray]:
    """The shared weights and each person's deviation."""
    if n_users == 1:  # one person: the shared and the own part of one weight
        whole = _logistic(rows, liked, weight)
        return [(1 - own) * whole, own * whole]
    shared = rows * np.sqrt(1 - own)
    columns = rows.indices + np.repeat(at, np.diff(rows.indptr)) * rows.shape[1]
    deviations = sparse.csr_matrix(
        (rows.data * np.sqrt(own), columns, rows.indptr),
        shape=(rows.shape[0], n_users * rows.shape[1]),
    )
    coefficients = _logistic(sparse.hstack([shared, deviations], format="csr"), liked, weight)
    parts = coefficients.reshape(n_users + 1, rows.shape[1])
    return [parts[0] * np.sqrt(1 - own), *(part * np.sqrt(own) for part in parts[1:])]


def _logistic(rows: sparse.csr_matrix, liked: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Weights (d,) under a prior variance of one; a rating in between counts for both sides."""
    yes, no = np.flatnonzero(liked > 0), np.flatnonzero(liked < 1)
    both = sparse.vstack([rows[yes], rows[no]], format="csr")
    target = np.concatenate([np.ones(len(yes)), np.zeros(len(no))])
    shares = np.concatenate([liked[yes] * weight[yes], (1 - liked[no]) * weight[no]])
    if not len(yes) or not len(no):
        # One class only: an answer that says the opposite of nothing keeps the solver going.
        both = sparse.vstack([both, sparse.csr_matrix((1, rows.shape[1]))], format="csr")
        target, shares = np.append(target, 1 - target[:1]), np.append(shares, 1e-6)
    model = LogisticRegression(
        C=1.0, solver="liblinear", fit_intercept=False, max_iter=_ITERATIONS, tol=1e-4
    )
    return np.asarray(model.fit(both, target, sample_weight=shares).coef_[0], dtype=np.float64)


def _wide(values: np.ndarray, columns: np.ndarray, width: int) -> sparse.csr_matrix:
    kept = np.flatnonzero(np.abs(values) > 1e-9)
    zeros = np.zeros(len(kept), dtype=int)
    return sparse.csr_matrix((values[kept], (zeros, columns[kept])), shape=(1, width))
