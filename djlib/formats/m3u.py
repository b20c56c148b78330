"""M3U and M3U8 playlists: one file, one playlist.

A line of `#EXTINF:seconds,Artist - Title` may stand before each path. `.m3u8` is UTF-8; older
files are often Windows-1252. `#PLAYLIST:` carries the name a file name cannot. VirtualDJ's
lists say `#EXTVDJ:` with the same in elements.
"""

from __future__ import annotations

import codecs
import os.path
import re
from collections.abc import Iterator
from pathlib import Path

from ..errors import FormatError, InputError
from ..tables.problems import Problem
from .collection import OWN_FOLDER, Library, SourcePlaylist, assemble
from .format import Format
from .locations import decode_location, is_windows_path
from .m3u_writer import ENCODING, SIGNATURE, draft, write_m3u8
from .options import ReadOptions
from .paths import stem

__all__ = ["FORMAT", "read", "sniff", "write_m3u8"]

NAME = "M3U playlist"
ADVICE = "export the playlist again as .m3u8"

_SUFFIXES = (".m3u", ".m3u8")
_EXTINF = re.compile(r"#EXTINF:\s*(-?\d+(?:\.\d+)?)(?:\s+[\w-]+=\"[^\"]*\")*[^,]*,(.*)", re.DOTALL)
_TOLD = re.compile(r"<(artist|title|songlength)>([^<]*)")
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
    text = _text(path)
    problems: list[Problem] = []
    columns: dict[str, list[str]] = {name: [] for name in _COLUMNS}
    lines: list[int] = []
    for number, line, about in _entries(text):
        try:
            file = _resolved(line, path.parent)
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


def _text(path: Path) -> str:
    data = path.read_bytes()
    try:
        text = data.decode(_stated_encoding(data) or "utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = data.decode("cp1252")
        except UnicodeDecodeError as error:
            raise FormatError(f"{path}: neither UTF-8 nor Windows-1252; {ADVICE}") from error
    if not text.strip():
        raise FormatError(f"{path}: it is empty; {ADVICE}")
    return text


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
            told = dict(_TOLD.findall(line))
            if told.get("title"):
                about = (told.get("songlength", ""), told.get("artist", ""), told["title"])
        elif line.strip() and not line.startswith("#"):
            yield number, line, about
            about = None


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


FORMAT = Format("m3u", NAME, sniff, read, draft)
