"""Serato DJ 4: the databases beside which `_Serato_` goes on to be written.

`root.sqlite` holds the computer's own tracks and `_Serato_/Library/location.sqlite` those of
another drive; `master.sqlite` holds them all. A crate is a `container` below the root of the space
"Serato Library"; other spaces are panels of Serato's own. Paths count from the root of the drive,
as in crates. The shape is that of schema version 202, as others measured it; no real database was
at hand.
"""

from __future__ import annotations

import posixpath
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote

from ...errors import FormatError
from ..collection import (
    STATED,
    Library,
    SourcePlaylist,
    assemble,
    day_of,
    key_of_wheel,
    rows_of,
    share_of,
)
from ..format import Format
from ..locations import stem
from ..options import ReadOptions
from .sqlite_files import SIGNATURE, columns_of, opened, table_rows

NAME = "Serato DJ 4 library"
ADVICE = "close Serato, start it once and close it again, then read this file"

MASTER, ROOT, LOCATION = "master.sqlite", "root.sqlite", "location.sqlite"
_FILES = (MASTER, ROOT, LOCATION)
_FOLDER, _INSIDE = "_Serato_", "Library"
_OF_A_DRIVE = f"/{_FOLDER}/{_INSIDE}/{LOCATION}"
_SPACE = "serato library"
_CRATE = "1"
_ASSET = (
    "id",
    "location_id",
    "portable_id",
    "artist",
    "name",
    "album",
    "label",
    "genre",
    "bpm",
    "key",
    "key_value",
    "year",
    "length_ms",
    "length_sec",
    "time_added",
    "comments",
    "rating",
    "dj_play_count",
)
_COLUMNS = ("source_id", "location", "path", *STATED)


def sniff(path: Path, head: bytes) -> bool:
    """Whether it is one of the databases, or a folder that holds one and no older library."""
    if not head and path.is_dir():
        return _database(path) is not None
    return head.startswith(SIGNATURE) and (
        path.name.lower() in _FILES or (b"container_asset" in head and b"portable_id" in head)
    )


def read(path: Path, options: ReadOptions | None = None) -> Library:
    """Read all tracks of the library with its crates, each crate above a part of their names."""
    file = _database(path) if path.is_dir() else path
    if file is None:
        raise FormatError(f"{path}: no {MASTER} of Serato in it; {ADVICE}")
    with opened(file, ADVICE) as db:
        if "portable_id" not in columns_of(db, "asset"):
            raise FormatError(f"{file}: no database of Serato: no table of tracks; {ADVICE}")
        roots = _roots(db, file)
        crates, members = _crates(db), _members(db)
        kept = _in_library(db) | {asset for crate in crates for asset in members.get(crate, ())}
        assets = (
            dict(zip(_ASSET, row, strict=True)) for row in table_rows(db, "asset", _ASSET, "id")
        )
        rows = [_row(asset, roots) for asset in assets if not kept or asset["id"] in kept]
        smart = {row[0] for row in table_rows(db, "smart_crate_rules", ("container_id",))}
    by_id = {row[0]: number for number, row in enumerate(rows)}
    playlists = [
        SourcePlaylist(
            names,
            *rows_of(list(dict.fromkeys(members.get(crate, ()))), by_id),
            "smart" if crate in smart else "playlist",
        )
        for crate, names in crates.items()
    ]
    if options is not None and options.progress is not None:
        options.progress(len(rows))
    columns = {name: [row[place] for row in rows] for place, name in enumerate(_COLUMNS)}
    return assemble(NAME, columns, playlists, [])


def _database(folder: Path) -> Path | None:
    """The database of a folder, the one with most in it; an older library beside it goes first,
    since Serato keeps that up to date too."""
    places = (folder, folder / _FOLDER)
    if any((p / "database V2").is_file() or (p / "Subcrates").is_dir() for p in places):
        return None
    found = (p / part / name for p in places for part in ("", _INSIDE) for name in _FILES)
    return next((file for file in found if file.is_file()), None)


def _roots(db: sqlite3.Connection, file: Path) -> dict[str, str]:
    """Where the paths of each location begin; "" is the file's own location. What stands on a
    drive that Serato did not see is nowhere."""
    own = file.absolute().as_posix()
    roots = {"": _root(own)}
    for location, place in table_rows(db, "connection", ("location_id", "database_uri")):
        roots[location] = _root(place or own)
    return roots


def _root(database: str) -> str:
    r"""The drive of a database, by its own path.

    >>> _root("/Volumes/USB/_Serato_/Library/location.sqlite"), _root("/Users/dj/root.sqlite")
    ('/Volumes/USB', '/')
    >>> _root("file:///D:/_Serato_/Library/location.sqlite"), _root(r"C:\Users\dj\root.sqlite")
    ('D:', 'C:')
    """
    place = unquote(database[7:]) if database.startswith("file://") else database
    place = place.replace("\\", "/")
    if place[2:3] == ":" and place.startswith("/"):
        place = place[1:]
    if place.casefold().endswith(_OF_A_DRIVE.casefold()):
        return place[: -len(_OF_A_DRIVE)] or "/"
    return place[:2] if place[1:2] == ":" else "/"


def _crates(db: sqlite3.Connection) -> dict[str, tuple[str, ...]]:
    """The names of each crate and the crates above it, by its id."""
    wanted = ("id", "parent_id", "name", "type", "space_id")
    containers = {row[0]: row for row in table_rows(db, "container", wanted, "list_order")}
    spaces = _library_spaces(db)
    return {
        number: _names(number, containers)
        for number, _, _, kind, space in containers.values()
        if kind == _CRATE and (not spaces or space in spaces)
    }


def _names(number: str, containers: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    names: list[str] = []
    seen: set[str] = set()
    while number in containers and number not in seen and containers[number][3] == _CRATE:
        seen.add(number)
        _, parent, name, *_ = containers[number]
        names.insert(0, name)
        number = parent
    return tuple(names)


def _members(db: sqlite3.Connection) -> dict[str, list[str]]:
    """Track ids of each crate; `master.sqlite` splits a crate by the locations of its tracks."""
    has_parts = bool(columns_of(db, "location_container"))
    parts = _pairs(db, "location_container", "id", "container_id")
    assets = _pairs(db, "space_asset", "id", "asset_id")
    owner = "location_container_id" if has_parts else "container_id"
    found: dict[str, list[str]] = {}
    for part, entry in table_rows(db, "container_asset", (owner, "space_asset_id"), "list_order"):
        crate = parts.get(part, "") if has_parts else part
        found.setdefault(crate, []).append(assets.get(entry, ""))
    return found


def _pairs(db: sqlite3.Connection, table: str, key: str, value: str) -> dict[str, str]:
    return {row[0]: row[1] for row in table_rows(db, table, (key, value))}


def _in_library(db: sqlite3.Connection) -> set[str]:
    """Track ids of the library; other spaces hold stems and the like."""
    spaces = _library_spaces(db)
    entries: Iterable[tuple[str, ...]] = table_rows(db, "space_asset", ("asset_id", "space_id"))
    return {asset for asset, space in entries if not spaces or space in spaces}


def _library_spaces(db: sqlite3.Connection) -> set[str]:
    spaces: Iterator[tuple[str, ...]] = table_rows(db, "space", ("id", "name"))
    return {number for number, name in spaces if name.casefold() == _SPACE}


def _row(asset: Mapping[str, str], roots: Mapping[str, str]) -> tuple[str, ...]:
    location = asset["portable_id"]
    return (
        asset["id"],
        location,
        _path(location, roots.get(asset["location_id"] if len(roots) > 1 else "", "")),
        asset["artist"],
        asset["name"] or stem(location),
        asset["album"],
        asset["label"],
        asset["genre"],
        asset["bpm"],
        asset["key"] or key_of_wheel(asset["key_value"]),
        asset["year"],
        _seconds(asset["length_ms"]) or asset["length_sec"],
        day_of(asset["time_added"]),
        asset["comments"],
        share_of(asset["rating"]),
        asset["dj_play_count"],
    )


def _path(location: str, root: str) -> str:
    if not location or not root or "://" in location[:20]:
        return ""  # streamed, or on a drive that is not known
    return posixpath.join(f"{root}/" if root.endswith(":") else root, location)


def _seconds(milliseconds: str) -> str:
    is_number = milliseconds.isdecimal() and len(milliseconds) < 16
    return f"{int(milliseconds) / 1000:.3f}" if is_number and int(milliseconds) else ""


FORMAT = Format("serato4", NAME, sniff, read)
