"""How well a model knows a track before it looks at it: what its confidence may lean on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from ...evaluation.splits import artist_groups, song_groups
from ...features.dates import day_numbers

N_NOVELTY_FEATURES = 3

_HALF_KNOWN = 2
"""Tracks added as late as a track, or later, that make it half as strange as one after all."""

_NEXT_TO_NOTHING = 0.5
"""Above this a track lies behind what was learned: one track at most was added as late."""


@dataclass(frozen=True, eq=False)
class TrackGroups:
    """What makes tracks familiar: artist and song of each, and the day it was added, NaN where
    unknown."""

    artists: np.ndarray
    songs: np.ndarray
    days: np.ndarray

    @classmethod
    def of(cls, tracks: pd.DataFrame) -> Self:
        """Read them off `tracks`."""
        return cls(artist_groups(tracks), song_groups(tracks), day_numbers(tracks))

    def rows(self, some: np.ndarray) -> TrackGroups:
        """Those of some of the tracks, by number."""
        return TrackGroups(self.artists[some], self.songs[some], self.days[some])


@dataclass(frozen=True, eq=False)
class NoveltyFeatures:
    """What was learned from: names of artists and songs, and the days they were added, in order."""

    artists: frozenset[str]
    songs: frozenset[str]
    days: np.ndarray

    @classmethod
    def of(cls, learned: TrackGroups) -> Self:
        """Remember what was learned from."""
        known = np.sort(learned.days[np.isfinite(learned.days)])
        return cls(frozenset(learned.artists), frozenset(learned.songs), known)

    def facts(self, asked: TrackGroups) -> np.ndarray:
        """Give, of each track, whether its artist and its song are known, 0 or 1, and how far it
        lies behind everything learned: 1 where all was added before it, towards 0 the more was
        added as late or later, 0 where its day is not known; (n, 3).

        >>> track = {"artist": ["Robyn"], "title": ["Be Mine"], "date_added": ["2021-01-31"]}
        >>> known = NoveltyFeatures.of(TrackGroups.of(pd.DataFrame(track)))
        >>> later = track | {"title": ["Honey"], "date_added": ["2021-02-28"]}
        >>> known.facts(TrackGroups.of(pd.DataFrame(later))).tolist()
        [[1.0, 0.0, 1.0]]
        """
        artist = [name in self.artists for name in asked.artists]
        song = [name in self.songs for name in asked.songs]
        facts = np.array([artist, song, self._behind(asked.days)], dtype=float)
        return facts.T.reshape(len(asked.days), N_NOVELTY_FEATURES)

    def lie_behind(self, tracks: pd.DataFrame) -> np.ndarray:
        """Which tracks were added when next to nothing learned was, or after it, (n,)."""
        return self._behind(day_numbers(tracks)) > _NEXT_TO_NOTHING

    def _behind(self, days: np.ndarray) -> np.ndarray:
        as_late = len(self.days) - np.searchsorted(self.days, days, side="left")
        known = np.isfinite(days) & (len(self.days) > 0)
        return np.where(known, _HALF_KNOWN / (_HALF_KNOWN + as_late), 0.0)


def is_out_of_range(facts: np.ndarray) -> np.ndarray:
    """Which tracks, by their facts (n, 3), lie behind next to everything learned, (n,)."""
    return np.asarray(facts[:, 2] > _NEXT_TO_NOTHING)
