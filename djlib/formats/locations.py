"""Where a track's file is: paths of any system, `file://localhost/` notation, equal paths."""

from __future__ import annotations

import ntpath
import os
import posixpath
import re
import string
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote_to_bytes

from ..errors import InputError


def stem(path: str) -> str:
    r"""The name of a file without folders and suffix.

    >>> stem(r"D:\Music\Ana - One.mp3"), stem("/Users/dj/A\\B.mp3"), stem("")
    ('Ana - One', 'A\\B', '')
    """
    name = ntpath.basename(path) if is_windows_path(path) else posixpath.basename(path)
    return posixpath.splitext(name)[0]


_OF_THE_SYSTEM = {
    "$recycle.bin", "recycler", "system volume information", "#recycle", "@eadir", "lost+found",
    "$extend", "found.000", "__macosx",
}  # fmt: skip


def is_of_the_system(name: str) -> bool:
    """Whether a folder belongs to the system rather than to a person: recycle bins, what indexers
    and network drives keep, anything hidden.

    >>> [is_of_the_system(n) for n in ("$RECYCLE.BIN", ".Trashes", "Techno")]
    [True, True, False]
    """
    return name.startswith(".") or name.casefold() in _OF_THE_SYSTEM


def walk(folder: str | Path) -> Iterator[tuple[str, list[str], list[str]]]:
    """As `os.walk`, without folders of the system; names in their order, links not followed."""
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not is_of_the_system(name))
        yield place, folders, files


def files_under(folder: Path) -> Iterator[Path]:
    """Files under a folder in the order of their names, hidden ones left out."""
    for place, _, files in walk(folder):
        yield from (Path(place, name) for name in sorted(files) if not name.startswith("."))


LOCALHOST = "file://localhost"

_LEFT_RAW = frozenset((string.ascii_letters + string.digits + "/:-.()_,+!;#$@=").encode())
_ENCODED = [chr(byte) if byte in _LEFT_RAW else f"%{byte:02x}" for byte in range(256)]
_USUAL = (("%20", " "), ("%27", "'"), ("%26", "&"), ("%5b", "["), ("%5d", "]"))
"""What most names need; nothing it gives begins another sign."""
_FILE_URL = re.compile(r"file://([^/]*)(/.*)", re.DOTALL | re.IGNORECASE)
_DRIVE = re.compile(r"[A-Za-z]:")
_DRIVE_AFTER_SLASH = re.compile(r"/[A-Za-z]:[/\\]")
_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\|//[^/]")


def decode_location(location: str) -> str:
    """Give the path a rekordbox location means, byte for byte as the file system has it.

    Windows paths keep the forward slashes of the location. Raises `InputError` where the location
    is not a file or its bytes are not UTF-8.

    >>> decode_location("file://localhost/Users/a/Track%20#1%20+%20%c3%a9.mp3")
    '/Users/a/Track #1 + é.mp3'
    >>> decode_location("file://localhost/D:/Music/a.mp3")
    'D:/Music/a.mp3'
    """
    found = _FILE_URL.fullmatch(location)
    if found is None:
        raise InputError(f"location {location!r} is not a file: it should begin with {LOCALHOST}/")
    host, rest = found.groups()
    path = rest
    if host and host.lower() != "localhost":
        path = host + rest if _DRIVE.fullmatch(host) else f"//{host}{rest}"
    for written, sign in _USUAL:
        path = path.replace(written, sign)
    try:
        path = unquote_to_bytes(path).decode("utf-8") if "%" in path else path
    except UnicodeDecodeError as error:
        raise InputError(f"location {location!r} is not UTF-8 ({error.reason})") from error
    return path[1:] if _DRIVE_AFTER_SLASH.match(path) else path


def encode_location(path: str) -> str:
    r"""Write an absolute path the way rekordbox does; raises `InputError` for any other path.

    >>> encode_location("D:\\Music\\R&B [live].mp3")
    'file://localhost/D:/Music/R%26B%20%5blive%5d.mp3'
    >>> encode_location("/Users/a/Track #1.mp3")
    'file://localhost/Users/a/Track%20#1.mp3'
    """
    if is_windows_path(path):
        path = path.replace("\\", "/")
    elif not path.startswith("/"):
        raise InputError(f"path {path!r} is not absolute: rekordbox needs the whole path of a file")
    try:
        encoded = "".join([_ENCODED[byte] for byte in path.encode("utf-8")])
    except UnicodeEncodeError as error:
        raise InputError(f"path {path!r} is not UTF-8 ({error.reason})") from error
    return LOCALHOST + ("" if path.startswith("/") else "/") + encoded


def is_windows_path(path: str) -> bool:
    r"""Whether a path begins with a drive letter or names a network share.

    >>> [is_windows_path(p) for p in ("D:/a.mp3", r"\\nas\music\a.mp3", "/Volumes/USB/a.mp3")]
    [True, True, False]
    """
    return _WINDOWS.match(path) is not None


def folded_name(name: str) -> str:
    """A name in the form in which two are equal on systems that do not know case (NFC).

    >>> folded_name("Fru\u0308h") == folded_name("FRÜH")
    True
    """
    return unicodedata.normalize("NFC", name).casefold()


def path_key(path: str) -> str:
    r"""The form in which two paths of one file are equal.

    Composed and decomposed accents are one (NFC); on Windows so are upper and lower case and
    both slashes.

    >>> path_key(r"D:\Music\A.mp3") == path_key("d:/music/a.MP3")
    True
    """
    if not path.isascii():
        path = unicodedata.normalize("NFC", path)
    if is_windows_path(path):
        path = path.replace("\\", "/").casefold()
    return path
