"""The heads of the hybrid model: what turns a track's columns into votes for buckets."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import KFold
from sklearn.multiclass import OneVsRestClassifier

from ..errors import UsageError
from ..features.track_columns import TrackColumns
from .calibration.out_of_fold import Fold
from .linear_solvers import MOST_AT_ONCE, MOST_STEPS, as_votes, fit_logistic, side_by_side
from .principal_components import PrincipalComponents, is_large

HEADS = ("logistic", "mlp", "xgboost", "random_forest", "soft_vote", "stack")

_VOTERS = ("logistic", "xgboost", "random_forest")
_TINY = 1e-6
FARTHER = 20
"""Steps from the strongest directions on to all columns. Of 6,397 tracks of charts they made 58
percent right 62; going on to the end makes it 63, but confidence is no longer true."""


class Head(Protocol):
    """What the assigner asks of a head."""

    projection: np.ndarray
    """Coefficients (columns, k) of the places the head looks at."""

    def fit(self, places: np.ndarray, truth: np.ndarray, *, is_multi: bool) -> Self:
        """Learn from principal components (n, r), strongest first, and 0/1 truth (n, buckets)."""

    def scores(self, seen: np.ndarray) -> np.ndarray:
        """Give scores (n, buckets) of tracks seen through the projection, (n, k)."""

    def votes(self, seen: np.ndarray) -> np.ndarray:
        """Give votes from 0 to 1, (n, buckets)."""


class LogisticHead:
    """Logistic regression: the projection is the answer, but for the intercepts."""

    projection: np.ndarray
    intercepts: np.ndarray
    is_multi: bool

    def fit(self, places: Any, truth: np.ndarray, *, is_multi: bool) -> Self:
        """Learn from the start."""
        return self._of(fit_logistic(places, truth, is_multi=is_multi), is_multi=is_multi)

    def go_on(self, rows: Any, truth: np.ndarray, *, steps: int = MOST_STEPS) -> Self:
        """Give a head that learned on from here, at most so many steps."""
        start = np.vstack([self.projection, self.intercepts])
        weights = fit_logistic(rows, truth, is_multi=self.is_multi, start=start, steps=steps)
        return type(self)()._of(weights, is_multi=self.is_multi)

    def _of(self, weights: np.ndarray, *, is_multi: bool) -> Self:
        self.projection, self.intercepts, self.is_multi = weights[:-1], weights[-1], is_multi
        return self

    def scores(self, seen: np.ndarray) -> np.ndarray:
        """Give log-odds up to a constant, (n, buckets)."""
        return np.asarray(seen + self.intercepts)

    def votes(self, seen: np.ndarray) -> np.ndarray:
        """Give votes from 0 to 1, (n, buckets)."""
        return as_votes(self.scores(seen), is_multi=self.is_multi)


class EstimatorHead:
    """An estimator of scikit-learn's kind on the `n_components` strongest components."""

    projection: np.ndarray

    def __init__(self, name: str, n_components: int, seed: int | None, shape: Any = None) -> None:
        self.name = name
        self.n_components = n_components
        self.seed = seed
        self.shape = shape
        """Turns components into fewer of another kind before the estimator sees them."""

    def fit(self, places: np.ndarray, truth: np.ndarray, *, is_multi: bool) -> Self:
        """Learn; a bucket without a track gets no votes."""
        k = min(self.n_components, places.shape[1])
        self.projection = np.eye(places.shape[1], k, dtype=np.float32)
        self.present = np.flatnonzero(truth.any(axis=0))
        self.n_buckets = truth.shape[1]
        answers = truth[:, self.present]
        components = places[:, :k] if self.shape is None else self.shape.fit(places[:, :k])
        held = answers.sum(axis=0)
        smallest = np.minimum(held, len(answers) - held).min() if is_multi else held.min()
        estimator = make_estimator(self.name, self.seed, smallest=int(smallest))
        if is_multi:
            estimator = OneVsRestClassifier(estimator)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            warnings.filterwarnings("ignore", "Label (not )?.* is present in all training")
            target = answers if is_multi else answers.argmax(axis=1)
            self.estimator = estimator.fit(components, target)
        return self

    def scores(self, seen: np.ndarray) -> np.ndarray:
        """Give logarithms of the votes, (n, buckets)."""
        return np.asarray(np.log(self.votes(seen) + _TINY))

    def votes(self, seen: np.ndarray) -> np.ndarray:
        """Give votes from 0 to 1, (n, buckets)."""
        found = np.zeros((len(seen), self.n_buckets))
        if len(seen):
            components = seen if self.shape is None else self.shape.transform(seen)
            found[:, self.present] = self.estimator.predict_proba(components)
        return found


class JointHead:
    """Several heads together: the mean of their votes, or with `is_stacked` a logistic regression
    on the logarithms of their votes, learned out of fold (Wolpert 1992)."""

    def __init__(self, members: list[Any], *, is_stacked: bool, seed: int | None) -> None:
        self.members = members
        self.is_stacked = is_stacked
        self.seed = seed
        self.judge: LogisticHead | None = None

    @property
    def projection(self) -> np.ndarray:
        """The members' projections, side by side."""
        return np.hstack([member.projection for member in self.members])

    @projection.setter
    def projection(self, value: np.ndarray) -> None:
        for member, part in zip(self.members, self._split(value), strict=True):
            member.projection = np.ascontiguousarray(part)

    def fit(self, places: np.ndarray, truth: np.ndarray, *, is_multi: bool) -> Self:
        """Let every member learn, and how much each is worth."""
        if self.is_stacked:
            heard = np.zeros((len(places), len(self.members) * truth.shape[1]), dtype=np.float32)
            folds = KFold(min(4, len(places)), shuffle=True, random_state=self.seed or 0)
            for train, test in folds.split(places):
                if truth[train].any(axis=0).sum() > 1:
                    self._fit_members(places[train], truth[train], is_multi)
                    heard[test] = self._heard(places[test] @ self.projection)
            self.judge = LogisticHead().fit(heard / 10, truth, is_multi=is_multi)
        self._fit_members(places, truth, is_multi)
        return self

    def scores(self, seen: np.ndarray) -> np.ndarray:
        """Give scores on the logarithmic scale, (n, buckets)."""
        if self.judge is not None:
            return self.judge.scores(self._heard(seen) / 10 @ self.judge.projection)
        return np.asarray(np.log(self.votes(seen) + _TINY))

    def votes(self, seen: np.ndarray) -> np.ndarray:
        """Give votes from 0 to 1, (n, buckets)."""
        if self.judge is not None:
            return as_votes(self.scores(seen), is_multi=self.judge.is_multi)
        parts = zip(self.members, self._split(seen), strict=True)
        return np.asarray(np.mean([member.votes(part) for member, part in parts], axis=0))

    def _fit_members(self, places: np.ndarray, truth: np.ndarray, is_multi: bool) -> None:
        for member in self.members:
            member.fit(places, truth, is_multi=is_multi)

    def _heard(self, seen: np.ndarray) -> np.ndarray:
        parts = zip(self.members, self._split(seen), strict=True)
        return np.hstack([np.log(member.votes(part) + _TINY) for member, part in parts])

    def _split(self, matrix: np.ndarray) -> list[np.ndarray]:
        widths = [member.projection.shape[1] for member in self.members]
        return np.split(matrix, np.cumsum(widths)[:-1], axis=1)


def make_head(
    name: str, n_components: int, seed: int | None, shape: Callable[[], Any] | None = None
) -> Any:
    """Make an unfitted head by name, one of `HEADS`; raises `UsageError` for another.

    >>> make_head("soft_vote", 50, 0).members[1].name
    'xgboost'
    """
    if name not in HEADS:
        raise UsageError(f"unknown head {name!r}; known: {', '.join(HEADS)}")
    if name == "logistic":
        return LogisticHead()
    if name in ("soft_vote", "stack"):
        members = [make_head(member, n_components, seed, shape) for member in _VOTERS]
        return JointHead(members, is_stacked=name == "stack", seed=seed)
    return EstimatorHead(name, n_components, seed, shape() if shape else None)


def make_estimator(name: str, seed: int | None, *, smallest: int) -> Any:
    """Make the estimator of a head that is not linear; no answer it has to learn was given by
    fewer tracks than `smallest`."""
    if name == "mlp":
        from sklearn.neural_network import MLPClassifier

        stops = smallest >= 10  # its own test rows need some of each answer
        return MLPClassifier((128,), alpha=1e-2, early_stopping=stops, random_state=seed)
    if name == "xgboost":
        from xgboost import XGBClassifier

        return XGBClassifier(
            n_estimators=120, max_depth=4, learning_rate=0.1, subsample=0.8,
            colsample_bytree=0.4, tree_method="hist", random_state=seed,
        )  # fmt: skip
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(200, min_samples_leaf=2, random_state=seed)


_MOST_OF_LARGE = 2
"""Heads of a large library at the same time: each holds its tracks once more. With two of 50,000
tracks all of it takes 2.4 GB, with one 2.3."""


@dataclass(frozen=True)
class FoldHeads:
    """Learns heads on some rows of `spectrum` and asks them about others.

    `columns` made its rows: the tracks, then the names of the buckets, which every head learns
    from. `later` (n, columns) are the tracks as they look behind everything learned, `truth`
    (tracks and names, buckets) is what `fit` makes a head of, with their places. `at_once`: heads
    may learn side by side.
    """

    columns: TrackColumns
    spectrum: PrincipalComponents
    later: sparse.csr_matrix
    truth: np.ndarray
    fit: Callable[[np.ndarray, np.ndarray], Head]
    at_once: bool

    def __call__(self, questions: list[Fold]) -> list[np.ndarray]:
        """Give votes (len(test), buckets) for each question; the tracks asked about are read as if
        no other words had been seen."""
        return side_by_side(self._votes, questions, most=self._most())

    def _votes(self, question: Fold) -> np.ndarray:
        names = np.arange(self.later.shape[0], len(self.truth))
        known = np.append(question.train, names)
        head = self.fit(self.spectrum.places[known], self.truth[known])
        shown = self.later if question.as_later else self.spectrum.rows
        asked = self.columns.joined.as_new(shown[question.test], self.spectrum.rows[known])
        return np.asarray(head.votes(asked @ self.spectrum.pull_back(head.projection)))

    def _most(self) -> int:
        if not self.at_once:
            return 1
        return _MOST_OF_LARGE if is_large(len(self.truth)) else MOST_AT_ONCE
