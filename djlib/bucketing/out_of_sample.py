"""What a model said of tracks it had not learned from, and how well it knew them.

Two kinds of folds: drawn by chance, so that artists and songs repeat as they do in the library, and
by artist, so that there is enough to learn from about artists never seen.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold

from ..evaluation.calibration import Calibration
from ..evaluation.confidence import Confidence
from ..evaluation.leaning import Leaning
from ..evaluation.splits import artist_groups, folds, song_groups
from .labels import Labels

_FOLDS = 5
_PLENTY = 10_000
"""Answers that tell all there is to learn from them: past these no further fold is asked."""

_STRANGERS = 0.5
"""Weight of an answer about an unknown artist from the folds by artist: they tell what such an
artist does to the confidence, while the drawn folds tell how often one comes."""


@dataclass(frozen=True)
class Familiarity:
    """The names of artist and song of tracks learned from; tells whether a track shares one."""

    artists: frozenset[str]
    songs: frozenset[str]

    @classmethod
    def of(cls, tracks: pd.DataFrame) -> Self:
        """Remember the names of `tracks`."""
        return cls(frozenset(artist_groups(tracks)), frozenset(song_groups(tracks)))

    def facts(self, tracks: pd.DataFrame) -> np.ndarray:
        """Whether artist and song of each track are known, (n, 2) of 0 and 1.

        >>> known = Familiarity.of(pd.DataFrame({"artist": ["Robyn"], "title": ["Be Mine"]}))
        >>> known.facts(pd.DataFrame({"artist": ["ROBYN"], "title": ["Honey"]})).tolist()
        [[1.0, 0.0]]
        """
        artist = [name in self.artists for name in artist_groups(tracks)]
        song = [name in self.songs for name in song_groups(tracks)]
        return np.array([artist, song], dtype=float).T.reshape(len(tracks), 2)


@dataclass(frozen=True)
class Heard:
    """Out-of-sample votes (n, buckets) from folds drawn by chance and from folds by artist, with
    the facts (n, 2) that held, as of `Familiarity`; NaN rows had none."""

    drawn: np.ndarray
    drawn_facts: np.ndarray
    by_artist: np.ndarray
    by_artist_facts: np.ndarray

    @classmethod
    def from_folds(
        cls,
        answer: Callable[[np.ndarray, np.ndarray], np.ndarray],
        X: pd.DataFrame,
        labels: Labels,
        seed: int,
    ) -> Self:
        """Ask `answer(train, test)` for votes, fold by fold until there are plenty."""
        X = X.reset_index(drop=True)
        names = (pd.factorize(artist_groups(X))[0], pd.factorize(song_groups(X))[0])
        drawn = _ask(answer, names, labels, _drawn(labels, seed))
        if labels.is_multi:  # the first choice is not corrected there
            return cls(*drawn, *drawn)
        apart = folds(X, labels.first, kind="artist", n_folds=_FOLDS, seed=seed)
        return cls(*drawn, *_ask(answer, names, labels, apart))

    def leaning(self, truth: np.ndarray) -> Leaning:
        """Learn which buckets are voted for too rarely, from both kinds of folds."""
        votes, _, asked, weight = self._together(truth)
        return Leaning.fit(votes, asked, weight)

    def shifted(self, leaning: Leaning) -> Self:
        """The same with the shifts of `leaning` on all votes."""
        drawn, by_artist = leaning.apply(self.drawn), leaning.apply(self.by_artist)
        return replace(self, drawn=drawn, by_artist=by_artist)

    def confidence(self, calibration: Calibration, truth: np.ndarray) -> Confidence:
        """Learn how far to trust first choices, from both kinds of folds."""
        votes, facts, asked, weight = self._together(truth)
        proba = calibration.apply(votes)
        correct = asked[np.arange(len(asked)), proba.argmax(axis=1)] > 0
        return Confidence.fit(proba, correct, facts, weight)

    def _together(self, truth: np.ndarray) -> tuple[np.ndarray, ...]:
        """Votes, facts, truth and weight of the answers of both kinds of folds."""
        votes = np.vstack([self.drawn, self.by_artist])
        facts = np.vstack([self.drawn_facts, self.by_artist_facts])
        strange = _STRANGERS * (self.by_artist_facts[:, 0] == 0)
        weight = np.append(np.ones(len(self.drawn)), strange)
        used = np.isfinite(votes).all(axis=1) & (weight > 0)
        return votes[used], facts[used], np.vstack([truth, truth])[used], weight[used]


def _drawn(labels: Labels, seed: int) -> Any:
    n_folds = min(_FOLDS, int(np.bincount(labels.first).max()))
    if n_folds < 2:
        return
    splitter = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():  # a bucket rarer than the folds is in some of them only
        warnings.filterwarnings("ignore", "The least populated class")
        yield from splitter.split(labels.truth, labels.first)


def _ask(
    answer: Callable[[np.ndarray, np.ndarray], np.ndarray],
    names: tuple[np.ndarray, ...],
    labels: Labels,
    splits: Any,
) -> tuple[np.ndarray, np.ndarray]:
    votes = np.full(labels.truth.shape, np.nan)
    facts = np.zeros((len(votes), len(names)))
    n_answers = 0
    for train, test in splits:
        if n_answers < _PLENTY and labels.truth[train].any(axis=0).sum() > 1:
            votes[test] = answer(train, test)
            facts[test] = np.column_stack([np.isin(name[test], name[train]) for name in names])
            n_answers += len(test)
    return votes, facts
