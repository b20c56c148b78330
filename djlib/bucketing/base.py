"""Base class of the bucket models: label checks, calibration, thresholds, prediction."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.validation import check_is_fitted

from ..errors import InputError
from ..evaluation.calibration import Calibration
from ..features.library_fields import folder_of, further_columns
from ..tables.cells import text_of
from ..tables.schema import TRACKS, coerce
from .calibration.known_buckets import SURE_FROM, is_sure
from .calibration.pipeline import ProbabilityCorrection
from .labels import Labels, encode

KEPT_COLUMNS = tuple(name for name in TRACKS.names if name not in ("path", "bucket", "buckets"))
"""What a model remembers of the tracks it learned from, to name the nearest ones."""


class BucketAssigner(ClassifierMixin, BaseEstimator):
    """Base of the bucket models: `fit`, `update`, `predict`, `predict_batch`, `predict_proba`.

    Attributes
    ----------
    classes_ : array of str (n_buckets,), the buckets, sorted.
    is_multi_ : bool, whether tracks sit in several buckets.
    correction_ : ProbabilityCorrection, the steps from raw votes to probabilities, learned out of
        sample.
    thresholds_ : array (n_buckets,), probability from which each bucket is given out; empty where
        a track sits in one bucket.
    labelled_ : DataFrame, the tracks learned from, with their labels in `buckets`.
    """

    fields: ClassVar[tuple[str, ...]]
    """Fields of a track the model reads."""

    vote_scale: ClassVar[Literal["share of votes", "score"]] = "share of votes"
    """What the votes are: shares from 0 to 1, or scores of no fixed scale, the highest winning."""

    @property
    def left_out(self) -> str:
        """What the model had to do without, in words; "" where nothing was missing."""
        return ""

    @property
    def calibration_(self) -> Calibration:
        """The step "calibration" of `correction_`: base rates and temperature."""
        calibration: Calibration | None = self.correction_.calibration_
        assert calibration is not None
        return calibration

    def fit(self, X: pd.DataFrame, y: Iterable[Any]) -> Self:
        """Learn buckets from tracks, forgetting what was learned before; give itself.

        `X` follows the tracks schema (missing columns count as missing values); `y` holds one
        bucket a row, or a list of buckets a row. Raises `InputError` for fewer than two buckets
        or lengths that differ.
        """
        labels = encode(y)
        if len(X) != len(labels.truth):
            raise InputError(f"{len(X)} tracks but {len(labels.truth)} labels")
        self._describe(X, labels)
        self._learn(X, labels)
        return self

    def update(self, X: pd.DataFrame, y: Iterable[Any]) -> Self:
        """Learn these rows, all of them with the corrected ones included, in place of those before;
        give itself. Models that can keep what is slow to learn anew override it.

        Learned attributes are replaced, never written into: a `copy.copy` of the model made
        before stays as it is.
        """
        return self.fit(X, y)

    def refits(
        self, X: pd.DataFrame, y: Iterable[Any], splits: Iterable[tuple[np.ndarray, np.ndarray]]
    ) -> Iterator[Self]:
        """Give, for each split of the rows, a model of the same settings that learned the labels
        of its training rows only. Models that can share what needs no labels override it."""
        labels = list(y)
        for train, _ in splits:
            yield clone(self).fit(X.iloc[train], [labels[i] for i in train])

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Give calibrated probabilities, shape (n, len(classes_)); multi-label rows need not sum
        to 1."""
        check_is_fitted(self)
        return self.correction_.apply(self._votes(X), self._novelty(X))

    def detect(self, X: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Give `known_proba` and `right_proba`, both (n,), at the price of one. Models that have
        not learned what fits nowhere give 1 and the highest probability."""
        check_is_fitted(self)
        return np.ones(len(X)), self.predict_proba(X).max(axis=1)

    def known_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Give the chance that each track fits one of the known buckets at all, (n,)."""
        return self.detect(X)[0]

    def right_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Give the chance that each first choice is right, where tracks that fit nowhere count as
        wrong, (n,)."""
        return self.detect(X)[1]

    def sure(self, X: pd.DataFrame, threshold: float = SURE_FROM) -> np.ndarray:
        """Give whether each first choice is sure, (n,): right with a chance of `threshold` at
        least among the known buckets, and likelier right than not where it may fit nowhere."""
        return is_sure(self.predict_proba(X).max(axis=1), self.right_proba(X), threshold)

    def predict(self, X: pd.DataFrame | Mapping[str, Any]) -> Any:
        """Give the bucket of one track (a mapping), or an array of buckets for a table.

        Multi-label models give a list of buckets for each track.
        """
        if isinstance(X, pd.Series):
            X = X.to_dict()
        if isinstance(X, Mapping):
            return self.predict(pd.DataFrame([dict(X)]))[0]
        return self.buckets_for(self.predict_proba(X))

    def predict_batch(self, X: pd.DataFrame, top: int = 3) -> pd.DataFrame:
        """Give, for each track, its bucket(s) and the `top` choices with their probabilities.

        Columns: predicted_bucket (several joined by |), then bucket_1, probability_1, and so on;
        "" and NaN where there are fewer buckets than `top`.
        """
        proba = self.predict_proba(X)
        answers = ["|".join(a) if self.is_multi_ else a for a in self.buckets_for(proba)]
        table = pd.DataFrame({"predicted_bucket": pd.Series(answers, dtype="str")})
        order = np.argsort(-proba, axis=1, kind="stable")
        rows = np.arange(len(proba))
        for rank in range(top):
            known = rank < len(self.classes_)
            choice = order[:, rank] if known else None
            table[f"bucket_{rank + 1}"] = self.classes_[choice] if known else ""
            table[f"probability_{rank + 1}"] = proba[rows, choice] if known else np.nan
        return table

    def buckets_for(self, proba: np.ndarray) -> np.ndarray:
        """The buckets that probabilities (n, len(classes_)) stand for, shape (n,)."""
        if not self.is_multi_:
            return np.asarray(self.classes_[proba.argmax(axis=1)])
        answers = np.empty(len(proba), dtype=object)
        for row, taken in enumerate(given_out(proba, self.thresholds_)):
            chosen = np.flatnonzero(taken)
            answers[row] = self.classes_[chosen[np.argsort(-proba[row, chosen])]].tolist()
        return answers

    def _describe(self, X: pd.DataFrame, labels: Labels) -> None:
        self.classes_ = np.array(labels.classes)
        self.is_multi_ = labels.is_multi
        self.labelled_ = _remember(X, labels)

    def _settings(self) -> dict[str, Any]:
        """Plain values that every model writes into its settings file."""
        return {
            "model": type(self).__name__,
            "parameters": self.get_params(),
            "buckets": self.classes_.tolist(),
            "several_buckets": self.is_multi_,
            "calibration": self.correction_.as_dict()["calibration"],
            "thresholds": self.thresholds_.tolist(),
        }

    @classmethod
    def _from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """A model that has read back what `_settings` gave."""
        model = cls(**settings["parameters"])
        model.classes_ = np.array(settings["buckets"])
        model.is_multi_ = settings["several_buckets"]
        model.correction_ = ProbabilityCorrection.from_dict(settings)
        model.thresholds_ = np.array(settings["thresholds"])
        return model

    def _learn(self, X: pd.DataFrame, labels: Labels) -> None:
        """Learn to vote, and how often the votes are right."""
        votes = self._fit_votes(X, labels)
        self.correction_ = ProbabilityCorrection().fit_votes(votes, labels)
        self._choose_thresholds(self.correction_.apply(votes), labels)

    def _choose_thresholds(self, proba: np.ndarray, labels: Labels) -> None:
        """Learn from out-of-sample probabilities (n, buckets), NaN where there are none, from
        which one on a bucket is given out."""
        self.thresholds_ = np.empty(0)
        if labels.is_multi:
            answered = np.isfinite(proba).all(axis=1)
            self.thresholds_ = bucket_thresholds(proba[answered], labels.truth[answered])

    @abstractmethod
    def contributions(self, X: pd.DataFrame, column: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Take the votes for bucket number `column` (n,) of each track apart: a base (n,) and what
        each field added, (n, len(fields)). Base plus parts is the vote."""

    def counterfactual_confidence(self, X: pd.DataFrame) -> list[dict[str, float]]:
        """Give, for each track, the confidence in its first choice were what is new to the model
        (its "artist", its "day") known. Empty where probabilities do not depend on that."""
        novelty = self._novelty(X)
        if novelty is None:
            return [{} for _ in range(len(X))]
        return self.correction_.counterfactual_confidence(self._votes(X), novelty)

    @abstractmethod
    def nearest(self, X: pd.DataFrame, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Give the `n` rows of `labelled_` most like each track and how alike from 0 to 1, both
        (len(X), n), most alike first; fewer columns where fewer tracks were learned from."""

    @abstractmethod
    def save(self, folder: str | Path) -> None:
        """Write the model into `folder` by parts, none of them a pickle."""

    @classmethod
    @abstractmethod
    def load(cls, folder: str | Path) -> Self:
        """Read back what `save` wrote. Only known types are built; nothing is unpickled."""

    @abstractmethod
    def _fit_votes(self, X: pd.DataFrame, labels: Labels) -> np.ndarray:
        """Learn, and give out-of-sample votes (n, buckets) for the rows learned from; NaN rows
        had none."""

    @abstractmethod
    def _votes(self, X: pd.DataFrame) -> np.ndarray:
        """Give raw votes, shape (n, buckets)."""

    def _novelty(self, X: pd.DataFrame) -> np.ndarray | None:
        """Give the novelty features (n, 3) that the correction depends on; None where it depends
        on none."""
        return None


def _remember(X: pd.DataFrame, labels: Labels) -> pd.DataFrame:
    kept = [c for c in X if c in KEPT_COLUMNS or c in further_columns(X)]
    tracks = coerce(X[kept].reset_index(drop=True), TRACKS)[0]
    if "path" in X:  # where a track lies, not what its file is called
        tracks["path"] = pd.Series([folder_of(p) for p in text_of(X, "path")], dtype="str")
    ids = tracks.pop("track_id") if "track_id" in tracks else [""] * len(tracks)
    tracks.insert(0, "track_id", [known or f"row {i}" for i, known in enumerate(ids)])
    names = np.array(labels.classes, dtype=object)
    return tracks.assign(buckets=["|".join(names[row > 0]) for row in labels.truth])


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
