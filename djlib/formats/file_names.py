"""Names of playlists as names of files, safe on every system and each with a file of its own."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from .collection import UNNAMED, Playlist

Taken = set[tuple[Path, str]]

_HOSTILE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)", re.IGNORECASE)
_LONGEST = 150  # bytes: leaves room for a number and the suffix under the usual limit of 255


def safe_name(name: str, longest: int = _LONGEST) -> str:
    """Make a file name of at most so many bytes that Windows, macOS and Linux all accept.

    >>> safe_name("Drum n Bass / Jungle?"), safe_name("con"), safe_name("...")
    ('Drum n Bass _ Jungle_', 'con_', '(no name)')
    """
    safe = _HOSTILE.sub("_", name.encode("utf-8", "replace").decode("utf-8"))
    safe = safe.encode("utf-8")[:longest].decode("utf-8", "ignore").strip(" .")
    reserved = _RESERVED.match(safe)
    return f"{safe[: reserved.end(1)]}_{safe[reserved.end(1) :]}" if reserved else safe or UNNAMED


def file_names(root: Path, playlists: Iterable[Playlist], suffix: str) -> list[Path]:
    """A file for each playlist, in folders as the playlists stand in theirs."""
    folders: dict[tuple[str, ...], Path] = {(): root}
    taken: Taken = set()
    files = []
    for playlist in playlists:
        *parents, name = playlist.path or (UNNAMED,)
        for depth in range(1, len(parents) + 1):
            inside = folders[tuple(parents[: depth - 1])]
            if tuple(parents[:depth]) not in folders:
                folder = untaken(inside, safe_name(parents[depth - 1]), "", taken)
                folders[tuple(parents[:depth])] = folder
        files.append(untaken(folders[tuple(parents)], safe_name(name), suffix, taken))
    return files


def untaken(folder: Path, stem: str, suffix: str, taken: Taken) -> Path:
    """A path that is not yet `taken`, and now is; names that some file system takes for one get
    a number."""
    candidate, number = stem + suffix, 1
    while (folder, _folded(candidate)) in taken:
        number += 1
        candidate = f"{stem} ({number}){suffix}"
    taken.add((folder, _folded(candidate)))
    return folder / candidate


def _folded(name: str) -> str:
    """Names that macOS or Windows would take for one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
