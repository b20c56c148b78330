"""Traktor's collection.nml, versions 15 to 20 (measured on 15 and 19).

A file is VOLUME, DIR and FILE, joined exactly so in playlist keys. Names may lack any part but
LOCATION; the counts the file states disagree with what it holds and are never trusted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ..errors import FormatError
from ..tables.problems import Problem
from .collection import STATED, Kind, Library, SourcePlaylist, assemble, rows_of
from .format import Format
from .options import ReadOptions
from .traktor_places import boot_volume, decode_volume
from .traktor_writer import MUSICAL_KEYS, draft, told_boot_volume, write_traktor
from .xml_files import Rows, has_root, parse_file, safe_parser

__all__ = ["FORMAT", "MUSICAL_KEYS", "decode_volume", "read", "sniff", "write_traktor"]

NAME = "Traktor NML"
ADVICE = "close Traktor, copy its collection.nml again (or export the collection) and read that"

_ROOT = "NML"
_COLUMNS = (*STATED, "volume", "folder", "file")
_KINDS: dict[str, Kind] = {"PLAYLIST": "playlist", "SMARTLIST": "smart"}


def sniff(path: Path, head: bytes) -> bool:
    """Whether a file's outermost element is Traktor's."""
    return has_root(head, _ROOT)


def read(path: Path, options: ReadOptions | None = None) -> Library:
    """Read a Traktor collection in one pass.

    Raises `FormatError` where the file is empty, broken, not Traktor's or without a collection.
    """
    collection = _Collection(Rows(_COLUMNS, options.progress if options else None))
    repaired = parse_file(collection.parser, path, ADVICE, collection.rows.report)
    if not collection.has_collection:
        raise FormatError(f"{path}: it has no <COLLECTION> of tracks; {ADVICE}")
    lines, columns = collection.rows.lines, collection.rows.by_column()
    _add_paths(columns, collection.boot)
    by_location = {key: row for row, key in enumerate(columns["location"])}
    playlists = [
        SourcePlaylist(node.path, *rows_of(node.keys, by_location), node.kind)
        for node in collection.nodes
    ]
    return assemble(NAME, columns, playlists, [*repaired, *collection.problems], lines)


def _add_paths(columns: dict[str, list[str]], told: str) -> None:
    """Paths of the files, by the name of a Mac's own disk: as told, else as the places tell."""
    volumes, folders, files = (columns.pop(name) for name in ("volume", "folder", "file"))
    boot = told or boot_volume(zip(volumes, folders, strict=True))
    places = list(zip(volumes, folders, files, strict=True))
    columns["location"] = ["".join(place) for place in places]
    columns["source_id"] = columns["location"]
    columns["path"] = [decode_volume(*place, boot) for place in places]


@dataclass
class _Node:
    """A playlist element while it is read."""

    path: tuple[str, ...]
    kind: Kind
    keys: list[str] = field(default_factory=list)


class _Collection:
    """Collects one file's entries and playlists."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.nodes: list[_Node] = []
        self.problems: list[Problem] = []
        self.has_collection = False
        self.boot = ""
        self._entry: dict[str, dict[str, str]] | None = None
        self._line = 0
        self._open: list[tuple[str, _Node | None]] = []
        self.parser = safe_parser()
        self.parser.StartElementHandler = self._root

    def _root(self, name: str, attributes: dict[str, str]) -> None:
        if name != _ROOT:
            raise FormatError(f"its outermost element is <{name}>, not Traktor's <{_ROOT}>")
        self.parser.StartElementHandler = self._section

    def _section(self, name: str, attributes: dict[str, str]) -> None:
        if name == "COLLECTION":
            self.has_collection = True
            self.parser.StartElementHandler = self._in_entry
            self.parser.EndElementHandler = self._end_entry
        elif name == "PLAYLISTS":
            self.parser.StartElementHandler = self._in_node
            self.parser.EndElementHandler = self._end_node
        elif name == "HEAD":
            self.boot = told_boot_volume(attributes)

    def _in_entry(self, name: str, attributes: dict[str, str]) -> None:
        if name == "ENTRY":
            self._entry = {"ENTRY": attributes}
            self._line = self.parser.CurrentLineNumber
        elif self._entry is not None:
            self._entry.setdefault(name, attributes)

    def _end_entry(self, name: str) -> None:
        if name == "ENTRY" and self._entry is not None:
            self._take(self._entry)
            self._entry = None
        elif name == "COLLECTION":
            self.parser.StartElementHandler = self._section
            self.parser.EndElementHandler = None

    def _take(self, entry: dict[str, dict[str, str]]) -> None:
        if "LOCATION" in entry:
            self.rows.values.append(_row(entry))
            self.rows.lines.append(self._line)
        else:
            title = entry["ENTRY"].get("TITLE", "")
            self.problems.append(Problem(self._line, "LOCATION", title, "the entry has no file"))

    def _in_node(self, name: str, attributes: dict[str, str]) -> None:
        if name == "PRIMARYKEY" and self._open:
            node = self._open[-1][1]
            if node is not None:
                node.keys.append(attributes.get("KEY", ""))
        elif name == "NODE":
            self._open_node(attributes.get("NAME", ""), attributes.get("TYPE", ""))

    def _open_node(self, name: str, kind: str) -> None:
        node = None
        if kind in _KINDS:
            folders = [folder for folder, _ in self._open[1:]]  # the first is Traktor's $ROOT
            node = _Node((*folders, name), _KINDS[kind])
            self.nodes.append(node)
        self._open.append((name, node))

    def _end_node(self, name: str) -> None:
        if name == "NODE":
            self._open.pop()
        elif name == "PLAYLISTS":
            self.parser.StartElementHandler = self._section
            self.parser.EndElementHandler = None


_NOTHING: dict[str, str] = {}


def _row(entry: dict[str, dict[str, str]]) -> tuple[str, ...]:
    """The values of one entry in the order of `_COLUMNS`."""
    info = entry.get("INFO", _NOTHING).get
    place = entry["LOCATION"].get
    return (
        entry["ENTRY"].get("ARTIST", ""),
        entry["ENTRY"].get("TITLE", ""),
        entry.get("ALBUM", _NOTHING).get("TITLE", ""),
        info("LABEL", ""),
        info("GENRE", ""),
        entry.get("TEMPO", _NOTHING).get("BPM", ""),
        _key(entry.get("MUSICAL_KEY", _NOTHING).get("VALUE", ""), info("KEY", "")),
        info("RELEASE_DATE", ""),
        info("PLAYTIME_FLOAT") or info("PLAYTIME", ""),
        _iso_date(info("IMPORT_DATE", "")),
        info("COMMENT", ""),
        info("RANKING", ""),
        info("PLAYCOUNT", ""),
        place("VOLUME", ""),
        place("DIR", ""),
        place("FILE", ""),
    )


def _key(value: str, tag: str) -> str:
    """Traktor's own key, else the free text of the file's tag."""
    if value.isdecimal() and int(value) < len(MUSICAL_KEYS):
        return MUSICAL_KEYS[int(value)]
    return tag


def _iso_date(date: str) -> str:
    """`2011/3/29` as `2011-03-29`; anything else as it is."""
    parts = date.split("/")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts):
        return date
    return f"{parts[0]:>04}-{parts[1]:>02}-{parts[2]:>02}"


FORMAT = Format("traktor", NAME, sniff, read, draft)
