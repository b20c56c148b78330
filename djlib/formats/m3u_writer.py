"""Write playlists as M3U8 files, one a playlist, in folders as the playlists stand in theirs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import UsageError
from ..tables.atomic import replace_file
from ..tables.problems import Problem
from .collection import UNNAMED, Playlist, missing_members, records

SUFFIX = ".m3u8"
SIGNATURE = "# written by djlib"
"""A line by which djlib knows its own files."""

_HOSTILE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)", re.IGNORECASE)
_LONGEST = 150  # bytes: leaves room for a number and the suffix under the usual limit of 255
_LINE_BREAKS = re.compile(r"[\r\n\x00]+")


def write_m3u8(
    folder: str | Path, tracks: pd.DataFrame, playlists: Sequence[Playlist]
) -> tuple[list[Path], list[Problem]]:
    """Write one `.m3u8` a playlist under `folder`; give the files written and what was left out.

    UTF-8 without a byte order mark; paths stand byte for byte as in `path`. Names become safe
    for every file system. Raises `UsageError`, before anything is written, rather than replace a
    file that djlib did not write.
    """
    rows = {row["track_id"]: row for row in records(tracks)}
    files = _file_names(Path(folder), playlists)
    for file in files:
        if file.exists() and not _is_own(file):
            raise UsageError(f"{file} exists and was not written by djlib; choose another folder")
    problems = missing_members(playlists, tracks)
    unusable: dict[str, Problem] = {}
    for file, playlist in zip(files, playlists, strict=True):
        members = [rows[member] for member in playlist.track_ids if member in rows]
        unusable.update(_unusable(members))
        usable = [member for member in members if member["track_id"] not in unusable]
        with replace_file(file, "w", newline="\n") as handle:
            handle.write("\n".join(_content(playlist, usable)) + "\n")
    return files, [*problems, *unusable.values()]


def safe_name(name: str) -> str:
    """Make a file name that Windows, macOS and Linux all accept.

    >>> safe_name("Drum n Bass / Jungle?"), safe_name("con"), safe_name("...")
    ('Drum n Bass _ Jungle_', 'con_', '(no name)')
    """
    safe = _HOSTILE.sub("_", name.encode("utf-8", "replace").decode("utf-8"))
    safe = safe.encode("utf-8")[:_LONGEST].decode("utf-8", "ignore").strip(" .")
    reserved = _RESERVED.match(safe)
    return f"{safe[: reserved.end(1)]}_{safe[reserved.end(1) :]}" if reserved else safe or UNNAMED


def _file_names(root: Path, playlists: Iterable[Playlist]) -> list[Path]:
    """A file for each playlist; names that some file system takes for one get a number."""
    folders: dict[tuple[str, ...], Path] = {(): root}
    taken: set[tuple[Path, str]] = set()
    files = []
    for playlist in playlists:
        *parents, name = playlist.path or (UNNAMED,)
        for depth in range(1, len(parents) + 1):
            inside = folders[tuple(parents[: depth - 1])]
            if tuple(parents[:depth]) not in folders:
                folders[tuple(parents[:depth])] = _untaken(inside, parents[depth - 1], "", taken)
        files.append(_untaken(folders[tuple(parents)], name, SUFFIX, taken))
    return files


def _untaken(folder: Path, name: str, suffix: str, taken: set[tuple[Path, str]]) -> Path:
    stem = safe_name(name)
    candidate, number = stem + suffix, 1
    while (folder, _folded(candidate)) in taken:
        number += 1
        candidate = f"{stem} ({number}){suffix}"
    taken.add((folder, _folded(candidate)))
    return folder / candidate


def _folded(name: str) -> str:
    """Names that macOS or Windows would take for one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _is_own(file: Path) -> bool:
    if not file.is_file():
        return False
    with file.open("rb") as handle:
        return SIGNATURE.encode() in handle.read(200).splitlines()


def _unusable(members: Iterable[dict[str, Any]]) -> dict[str, Problem]:
    found = {}
    for member in members:
        path = member.get("path", "")
        if not path:
            reason = "it has no file, so no playlist can hold it"
        elif _LINE_BREAKS.search(path):
            reason = "a line break in the file's name, which a playlist file cannot hold"
        else:
            continue
        shown = str(member.get("title", member["track_id"]))
        found[member["track_id"]] = Problem(None, "path", shown, reason)
    return found


def _content(playlist: Playlist, members: Iterable[dict[str, Any]]) -> Iterable[str]:
    yield "#EXTM3U"
    yield SIGNATURE
    yield "#PLAYLIST:" + (_one_line(playlist.path[-1] if playlist.path else "") or UNNAMED)
    for member in members:
        length = round(member.get("duration_s", -1))
        names = (_one_line(member.get("artist", "")), _one_line(member.get("title", "")))
        yield f"#EXTINF:{length},{' - '.join(filter(None, names))}"
        yield member["path"]


def _one_line(text: str) -> str:
    return _LINE_BREAKS.sub(" ", text).strip()
