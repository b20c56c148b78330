"""Write playlists as a rekordbox XML that the DJ imports; never over the DJ's own export.

Only playlists are worth importing: rekordbox does not reliably take changed tags for tracks it
already has. Attributes go along as they were read, so nothing changes if it does take them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pandas as pd

from ..errors import InputError, UsageError
from ..tables.atomic import replace_file
from ..tables.problems import Problem
from .collection import OWN_FOLDER, UNNAMED, Playlist, missing_members, records
from .format import head_of
from .locations import LOCALHOST, encode_location
from .xml_files import first_elements

PRODUCT = "djlib"

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_QUOTED = {'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
_TEXTS = {
    "title": "Name",
    "artist": "Artist",
    "album": "Album",
    "genres": "Genre",
    "key": "Tonality",
    "label": "Label",
    "date_added": "DateAdded",
    "comment": "Comments",
}
_NUMBERS = {
    "duration_s": ("TotalTime", "{:.0f}", 1),
    "year": ("Year", "{:.0f}", 1),
    "bpm": ("AverageBpm", "{:.2f}", 1),
    "rating": ("Rating", "{:.0f}", 51),
    "play_count": ("PlayCount", "{:.0f}", 1),
}


def write_rekordbox(
    path: str | Path,
    tracks: pd.DataFrame,
    playlists: Sequence[Playlist],
    folder: str = OWN_FOLDER,
) -> list[Problem]:
    """Write `tracks` and `playlists` as a new rekordbox XML; the playlists stand under `folder`.

    A track keeps its `location` where rekordbox wrote it, else its `path` is encoded; a track
    with neither is left out and returned as a problem. Raises `UsageError` rather than replace a
    file that djlib did not write.
    """
    target = Path(path)
    if target.exists() and not _is_own(target):
        raise UsageError(f"{target} exists and was not written by djlib; choose another name")
    rows, problems = _exportable(tracks)
    numbers = {row["track_id"]: number for number, row in enumerate(rows, start=1)}
    root = _Folder(folders={folder: _tree(playlists)})
    with replace_file(target, "w", newline="\n") as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n\n<DJ_PLAYLISTS Version="1.0.0">\n')
        file.write(f'  <PRODUCT Name="{PRODUCT}" Version="1" Company=""/>\n')
        file.write(f'  <COLLECTION Entries="{len(rows)}">\n')
        for row in rows:
            file.write(_track(row, numbers[row["track_id"]]))
        file.write("  </COLLECTION>\n  <PLAYLISTS>\n")
        file.writelines(_folder("ROOT", root, numbers, "    "))
        file.write("  </PLAYLISTS>\n</DJ_PLAYLISTS>\n")
    return [*problems, *missing_members(playlists, tracks)]


def _is_own(path: Path) -> bool:
    found = first_elements(head_of(path), 2)
    return [(name, a.get("Name")) for name, a in found[1:]] == [("PRODUCT", PRODUCT)]


def _exportable(tracks: pd.DataFrame) -> tuple[list[dict[str, Any]], list[Problem]]:
    rows, problems = [], []
    for row in records(tracks):
        try:
            row["location"] = _location(row.get("location", ""), row.get("path", ""))
        except InputError as error:
            shown = str(row.get("title", row["track_id"]))
            problems.append(Problem(None, "path", shown, str(error)))
        else:
            rows.append(row)
    return rows, problems


def _location(location: str, path: str) -> str:
    if location.startswith(f"{LOCALHOST}/"):
        return location
    if not path:
        raise InputError("it has no file, so rekordbox cannot import it")
    return encode_location(path)


def _track(row: Mapping[str, Any], number: int) -> str:
    attributes = {"TrackID": str(number)}
    for column, name in _TEXTS.items():
        if column in row:
            attributes[name] = row[column]
    for column, (name, form, factor) in _NUMBERS.items():
        if column in row:
            attributes[name] = form.format(row[column] * factor)
    attributes["Location"] = row["location"]
    written = " ".join(f'{name}="{_quoted(str(text))}"' for name, text in attributes.items())
    return f"    <TRACK {written}/>\n"


def _quoted(text: str) -> str:
    return escape(_NOT_XML.sub("", text), _QUOTED)


@dataclass
class _Folder:
    """Folders and playlists of one level; a folder and a playlist may share a name."""

    folders: dict[str, _Folder] = field(default_factory=dict)
    playlists: list[Playlist] = field(default_factory=list)


def _tree(playlists: Iterable[Playlist]) -> _Folder:
    root = _Folder()
    for playlist in playlists:
        place = root
        for name in playlist.path[:-1]:
            place = place.folders.setdefault(name, _Folder())
        place.playlists.append(playlist)
    return root


def _folder(name: str, folder: _Folder, numbers: Mapping[str, int], indent: str) -> Iterator[str]:
    count = len(folder.folders) + len(folder.playlists)
    yield f'{indent}<NODE Type="0" Name="{_quoted(name)}" Count="{count}">\n'
    for inner_name, inner in folder.folders.items():
        yield from _folder(inner_name, inner, numbers, indent + "  ")
    for playlist in folder.playlists:
        yield from _playlist(playlist, numbers, indent + "  ")
    yield f"{indent}</NODE>\n"


def _playlist(playlist: Playlist, numbers: Mapping[str, int], indent: str) -> Iterator[str]:
    name = _quoted(playlist.path[-1] if playlist.path else UNNAMED)
    keys = [numbers[member] for member in playlist.track_ids if member in numbers]
    yield f'{indent}<NODE Name="{name}" Type="1" KeyType="0" Entries="{len(keys)}">\n'
    yield from (f'{indent}  <TRACK Key="{key}"/>\n' for key in keys)
    yield f"{indent}</NODE>\n"
