"""Write playlists as an NML file of their own that Traktor imports; never the collection itself.

Traktor knows a file by VOLUME, DIR and FILE. A track that was read from Traktor keeps them as
they were, since the name of a Mac's boot volume cannot be told from a path.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import InputError
from ..tables.problems import Problem
from .collection import OWN_FOLDER, UNNAMED, Playlist, missing_members, records
from .drafts import Draft, NewFile, in_parts
from .format import head_of
from .locations import is_windows_path
from .options import WriteOptions
from .playlist_tree import Folder, as_tree
from .traktor_places import (
    BOOT_VOLUME,
    Place,
    boot_volume,
    decode_volume,
    encode_volume,
    split_key,
)
from .xml_files import first_elements
from .xml_writing import can_hold, element, lost_signs, opening

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
