"""Engine DJ: the folder `Engine Library` with its database `m.db`, of today or of Engine Prime.

Today's `Database2/m.db` has tables `Track`, `Playlist` and `PlaylistEntity`, in which each entry
names the next one; Engine Prime kept texts in `MetaData` and lists in `List`. Paths count from
the folder of the library. The shape follows the schemas 1.7 to 3.0 that libdjinterop's authors
took from real devices; no database with tracks was at hand.
"""

from __future__ import annotations

import posixpath
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ...errors import FormatError
from ..collection import STATED, Library, SourcePlaylist, assemble, day_of, rating_of, rows_of
from ..format import Format
from ..locations import is_windows_path, stem
from ..options import ReadOptions
from .sqlite_files import SIGNATURE, columns_of, opened, table_rows

NAME = "Engine DJ library"
ADVICE = "close Engine DJ, start it once and close it again, then read its 'Engine Library'"

FOLDER, FILE, NEW = "Engine Library", "m.db", "Database2"
_TRACK = (
    "id",
    "path",
    "artist",
    "title",
    "album",
    "label",
    "genre",
    "bpmAnalyzed",
    "bpm",
    "key",
    "year",
    "length",
    "dateAdded",
    "comment",
    "rating",
    "filename",
    "originDatabaseUuid",
    "originTrackId",
)
_COLUMNS = ("source_id", "location", "path", *STATED[:-1])  # nobody counts plays there
_TEXTS = {"1": "title", "2": "artist", "3": "album", "4": "genre", "5": "comment", "6": "label"}
_NUMBERS = {"4": "key", "5": "rating"}
_MAJOR = ("C", "G", "D", "A", "E", "B", "F#", "Db", "Ab", "Eb", "Bb", "F")
_MINOR = ("Am", "Em", "Bm", "F#m", "Dbm", "Abm", "Ebm", "Bbm", "Fm", "Cm", "Gm", "Dm")
_KINDS_OF_PRIME = ("1", "4")  # playlists and crates; others are histories and the prepare list


def sniff(path: Path, head: bytes) -> bool:
    """Whether it is the library's folder, the one above it, or the database."""
    if not head and path.is_dir():
        return _database(path) is not None
    named = path.name.lower() == FILE
    return head.startswith(SIGNATURE) and (named or b"PlaylistEntity" in head)


def read(path: Path, options: ReadOptions | None = None) -> Library:
    """Read all tracks with playlists and crates, each folder of the tree a part of their names."""
    file = path if path.is_file() else _database(path)
    if file is None:
        raise FormatError(f"{path}: no {FILE} of Engine DJ in it; {ADVICE}")
    with opened(file, ADVICE) as db:
        if "path" not in columns_of(db, "Track"):
            raise FormatError(f"{file}: no database of Engine DJ: no table of tracks; {ADVICE}")
        is_prime = bool(columns_of(db, "MetaData"))
        tracks = list(_of_prime(db) if is_prime else _tracks(db))
        own = next((row[0] for row in table_rows(db, "Information", ("uuid",))), "")
        by_id = _by_id(tracks, own)
        playlists = list(_lists_of_prime(db, by_id) if is_prime else _playlists(db, by_id, own))
    if options is not None and options.progress is not None:
        options.progress(len(tracks))
    root = file.absolute().parent
    rows = [_row(track, root.parent if root.name == NEW else root) for track in tracks]
    columns = {name: [row[place] for row in rows] for place, name in enumerate(_COLUMNS)}
    return assemble(NAME, columns, playlists, [])


def _database(folder: Path) -> Path | None:
    """The newest database of a library, of the folder above it or of its `Database2`."""
    places = (folder / NEW, folder, folder / FOLDER / NEW, folder / FOLDER)
    return next((place / FILE for place in places if (place / FILE).is_file()), None)


def _tracks(db: sqlite3.Connection) -> Iterator[dict[str, str]]:
    for row in table_rows(db, "Track", _TRACK, "id"):
        yield dict(zip(_TRACK, row, strict=True))


def _of_prime(db: sqlite3.Connection) -> Iterator[dict[str, str]]:
    texts: dict[str, dict[str, str]] = {}
    for owner, kind, text in table_rows(db, "MetaData", ("id", "type", "text")):
        if kind in _TEXTS:
            texts.setdefault(owner, {})[_TEXTS[kind]] = text
    for owner, kind, value in table_rows(db, "MetaDataInteger", ("id", "type", "value")):
        if kind in _NUMBERS:
            texts.setdefault(owner, {})[_NUMBERS[kind]] = value
    for track in _tracks(db):
        yield {**track, **texts.get(track["id"], {})}


def _by_id(tracks: Sequence[dict[str, str]], own: str) -> dict[str, int]:
    """Row numbers by the ids that entries of lists use: database and id."""
    found = {}
    for number, track in enumerate(tracks):
        if track["originTrackId"]:
            found[f"{track['originDatabaseUuid']}/{track['originTrackId']}"] = number
    return found | {f"{own}/{track['id']}": number for number, track in enumerate(tracks)}


def _row(track: Mapping[str, str], root: Path) -> tuple[str, ...]:
    location, added = track["path"], track["dateAdded"]
    return (
        track["id"],
        location,
        _absolute(location, root),
        track["artist"],
        track["title"] or stem(track["filename"] or location),
        track["album"],
        track["label"],
        track["genre"],
        track["bpmAnalyzed"] if track["bpmAnalyzed"] not in ("", "0", "0.0") else track["bpm"],
        key_name(track["key"]),
        track["year"],
        track["length"],
        day_of(added) or ("" if added.isdecimal() else added[:10]),
        track["comment"],
        rating_of(track["rating"], 100),
    )


def key_name(number: str) -> str:
    """The key of Engine's number: 0 is C major, 1 its relative minor, then up in fifths.

    >>> key_name("0"), key_name("1"), key_name("2"), key_name("24"), key_name("")
    ('C', 'Am', 'G', 'C', '')
    """
    if not number.isdecimal() or len(number) > 3:
        return number
    fifths, is_minor = divmod(int(number) % 24, 2)
    return (_MINOR if is_minor else _MAJOR)[fifths]


def _absolute(location: str, root: Path) -> str:
    if not location or location.startswith("/") or is_windows_path(location):
        return location
    if "://" in location[:20]:
        return ""  # streamed
    return posixpath.normpath(posixpath.join(root.as_posix(), location))


def _playlists(db: sqlite3.Connection, by_id: dict[str, int], own: str) -> Iterator[SourcePlaylist]:
    lists = {
        row[0]: row for row in table_rows(db, "Playlist", ("id", "title", "parentListId"), "id")
    }
    parents = {row[2] for row in lists.values()}
    entries: dict[str, list[tuple[str, ...]]] = {}
    wanted = ("listId", "id", "nextEntityId", "trackId", "databaseUuid")
    for row in table_rows(db, "PlaylistEntity", wanted, "id"):
        entries.setdefault(row[0], []).append(row)
    for number in lists:
        members = in_order(entries.get(number, []))
        if members or number not in parents:
            keys = [f"{database or own}/{track}" for *_, track, database in members]
            yield SourcePlaylist(_names(number, lists), *rows_of(keys, by_id))
    for above, title in table_rows(db, "Smartlist", ("parentPlaylistPath", "title")):
        yield SourcePlaylist((*_split(above), title), kind="smart")


def _names(number: str, lists: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    names: list[str] = []
    seen: set[str] = set()
    while number in lists and number not in seen:
        seen.add(number)
        _, title, number = lists[number]
        names.insert(0, title)
    return tuple(names)


def in_order(entries: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Entries in the order in which each names the next one; those outside the chain come last.

    >>> in_order([("9", "1", "0", "x", ""), ("9", "2", "1", "y", "")])
    [('9', '2', '1', 'y', ''), ('9', '1', '0', 'x', '')]
    """
    by_id = {entry[1]: entry for entry in entries}
    follow = {entry[2] for entry in entries}
    chain: dict[str, tuple[str, ...]] = {}
    for entry in (entry for entry in entries if entry[1] not in follow):
        here: tuple[str, ...] | None = entry
        while here is not None and here[1] not in chain:
            chain[here[1]] = here
            here = by_id.get(here[2])
    return list({**chain, **{entry[1]: chain.get(entry[1], entry) for entry in entries}}.values())


def _lists_of_prime(db: sqlite3.Connection, by_id: dict[str, int]) -> Iterator[SourcePlaylist]:
    members: dict[str, list[str]] = {}
    for kind, number, track in table_rows(db, "ListTrackList", ("listType", "listId", "trackId")):
        members.setdefault(f"{kind}/{number}", []).append(track)
    tracks = {key.rpartition("/")[2]: row for key, row in by_id.items()}
    for number, kind, title, path in table_rows(db, "List", ("id", "type", "title", "path")):
        if kind in _KINDS_OF_PRIME:
            keys = members.get(f"{kind}/{number}", [])
            names = _split(path) or (title,)
            yield SourcePlaylist(names, *rows_of(keys, tracks))
    yield from _crates_of_prime(db, tracks)


def _crates_of_prime(db: sqlite3.Connection, tracks: dict[str, int]) -> Iterator[SourcePlaylist]:
    """The crates and playlists of the first versions, which were tables of their own."""
    tables = (
        ("Crate", "CrateTrackList", "crateId"),
        ("Playlist", "PlaylistTrackList", "playlistId"),
    )
    for lists, entries, owner in tables:
        members: dict[str, list[str]] = {}
        for number, track in table_rows(db, entries, (owner, "trackId")):
            members.setdefault(number, []).append(track)
        for number, title, path in table_rows(db, lists, ("id", "title", "path")):
            names = _split(path) or (title,)
            yield SourcePlaylist(names, *rows_of(members.get(number, []), tracks))


def _split(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.split(";") if part)


FORMAT = Format("engine", NAME, sniff, read)
