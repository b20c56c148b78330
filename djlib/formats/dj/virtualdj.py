"""VirtualDJ: its `database.xml`, the lists beside it, or one list alone.

Of a song `Tags` holds what a person may edit and `Scan` what VirtualDJ measured; older versions
write `Display` and `BPM`. Lists are `Folders/*.vdjfolder` and `MyLists/*.vdjfolder`, and M3U
files in `Playlists`; lists inside a list lie in `NAME.subfolders`. The shape follows VirtualDJ's
own description and files that people published; no whole real database was at hand.
"""

from __future__ import annotations

import os
from pathlib import Path

from ...errors import FormatError, InputError
from ...tables.problems import Problem
from ..collection import STATED, Library, SourcePlaylist, assemble, day_of, rating_of
from ..format import Format, head_of
from ..locations import path_key, stem
from ..options import ReadOptions
from . import m3u
from .xml import Rows, has_root, parse_file, safe_parser

NAME = "VirtualDJ database"
ADVICE = "close VirtualDJ and read its database.xml again, or one of its backups"

_ROOTS = ("VirtualDJ_Database", "VirtualFolder")
_FILE = "database.xml"
_LISTS = ("Folders", "MyLists", "Playlists", "Lists")
_INSIDE = ".subfolders"
_COLUMNS = ("location", *STATED)
_LOCATION = _COLUMNS.index("location")
_SAMPLES_A_MINUTE = 44_100 * 60

_NOTHING: dict[str, str] = {}


def sniff(path: Path, head: bytes) -> bool:
    """Whether it is a database, a list, or a folder with a database."""
    if not head and path.is_dir():
        file = path / _FILE
        return file.is_file() and has_root(head_of(file), _ROOTS[0])
    return any(has_root(head, root) for root in _ROOTS)


def read(path: Path, options: ReadOptions | None = None) -> Library:
    """Read a database with its lists, or one list.

    Lists that cannot be read are problems. Raises `FormatError` for a broken database.
    """
    file = path / _FILE if path.is_dir() else path
    is_list = has_root(head_of(file), _ROOTS[1])
    songs = _Songs(Rows(_COLUMNS, options.progress if options else None))
    problems = parse_file(songs.parser, file, ADVICE, songs.rows.report)
    lists = [(file.stem, list(range(len(songs.rows.values))))] if is_list else []
    playlists = [SourcePlaylist((name,), rows) for name, rows in lists]
    if not is_list:
        playlists += _lists(file.parent, songs.rows, problems)
    lines = songs.rows.lines
    columns = songs.rows.by_column()
    columns["source_id"] = columns["location"]
    columns["path"] = [_path(location) for location in columns["location"]]
    return assemble(NAME, columns, playlists, problems, lines)


class _Songs:
    """Collects the songs of a database or of one list."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._song: dict[str, dict[str, str]] | None = None
        self._comment: list[str] = []
        self._line = 0
        self.parser = safe_parser()
        self.parser.StartElementHandler = self._root

    def _root(self, name: str, attributes: dict[str, str]) -> None:
        if name not in _ROOTS:
            raise FormatError(f"its outermost element is <{name}>, not VirtualDJ's <{_ROOTS[0]}>")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "Song":
            self._song, self._comment = {"Song": attributes}, []
            self._line = self.parser.CurrentLineNumber
        elif name == "song":
            self._take(_list_row(attributes), self.parser.CurrentLineNumber)
        elif self._song is not None:
            self._song.setdefault(name, attributes)
            if name == "Comment":
                self.parser.CharacterDataHandler = self._comment.append

    def _end(self, name: str) -> None:
        if name == "Comment":
            self.parser.CharacterDataHandler = None
        elif name == "Song" and self._song is not None:
            self._take(_row(self._song, "".join(self._comment)), self._line)
            self._song = None

    def _take(self, row: tuple[str, ...], line: int) -> None:
        self.rows.values.append(row)
        self.rows.lines.append(line)


_SAMPLES_A_SECOND, _LONGEST_SONG = 44_100, 100_000


def _length_of(written: str) -> str:
    """The length in seconds; VirtualDJ up to 7 writes samples, of which a song has millions.

    >>> _length_of("8486912"), _length_of("192.4")
    ('192.447', '192.4')
    """
    try:
        length = float(written)
    except ValueError:
        return written
    return f"{length / _SAMPLES_A_SECOND:.3f}" if length >= _LONGEST_SONG else written


def _row(song: dict[str, dict[str, str]], comment: str) -> tuple[str, ...]:
    tags = {**song.get("Display", _NOTHING), **song.get("Tags", _NOTHING)}.get
    scan = {**song.get("BPM", _NOTHING), **song.get("Scan", _NOTHING)}.get
    infos = song.get("Infos", _NOTHING).get
    location = song["Song"].get("FilePath", "")
    return (
        location,
        tags("Author", ""),
        _title(tags("Title", ""), tags("Remix", "")) or stem(location),
        tags("Album", ""),
        tags("Label", ""),
        tags("Genre", ""),
        tempo(scan("Bpm") or tags("Bpm", "")),
        scan("Key") or tags("Key", ""),
        tags("Year", ""),
        _length_of(infos("SongLength", "")),
        day_of(infos("FirstSeen", "")),
        comment.strip(),
        rating_of(tags("Stars", ""), 5),
        infos("PlayCount", ""),
    )


def _list_row(song: dict[str, str]) -> tuple[str, ...]:
    location = song.get("path", "")
    known = {
        "artist": song.get("artist", ""),
        "title": _title(song.get("title", ""), song.get("remix", "")) or stem(location),
        "bpm": tempo(song.get("bpm", "")),
        "key": song.get("key", ""),
        "duration_s": song.get("songlength", ""),
        "location": location,
    }
    return tuple(known.get(name, "") for name in _COLUMNS)


def _title(title: str, remix: str) -> str:
    """A title with the version, which VirtualDJ keeps in a field of its own.

    >>> _title("One", "Dub Mix"), _title("One (Dub Mix)", "Dub mix"), _title("", "Dub Mix")
    ('One (Dub Mix)', 'One (Dub Mix)', '')
    """
    if not title or not remix.strip() or remix.strip().casefold() in title.casefold():
        return title
    return f"{title} ({remix.strip()})"


def tempo(stated: str) -> str:
    """Beats a minute from what VirtualDJ writes: seconds a beat, once samples a beat.

    >>> tempo("0.468750"), tempo("20671"), tempo("124.5"), tempo("fast")
    ('128.0', '128.005', '124.5', 'fast')
    """
    try:
        number = float(stated)
    except ValueError:
        return stated
    if 0 < number < 10:
        return str(round(60 / number, 3))
    return str(round(_SAMPLES_A_MINUTE / number, 3)) if number > 1000 else str(number)


def _path(location: str) -> str:
    """The file of a song, "" for one that is streamed."""
    return "" if "://" in location[:20] else location


def _lists(folder: Path, songs: Rows, problems: list[Problem]) -> list[SourcePlaylist]:
    """The lists beside a database; songs that the database lacks become rows."""
    by_file = {path_key(row[_LOCATION] or ""): n for n, row in enumerate(songs.values)}
    files = (file for name in _LISTS for file in sorted((folder / name).rglob("*")))
    playlists = []
    for file in files:
        try:
            members = _members(file)
        except (InputError, OSError) as error:
            problems.append(Problem(None, "playlist", file.name, str(error)))
            continue
        if members is None:
            continue
        names = _names(file, folder)
        playlist = SourcePlaylist(names)
        for row in members:
            key = path_key(row[_LOCATION] or "")
            if key not in by_file:
                by_file[key] = len(songs.values)
                songs.values.append(row)
                songs.lines.append(0)
            playlist.rows.append(by_file[key])
        playlists.append(playlist)
    return playlists


def _names(file: Path, folder: Path) -> tuple[str, ...]:
    """The name of a list and of those it stands in: `MyLists/Club.subfolders/Late.vdjfolder`."""
    parts = file.relative_to(folder).with_suffix("").parts
    return tuple(part.removesuffix(_INSIDE) for part in parts[1:])


def _members(file: Path) -> list[tuple[str | None, ...]] | None:
    """Rows of a list; None for a file that is no list, such as a filter."""
    if file.suffix.lower() in (".m3u", ".m3u8"):
        songs = m3u.read(file).tracks[["path", "artist", "title"]].to_dict("records")
        return [_list_row({str(name): value for name, value in song.items()}) for song in songs]
    if file.suffix.lower() != ".vdjfolder" or os.path.isdir(file):
        return None
    if not has_root(head_of(file), _ROOTS[1]):
        return None
    found = _Songs(Rows(_COLUMNS, None))
    parse_file(found.parser, file, ADVICE)
    return found.rows.values


FORMAT = Format("virtualdj", NAME, sniff, read)
