"""How new a track is to a model (artist, song, date): what its confidence may depend on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from ...evaluation.splits import artist_groups, song_groups
from ...features.dates import day_numbers

N_NOVELTY_FEATURES = 3

_HALF_NEW = 2
"""Learned tracks added as late as a track, or later, that make it half as new as one after all."""

_OUT_OF_RANGE = 0.5
"""Above this a track lies behind what was learned: one track at most was added as late."""


@dataclass(frozen=True, eq=False)
class TrackGroups:
    """Artist and song of each track, (n,), and the day it was added in days since 1970, NaN where
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
    """How new tracks are beside those learned from: the names of their `artists` and `songs`, and
    the `days` they were added, sorted."""

    artists: frozenset[str]
    songs: frozenset[str]
    days: np.ndarray

    @classmethod
    def of(cls, learned: TrackGroups) -> Self:
        """Remember what was learned from."""
        known = np.sort(learned.days[np.isfinite(learned.days)])
        return cls(frozenset(learned.artists), frozenset(learned.songs), known)

    def transform(self, tracks: TrackGroups) -> np.ndarray:
        """Give, of each track, whether its artist and its song are known, 0 or 1, and how far it
        lies behind everything learned: 1 where all was added before it, towards 0 the more was
        added as late or later, 0 where its day is not known; (n, 3).

        >>> track = {"artist": ["Robyn"], "title": ["Be Mine"], "date_added": ["2021-01-31"]}
        >>> known = NoveltyFeatures.of(TrackGroups.of(pd.DataFrame(track)))
        >>> later = track | {"title": ["Honey"], "date_added": ["2021-02-28"]}
        >>> known.transform(TrackGroups.of(pd.DataFrame(later))).tolist()
        [[1.0, 0.0, 1.0]]
        """
        artist = [name in self.artists for name in tracks.artists]
        song = [name in self.songs for name in tracks.songs]
        features = np.array([artist, song, self._lateness(tracks.days)], dtype=float)
        return features.T.reshape(len(tracks.days), N_NOVELTY_FEATURES)

    def is_out_of_range(self, tracks: pd.DataFrame) -> np.ndarray:
        """Which tracks were added when next to nothing learned was, or after it, (n,)."""
        return self._lateness(day_numbers(tracks)) > _OUT_OF_RANGE

    def _lateness(self, days: np.ndarray) -> np.ndarray:
        as_late = len(self.days) - np.searchsorted(self.days, days, side="left")
        known = np.isfinite(days) & (len(self.days) > 0)
        return np.where(known, _HALF_NEW / (_HALF_NEW + as_late), 0.0)


def is_out_of_range(novelty: np.ndarray) -> np.ndarray:
    """Which tracks, by their novelty features (n, 3), lie behind what was learned, (n,)."""
    return np.asarray(novelty[:, 2] > _OUT_OF_RANGE)
