"""The heads of the hybrid model: estimators on a track's columns that vote for buckets."""

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
    """What the assigner needs of a head."""

    projection: np.ndarray
    """Coefficients (columns, k) that give the head's inputs."""

    def fit(self, components: np.ndarray, truth: np.ndarray, *, is_multi: bool) -> Self:
        """Learn from principal components (n, r), strongest first, and 0/1 truth (n, buckets)."""

    def scores(self, inputs: np.ndarray) -> np.ndarray:
        """Give scores (n, buckets) of tracks through the projection, (n, k)."""

    def votes(self, inputs: np.ndarray) -> np.ndarray:
        """Give votes from 0 to 1, (n, buckets)."""


class LogisticHead:
    """Logistic regression: the projection is the answer, but for the intercepts."""

    projection: np.ndarray
    intercepts: np.ndarray
    is_multi: bool

    def fit(self, components: Any, truth: np.ndarray, *, is_multi: bool) -> Self:
        """Learn from the start."""
        return self._take(fit_logistic(components, truth, is_multi=is_multi), is_multi=is_multi)

    def partial_fit(self, rows: Any, truth: np.ndarray, *, steps: int = MOST_STEPS) -> Self:
        """Learn on from the coefficients so far, at most so many steps; give itself."""
        start = np.vstack([self.projection, self.intercepts])
        weights = fit_logistic(rows, truth, is_multi=self.is_multi, start=start, steps=steps)
        return self._take(weights, is_multi=self.is_multi)

    def _take(self, weights: np.ndarray, *, is_multi: bool) -> Self:
        self.projection, self.intercepts, self.is_multi = weights[:-1], weights[-1], is_multi
        return self

    def scores(self, inputs: np.ndarray) -> np.ndarray:
        """Give log-odds up to a constant, (n, buckets)."""
        return np.asarray(inputs + self.intercepts)

    def votes(self, inputs: np.ndarray) -> np.ndarray:
        """Give votes from 0 to 1, (n, buckets)."""
        return as_votes(self.scores(inputs), is_multi=self.is_multi)


class EstimatorHead:
    """An estimator of scikit-learn's kind on the `n_components` strongest components."""

    projection: np.ndarray

    def __init__(self, name: str, n_components: int, seed: int | None, shape: Any = None) -> None:
        self.name = name
        self.n_components = n_components
        self.seed = seed
        self.shape = shape
        """Turns components into fewer of another kind before the estimator sees them."""

    def fit(self, components: np.ndarray, truth: np.ndarray, *, is_multi: bool) -> Self:
        """Learn; a bucket without a track gets no votes."""
        k = min(self.n_components, components.shape[1])
        self.projection = np.eye(components.shape[1], k, dtype=np.float32)
        self.present = np.flatnonzero(truth.any(axis=0))
        self.n_buckets = truth.shape[1]
        labels = truth[:, self.present]
        components = components[:, :k]
        if self.shape is not None:
            components = self.shape.fit_transform(components)
        held = labels.sum(axis=0)
        smallest = np.minimum(held, len(labels) - held).min() if is_multi else held.min()
        estimator = make_estimator(self.name, self.seed, smallest=int(smallest))
        if is_multi:
            estimator = OneVsRestClassifier(estimator)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            warnings.filterwarnings("ignore", "Label (not )?.* is present in all training")
            target = labels if is_multi else labels.argmax(axis=1)
            self.estimator = estimator.fit(components, target)
        return self

    def scores(self, inputs: np.ndarray) -> np.ndarray:
        """Give logarithms of the votes, (n, buckets)."""
        return np.asarray(np.log(self.votes(inputs) + _TINY))

    def votes(self, inputs: np.ndarray) -> np.ndarray:
        """Give votes from 0 to 1, (n, buckets)."""
        votes = np.zeros((len(inputs), self.n_buckets))
        if len(inputs):
            components = inputs if self.shape is None else self.shape.transform(inputs)
            votes[:, self.present] = self.estimator.predict_proba(components)
        return votes


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

    def fit(self, components: np.ndarray, truth: np.ndarray, *, is_multi: bool) -> Self:
        """Let every member learn, and how much each is worth."""
        if self.is_stacked:
            log_votes = np.zeros(
                (len(components), len(self.members) * truth.shape[1]), dtype=np.float32
            )
            folds = KFold(min(4, len(components)), shuffle=True, random_state=self.seed or 0)
            for train, test in folds.split(components):
                if truth[train].any(axis=0).sum() > 1:
                    self._fit_members(components[train], truth[train], is_multi)
                    log_votes[test] = self._log_votes(components[test] @ self.projection)
            self.judge = LogisticHead().fit(log_votes / 10, truth, is_multi=is_multi)
        self._fit_members(components, truth, is_multi)
        return self

    def scores(self, inputs: np.ndarray) -> np.ndarray:
        """Give scores on the logarithmic scale, (n, buckets)."""
        if self.judge is not None:
            return self.judge.scores(self._log_votes(inputs) / 10 @ self.judge.projection)
        return np.asarray(np.log(self.votes(inputs) + _TINY))

    def votes(self, inputs: np.ndarray) -> np.ndarray:
        """Give votes from 0 to 1, (n, buckets)."""
        if self.judge is not None:
            return as_votes(self.scores(inputs), is_multi=self.judge.is_multi)
        parts = zip(self.members, self._split(inputs), strict=True)
        return np.asarray(np.mean([member.votes(part) for member, part in parts], axis=0))

    def _fit_members(self, components: np.ndarray, truth: np.ndarray, is_multi: bool) -> None:
        for member in self.members:
            member.fit(components, truth, is_multi=is_multi)

    def _log_votes(self, inputs: np.ndarray) -> np.ndarray:
        parts = zip(self.members, self._split(inputs), strict=True)
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
    """Make the estimator of a head that is not linear; `smallest` is the number of tracks of
    the rarest answer."""
    if name == "mlp":
        from sklearn.neural_network import MLPClassifier

        stops = smallest >= 10  # its own test rows need some of each label
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
    """Votes of each fold's head on its test rows.

    `columns` made the rows of `components`: the tracks, then the names of the buckets, which every
    head learns from. `later` (n, columns) are the tracks as they look behind everything learned,
    `truth` (tracks and names, buckets) is what `fit` makes a head of, with their scores.
    `at_once`: heads may learn side by side.
    """

    columns: TrackColumns
    components: PrincipalComponents
    later: sparse.csr_matrix
    truth: np.ndarray
    fit: Callable[[np.ndarray, np.ndarray], Head]
    at_once: bool

    def __call__(self, folds: list[Fold]) -> list[np.ndarray]:
        """Give votes (len(test), buckets) for each fold; terms that its training rows lack are
        masked in its test rows."""
        return side_by_side(self._votes, folds, most=self._most())

    def _votes(self, fold: Fold) -> np.ndarray:
        names = np.arange(self.later.shape[0], len(self.truth))
        known = np.append(fold.train, names)
        head = self.fit(self.components.scores[known], self.truth[known])
        rows = self.later if fold.is_temporal else self.components.rows
        test = self.columns.joined.mask_unseen(rows[fold.test], self.components.rows[known])
        return np.asarray(head.votes(test @ self.components.back_project(head.projection)))

    def _most(self) -> int:
        if not self.at_once:
            return 1
        return _MOST_OF_LARGE if is_large(len(self.truth)) else MOST_AT_ONCE
