"""Write playlists as Serato crates, one file a crate; Serato's database is never touched.

A crate carries nothing but paths, counted from the root of the volume that holds `_Serato_`.
Crates lie under one crate of djlib's own, so that none takes the place of one of the DJ's.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pandas as pd

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
_WIDE = "\uff05"
"""A percent sign that Serato takes for none."""


def write_serato(
    folder: str | Path,
    tracks: pd.DataFrame,
    playlists: Sequence[Playlist],
    above: str = OWN_FOLDER,
) -> tuple[list[Path], list[Problem]]:
    """Write one crate a playlist into `folder`/_Serato_/Subcrates, all inside the crate `above`.

    Give the files written and what was left out: tracks without a file or on another volume.
    Raises `UsageError` where one of the files is there: a crate has no place for a sign of ours.
    """
    made = draft(Path(folder), tracks, playlists, WriteOptions(folder=above))
    return made.write(), made.problems


def draft(
    target: Path, tracks: pd.DataFrame, playlists: Sequence[Playlist], options: WriteOptions
) -> Draft:
    """The files `write_serato` would write; `target` is `_Serato_` or the folder that holds it."""
    inside = target if target.name.casefold() == FOLDER.casefold() else target / FOLDER
    rows = {row["track_id"]: row for row in records(tracks)}
    found = {track_id: _location(row.get("path", "")) for track_id, row in rows.items()}
    problems = [
        Problem(None, "path", str(rows[track_id].get("title", track_id)), reason)
        for track_id, (_, reason) in found.items()
        if reason
    ]
    files = []
    taken: Taken = set()
    for playlist in playlists:
        path = _crate_file(inside / CRATES, (options.folder, *playlist.path), taken)
        places = (found.get(member, ("", "")) for member in playlist.track_ids)
        files.append(NewFile(path, partial(_crate, [place for place, _ in places if place])))
    return Draft(files, [*problems, *missing_members(playlists, tracks)])


def _location(path: str) -> tuple[str, str]:
    r"""A path as a crate has it, or why it can have none.

    >>> _location("D:\\Music\\a.mp3")[0], _location("/Users/dj/a.mp3")[0]
    ('Music/a.mp3', 'Users/dj/a.mp3')
    >>> _location("/Volumes/USB/Sets/a.mp3")[0]
    'Sets/a.mp3'
    """
    if not path:
        return "", "it has no file, so no crate can hold it"
    if "\0" in path:
        return "", "a sign in the file's name that a crate cannot hold"
    if is_windows_path(path):
        path = path.replace("\\", "/")
        if path.startswith("//"):
            return "", "it is on a network share, and a crate holds only paths on its own volume"
        return path[3:], ""
    if not path.startswith("/"):
        return "", f"path {path!r} is not absolute: a crate needs the whole path of a file"
    volume = path.split("/", 3)
    return (volume[3], "") if path.startswith("/Volumes/") and len(volume) > 3 else (path[1:], "")


def _crate_file(folder: Path, names: Sequence[str], taken: Taken) -> Path:
    """`Above%%Name.crate`; what is too long for a file system is cut."""
    longest = max(8, (_LONGEST - len(NESTED) * len(names)) // len(names))
    return untaken(folder, NESTED.join(_crate_name(n, longest) for n in names), SUFFIX, taken)


def _crate_name(name: str, longest: int) -> str:
    """One name that Serato will not take for two."""
    safe = safe_name(name.replace(NESTED, "%"), longest) or UNNAMED
    inner = safe.strip("%")  # one at an end would join those between the names
    if inner == safe:
        return safe
    start, end = len(safe) - len(safe.lstrip("%")), len(safe) - len(safe.rstrip("%"))
    return _WIDE * start + inner + _WIDE * (end if inner else 0)


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
