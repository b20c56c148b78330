"""Write playlists as a rekordbox XML that the DJ imports; never over the DJ's own export.

Only playlists are worth importing: rekordbox does not reliably take changed tags for tracks it
already has. Attributes go along as they were read, so nothing changes if it does take them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import InputError
from ..tables.problems import Problem
from .collection import OWN_FOLDER, UNNAMED, Playlist, missing_members, records
from .drafts import Draft, NewFile, in_parts
from .format import head_of
from .locations import LOCALHOST, encode_location
from .options import WriteOptions
from .playlist_tree import Folder, as_tree
from .xml_files import first_elements
from .xml_writing import element, lost_signs, opening

PRODUCT = "djlib"

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
    made = draft(Path(path), tracks, playlists, WriteOptions(folder=folder))
    made.write()
    return made.problems


def draft(
    target: Path, tracks: pd.DataFrame, playlists: Sequence[Playlist], options: WriteOptions
) -> Draft:
    """The one file `write_rekordbox` would write."""
    rows, problems = _exportable(tracks)
    numbers = {row["track_id"]: number for number, row in enumerate(rows, start=1)}
    root = as_tree(playlists, options.folder)
    file = NewFile(target, lambda: in_parts(_document(rows, numbers, root)), _is_own)
    lost = lost_signs(rows, tuple(_TEXTS), playlists)
    problems += [*lost, *missing_members(playlists, tracks)]
    return Draft([file], problems, frozenset(tracks["track_id"]) - numbers.keys())


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


def _document(
    rows: Sequence[Mapping[str, Any]], numbers: Mapping[str, int], root: Folder
) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>\n\n<DJ_PLAYLISTS Version="1.0.0">\n'
    yield f'  <PRODUCT Name="{PRODUCT}" Version="1" Company=""/>\n'
    yield f'  <COLLECTION Entries="{len(rows)}">\n'
    for row in rows:
        yield _track(row, numbers[row["track_id"]])
    yield "  </COLLECTION>\n  <PLAYLISTS>\n"
    yield from _folder("ROOT", root, numbers, "    ")
    yield "  </PLAYLISTS>\n</DJ_PLAYLISTS>\n"


def _track(row: Mapping[str, Any], number: int) -> str:
    attributes = {"TrackID": str(number)}
    for column, name in _TEXTS.items():
        if column in row:
            attributes[name] = str(row[column])
    for column, (name, form, factor) in _NUMBERS.items():
        if column in row:
            attributes[name] = form.format(row[column] * factor)
    attributes["Location"] = row["location"]
    return f"    {element('TRACK', attributes)}\n"


def _folder(name: str, folder: Folder, numbers: Mapping[str, int], indent: str) -> Iterator[str]:
    count = str(len(folder.folders) + len(folder.playlists))
    yield f"{indent}{opening('NODE', {'Type': '0', 'Name': name, 'Count': count})}\n"
    for inner_name, inner in folder.folders.items():
        yield from _folder(inner_name, inner, numbers, indent + "  ")
    for playlist in folder.playlists:
        yield from _playlist(playlist, numbers, indent + "  ")
    yield f"{indent}</NODE>\n"


def _playlist(playlist: Playlist, numbers: Mapping[str, int], indent: str) -> Iterator[str]:
    keys = [numbers[member] for member in playlist.track_ids if member in numbers]
    about = {"Name": playlist.path[-1] if playlist.path else UNNAMED, "Type": "1", "KeyType": "0"}
    yield f"{indent}{opening('NODE', {**about, 'Entries': str(len(keys))})}\n"
    yield from (f'{indent}  <TRACK Key="{key}"/>\n' for key in keys)
    yield f"{indent}</NODE>\n"
