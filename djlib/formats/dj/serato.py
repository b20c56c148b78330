"""Serato: the folder `_Serato_` with its database and crates, or one crate; crates written."""

from __future__ import annotations

import os
import posixpath
import re
import struct
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from ...errors import FormatError, InputError
from ...tables.problems import Problem
from ..collection import (
    OWN_FOLDER,
    UNNAMED,
    Kind,
    Library,
    Playlist,
    SourcePlaylist,
    assemble,
    day_of,
    missing_members,
    records,
)
from ..drafts import Draft, NewFile, Taken, safe_name, untaken
from ..format import Format
from ..locations import is_windows_path, path_key, stem
from ..options import ReadOptions, WriteOptions
from .serato_chunks import chunk_records, fields, has_signature, text

NAME = "Serato library"

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

DATABASE = "database V2"

_KINDS: dict[str, Kind] = {".crate": "playlist", ".scrate": "smart"}
_CRATES = (CRATES, "SmartCrates")
_COLUMN_OF = {
    b"tart": "artist",
    b"tsng": "title",
    b"talb": "album",
    b"tlbl": "label",
    b"tgen": "genres",
    b"tbpm": "bpm",
    b"tkey": "key",
    b"ttyr": "year",
    b"tlen": "duration_s",
    b"tadd": "date_added",
    b"tcom": "comment",
}
_NAMES = (*_COLUMN_OF.values(), "path", "location", "source_id")
_HOMES = ("Users", "home", "Documents and Settings")
_ASKED = 50

_Row = dict[str, str]


def sniff(path: Path, head: bytes) -> bool:
    """Whether it is `_Serato_`, the folder that holds it, a crate or a database."""
    if not head and path.is_dir():
        return _serato_folder(path) is not None
    return path.suffix.lower() in _KINDS or has_signature(head)


def read(path: Path, options: ReadOptions | None = None) -> Library:
    """Read all crates with what the database says, or one crate with what it says of its tracks.

    Crates that cannot be read are problems. Raises `FormatError` where nothing can be read.
    """
    folder, crates = _files(path)
    problems: list[Problem] = []
    rows = _database(path, folder / DATABASE, problems)
    only_crates = path.is_file() and path.name != DATABASE
    playlists, members = _read_crates(path, crates, problems)
    if not rows and not members and problems:
        raise FormatError(f"{path}: nothing in it can be read; {problems[0].reason}")
    if only_crates:
        kept = {path_key(file) for files in members for file in files}
        rows = {key: row for key, row in rows.items() if key in kept}
    for file in (file for files in members for file in files):
        rows.setdefault(path_key(file), _unknown(file))
    places = {key: number for number, key in enumerate(rows)}
    for playlist, files in zip(playlists, members, strict=True):
        playlist.rows = [places[path_key(file)] for file in files]
    if options is not None and options.progress is not None:
        options.progress(len(rows))
    return assemble(NAME, _columns(list(rows.values()), folder), playlists, problems)


def _serato_folder(path: Path) -> Path | None:
    for folder in (path, path / FOLDER):
        if folder.name.casefold() == FOLDER.casefold() and folder.is_dir():
            return folder
    has_crates = (path / DATABASE).is_file() or (path / _CRATES[0]).is_dir()
    return path if has_crates else None


def _files(path: Path) -> tuple[Path, list[Path]]:
    """Serato's folder, and the crates to read."""
    if path.is_file():
        above = path.parent if path.name == DATABASE else path.parent.parent
        return above, [] if path.name == DATABASE else [path]
    folder = _serato_folder(path) or path
    found = (file for name in _CRATES for file in (folder / name).rglob("*"))
    crates = (file for file in found if file.suffix.lower() in _KINDS)
    return folder, sorted(file for file in crates if not file.name.startswith("."))


def _database(asked: Path, file: Path, problems: list[Problem]) -> dict[str, _Row]:
    """What is known of each track by the key of its path; nothing where there is no database."""
    rows: dict[str, _Row] = {}
    file = asked if asked.is_file() and asked.suffix.lower() not in _KINDS else file
    if not file.is_file():
        return rows
    try:
        for place, data in chunk_records(file, b"otrk"):
            try:
                row = _row(fields(data))
            except FormatError as error:
                problems.append(Problem(None, "record", f"byte {place:,}", str(error)))
                continue
            rows.setdefault(path_key(row["location"]), row)
    except FormatError as error:
        outcome = "its other records were read" if rows else "nothing of it was read"
        problems.append(Problem(None, "file", str(file), f"{error}; {outcome}"))
    return rows


def _row(found: dict[bytes, bytes]) -> _Row:
    if b"pfil" not in found:
        raise FormatError("it names no file")
    row = {name: text(found[tag]) for tag, name in _COLUMN_OF.items() if tag in found}
    row["location"] = text(found[b"pfil"])
    row["duration_s"] = _seconds(row.get("duration_s", ""))
    row["date_added"] = _date(row.get("date_added", ""), found.get(b"uadd", b""))
    row["title"] = row.get("title") or stem(row["location"])
    return row


def _unknown(file: str) -> _Row:
    return {"location": file, "title": stem(file)}


def _read_crates(
    asked: Path, crates: Sequence[Path], problems: list[Problem]
) -> tuple[list[SourcePlaylist], list[list[str]]]:
    playlists, members = [], []
    for crate in crates:
        files: list[str] = []
        try:
            for _, data in chunk_records(crate, b"otrk"):
                files += [text(v) for tag, v in fields(data).items() if tag == b"ptrk"]
        except (FormatError, OSError) as error:
            if not files and crate == asked:
                raise
            problems.append(Problem(None, "crate", crate.name, str(error)))
            if not files:
                continue
        names = tuple(crate.stem.split(NESTED))
        playlists.append(SourcePlaylist(names, kind=_KINDS[crate.suffix.lower()]))
        members.append(files)
    return playlists, members


def _columns(rows: Sequence[_Row], folder: Path) -> dict[str, list[str]]:
    base = _base([row["location"] for row in rows], folder)
    for row in rows:
        row["path"] = _absolute(row["location"], base)
        row["source_id"] = row["location"]
    return {name: [row.get(name, "") for row in rows] for name in _NAMES}


def _base(locations: Sequence[str], folder: Path) -> str:
    """What the paths count from: the folder above Serato's, or the root of its volume.

    Files that are there decide; where none is, a path that begins in a home does.
    """
    above = Path(os.path.abspath(folder)).parent
    asked = locations[:_ASKED]
    there = [sum(os.path.exists(base / file) for file in asked) for base in (above, _root(above))]
    at_home = any(file.split("/", 1)[0] in _HOMES for file in asked)
    from_root = there[1] > there[0] or (there == [0, 0] and at_home)
    return (_root(above) if from_root else above).as_posix()


def _root(folder: Path) -> Path:
    return Path(folder.anchor)


def _absolute(location: str, base: str) -> str:
    if location.startswith("/") or is_windows_path(location):
        return location
    return posixpath.join(base, location)


def _seconds(length: str) -> str:
    """`06:22.93` as seconds; anything else as it is.

    >>> _seconds("06:22.93"), _seconds("1:02:03"), _seconds("")
    ('382.930', '3723.000', '')
    """
    parts = length.split(":")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        return length
    return f"{sum(n * 60**power for power, n in enumerate(reversed(numbers))):.3f}"


def _date(added: str, stamp: bytes) -> str:
    """The day a track was added, stated as text, as a number, or as both."""
    return day_of(added) or day_of(str(int.from_bytes(stamp[:4], "big")))


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


FORMAT = Format("serato", NAME, sniff, read, draft)
