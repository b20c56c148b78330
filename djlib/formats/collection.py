"""What a library file gives: its tracks, its playlists and what was wrong with them."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
import pandas as pd

from ..tables.cells import plain_name
from ..tables.problems import Problem
from ..tables.schema import BUCKET_SEPARATOR, TRACKS, coerce
from .locations import path_key

Progress = Callable[[int], None]
Kind = Literal["playlist", "smart", "folder"]

PATH_SEPARATOR = " / "
"""Joins the folders of a playlist and its own name."""

STATED = (
    "artist",
    "title",
    "album",
    "label",
    "genres",
    "bpm",
    "key",
    "year",
    "duration_s",
    "date_added",
    "comment",
    "rating",
    "play_count",
)
"""What a program states of a track, in the order in which readers make their rows."""

_NUMBERS = ("bpm", "year", "duration_s", "rating", "play_count")

OWN_FOLDER = "djlib"
"""The folder djlib exports to; what stands in it is never a label."""

UNNAMED = "(no name)"

_BROKEN_BAR = "¦"
_COLUMNS = [
    *(c.name for c in TRACKS.columns if c.name not in ("track_id", "bucket", "buckets")),
    "location",
    "source_id",
]


@dataclass(frozen=True)
class Playlist:
    """A playlist, smart list or folder of files: where it stands and which tracks it holds.

    `n_library` is the size of the library it came from, where that was merged with others.

    >>> Playlist(("Sets", "Warm up"), ("t_1",)).name
    'Sets / Warm up'
    """

    path: tuple[str, ...]
    track_ids: tuple[str, ...]
    kind: Kind = "playlist"
    n_library: int | None = None

    @property
    def name(self) -> str:
        """Folder names and the playlist's own name; leaf names alone repeat."""
        return PATH_SEPARATOR.join(self.path)


@dataclass
class Library:
    """A read library. `tracks` follows the TRACKS schema, without buckets.

    Beside the schema's columns: `location` (the file as the source wrote it), `source_id` (the
    source's own id, which the next export may change) and, where the source has them, `comment`,
    `rating` (0 to 5 stars) and `play_count`.
    """

    tracks: pd.DataFrame
    playlists: list[Playlist]
    problems: list[Problem]
    source: str


@dataclass
class SourcePlaylist:
    """A playlist while it is read: its tracks by row number; `n_missing` are not in the library."""

    path: tuple[str, ...]
    rows: list[int] = field(default_factory=list)
    n_missing: int = 0
    kind: Kind = "playlist"


def track_id(path: str, artist: str = "", title: str = "", duration_s: float = np.nan) -> str:
    """Name a track so that the same file has the same id in every later export.

    Made from the decoded path, or from artist, title and whole seconds where there is none;
    "" where nothing tells the track from another. Begins with a letter because spreadsheets
    turn long digit ids into powers of ten.

    >>> track_id("D:/Music/a.mp3") == track_id("d:/music/A.MP3")
    True
    >>> track_id("", "Artist", "Title", 201.3) == track_id("", "artist ", "TITLE", 201.0)
    True
    """
    if path:
        known = path_key(path)
    elif artist.strip() or title.strip():
        seconds = "" if np.isnan(duration_s) else str(round(duration_s))
        known = "\x1f".join((_plain(artist), _plain(title), seconds))
    else:
        return ""
    return "t_" + hashlib.blake2b(known.encode("utf-8", "replace"), digest_size=6).hexdigest()


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().casefold()


def fewer_than_declared(what: str, declared: str, n_read: int) -> list[Problem]:
    """A note where a file says that it holds another number of things than were read from it.

    >>> [str(p) for p in fewer_than_declared("tracks", "900", 5)]
    ["tracks '900': the file says 900, and holds 5: was it cut off or edited? (note)"]
    """
    if not declared.isdecimal() or len(declared) > _LONGEST or int(declared) == n_read:
        return []
    reason = f"the file says {declared}, and holds {n_read}: was it cut off or edited?"
    return [Problem(None, what, declared, reason, "note")]


def doubled_keys(what: str, keys: Sequence[str]) -> list[Problem]:
    """A note for each of a source's own ids that several tracks have.

    >>> [str(p) for p in doubled_keys("TrackID", ["1", "1", "2", ""])]
    ["TrackID '1': 2 tracks have it; playlists that name it count for the first (note)"]
    """
    counts = Counter(key for key in keys if key)
    return [
        Problem(
            None,
            what,
            key,
            f"{n} tracks have it; playlists that name it count for the first",
            "note",
        )
        for key, n in counts.items()
        if n > 1
    ]


def first_rows(keys: Sequence[str]) -> dict[str, int]:
    """The first row of each key.

    >>> first_rows(["a", "b", "a"])
    {'a': 0, 'b': 1}
    """
    found: dict[str, int] = {}
    for row, key in enumerate(keys):
        found.setdefault(key, row)
    return found


def rows_of(keys: Sequence[str], by_key: Mapping[str, int]) -> tuple[list[int], int]:
    """Row numbers of the source's own keys, and how many keys the library does not have."""
    rows = [by_key[key] for key in keys if key in by_key]
    return rows, len(keys) - len(rows)


def assemble(
    source: str,
    columns: dict[str, list[str]],
    playlists: Sequence[SourcePlaylist],
    problems: list[Problem],
    lines: Sequence[int] | None = None,
) -> Library:
    """Make a `Library` from columns and playlists as a format read them.

    `columns` may lack any column and is emptied on the way, so that a large library never stands
    in memory twice; `rating` is given as 0 to 255, as DJ software stores it.
    `lines` are the file lines of the rows, for the problems. Entries of one file become one row
    (the first) with the playlists of all.
    """
    frame = _frame(columns)
    if lines is not None:
        table, found = coerce(frame, TRACKS, list(lines))
    else:
        table, found = _coerce_without_lines(frame)
    ids = _ids(table)
    keep = _first_of_each(table, ids, lines, found)
    table.insert(0, "track_id", pd.Series(ids, dtype="str"))
    tracks = table if all(keep) else table.loc[keep].reset_index(drop=True)
    named = _playlists(playlists, ids, found)
    return Library(tracks, named, [*problems, *found], source)


def _frame(columns: dict[str, list[str]]) -> pd.DataFrame:
    n_rows = max(map(len, columns.values()), default=0)
    names = [*_COLUMNS, *(name for name in columns if name not in _COLUMNS)]
    frame = pd.DataFrame(
        {name: pd.Series(columns.pop(name, [""] * n_rows), dtype="str") for name in names}
    )
    if "rating" in frame:
        stars = pd.to_numeric(frame["rating"], errors="coerce").astype("float64") / 51
        frame["rating"] = stars.round().clip(0, 5)
    if "play_count" in frame:
        counts = pd.to_numeric(frame["play_count"], errors="coerce")
        frame["play_count"] = counts.astype("float64")
    return frame


def _coerce_without_lines(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Problem]]:
    """Where rows have no line, a problem says which file it is about."""
    table, found = coerce(frame, TRACKS, list(range(len(frame))))
    paths = frame["path"].tolist()
    return table, [
        replace(problem, line=None, reason=f"{problem.reason}, in {paths[problem.line or 0]}")
        for problem in found
    ]


def _ids(table: pd.DataFrame) -> list[str]:
    identity = (table[name].tolist() for name in ("path", "artist", "title", "duration_s"))
    return [track_id(*known) for known in zip(*identity, strict=True)]


def _first_of_each(
    table: pd.DataFrame, ids: list[str], lines: Sequence[int] | None, problems: list[Problem]
) -> list[bool]:
    """Which rows stay: the first of each id; the others are reported."""
    seen = {""}
    keep = []
    for row, identity in enumerate(ids):
        keep.append(identity not in seen)
        seen.add(identity)
        if keep[-1]:
            continue
        line = lines[row] if lines is not None else None
        path, title = table.at[row, "path"], table.at[row, "title"]
        if not identity:
            reason = "an entry with neither file nor artist nor title"
            problems.append(Problem(line, "location", table.at[row, "location"], reason))
        else:
            reason = "entered before; its playlists count for the first entry"
            problems.append(Problem(line, "path", path or title, reason, "note"))
    return keep


def _playlists(
    playlists: Sequence[SourcePlaylist], ids: list[str], problems: list[Problem]
) -> list[Playlist]:
    """Playlists by track id, each track once; two of one full name become one."""
    merged: dict[tuple[tuple[str, ...], Kind], list[str]] = {}
    for playlist in playlists:
        path = tuple(_bucket_name(part) for part in playlist.path)
        name = PATH_SEPARATOR.join(path)
        if BUCKET_SEPARATOR in "".join(playlist.path):
            reason = f"{BUCKET_SEPARATOR} joins buckets in a cell; written as {_BROKEN_BAR}"
            problems.append(Problem(None, "playlist", name, reason, "note"))
        if playlist.n_missing:
            problems.append(_absent(name, playlist.n_missing))
        if (path, playlist.kind) in merged:
            reason = "a second playlist of this name; read as one"
            problems.append(Problem(None, "playlist", name, reason, "note"))
        members = (ids[row] for row in playlist.rows)
        merged.setdefault((path, playlist.kind), []).extend(m for m in members if m)
    return [
        Playlist(path, tuple(dict.fromkeys(members)), kind)
        for (path, kind), members in merged.items()
    ]


def _bucket_name(name: str) -> str:
    return plain_name(name.replace(BUCKET_SEPARATOR, _BROKEN_BAR)) or UNNAMED


def records(tracks: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows for a writer: only values that are there, numbers as numbers.

    >>> records(pd.DataFrame({"track_id": ["t_1"], "label": [None], "rating": ["4"], "bpm": [""]}))
    [{'track_id': 't_1', 'rating': 4.0}]
    """
    numbers = {
        name: pd.to_numeric(tracks[name], errors="coerce").astype("float64")
        for name in _NUMBERS
        if name in tracks
    }
    table = tracks.assign(**numbers).astype(object)
    known = table.notna() & table.ne("")
    names = list(table.columns)
    return [
        {name: value for name, value, is_known in zip(names, row, there, strict=True) if is_known}
        for row, there in zip(table.to_numpy(), known.to_numpy(), strict=True)
    ]


def missing_members(playlists: Sequence[Playlist], tracks: pd.DataFrame) -> list[Problem]:
    """A note for every playlist that names tracks which `tracks` does not hold."""
    known = set(tracks["track_id"])
    notes = []
    for playlist in playlists:
        n_missing = sum(member not in known for member in playlist.track_ids)
        if n_missing:
            notes.append(_absent(playlist.name, n_missing))
    return notes


def _absent(name: str, n_missing: int) -> Problem:
    reason = f"{n_missing} of its tracks are not in the collection"
    return Problem(None, "playlist", name, reason, "note")


_LONGEST = 20
"""Signs of a number that anybody means."""


def day_of(seconds: str) -> str:
    """The day of a time in seconds since 1970; "" where it is none.

    >>> day_of("1580992490"), day_of("0"), day_of("soon"), day_of("9" * 5000)
    ('2020-02-06', '', '', '')
    """
    try:
        number = int(seconds[:_LONGEST])
        return datetime.fromtimestamp(number, UTC).date().isoformat() if number > 0 else ""
    except (ValueError, OverflowError, OSError):
        return ""


def rating_of(stated: str, most: int) -> str:
    """A rating from 0 to `most` as DJ software keeps it, 0 to 255; "" where it is none.

    >>> rating_of("4", 5), rating_of("80", 100), rating_of("6", 5), rating_of("²", 5)
    ('204', '204', '', '')
    """
    if not stated.isdecimal() or len(stated) > _LONGEST or int(stated) > most:
        return ""
    return str(round(255 * int(stated) / most))


def share_of(stated: str) -> str:
    """A rating stated as a share of the most, 0 to 1, as DJ software keeps it, 0 to 255.

    >>> share_of("0.8"), share_of("0"), share_of("1.5"), share_of("nan")
    ('204', '0', '', '')
    """
    try:
        share = float(stated)
    except ValueError:
        return ""
    return str(round(255 * share)) if 0 <= share <= 1 else ""


def key_of_wheel(number: str) -> str:
    """The key of a place on Camelot's wheel: 0 to 11 are 1A to 12A, 12 to 23 are 1B to 12B.

    >>> key_of_wheel("7"), key_of_wheel("19"), key_of_wheel("-1"), key_of_wheel("24")
    ('8A', '8B', '', '')
    """
    if not number.isdecimal() or len(number) > 2 or int(number) > 23:
        return ""
    return f"{int(number) % 12 + 1}{'AB'[int(number) // 12]}"
