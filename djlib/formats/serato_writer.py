"""Write playlists as Serato crates, one file a crate; Serato's database is never touched.

A crate carries nothing but paths, counted from the root of the drive that holds `_Serato_`.
Crates lie under one crate of djlib's own, so that none takes the place of one of the DJ's.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from ..errors import InputError
from ..tables.problems import Problem
from .collection import OWN_FOLDER, UNNAMED, Playlist, missing_members, records
from .drafts import Draft, NewFile
from .file_names import Taken, safe_name, untaken
from .locations import is_windows_path
from .options import WriteOptions

FOLDER, CRATES, SUFFIX = "_Serato_", "Subcrates", ".crate"
NESTED = "%%"
"""Stands between the names of a crate and the crates above it."""

VERSION = "1.0/Serato ScratchLive Crate"
_SHOWN_COLUMNS = ("song", "artist", "bpm", "key", "album", "length", "comment")
_LONGEST = 200
_DEEPEST = 16
"""Crates inside each other whose names still have ten bytes each."""
_PERCENTS = re.compile("%%+")
_WIDE = "\uff05"
"""A percent sign that Serato takes for none."""


def write_serato(
    folder: str | Path,
    tracks: pd.DataFrame,
    playlists: Sequence[Playlist],
    above: str = OWN_FOLDER,
) -> tuple[list[Path], list[Problem]]:
    """Write one crate a playlist into `folder`/_Serato_/Subcrates, all inside the crate `above`.

    Where tracks lie on several drives and `folder` is on none of them, each drive gets a folder of
    its own to be copied there. Give the files written and what was left out: tracks without a file
    and, where `folder` is a drive or Serato's own, tracks of other drives. Raises `UsageError`
    where one of the files is there: a crate has no place for a sign of ours.
    """
    made = draft(Path(folder), tracks, playlists, WriteOptions(folder=above))
    return made.write(), made.problems


def draft(
    target: Path, tracks: pd.DataFrame, playlists: Sequence[Playlist], options: WriteOptions
) -> Draft:
    """The files `write_serato` would write; `target` is `_Serato_` or the folder that holds it."""
    found, problems = _places(records(tracks))
    drives = sorted({place.drive for place in found.values()})
    own_drive = _drive_of_library(target)
    if own_drive is None and len(drives) > 1:
        homes = {drive: target / safe_name(drive.strip("/") or "root") for drive in drives}
    else:
        homes = {own_drive or next(iter(drives), ""): target}
        problems += _elsewhere(tracks, found, set(homes))
    files = [
        file
        for drive, home in homes.items()
        for file in _crates(home, drive, found, playlists, options.folder)
    ]
    held = {track_id for track_id, place in found.items() if place.drive in homes}
    problems += missing_members(playlists, tracks)
    return Draft(files, problems, frozenset(tracks["track_id"]) - held)


class _Place(NamedTuple):
    """Where a file is: its drive, and the way from there as a crate has it."""

    drive: str
    location: str


def _places(rows: Sequence[dict[str, Any]]) -> tuple[dict[str, _Place], list[Problem]]:
    found, problems = {}, []
    for row in rows:
        try:
            found[row["track_id"]] = _place(row.get("path", ""))
        except InputError as error:
            shown = str(row.get("title", row["track_id"]))
            problems.append(Problem(None, "path", shown, str(error)))
    return found, problems


def _place(path: str) -> _Place:
    r"""Take a path apart; raises `InputError` where no crate can hold it.

    >>> _place("D:\\Music\\a.mp3"), _place("/Users/dj/a.mp3")
    (_Place(drive='D:', location='Music/a.mp3'), _Place(drive='/', location='Users/dj/a.mp3'))
    >>> _place("/Volumes/USB/Sets/a.mp3")
    _Place(drive='/Volumes/USB', location='Sets/a.mp3')
    """
    if not path:
        raise InputError("it has no file, so no crate can hold it")
    if "\0" in path:
        raise InputError("a sign in the file's name that a crate cannot hold")
    if is_windows_path(path):
        path = path.replace("\\", "/")
        if path.startswith("//"):
            raise InputError("it is on a network share, and a crate names files on its own drive")
        return _Place(path[:2].upper(), path[3:])
    if not path.startswith("/"):
        raise InputError(f"path {path!r} is not absolute: a crate needs the whole path of a file")
    parts = path.split("/", 3)
    if path.startswith("/Volumes/") and len(parts) > 3:
        return _Place("/".join(parts[:3]), parts[3])
    return _Place("/", path[1:])


def _drive_of_library(target: Path) -> str | None:
    """The drive of Serato's own folder, where `target` is that or holds it; None for any other."""
    is_library = target.name.casefold() == FOLDER.casefold()
    place = _place(os.path.abspath(target / "x")).drive
    if is_library or (target / FOLDER).is_dir() or place != "/":
        return place
    return None


def _elsewhere(
    tracks: pd.DataFrame, found: Mapping[str, _Place], drives: Collection[str]
) -> list[Problem]:
    titles = dict(zip(tracks["track_id"], tracks.get("title", tracks["track_id"]), strict=True))
    return [
        Problem(
            None,
            "path",
            str(titles[track_id]),
            f"it is on {place.drive}, and a crate names files on its own drive; export there too",
        )
        for track_id, place in found.items()
        if place.drive not in drives
    ]


def _crates(
    target: Path,
    drive: str,
    found: Mapping[str, _Place],
    playlists: Sequence[Playlist],
    above: str,
) -> Iterator[NewFile]:
    folder = target if target.name.casefold() == FOLDER.casefold() else target / FOLDER
    taken: Taken = set()
    for playlist in playlists:
        path = _crate_file(folder / CRATES, (above, *playlist.path), taken)
        places = [found[member] for member in playlist.track_ids if member in found]
        inside = [place.location for place in places if place.drive == drive]
        if inside or not places:
            yield NewFile(path, partial(_crate, inside))


def _crate_file(folder: Path, names: Sequence[str], taken: Taken) -> Path:
    """`Above%%Name.crate`; what is too long for a file system is cut, and of more folders than a
    name has room for the outer and the inner ones stay."""
    if len(names) > _DEEPEST:
        names = (*names[: _DEEPEST // 2], *names[-_DEEPEST // 2 :])
    longest = (_LONGEST - len(NESTED) * len(names)) // len(names)
    return untaken(folder, NESTED.join(_crate_name(n, longest) for n in names), SUFFIX, taken)


def _crate_name(name: str, longest: int) -> str:
    """One name that Serato will not take for two."""
    safe = safe_name(_PERCENTS.sub("%", name), longest)
    inner = safe.strip("%")  # one at an end would join those between the names
    if inner == safe:
        return safe
    start, end = len(safe) - len(safe.lstrip("%")), len(safe) - len(safe.rstrip("%"))
    wide = _WIDE * start + inner + _WIDE * (end if inner else 0)
    return safe_name(wide, longest).rstrip("%") or UNNAMED


def _crate(locations: Sequence[str]) -> Iterator[bytes]:
    yield _text(b"vrsn", VERSION)
    yield _chunk(b"osrt", _text(b"tvcn", "song") + _chunk(b"brev", b"\0"))
    for name in _SHOWN_COLUMNS:
        yield _chunk(b"ovct", _text(b"tvcn", name) + _text(b"tvcw", "0"))
    for location in locations:
        yield _chunk(b"otrk", _text(b"ptrk", location))


def _text(tag: bytes, text: str) -> bytes:
    return _chunk(tag, text.encode("utf-16-be"))


def _chunk(tag: bytes, data: bytes) -> bytes:
    return tag + struct.pack(">I", len(data)) + data
