"""Serato: the folder `_Serato_` with its database and crates, or one crate alone.

The DJ's crates are the files `Subcrates/Parent%%Child.crate`, smart ones `SmartCrates/*.scrate`;
what is known of a track stands in `database V2`. Paths have neither drive nor leading slash: they
count from the root of the volume that holds the folder.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Sequence
from pathlib import Path

from ..errors import FormatError
from ..tables.problems import Problem
from .collection import Kind, Library, SourcePlaylist, assemble
from .format import Format
from .locations import is_windows_path, path_key
from .options import ReadOptions
from .paths import stem
from .serato_chunks import fields, has_signature, records, text
from .serato_writer import CRATES, FOLDER, NESTED, draft, write_serato
from .stated import day_of

__all__ = ["FORMAT", "read", "sniff", "write_serato"]

NAME = "Serato library"

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
        for place, data in records(file, b"otrk"):
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
            for _, data in records(crate, b"otrk"):
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


FORMAT = Format("serato", NAME, sniff, read, draft)
