"""What a model learns from: a person's labels with their corrections laid over them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..errors import InputError
from ..evaluation.splits import kept_aside, song_groups
from ..tables.schema import TRACKS, coerce
from .corrections import Correction
from .labels import are_several, buckets_of, one_bucket_of

_ENOUGH_TO_COMPARE = 5
"""Labelled songs a bucket needs before any of them is kept aside."""


@dataclass(frozen=True)
class TrainingSet:
    """Labelled tracks: `labels` holds the buckets of each row of `tracks`, `corrected` whether a
    person's correction gave them, `aside` whether the row is a test row for good."""

    tracks: pd.DataFrame
    labels: list[list[str]]
    is_multi: bool
    corrected: np.ndarray
    aside: np.ndarray

    @property
    def y(self) -> list[Any]:
        """Labels as `fit` takes them."""
        return list(self.labels) if self.is_multi else [row[0] for row in self.labels]

    @property
    def sizes(self) -> Counter[str]:
        """How many tracks each bucket holds."""
        return Counter(bucket for row in self.labels for bucket in row)

    def rows(self, chosen: np.ndarray) -> TrainingSet:
        """The rows where `chosen` (n,) is true."""
        return TrainingSet(
            self.tracks[chosen].reset_index(drop=True),
            [row for row, keep in zip(self.labels, chosen, strict=True) if keep],
            self.is_multi,
            self.corrected[chosen],
            self.aside[chosen],
        )

    @property
    def learned(self) -> TrainingSet:
        """The rows a model may learn from."""
        return self.rows(~self.aside)

    @property
    def kept_aside(self) -> TrainingSet:
        """The test rows."""
        return self.rows(self.aside)


def assemble(
    tracks: pd.DataFrame,
    corrections: Mapping[str, tuple[Correction, dict[str, Any]]],
    *,
    test_share: float,
    several: bool | None = None,
) -> TrainingSet:
    """Gather the labelled rows of `tracks`, corrections first.

    `corrections` maps a track id to its correction and the track's own columns, for tracks that
    are no longer in the table. `several` decides whether tracks sit in several buckets; None
    looks at the labels. A corrected song, in whichever file, is learned from and never a test
    row: people correct what looked wrong, so scoring on corrections would be biased.

    Raises `InputError` where nothing is labelled.
    """
    table = _with_absent(tracks, corrections)
    is_multi = are_several(buckets_of(table)) if several is None else several
    labels = buckets_of(table) if is_multi else [[b] if b else [] for b in one_bucket_of(table)]
    corrected = table["track_id"].isin(corrections).to_numpy()
    for row in np.flatnonzero(corrected):
        said = corrections[table["track_id"].iloc[row]][0].buckets
        labels[row] = list(said if is_multi else said[:1])
    labelled = np.array([bool(row) for row in labels], dtype=bool)
    if not labelled.any():
        raise InputError(
            f"none of {len(table)} tracks has a bucket; fill the column 'bucket', or scan a "
            "library whose playlists are your buckets"
        )
    found = TrainingSet(table, labels, is_multi, corrected, np.zeros(len(table), bool))
    found = found.rows(labelled)
    songs = song_groups(found.tracks)
    if len(songs) > 1 and len(set(songs)) == 1:
        raise InputError(
            f"all {len(songs)} sorted tracks are one song: "
            "sort other songs into at least two buckets"
        )
    needed = songs[found.corrected | ~_in_large_bucket(found, songs)]
    aside = kept_aside(found.tracks, test_share) & ~np.isin(songs, needed)
    aside &= ~np.isin(songs, _last_of_a_bucket(found, songs, aside))
    return TrainingSet(found.tracks, found.labels, is_multi, found.corrected, aside)


def _with_absent(
    tracks: pd.DataFrame, corrections: Mapping[str, tuple[Correction, dict[str, Any]]]
) -> pd.DataFrame:
    """`tracks`, then the corrected tracks it lacks."""
    known = set(tracks["track_id"])
    absent = [row for track_id, (_, row) in corrections.items() if track_id not in known]
    if not absent:
        return tracks
    table = pd.concat([tracks, pd.DataFrame(absent, dtype=object)], ignore_index=True)
    return coerce(table, TRACKS)[0]


def _in_large_bucket(training: TrainingSet, songs: np.ndarray) -> np.ndarray:
    """Whether every bucket of a row has songs enough, (n,); many files of one song are one."""
    songs_of: dict[str, set[object]] = {}
    for row, song in zip(training.labels, songs, strict=True):
        for bucket in row:
            songs_of.setdefault(bucket, set()).add(song)
    return np.array(
        [all(len(songs_of[b]) >= _ENOUGH_TO_COMPARE for b in row) for row in training.labels],
        dtype=bool,
    )


def _last_of_a_bucket(training: TrainingSet, songs: np.ndarray, aside: np.ndarray) -> list[object]:
    """Songs of buckets of which nothing would be left to learn from."""
    learned = {b for row in training.rows(~aside).labels for b in row}
    return [
        song
        for row, song in zip(training.labels, songs, strict=True)
        if any(bucket not in learned for bucket in row)
    ]
