"""rekordbox XML: File > Export Collection in xml format, and back as a new file to import.

The shape of the file was measured on real exports of versions 5.4 and 5.8: `DJ_PLAYLISTS` holds
`PRODUCT`, `COLLECTION` (one `TRACK` a file, of which only `Location` is essential) and
`PLAYLISTS` (`NODE` Type 0 is a folder, Type 1 a playlist whose keys are TrackIDs, or locations
where KeyType is 1). The counts it states are never trusted.
"""

from __future__ import annotations

import re
from pathlib import Path

from ..errors import FormatError, InputError
from ..tables.problems import Problem
from .collection import Library, SourcePlaylist, assemble, rows_of
from .format import Format
from .locations import decode_location, is_windows_path, path_key
from .options import ReadOptions
from .rekordbox_writer import draft, write_rekordbox
from .xml_files import Rows, has_root, parse_file, safe_parser

__all__ = ["FORMAT", "read", "sniff", "write_rekordbox"]

NAME = "rekordbox XML"
ADVICE = "in rekordbox choose File > Export Collection in xml format and read that file"

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
    problems = list(repaired)
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
    by_id = {key: row for row, key in enumerate(columns["source_id"])}
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


FORMAT = Format("rekordbox", NAME, sniff, read, draft)
