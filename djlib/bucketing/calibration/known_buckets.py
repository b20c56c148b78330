"""Whether a track fits one of the known buckets at all, learned from buckets that were hidden.

A quarter of the buckets is hidden at a time while a model learns; how it then speaks of their
tracks, beside tracks of buckets it knows, tells what a track looks like that fits nowhere (open
set recognition; Scheirer et al. 2013). The detector is a logistic regression on that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.special import expit, logit

N_NEAREST = 10
"""Labelled tracks nearest to a track that its likeness is measured by."""

N_HIDING_FOLDS = 4
MAX_TRACKS = 4_000
"""Tracks that tell enough; of more, so many are drawn."""

MIN_BUCKETS, MIN_TRACKS = 4, 40
"""With less, nothing can be hidden and something left to learn."""

SURE_FROM = 0.5
"""Probability of a known bucket and of the right one from which a first choice is sure."""

FITS_NOWHERE_UNDER = 0.5
"""Probability of a known bucket under which a track that is not sure fits nowhere."""

_CLIP = 1e-4
_STRENGTH = 1.0


def is_sure(confidence: np.ndarray, right: np.ndarray, threshold: float) -> np.ndarray:
    """Give whether first choices are sure, (n,), by their `confidence` among the known buckets and
    their chance to be `right` where a track may fit nowhere. A lower `threshold` lowers both.

    >>> is_sure(np.array([0.9, 0.9, 0.4]), np.array([0.8, 0.3, 0.6]), 0.5).tolist()
    [True, False, False]
    """
    return np.asarray((confidence >= threshold) & (right >= min(SURE_FROM, threshold)))


@dataclass(frozen=True, eq=False)
class HiddenFold:
    """One split: a model learns the tracks `train` in the buckets `visible` only; `test` holds
    tracks of hidden buckets and others it has not learned."""

    train: np.ndarray
    test: np.ndarray
    visible: np.ndarray


def hidden_folds(truth: np.ndarray, seed: int) -> Iterator[HiddenFold]:
    """Give splits of tracks with 0/1 `truth` (n, buckets) that each hide other buckets; none where
    there are too few.

    >>> folds = list(hidden_folds(np.eye(8, dtype=int)[np.arange(80) % 8], seed=0))
    >>> len(folds), sorted(np.concatenate([set_.tolist() for set_ in map(np.flatnonzero,
    ...     [~np.isin(np.arange(8), fold.visible) for fold in folds])]).astype(int).tolist())
    (4, [0, 1, 2, 3, 4, 5, 6, 7])
    """
    n, n_buckets = truth.shape
    if n_buckets < MIN_BUCKETS or n < MIN_TRACKS:
        return
    random = np.random.default_rng(seed)
    chosen = np.sort(random.permutation(n)[:MAX_TRACKS])
    part = np.asarray(random.integers(0, N_HIDING_FOLDS, size=n))
    # by size in turn, so that each fold hides small buckets and large ones
    order = np.argsort(-truth.sum(axis=0) + random.random(n_buckets), kind="stable")
    for number in range(N_HIDING_FOLDS):
        hidden = order[number::N_HIDING_FOLDS]
        visible = np.setdiff1d(np.arange(n_buckets), hidden)
        known = truth[chosen][:, visible].any(axis=1)
        held = part[chosen] == number
        train, test = chosen[known & ~held], chosen[held | ~known]
        visible = visible[truth[train][:, visible].any(axis=0)]
        if len(visible) > 1 and len(test):
            yield HiddenFold(train, test, visible)


def openness(
    votes: np.ndarray, alike: np.ndarray, agreement: np.ndarray, novelty: np.ndarray
) -> np.ndarray:
    """Give what tells whether tracks fit a known bucket, (n, features): highest share of votes and
    its lead, how spread the votes are, likeness to the nearest labelled tracks (`alike`, (n, k))
    and how many of those lie in the first choice (`agreement`, (n,)), and known artist and song
    (`novelty`, (n, 3))."""
    share = votes / np.maximum(votes.sum(axis=1, keepdims=True), _CLIP)
    two = np.sort(share, axis=1)[:, -2:]
    top = np.clip(two[:, 1], _CLIP, 1 - _CLIP)
    spread = -(share * np.log(np.maximum(share, _CLIP))).sum(axis=1)
    highest = np.clip(votes.max(axis=1), _CLIP, 1 - _CLIP)
    return np.column_stack(
        [
            logit(top) / 3,
            logit(highest) / 3,
            two[:, 1] - two[:, 0],
            spread,
            alike.mean(axis=1) * 3,
            alike[:, 0] * 3,
            agreement * 2,
            novelty[:, :2],
        ]
    )


@dataclass(frozen=True)
class KnownBucketDetector:
    """The chance that a track fits a known bucket, and that its first choice is right, by logistic
    regressions with the coefficients `known` and `right`, intercept last; empty where nothing was
    learned: then every track counts as known.

    >>> features = np.array([[0.0], [4.0]] * 50)
    >>> is_known = np.arange(100) % 2 == 1
    >>> detector = KnownBucketDetector().fit(features, is_known, is_known)
    >>> detector.known_proba(features[:2]).round().tolist()
    [0.0, 1.0]
    """

    known: tuple[float, ...] = ()
    right: tuple[float, ...] = ()

    def fit(self, features: np.ndarray, is_known: np.ndarray, is_right: np.ndarray) -> Self:
        """Learn from `openness` of tracks, whether their bucket was known, and whether the first
        choice was right; give the learned detector."""
        return type(self)(_logistic(features, is_known), _logistic(features, is_right))

    def known_proba(self, features: np.ndarray) -> np.ndarray:
        """Give the chance that each track fits a known bucket, (n,)."""
        return _chance(self.known, features)

    def right_proba(self, features: np.ndarray) -> np.ndarray:
        """Give the chance that each first choice is right, tracks that fit nowhere included."""
        return _chance(self.right, features)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for a settings file."""
        return {"known": list(self.known), "right": list(self.right)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any] | None) -> Self:
        """Read back what `as_dict` gave; None, from a model of before, knows nothing."""
        return cls(tuple(values["known"]), tuple(values["right"])) if values else cls()


def learn_detector(
    folds: list[HiddenFold],
    speak: Callable[[HiddenFold], tuple[np.ndarray, np.ndarray]],
    truth: np.ndarray,
) -> KnownBucketDetector:
    """Learn from what models of each fold say: `speak` gives the votes (len(test), visible) and
    the features as `openness` does."""
    features, known, right = [], [], []
    for fold in folds:
        votes, seen = speak(fold)
        answers = truth[fold.test][:, fold.visible]
        features.append(seen)
        known.append(answers.any(axis=1))
        right.append(answers[np.arange(len(votes)), votes.argmax(axis=1)] > 0)
    if not features:
        return KnownBucketDetector()
    return KnownBucketDetector().fit(np.vstack(features), np.hstack(known), np.hstack(right))


def _logistic(features: np.ndarray, answers: np.ndarray) -> tuple[float, ...]:
    from sklearn.linear_model import LogisticRegression

    if answers.all() or not answers.any():
        return ()
    model = LogisticRegression(C=_STRENGTH, max_iter=1000).fit(features, answers)
    return (*model.coef_[0].tolist(), float(model.intercept_[0]))


def _chance(coefficients: tuple[float, ...], features: np.ndarray) -> np.ndarray:
    if not coefficients:
        return np.ones(len(features))
    return np.asarray(expit(features @ np.asarray(coefficients[:-1]) + coefficients[-1]))
