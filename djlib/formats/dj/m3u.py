"""M3U and M3U8 playlists, read and written: one file, one playlist."""

from __future__ import annotations

import codecs
import ntpath
import os.path
import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
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
    missing_members,
    records,
)
from ..drafts import Draft, NewFile, file_names
from ..format import Format
from ..locations import decode_location, folded_name, is_windows_path, stem
from ..options import ReadOptions, WriteOptions

NAME = "M3U playlist"
ADVICE = "export the playlist again as .m3u8"

SUFFIX = ".m3u8"
SIGNATURE = "# written by djlib"
"""A line by which djlib knows its own files."""
ENCODING = "#EXTENC:"
"""A line that says how the file is encoded, where it is not UTF-8."""

_MARK = b"\xef\xbb\xbf"
_WINDOWS_1252 = "cp1252"
_LINE_BREAKS = re.compile(r"[\r\n\x00]+")
_NEEDS_DOT = re.compile(r"#|\s|[A-Za-z][A-Za-z0-9+.-]*:|.*\\|\Z", re.DOTALL)

Row = dict[str, Any]

_SUFFIXES = (".m3u", ".m3u8")
_EXTINF = re.compile(
    r"#EXTINF:\s*+(-?\d++(?:\.\d++)?+)(?:\s++[\w-]++=\"[^\"]*+\")*+[^,]*+,(.*)", re.DOTALL
)
_TOLD = ("artist", "title", "songlength")
_ONE_SLASH = re.compile(r"file:/(?!/)")
_DASHES = (" - ", " – ", " — ")
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_ENCODING = re.compile(rb"^" + ENCODING.encode() + rb"\s*([\w-]+)", re.MULTILINE)
_HEAD = 200
_COLUMNS = ("path", "location", "artist", "title", "duration_s")


def sniff(path: Path, head: bytes) -> bool:
    """Whether a file is named as a playlist or begins with `#EXTM3U`."""
    named = path.suffix.lower() in _SUFFIXES and path.is_file()
    return named or head.removeprefix(b"\xef\xbb\xbf").startswith(b"#EXTM3U")


def read(path: Path, options: ReadOptions | None = None) -> Library:
    """Read one playlist; relative paths are meant from the folder of the file.

    Streams are left out and reported. Raises `FormatError` for a file without any text.
    """
    problems: list[Problem] = []
    text = _text(path, problems)
    columns: dict[str, list[str]] = {name: [] for name in _COLUMNS}
    lines: list[int] = []
    folders: dict[str, dict[str, str]] = {}
    for number, line, about in _entries(text):
        try:
            file = _on_disk(_resolved(line, path.parent), folders)
        except InputError as error:
            problems.append(Problem(number, "path", line, str(error)))
            continue
        seconds, artist, title = about or ("", "", stem(file))
        for name, value in zip(_COLUMNS, (file, line, artist, title, seconds), strict=True):
            columns[name].append(value)
        lines.append(number)
    if options is not None and options.progress is not None:
        options.progress(len(lines))
    playlist = SourcePlaylist(_playlist_path(text, path), list(range(len(lines))))
    return assemble(NAME, columns, [playlist], problems, lines)


def _playlist_path(text: str, path: Path) -> tuple[str, ...]:
    """The name the file states or has; what djlib wrote stands in djlib's own folder."""
    named = re.search(r"^#PLAYLIST:(.*\S)", text, re.MULTILINE)
    name = named[1] if named else path.stem
    return (OWN_FOLDER, name) if SIGNATURE in text[:_HEAD].splitlines() else (name,)


def _text(path: Path, problems: list[Problem]) -> str:
    data = path.read_bytes()
    stated = _stated_encoding(data)
    try:
        text = data.decode(stated or "utf-8-sig")
    except UnicodeDecodeError:
        encoding = _guessed_encoding(data)
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError as error:
            raise FormatError(f"{path}: neither UTF-8 nor Windows-1252; {ADVICE}") from error
        reason = f"not UTF-8, read as {encoding}, which is a guess; {ADVICE}"
        problems.append(Problem(None, "encoding", path.name, reason, "note"))
    if not text.strip():
        raise FormatError(f"{path}: it is empty; {ADVICE}")
    return text


_HIGH_RUN = re.compile(rb"[\x80-\xff]{3,20}")
_JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
_NOT_JAPANESE = re.compile("[\uff61-\uff9f\ue000-\uf8ff]")
_MOST_BYTES = 1_000_000


def _guessed_encoding(data: bytes) -> str:
    """The code page of a playlist that is not UTF-8: Japanese where it makes whole Japanese signs,
    Cyrillic where words are long runs of its letters, else Western.

    >>> [_guessed_encoding(t.encode(c)) for t, c in (("音楽/夜の歌", "cp932"),
    ...  ("Группа - Песня", "cp1251"), ("Früh - Café", "cp1252"))]
    ['cp932', 'cp1251', 'cp1252']
    """
    data = data[:_MOST_BYTES]
    japanese = data.decode("cp932", "replace")
    if (
        len(_JAPANESE.findall(japanese)) >= 2
        and not _NOT_JAPANESE.search(japanese)
        and japanese.count("\ufffd") <= 1  # a sign cut in two at the end
    ):
        return "cp932"
    letters = b"".join(_HIGH_RUN.findall(data))
    n_high = sum(byte >= 0x80 for byte in data)
    n_cyrillic = sum(byte >= 0xC0 or byte in (0xA8, 0xB8) for byte in letters)
    return "cp1251" if n_cyrillic > 0.5 * n_high else _WINDOWS_1252


def _stated_encoding(data: bytes) -> str:
    """`utf-16` by its mark, `cp1252` where the file says so; what it says otherwise is guessed
    better."""
    if data.startswith(_WIDE):
        return "utf-16"
    found = _ENCODING.search(data[:_HEAD])
    return "cp1252" if found and found[1].lower() in (b"windows-1252", b"cp1252") else ""


def _entries(text: str) -> Iterator[tuple[int, str, tuple[str, str, str] | None]]:
    """Line number, path, and seconds, artist and title where a line above states them."""
    about = None
    lines = text.replace("\r\n", "\n").replace("\r", "\n")  # an old Mac's lines end so
    for number, line in enumerate(lines.split("\n"), start=1):  # splitlines() breaks at U+2028
        found = _EXTINF.fullmatch(line)
        if found is not None:
            about = (found[1] if float(found[1]) > 0 else "", *_named(found[2].strip()))
        elif line.startswith("#EXTVDJ:"):
            told = {name: _between(line, name) for name in _TOLD}
            if told["title"]:
                about = (told.get("songlength", ""), told.get("artist", ""), told["title"])
        elif line.strip() and not line.startswith("#"):
            yield number, line, about
            about = None


def _between(line: str, name: str) -> str:
    """What stands between `<name>` and `</name>`: VirtualDJ escapes nothing in there."""
    start = line.find(f"<{name}>")
    end = line.find(f"</{name}>", start)
    return line[start + len(name) + 2 : end] if 0 <= start < end else ""


def _named(text: str) -> tuple[str, str]:
    """Artist and title of `Artist - Title`, whatever its dash; a title alone has none."""
    dash = next((dash for dash in _DASHES if dash in text), None)
    artist, _, title = text.partition(dash) if dash else ("", "", text)
    return artist, title


def _resolved(line: str, folder: Path) -> str:
    bare = line.lstrip()
    if is_windows_path(bare) or bare.startswith("/"):
        return bare
    if bare[:5].lower() == "file:":
        return decode_location(_ONE_SLASH.sub("file:///", bare))
    if _URL.match(line):
        raise InputError("a stream, not a file")
    relative = line if "/" in line else line.replace("\\", "/")
    return os.path.normpath(os.path.join(os.path.abspath(folder), relative))


def _on_disk(file: str, folders: dict[str, dict[str, str]]) -> str:
    """The file as it is spelled on this disk, where only upper and lower case differ; `folders`
    remembers what was found in each."""
    folder, name = os.path.split(file)
    if os.sep not in file or is_windows_path(file) != (os.sep == "\\"):
        return file
    if folder not in folders:
        try:
            names = os.listdir(folder)
        except OSError:
            names = []
        folded = Counter(map(folded_name, names))
        folders[folder] = {n: n for n in names} | {
            folded_name(n): n for n in names if folded[folded_name(n)] == 1
        }
    known = folders[folder]
    real = known.get(name) or known.get(folded_name(name))
    return os.path.join(folder, real) if real else file


def write_m3u8(
    folder: str | Path,
    tracks: pd.DataFrame,
    playlists: Sequence[Playlist],
    options: WriteOptions | None = None,
) -> tuple[list[Path], list[Problem]]:
    """Write one `.m3u8` a playlist under `folder`; give the files written and what was left out.

    UTF-8, without a byte order mark unless asked for; paths stand byte for byte as in `path`
    unless `options` say otherwise. Names become safe for every file system. Raises `UsageError`,
    before anything is written, rather than replace a file that djlib did not write.
    """
    made = draft(Path(folder), tracks, playlists, options or WriteOptions())
    return made.write(), made.problems


def draft(
    target: Path, tracks: pd.DataFrame, playlists: Sequence[Playlist], options: WriteOptions
) -> Draft:
    """The files `write_m3u8` would write under the folder `target`."""
    return _draft(target, tracks, playlists, _Form(options))


def draft_m3u(
    target: Path, tracks: pd.DataFrame, playlists: Sequence[Playlist], options: WriteOptions
) -> Draft:
    """The same as `.m3u` in Windows-1252, for players that read nothing else; a file whose name
    has other letters is left out."""
    return _draft(target, tracks, playlists, _Form(options, ".m3u", _WINDOWS_1252))


@dataclass(frozen=True)
class _Form:
    """How the lines of a playlist file are written."""

    options: WriteOptions
    suffix: str = SUFFIX
    encoding: str = "utf-8"

    def line(self, path: str, folder: Path) -> str:
        """The line of a track in a playlist that lies in `folder`."""
        if self.options.relative:
            path = relative_path(path, folder)
        if self.options.forward_slash and (is_windows_path(path) or os.path.sep == "\\"):
            path = path.replace("\\", "/")
        return path

    def encoded(self, lines: Iterable[str]) -> Iterator[bytes]:
        if self.options.bom and self.encoding == "utf-8":
            yield _MARK
        for line in lines:
            yield line.encode(self.encoding, "replace") + b"\n"

    def why_not(self, path: str) -> str:
        """Why a playlist file cannot hold a path; "" where it can."""
        if not path:
            return "it has no file, so no playlist can hold it"
        if _LINE_BREAKS.search(path):
            return "a line break in the file's name, which a playlist file cannot hold"
        try:
            path.encode(self.encoding)
        except UnicodeEncodeError:
            return f"letters in the file's name that {self.suffix} cannot hold; use m3u8"
        return ""


def relative_path(path: str, folder: Path) -> str:
    r"""The path as seen from a folder, where that leads to the same file; else as it is.

    >>> relative_path("/Users/dj/Music/a.mp3", Path("/Users/dj/Lists"))
    '../Music/a.mp3'
    >>> relative_path("D:\\a.mp3", Path("/Users/dj")), relative_path("/l/#1.mp3", Path("/l"))
    ('D:\\a.mp3', './#1.mp3')
    """
    here = os.path.abspath(folder)
    system = ntpath if is_windows_path(path) else posixpath
    if not system.isabs(path) or is_windows_path(path) != is_windows_path(here):
        return path
    try:
        seen = system.relpath(path, here)
    except ValueError:  # another drive
        return path
    if system.normpath(system.join(here, seen)) != path:
        return path
    return f".{system.sep}{seen}" if system is posixpath and _NEEDS_DOT.match(seen) else seen


def _draft(target: Path, tracks: pd.DataFrame, playlists: Sequence[Playlist], form: _Form) -> Draft:
    rows = {row["track_id"]: row for row in records(tracks)}
    paths = file_names(target, playlists, form.suffix)
    unusable: dict[str, Problem] = {}
    files = []
    for path, playlist in zip(paths, playlists, strict=True):
        members = [rows[member] for member in playlist.track_ids if member in rows]
        unusable.update(_unusable(members, form))
        usable = [member for member in members if member["track_id"] not in unusable]
        files.append(NewFile(path, partial(_content, playlist, usable, form, path.parent), _is_own))
    problems = [*missing_members(playlists, tracks), *unusable.values()]
    return Draft(files, problems, frozenset(unusable))


def _is_own(file: Path) -> bool:
    if not file.is_file():
        return False
    with file.open("rb") as handle:
        return SIGNATURE.encode() in handle.read(200).splitlines()


def _unusable(members: Iterable[Row], form: _Form) -> dict[str, Problem]:
    found = {}
    for member in members:
        reason = form.why_not(member.get("path", ""))
        if reason:
            shown = str(member.get("title", member["track_id"]))
            found[member["track_id"]] = Problem(None, "path", shown, reason)
    return found


def _content(
    playlist: Playlist, members: Sequence[Row], form: _Form, folder: Path
) -> Iterator[bytes]:
    return form.encoded(_lines(playlist, members, form, folder))


def _lines(playlist: Playlist, members: Sequence[Row], form: _Form, folder: Path) -> Iterator[str]:
    yield "#EXTM3U"
    yield SIGNATURE
    if form.encoding != "utf-8":
        yield f"{ENCODING}windows-1252"
    yield "#PLAYLIST:" + (_one_line(playlist.path[-1] if playlist.path else "") or UNNAMED)
    for member in members:
        length = round(member.get("duration_s", -1))
        names = (_one_line(member.get("artist", "")), _one_line(member.get("title", "")))
        yield f"#EXTINF:{length},{' - '.join(filter(None, names))}"
        yield form.line(member["path"], folder)


def _one_line(text: str) -> str:
    return _LINE_BREAKS.sub(" ", text).strip()


FORMAT = Format("m3u", NAME, sniff, read, draft)
