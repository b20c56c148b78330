"""Mixxx: its database `mixxxdb.sqlite`, with crates and playlists.

The shape is that of Mixxx's own schema (`res/schema.xml`, revisions 3 to 40); columns that an
older revision lacks are missing values. No real database was at hand.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from ...errors import FormatError
from ..collection import STATED, Library, SourcePlaylist, assemble, rating_of, rows_of
from ..format import Format
from ..locations import stem
from ..options import ReadOptions
from .sqlite_files import SIGNATURE, columns_of, opened, table_rows

NAME = "Mixxx database"
ADVICE = "close Mixxx, start it once and close it again, then read its mixxxdb.sqlite"

FILE = "mixxxdb.sqlite"
_TRACK = (
    "id",
    "location",
    "artist",
    "title",
    "album",
    "genre",
    "bpm",
    "key",
    "year",
    "duration",
    "datetime_added",
    "comment",
    "rating",
    "timesplayed",
    "mixxx_deleted",
)
_COLUMNS = ("source_id", "location", *STATED)
_AUTO_DJ, _HISTORY = "1", "2"


def sniff(path: Path, head: bytes) -> bool:
    """Whether it is Mixxx's database or its settings folder."""
    if not head and path.is_dir():
        return (path / FILE).is_file()
    return head.startswith(SIGNATURE) and (
        path.name.lower().startswith("mixxxdb")
        or (b"track_locations" in head and b"crates" in head)
    )


def read(path: Path, options: ReadOptions | None = None) -> Library:
    """Read all tracks with crates and playlists; AutoDJ's queue and removed tracks stay out."""
    file = path / FILE if path.is_dir() else path
    with opened(file, ADVICE) as db:
        if not columns_of(db, "library") or not columns_of(db, "track_locations"):
            raise FormatError(f"{file}: no database of Mixxx: it has no table of tracks; {ADVICE}")
        places = {row[0]: row[1] for row in table_rows(db, "track_locations", ("id", "location"))}
        tracks = table_rows(db, "library", _TRACK)
        rows = [row for row in (_row(places, track) for track in tracks) if row]
        by_id = {row[0]: number for number, row in enumerate(rows)}
        playlists = [*_crates(db, by_id), *_playlists(db, by_id)]
    if options is not None and options.progress is not None:
        options.progress(len(rows))
    columns = {name: [row[place] for row in rows] for place, name in enumerate(_COLUMNS)}
    columns["path"] = list(columns["location"])
    return assemble(NAME, columns, playlists, [])


def _row(places: dict[str, str], track: tuple[str, ...]) -> tuple[str, ...] | None:
    """One track in the order of `_COLUMNS`; None for one that Mixxx hides."""
    known = dict(zip(_TRACK, track, strict=True))
    if known["mixxx_deleted"] not in ("", "0"):
        return None
    location = places.get(known["location"], known["location"])
    return (
        known["id"],
        location,
        known["artist"],
        known["title"] or stem(location),
        known["album"],
        "",  # Mixxx knows no labels
        known["genre"],
        known["bpm"],
        known["key"],
        known["year"],
        known["duration"],
        known["datetime_added"][:10],
        known["comment"],
        rating_of(known["rating"], 5),
        known["timesplayed"],
    )


def _crates(db: sqlite3.Connection, by_id: dict[str, int]) -> Iterator[SourcePlaylist]:
    members = _members(table_rows(db, "crate_tracks", ("crate_id", "track_id")))
    for crate, name in table_rows(db, "crates", ("id", "name"), order="name"):
        yield SourcePlaylist((name,), *rows_of(members.get(crate, []), by_id))


def _playlists(db: sqlite3.Connection, by_id: dict[str, int]) -> Iterator[SourcePlaylist]:
    entries = table_rows(db, "PlaylistTracks", ("playlist_id", "track_id"), order="position")
    members = _members(entries)
    for playlist, name, hidden in table_rows(db, "Playlists", ("id", "name", "hidden"), "position"):
        if hidden != _AUTO_DJ:
            shown = f"HISTORY {name}" if hidden == _HISTORY else name
            yield SourcePlaylist((shown,), *rows_of(members.get(playlist, []), by_id))


def _members(pairs: Iterable[tuple[str, ...]]) -> dict[str, list[str]]:
    members: dict[str, list[str]] = {}
    for owner, track in pairs:
        members.setdefault(owner, []).append(track)
    return members


FORMAT = Format("mixxx", NAME, sniff, read)
