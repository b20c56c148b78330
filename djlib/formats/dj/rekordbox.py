"""rekordbox XML: File > Export Collection in xml format, and back as a new file to import."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ...errors import FormatError, InputError
from ...tables.problems import Problem
from ..collection import (
    OWN_FOLDER,
    UNNAMED,
    Library,
    Playlist,
    SourcePlaylist,
    assemble,
    doubled_keys,
    fewer_than_declared,
    first_rows,
    missing_members,
    records,
    rows_of,
)
from ..drafts import Draft, NewFile, in_parts
from ..format import Format, head_of
from ..locations import LOCALHOST, decode_location, encode_location, is_windows_path, path_key
from ..options import ReadOptions, WriteOptions
from .xml import (
    Folder,
    Rows,
    as_tree,
    element,
    first_elements,
    has_root,
    lost_signs,
    opening,
    parse_file,
    safe_parser,
)

NAME = "rekordbox XML"
ADVICE = "in rekordbox choose File > Export Collection in xml format and read that file"

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

_ROOT = "DJ_PLAYLISTS"
_COLUMN_OF = {
    "Artist": "artist",
    "Name": "title",
    "Album": "album",
    "Label": "label",
    "Genre": "genres",
    "AverageBpm": "bpm",
    "Tonality": "key",
    "Year": "year",
    "TotalTime": "duration_s",
    "DateAdded": "date_added",
    "Location": "location",
    "TrackID": "source_id",
    "Comments": "comment",
    "Rating": "rating",
    "PlayCount": "play_count",
}
_ATTRIBUTES = tuple(_COLUMN_OF)
_FOLDER, _BY_LOCATION = "0", "1"
_STREAMED = re.compile(r"(?:file://localhost/?)?(?!file:)[A-Za-z]{2,}:(?!\d*/[^/])", re.IGNORECASE)
"""`spotify:track:1`, `file://localhostsoundcloud:tracks:2`, `https://...`."""


def sniff(path: Path, head: bytes) -> bool:
    """Whether a file's outermost element is rekordbox's."""
    return has_root(head, _ROOT)


def read(path: Path, options: ReadOptions | None = None) -> Library:
    """Read a rekordbox XML export in one pass.

    Raises `FormatError` where the file is empty, broken, not rekordbox's or without a collection.
    """
    export = _Export(Rows(tuple(_COLUMN_OF.values()), options.progress if options else None))
    repaired = parse_file(export.parser, path, ADVICE, export.rows.report)
    if not export.has_collection:
        raise FormatError(f"{path}: it has no <COLLECTION> of tracks; {ADVICE}")
    columns, lines = export.rows.by_column(), export.rows.lines
    problems = [*repaired, *fewer_than_declared("tracks", export.declared, len(lines))]
    problems += doubled_keys("TrackID", columns["source_id"])
    columns["path"] = _paths(columns["location"], lines, problems)
    playlists = _resolve(export.nodes, columns)
    return assemble(NAME, columns, playlists, problems, lines)


class _Node:
    """A playlist element while it is read."""

    def __init__(self, path: tuple[str, ...], key_type: str) -> None:
        self.path = path
        self.key_type = key_type
        self.keys: list[str] = []


class _Export:
    """Collects one file's elements; the handlers run once an element, so they do little."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.nodes: list[_Node] = []
        self.has_collection = False
        self.declared = ""
        self._open: list[tuple[str, _Node | None]] = []
        self.parser = safe_parser()
        self.parser.StartElementHandler = self._root

    def _root(self, name: str, attributes: dict[str, str]) -> None:
        if name != _ROOT:
            raise FormatError(f"its outermost element is <{name}>, not rekordbox's <{_ROOT}>")
        self.parser.StartElementHandler = self._section

    def _section(self, name: str, attributes: dict[str, str]) -> None:
        if name == "COLLECTION":
            self.has_collection = True
            self.declared = attributes.get("Entries", "")
            self.parser.StartElementHandler = self._track
        elif name == "PLAYLISTS":
            self.parser.StartElementHandler = self._node
            self.parser.EndElementHandler = self._end

    def _track(self, name: str, attributes: dict[str, str]) -> None:
        if name == "TRACK":
            self.rows.values.append(tuple(map(attributes.get, _ATTRIBUTES)))
            self.rows.lines.append(self.parser.CurrentLineNumber)
        elif name == "PLAYLISTS":
            self._section(name, attributes)

    def _node(self, name: str, attributes: dict[str, str]) -> None:
        if name == "TRACK" and self._open:
            node = self._open[-1][1]
            if node is not None:
                node.keys.append(attributes.get("Key", ""))
        elif name == "NODE":
            self._open.append(self._opened(attributes))
        elif name == "COLLECTION":
            self._section(name, attributes)

    def _opened(self, attributes: dict[str, str]) -> tuple[str, _Node | None]:
        name = attributes.get("Name", "")
        if attributes.get("Type") == _FOLDER:
            return name, None
        folders = [folder for folder, _ in self._open[1:]]  # the first is rekordbox's own ROOT
        node = _Node((*folders, name), attributes.get("KeyType", ""))
        self.nodes.append(node)
        return name, node

    def _end(self, name: str) -> None:
        if name == "NODE":
            self._open.pop()


def _paths(locations: list[str], lines: list[int], problems: list[Problem]) -> list[str]:
    paths: list[str] = []
    for location, line in zip(locations, lines, strict=True):
        try:
            paths.append(_decoded(location) if location else "")
        except InputError as error:
            paths.append("")
            problems.append(Problem(line, "location", location, str(error), "value ignored"))
    return paths


def _decoded(location: str) -> str:
    """The path of a location; other programs write it as it is. Raises `InputError` for none."""
    if location.startswith("/") or is_windows_path(location):
        return location
    if _STREAMED.match(location):
        raise InputError("a streamed track, which has no file")
    return decode_location(location)


def _resolve(nodes: list[_Node], columns: dict[str, list[str]]) -> list[SourcePlaylist]:
    by_id = first_rows(columns["source_id"])
    by_file: dict[str, int] = {}
    if any(node.key_type == _BY_LOCATION for node in nodes):
        by_file = {path_key(path): row for row, path in enumerate(columns["path"]) if path}
    playlists = []
    for node in nodes:
        if node.key_type == _BY_LOCATION:
            rows, n_missing = rows_of([_file_key(key) for key in node.keys], by_file)
        else:
            rows, n_missing = rows_of(node.keys, by_id)
        playlists.append(SourcePlaylist(node.path, rows, n_missing))
    return playlists


def _file_key(location: str) -> str:
    try:
        return path_key(_decoded(location))
    except InputError:
        return location


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


FORMAT = Format("rekordbox", NAME, sniff, read, draft)
