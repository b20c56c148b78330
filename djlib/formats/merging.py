"""Several libraries as one: a track that stands in two of them is one row.

Two rows are one track where their paths are one, else where artist and title are one and the
durations differ by no more than two seconds. The second is believed only where either library
has one such track, and never of two audio files that both are there: those are copies, which are
another question. How a title that holds the artist is read, the caller says.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from ..tables.schema import BUCKET_SEPARATOR, split_buckets
from .collection import Kind, Library, Playlist
from .locations import path_key, stem

SOURCE_IDS = "source_ids"
"""The extra column of a merged table: every source's name and own id of a track."""

SECONDS_APART = 2.0

_LABELS = ("bucket", "buckets")

_OUR_ID = re.compile(r"t_[0-9a-f]{12}(-\d+)?")

Song = tuple[str, str]
Named = Callable[[str, str], Song]
"""Gives artist and title of what a library calls so."""

_NO_SONG: Song = ("", "")


@dataclass(frozen=True)
class _Identity:
    """What tells one row from others: its keys (path, id), its song and its duration."""

    keys: tuple[str, ...]
    song: Song
    seconds: float


@dataclass
class _Seen:
    """Group numbers by key, and by song with duration and whether it is an audio file."""

    by_key: dict[str, int] = field(default_factory=dict)
    by_song: dict[Song, dict[int, tuple[float, bool]]] = field(default_factory=dict)
    n_groups: int = 0


def merge(
    libraries: Sequence[Library],
    are_files: Sequence[bool] | None = None,
    names: Sequence[str] | None = None,
    named: Named | None = None,
) -> Library:
    """Make one library; of what several say of a track the first that says anything is kept.

    `are_files` tells which libraries are the audio files themselves, `names` how the problems call
    each, `named` finds the artist in a title that holds both. Playlists of one name become one.
    A single library stays as it is.
    """
    if len(libraries) == 1:
        return libraries[0]
    files = are_files or [False] * len(libraries)
    seen = _Seen()
    called = [_called(one.tracks, named or _as_given) for one in libraries]
    groups = [
        _groups(_identities(one.tracks, songs), seen, real)
        for one, songs, real in zip(libraries, called, files, strict=True)
    ]
    tracks = _one_row_each(libraries, groups, called)
    ids = tracks["track_id"].tolist()
    new_ids = [
        dict(zip(one.tracks["track_id"], (ids[group] for group in rows), strict=True))
        for one, rows in zip(libraries, groups, strict=True)
    ]
    playlists = _playlists(libraries, new_ids)
    problems = [
        replace(problem, reason=f"{problem.reason}, in {name}")
        for library, name in zip(libraries, names or [o.source for o in libraries], strict=True)
        for problem in library.problems
    ]
    return Library(tracks, playlists, problems, ", ".join(one.source for one in libraries))


def _as_given(artist: str, title: str) -> Song:
    return artist, title


def _called(tracks: pd.DataFrame, named: Named) -> list[Song]:
    """Artist and title of each row."""
    pairs = zip(_column(tracks, "artist"), _column(tracks, "title"), strict=True)
    return [named(artist, title) for artist, title in pairs]


def _groups(rows: Sequence[_Identity], seen: _Seen, are_files: bool) -> list[int]:
    """The group of each row: that of the same track in an earlier library, else a new one.

    Paths go before ids and both before songs, so that no row takes the place of a surer one.
    """
    found = _of_keys(rows, seen)
    how_often = Counter(row.song for row in rows)
    taken = {group for group in found if group is not None}
    groups = []
    for row, group in zip(rows, found, strict=True):
        if group is None and how_often[row.song] == 1:
            group = _of_song(row, seen, are_files, taken)
        if group is None:
            group = seen.n_groups
            seen.n_groups += 1
        taken.add(group)
        groups.append(group)
    for row, group in zip(rows, groups, strict=True):
        for key in row.keys:
            seen.by_key.setdefault(key, group)
        if row.song != _NO_SONG:
            seen.by_song.setdefault(row.song, {}).setdefault(group, (row.seconds, are_files))
    return groups


def _identities(tracks: pd.DataFrame, songs: Sequence[Song]) -> list[_Identity]:
    seconds = tracks["duration_s"].tolist() if "duration_s" in tracks else [np.nan] * len(tracks)
    columns = (_column(tracks, name) for name in ("path", "track_id"))
    return [
        _Identity(_keys(path, own), _song(*song), length)
        for path, own, song, length in zip(*columns, songs, seconds, strict=True)
    ]


def _keys(path: str, own: str) -> tuple[str, ...]:
    """A path, and an id that djlib gave: ids of tables may mean another track elsewhere."""
    keys = [path_key(path)] if path else []
    return (*keys, own) if _is_id(own) else tuple(keys)


def _of_keys(rows: Sequence[_Identity], seen: _Seen) -> list[int | None]:
    """The group of each row of which a key is known. Two rows of a library that came to one group
    by different keys are two tracks: the one that a path led there stays."""
    found: list[int | None] = [None] * len(rows)
    led_by: dict[int, str] = {}
    known = ((n, key) for n, row in enumerate(rows) for key in row.keys if key in seen.by_key)
    for number, key in sorted(known, key=lambda claim: _is_id(claim[1])):
        group = seen.by_key[key]
        if found[number] is None and led_by.setdefault(group, key) == key:
            found[number] = group
    return found


def _is_id(key: str) -> bool:
    return _OUR_ID.fullmatch(key) is not None


def _of_song(row: _Identity, seen: _Seen, is_file: bool, taken: set[int]) -> int | None:
    known = seen.by_song.get(row.song, {})
    if len(known) != 1:
        return None
    ((group, (seconds, other_is_file)),) = known.items()
    apart = abs(row.seconds - seconds)
    near = np.isnan(apart) or apart <= SECONDS_APART
    return group if near and group not in taken and not (is_file and other_is_file) else None


def _column(tracks: pd.DataFrame, name: str) -> list[str]:
    return tracks[name].tolist() if name in tracks else [""] * len(tracks)


def _song(artist: str, title: str) -> Song:
    """Artist and title made comparable; without either there is no song to compare."""
    names = (unicodedata.normalize("NFKC", name).casefold() for name in (artist, title))
    first, second = (" ".join(name.split()) for name in names)
    return (first, second) if first and second else _NO_SONG


def _one_row_each(
    libraries: Sequence[Library],
    groups: Sequence[Sequence[int]],
    called: Sequence[Sequence[Song]],
) -> pd.DataFrame:
    whole = pd.concat([one.tracks for one in libraries], ignore_index=True)
    number = np.concatenate([np.asarray(rows, dtype=int) for rows in groups])
    texts = [name for name in whole if pd.api.types.is_string_dtype(whole[name].dtype)]
    known = whole.assign(**{name: whole[name].mask(whole[name].eq("")) for name in texts})
    if "title" in known and "path" in known:
        known["title"] = known["title"].mask(_only_guessed(known, number))
    if "artist" in known and "title" in known:
        songs = [song for rows in called for song in rows]
        known["title"] = known["title"].mask(_said_better(known, number, songs))
    merged = known.groupby(number, sort=True).first()
    merged[texts] = merged[texts].fillna("").astype("str")
    for name in _LABELS:
        if name in whole:
            merged[name] = _united(whole[name], number)
    merged["track_id"] = _each_once(merged["track_id"].tolist())
    merged[SOURCE_IDS] = _source_ids(libraries, number)
    return merged.reset_index(drop=True)


def _only_guessed(known: pd.DataFrame, groups: np.ndarray) -> np.ndarray:
    """Rows whose title is only the name of their file, where another row of the group states one.
    Readers fill it in where nothing is stated."""
    names = [stem(path).casefold() for path in known["path"].fillna("")]
    titles = [title.casefold() for title in known["title"].fillna("")]
    pairs = list(zip(titles, names, strict=True))
    is_guess = np.array([bool(t) and (t == n or n.endswith(f" - {t}")) for t, n in pairs], bool)
    is_stated = np.array([bool(title) for title in titles], bool) & ~is_guess
    return is_guess & np.isin(groups, groups[is_stated])


def _said_better(known: pd.DataFrame, groups: np.ndarray, songs: Sequence[Song]) -> np.ndarray:
    """Rows whose title holds the artist, where another row of the group names both apart."""
    apart = (known["artist"].notna() & known["title"].notna()).to_numpy()
    held = np.array([bool(artist) for artist, _ in songs], dtype=bool)
    held &= known["artist"].isna().to_numpy()
    return held & np.isin(groups, groups[apart])


def _each_once(ids: list[str]) -> list[str]:
    """Ids of which tables may have given one to two tracks: the second gets a number.

    >>> _each_once(["1", "2", "1"])
    ['1', '2', '1-2']
    """
    seen: set[str] = set()
    unique = []
    for identity in ids:
        name, number = identity, 1
        while name in seen:
            number += 1
            name = f"{identity}-{number}"
        seen.add(name)
        unique.append(name)
    return unique


def _united(labels: pd.Series, groups: np.ndarray) -> list[str]:
    """All buckets of each group, in the order met; of the one bucket, the first."""
    several = labels.name == "buckets"
    found: dict[int, list[str]] = {}
    for group, cell in zip(groups, labels.fillna(""), strict=True):
        found.setdefault(group, []).extend(split_buckets(cell))
    return [
        BUCKET_SEPARATOR.join(dict.fromkeys(found[group][: None if several else 1]))
        for group in sorted(found)
    ]


def _source_ids(libraries: Sequence[Library], groups: np.ndarray) -> list[str]:
    """`rekordbox XML: 17; Traktor NML: ...`, each source once."""
    names = np.repeat([one.source for one in libraries], [len(one.tracks) for one in libraries])
    ids = [_column(one.tracks, "source_id") for one in libraries]
    own = [
        given or track
        for one, all_given in zip(libraries, ids, strict=True)
        for given, track in zip(all_given, one.tracks["track_id"], strict=True)
    ]
    found: dict[int, list[str]] = {}
    for group, name, known in zip(groups, names, own, strict=True):
        found.setdefault(group, []).append(f"{name}: {known}")
    return ["; ".join(dict.fromkeys(found[group])) for group in sorted(found)]


def _playlists(libraries: Sequence[Library], new_ids: Sequence[dict[str, str]]) -> list[Playlist]:
    members: dict[tuple[tuple[str, ...], Kind], list[str]] = {}
    sizes: dict[tuple[tuple[str, ...], Kind], int] = {}
    for one, ids in zip(libraries, new_ids, strict=True):
        for playlist in one.playlists:
            name = (playlist.path, playlist.kind)
            tracks = (ids[track] for track in playlist.track_ids if track in ids)
            members.setdefault(name, []).extend(tracks)
            if len(one.playlists) > 1:  # a playlist file is all of itself
                sizes[name] = max(sizes.get(name, 0), len(one.tracks))
    return [
        Playlist(name[0], tuple(dict.fromkeys(tracks)), name[1], sizes.get(name))
        for name, tracks in members.items()
    ]
