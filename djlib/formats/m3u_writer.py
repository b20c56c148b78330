"""Write playlists as M3U8 or M3U files, one a playlist, in folders as the playlists stand in
theirs."""

from __future__ import annotations

import ntpath
import os.path
import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from ..tables.problems import Problem
from .collection import UNNAMED, Playlist, missing_members, records
from .drafts import Draft, NewFile
from .file_names import file_names
from .locations import is_windows_path
from .options import WriteOptions

SUFFIX = ".m3u8"
SIGNATURE = "# written by djlib"
"""A line by which djlib knows its own files."""
ENCODING = "#EXTENC:"
"""A line that says how the file is encoded, where it is not UTF-8."""

_MARK = b"\xef\xbb\xbf"
_WINDOWS_1252 = "cp1252"
_LINE_BREAKS = re.compile(r"[\r\n\x00]+")
_NEEDS_DOT = re.compile(r"#|\s|[A-Za-z][A-Za-z0-9+.-]*:|.*\\|\Z", re.DOTALL)

Row = dict[str, Any]


def write_m3u8(
    folder: str | Path,
    tracks: pd.DataFrame,
    playlists: Sequence[Playlist],
    options: WriteOptions | None = None,
) -> tuple[list[Path], list[Problem]]:
    """Write one `.m3u8` a playlist under `folder`; give the files written and what was left out.

    UTF-8, without a byte order mark unless asked for; paths stand byte for byte as in `path`
    unless `options` say otherwise. Names become safe for every file system. Raises `UsageError`,
    before anything is written, rather than replace a file that djlib did not write.
    """
    made = draft(Path(folder), tracks, playlists, options or WriteOptions())
    return made.write(), made.problems


def draft(
    target: Path, tracks: pd.DataFrame, playlists: Sequence[Playlist], options: WriteOptions
) -> Draft:
    """The files `write_m3u8` would write under the folder `target`."""
    return _draft(target, tracks, playlists, _Form(options))


def draft_m3u(
    target: Path, tracks: pd.DataFrame, playlists: Sequence[Playlist], options: WriteOptions
) -> Draft:
    """The same as `.m3u` in Windows-1252, for players that read nothing else; a file whose name
    has other letters is left out."""
    return _draft(target, tracks, playlists, _Form(options, ".m3u", _WINDOWS_1252))


@dataclass(frozen=True)
class _Form:
    """How the lines of a playlist file are written."""

    options: WriteOptions
    suffix: str = SUFFIX
    encoding: str = "utf-8"

    def line(self, path: str, folder: Path) -> str:
        """The line of a track in a playlist that lies in `folder`."""
        if self.options.relative:
            path = relative_path(path, folder)
        if self.options.forward_slash and (is_windows_path(path) or os.path.sep == "\\"):
            path = path.replace("\\", "/")
        return path

    def encoded(self, lines: Iterable[str]) -> Iterator[bytes]:
        if self.options.bom and self.encoding == "utf-8":
            yield _MARK
        for line in lines:
            yield line.encode(self.encoding, "replace") + b"\n"

    def why_not(self, path: str) -> str:
        """Why a playlist file cannot hold a path; "" where it can."""
        if not path:
            return "it has no file, so no playlist can hold it"
        if _LINE_BREAKS.search(path):
            return "a line break in the file's name, which a playlist file cannot hold"
        try:
            path.encode(self.encoding)
        except UnicodeEncodeError:
            return f"letters in the file's name that {self.suffix} cannot hold; use m3u8"
        return ""


def relative_path(path: str, folder: Path) -> str:
    r"""The path as seen from a folder, where that leads to the same file; else as it is.

    >>> relative_path("/Users/dj/Music/a.mp3", Path("/Users/dj/Lists"))
    '../Music/a.mp3'
    >>> relative_path("D:\\a.mp3", Path("/Users/dj")), relative_path("/l/#1.mp3", Path("/l"))
    ('D:\\a.mp3', './#1.mp3')
    """
    here = os.path.abspath(folder)
    system = ntpath if is_windows_path(path) else posixpath
    if not system.isabs(path) or is_windows_path(path) != is_windows_path(here):
        return path
    try:
        seen = system.relpath(path, here)
    except ValueError:  # another drive
        return path
    if system.normpath(system.join(here, seen)) != path:
        return path
    return f".{system.sep}{seen}" if system is posixpath and _NEEDS_DOT.match(seen) else seen


def _draft(target: Path, tracks: pd.DataFrame, playlists: Sequence[Playlist], form: _Form) -> Draft:
    rows = {row["track_id"]: row for row in records(tracks)}
    paths = file_names(target, playlists, form.suffix)
    unusable: dict[str, Problem] = {}
    files = []
    for path, playlist in zip(paths, playlists, strict=True):
        members = [rows[member] for member in playlist.track_ids if member in rows]
        unusable.update(_unusable(members, form))
        usable = [member for member in members if member["track_id"] not in unusable]
        files.append(NewFile(path, partial(_content, playlist, usable, form, path.parent), _is_own))
    problems = [*missing_members(playlists, tracks), *unusable.values()]
    return Draft(files, problems, frozenset(unusable))


def _is_own(file: Path) -> bool:
    if not file.is_file():
        return False
    with file.open("rb") as handle:
        return SIGNATURE.encode() in handle.read(200).splitlines()


def _unusable(members: Iterable[Row], form: _Form) -> dict[str, Problem]:
    found = {}
    for member in members:
        reason = form.why_not(member.get("path", ""))
        if reason:
            shown = str(member.get("title", member["track_id"]))
            found[member["track_id"]] = Problem(None, "path", shown, reason)
    return found


def _content(
    playlist: Playlist, members: Sequence[Row], form: _Form, folder: Path
) -> Iterator[bytes]:
    return form.encoded(_lines(playlist, members, form, folder))


def _lines(playlist: Playlist, members: Sequence[Row], form: _Form, folder: Path) -> Iterator[str]:
    yield "#EXTM3U"
    yield SIGNATURE
    if form.encoding != "utf-8":
        yield f"{ENCODING}windows-1252"
    yield "#PLAYLIST:" + (_one_line(playlist.path[-1] if playlist.path else "") or UNNAMED)
    for member in members:
        length = round(member.get("duration_s", -1))
        names = (_one_line(member.get("artist", "")), _one_line(member.get("title", "")))
        yield f"#EXTINF:{length},{' - '.join(filter(None, names))}"
        yield form.line(member["path"], folder)


def _one_line(text: str) -> str:
    return _LINE_BREAKS.sub(" ", text).strip()
