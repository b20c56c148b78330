"""Which tracks learn and which are tested: folds, and the songs kept aside for good.

The same song in two files must never stand on both sides, or it confirms itself; artist-disjoint
folds go further and show what is left when a model cannot lean on artists it knows.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator
from typing import Literal

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold

from ..features.dates import day_numbers
from ..features.text import lead_artist, song_key
from ..tables.cells import text_of

FoldKind = Literal["stratified", "artist"]

_PAST = 0.75
"""Share of the dated tracks that are the past when the later ones are asked about."""

FEWEST_LATER = 20
"""Later tracks that tell anything; of fewer nothing is said."""


def song_groups(tracks: pd.DataFrame) -> np.ndarray:
    """A name for each track's song, shape (n,): artist and title folded, else the track id.

    >>> a = pd.DataFrame({"track_id": ["1", "2"], "artist": ["Robyn", "ROBYN"], "title": ["X"] * 2})
    >>> len(set(song_groups(a)))
    1
    """
    names = map(song_key, text_of(tracks, "artist"), text_of(tracks, "title"))
    return _or_track_id(names, tracks)


def artist_groups(tracks: pd.DataFrame) -> np.ndarray:
    """A name for each track's lead artist, shape (n,); tracks of no known artist stand alone."""
    names = map(lead_artist, text_of(tracks, "artist"), text_of(tracks, "title"))
    return _or_track_id(names, tracks)


def folds(
    tracks: pd.DataFrame, strata: np.ndarray, *, kind: FoldKind, n_folds: int, seed: int = 0
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Row numbers to learn from and to test on, `n_folds` times, each row tested once.

    `strata` (n,) is the bucket whose share each fold should keep. Songs never straddle a fold;
    with kind "artist" neither do lead artists. Small tables get fewer folds; none where all
    tracks are of one song or artist, or no two share a bucket.
    """
    groups = artist_groups(tracks) if kind == "artist" else song_groups(tracks)
    largest = int(np.bincount(strata).max(initial=0))
    n_folds = min(n_folds, len(set(groups)), largest)
    if n_folds < 2:
        return
    splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():  # a bucket rarer than the folds is in some of them only
        warnings.filterwarnings("ignore", "The least populated class")
        yield from splitter.split(np.zeros(len(tracks)), strata, groups)


def past_and_later(tracks: pd.DataFrame) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Row numbers of the first three quarters of the dated tracks by the day they were added, and
    of the songs added after; nothing where days do not tell.

    >>> days = [f"2021-01-{day:02}" for day in range(1, 31) for _ in range(4)]
    >>> tracks = pd.DataFrame({"date_added": days, "title": [str(i) for i in range(120)]})
    >>> [(len(past), len(later)) for past, later in past_and_later(tracks)]
    [(92, 28)]
    """
    days = day_numbers(tracks)
    dated = np.flatnonzero(np.isfinite(days))
    if not len(dated):
        return
    border = np.quantile(days[dated], _PAST)
    past, later = dated[days[dated] <= border], dated[days[dated] > border]
    songs = song_groups(tracks)
    later = later[~np.isin(songs[later], songs[past])]
    if len(later) >= FEWEST_LATER:
        yield past, later


def kept_aside(tracks: pd.DataFrame, share: float) -> np.ndarray:
    """Which songs are test songs for good, shape (n,): about `share` of them, by hash of the song.

    The choice depends on the song alone, so it stays the same when the library grows, is scanned
    again or moves to another folder: no version ever learns from these songs.

    >>> songs = pd.DataFrame({"artist": ["A"] * 1000, "title": [str(i) for i in range(1000)]})
    >>> 0.15 < float(kept_aside(songs, 0.2).mean()) < 0.25
    True
    """
    groups = song_groups(tracks)
    return np.array([_place(name) < share for name in groups], dtype=bool)


def of_second(tracks: pd.DataFrame, first: str, second: str, share: float) -> np.ndarray:
    """Which songs the second of two versions answers for, shape (n,): about `share` of them.

    A song stays with its version, run after run, also when the two change places at 0.5.

    >>> songs = pd.DataFrame({"artist": ["A"] * 1000, "title": [str(i) for i in range(1000)]})
    >>> bool((of_second(songs, "v1", "v2", 0.5) == ~of_second(songs, "v2", "v1", 0.5)).all())
    True
    """
    salt = "\x1f".join(sorted((first, second)))
    places = np.array([_place(f"{salt}\x1f{name}") for name in song_groups(tracks)], dtype=float)
    return (places if first < second else 1 - places) < share


def _place(name: str) -> float:
    """A number in [0, 1) that only the name decides."""
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2.0**64


def _or_track_id(names: Iterator[str], tracks: pd.DataFrame) -> np.ndarray:
    ids = tracks.get("track_id", tracks.index)
    return np.array([n or f"\x00{i}" for n, i in zip(names, ids, strict=True)], dtype=object)
