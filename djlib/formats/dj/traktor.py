"""Traktor's collection.nml, versions 15 to 20 (measured on 15 and 19), read and written."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from ...errors import FormatError, InputError
from ...tables.problems import Problem
from ..collection import (
    OWN_FOLDER,
    STATED,
    UNNAMED,
    Kind,
    Library,
    Playlist,
    SourcePlaylist,
    assemble,
    fewer_than_declared,
    first_rows,
    missing_members,
    records,
    rows_of,
)
from ..drafts import Draft, NewFile, in_parts
from ..format import Format, head_of
from ..locations import is_windows_path
from ..options import ReadOptions, WriteOptions
from .traktor_places import BOOT_VOLUME, Place, boot_volume, decode_volume, encode_volume, split_key
from .xml import (
    Folder,
    Rows,
    as_tree,
    can_hold,
    element,
    first_elements,
    has_root,
    lost_signs,
    opening,
    parse_file,
    safe_parser,
)

NAME = "Traktor NML"
ADVICE = "close Traktor, copy its collection.nml again (or export the collection) and read that"

PROGRAM = "djlib"
_BOOT = "djlib; boot volume: "
"""Begins the COMPANY of a file; what follows is how the file calls a Mac's own disk."""

_ROOTS = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
MUSICAL_KEYS = (*_ROOTS, *(f"{root}m" for root in _ROOTS))
"""Names of the MUSICAL_KEY values 0 to 23, confirmed on two collections."""

_SPELLED = {"F#": "Gb", "C#": "Db", "D#": "Eb", "G#": "Ab", "A#": "Bb"}
_INFO_TEXTS = {"genres": "GENRE", "label": "LABEL", "comment": "COMMENT", "key": "KEY"}
_SOURCE = re.compile(r"(?:^|; )Traktor NML: (.*?)(?=; [A-Z][\w .]*: |$)", re.DOTALL)

Row = dict[str, Any]

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
    by_location = first_rows(columns["location"])
    declared = fewer_than_declared("tracks", collection.declared, collection.n_entries)
    playlists = [
        SourcePlaylist(node.path, *rows_of(node.keys, by_location), node.kind)
        for node in collection.nodes
    ]
    return assemble(NAME, columns, playlists, [*repaired, *declared, *collection.problems], lines)


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
        self.declared, self.n_entries = "", 0
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
            self.declared = attributes.get("ENTRIES", "")
            self.parser.StartElementHandler = self._in_entry
            self.parser.EndElementHandler = self._end_entry
        elif name == "PLAYLISTS":
            self.parser.StartElementHandler = self._in_node
            self.parser.EndElementHandler = self._end_node
        elif name == "HEAD":
            self.boot = told_boot_volume(attributes)

    def _in_entry(self, name: str, attributes: dict[str, str]) -> None:
        if name == "ENTRY":
            self.n_entries += 1
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


def write_traktor(
    path: str | Path,
    tracks: pd.DataFrame,
    playlists: Sequence[Playlist],
    folder: str = OWN_FOLDER,
) -> list[Problem]:
    """Write `tracks` and `playlists` as a new NML; the playlists stand under `folder`.

    A track without a file, or with a sign in its path that XML cannot hold, is left out and
    returned as a problem. Raises `UsageError` rather than replace a file that djlib did not write.
    """
    made = draft(Path(path), tracks, playlists, WriteOptions(folder=folder))
    made.write()
    return made.problems


def draft(
    target: Path, tracks: pd.DataFrame, playlists: Sequence[Playlist], options: WriteOptions
) -> Draft:
    """The one file `write_traktor` would write."""
    rows, problems, boot = _exportable(tracks)
    keys = {row["track_id"]: row["place"].key for row in rows}
    root = as_tree(playlists, options.folder)
    file = NewFile(target, lambda: in_parts(_document(rows, keys, root, boot)), _is_own)
    lost = lost_signs(rows, ("title", "artist", "album", *_INFO_TEXTS), playlists)
    problems += [*lost, *missing_members(playlists, tracks)]
    return Draft([file], problems, frozenset(tracks["track_id"]) - keys.keys())


def _is_own(path: Path) -> bool:
    found = first_elements(head_of(path), 2)
    return [(name, a.get("PROGRAM")) for name, a in found[1:]] == [("HEAD", PROGRAM)]


def told_boot_volume(head: Mapping[str, str]) -> str:
    """How one of djlib's own files calls a Mac's own disk, by its HEAD; "" for others.

    >>> told_boot_volume({"COMPANY": "djlib; boot volume: Macintosh HD", "PROGRAM": "djlib"})
    'Macintosh HD'
    """
    company = head.get("COMPANY", "")
    is_own = head.get("PROGRAM") == PROGRAM and company.startswith(_BOOT)
    return company.removeprefix(_BOOT) if is_own else ""


def _exportable(tracks: pd.DataFrame) -> tuple[list[Row], list[Problem], str]:
    """Rows with their places, what cannot be exported, and the name of a Mac's own disk."""
    rows, problems = [], []
    all_rows = records(tracks)
    told = [_told_places(row) for row in all_rows]
    boot = _boot_volume(all_rows, told) or BOOT_VOLUME
    for row, places in zip(all_rows, told, strict=True):
        try:
            known = _known_place(row, places, boot)
            row["place"] = known or _built_place(row.get("path", ""), boot)
        except InputError as error:
            shown = str(row.get("title", row["track_id"]))
            problems.append(Problem(None, "path", shown, str(error)))
        else:
            rows.append(row)
    return rows, problems, boot


def _told_places(row: Row) -> list[Place]:
    """Where Traktor itself said the file is."""
    told = [row.get("location", ""), *_SOURCE.findall(row.get("source_ids", ""))]
    return [place for place in map(split_key, told) if place is not None]


def _boot_volume(rows: Sequence[Row], told: Sequence[Sequence[Place]]) -> str:
    """What the Mac's own disk is called: the volume that is no part of its files' paths."""
    return boot_volume(
        (place.volume, place.folder)
        for row, places in zip(rows, told, strict=True)
        for place in places
        if decode_volume(*place, place.volume) == row.get("path", "")
    )


def _known_place(row: Row, told: Sequence[Place], boot: str) -> Place | None:
    """The place that was told, if it means the same path still."""
    for place in told:
        if decode_volume(*place, boot) == row.get("path", ""):
            return place if can_hold(place.key) else None
    return None


def _built_place(path: str, boot: str) -> Place:
    if not path:
        raise InputError("it has no file, so Traktor cannot import it")
    if not can_hold(path):
        raise InputError("a sign in the file's name that an NML file cannot hold")
    if not path.startswith("/") and not is_windows_path(path):
        raise InputError(f"path {path!r} is not absolute: Traktor needs the whole path of a file")
    return encode_volume(path, boot)


def _document(
    rows: Sequence[Row], keys: Mapping[str, str], root: Folder, boot: str
) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8" standalone="no" ?>\n<NML VERSION="19">'
    head = opening("HEAD", {"COMPANY": _BOOT + boot, "PROGRAM": PROGRAM})
    yield f"{head}</HEAD>\n<MUSICFOLDERS></MUSICFOLDERS>\n"
    yield f'<COLLECTION ENTRIES="{len(rows)}">'
    yield from map(_entry, rows)
    yield '</COLLECTION>\n<SETS ENTRIES="0"></SETS>\n<PLAYLISTS>'
    yield from _Nodes(keys).folder(("$ROOT",), root)
    yield "</PLAYLISTS>\n</NML>\n"


def _entry(row: Row) -> str:
    names = {"title": "TITLE", "artist": "ARTIST"}
    head = opening("ENTRY", {tag: str(row[name]) for name, tag in names.items() if name in row})
    place: Place = row["place"]
    parts = [element("LOCATION", place.attributes())]
    if "album" in row:
        parts.append(element("ALBUM", {"TITLE": str(row["album"])}))
    if info := _info(row):
        parts.append(element("INFO", info))
    if "bpm" in row:
        parts.append(element("TEMPO", {"BPM": f"{row['bpm']:.6f}", "BPM_QUALITY": "100.000000"}))
    value = _key_value(row)
    if value is not None:
        parts.append(element("MUSICAL_KEY", {"VALUE": str(value)}))
    return f"{head}{''.join(parts)}</ENTRY>\n"


def _info(row: Row) -> dict[str, str]:
    info = {tag: str(row[name]) for name, tag in _INFO_TEXTS.items() if name in row}
    if "duration_s" in row:
        info["PLAYTIME"] = f"{row['duration_s']:.0f}"
        info["PLAYTIME_FLOAT"] = f"{row['duration_s']:.6f}"
    if "play_count" in row:
        info["PLAYCOUNT"] = f"{row['play_count']:.0f}"
    if "rating" in row:
        info["RANKING"] = f"{row['rating'] * 51:.0f}"
    if re.fullmatch(r"\d{4}-\d\d-\d\d", str(row.get("date_added", ""))):
        year, month, day = map(int, row["date_added"].split("-"))
        info["IMPORT_DATE"] = f"{year}/{month}/{day}"
    if "year" in row:
        info["RELEASE_DATE"] = f"{row['year']:.0f}/1/1"
    return info


def _key_value(row: Row) -> int | None:
    """Traktor's number of the key, where the key is a name it knows."""
    name = str(row.get("key_name") or row.get("key") or "")
    root, minor = name.removesuffix("m"), name.endswith("m")
    name = _SPELLED.get(root, root) + "m" * minor
    return MUSICAL_KEYS.index(name) if name in MUSICAL_KEYS else None


@dataclass(frozen=True)
class _Nodes:
    """Writes the tree of playlists; `keys` are the files by track id."""

    keys: Mapping[str, str]

    def folder(self, path: tuple[str, ...], folder: Folder) -> Iterator[str]:
        count = str(len(folder.folders) + len(folder.playlists))
        yield opening("NODE", {"TYPE": "FOLDER", "NAME": path[-1]})
        yield opening("SUBNODES", {"COUNT": count}) + "\n"
        for name, inner in folder.folders.items():
            yield from self.folder((*path, name), inner)
        for playlist in folder.playlists:
            yield from self.playlist(path, playlist)
        yield "</SUBNODES></NODE>\n"

    def playlist(self, above: tuple[str, ...], playlist: Playlist) -> Iterator[str]:
        name = playlist.path[-1] if playlist.path else UNNAMED
        keys = [self.keys[member] for member in playlist.track_ids if member in self.keys]
        about = {"ENTRIES": str(len(keys)), "TYPE": "LIST", "UUID": _uuid((*above, name))}
        yield opening("NODE", {"TYPE": "PLAYLIST", "NAME": name}) + opening("PLAYLIST", about)
        for key in keys:
            inner = element("PRIMARYKEY", {"TYPE": "TRACK", "KEY": key})
            yield f"<ENTRY>{inner}</ENTRY>\n"
        yield "</PLAYLIST></NODE>\n"


def _uuid(path: tuple[str, ...]) -> str:
    """The same playlist has the same id in every export."""
    text = "\x1f".join(path).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=16).hexdigest()


FORMAT = Format("traktor", NAME, sniff, read, draft)
