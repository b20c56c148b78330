"""Read a DJ's library, whatever program it comes from.

A format is one module with `NAME`, `sniff(path)` and `read(path, options)`, and one line in
`FORMATS`; what a file is, is decided by its content. Tables (CSV, Parquet) are no libraries: they
are read by `djlib.tables.io`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..errors import FormatError, InputError, NotFoundError
from ..tables.sniffing import foreign_content
from . import folder, m3u, rekordbox, traktor
from .collection import Library, Playlist, Progress, track_id
from .options import ReadOptions
from .xml_files import first_elements

__all__ = ["FORMATS", "Library", "Playlist", "Progress", "read_library", "track_id"]

_SHOWN_BYTES = 40


@dataclass(frozen=True)
class Format:
    """A kind of library: its name, whether a path is one, and how to read it."""

    name: str
    sniff: Callable[[Path], bool]
    read: Callable[[Path, ReadOptions], Library]


FORMATS = (
    Format(rekordbox.NAME, rekordbox.sniff, rekordbox.read),
    Format(traktor.NAME, traktor.sniff, traktor.read),
    Format(m3u.NAME, m3u.sniff, m3u.read),
    Format(folder.NAME, folder.sniff, folder.read),
)


def read_library(
    path: str | Path,
    *,
    jobs: int = 1,
    cache: Path | None = None,
    folder_names_as_playlists: bool = False,
    progress: Progress | None = None,
) -> Library:
    """Read a rekordbox XML, a Traktor NML, an M3U playlist or a folder of audio files.

    For a folder, `jobs` processes read the tags, `cache` names a file that remembers them for
    the next scan, and `folder_names_as_playlists` makes the folders under it playlists.
    `progress` is told the number of tracks newly read. Raises `NotFoundError` where nothing is
    there and `FormatError`, saying what was seen, where no format fits.
    """
    place = Path(path)
    if not place.exists():
        raise NotFoundError(
            f"{place} does not exist; give a library file or a folder of audio files"
        )
    options = ReadOptions(jobs, cache, folder_names_as_playlists, progress)
    try:
        return _format_of(place).read(place, options)
    except OSError as error:
        raise InputError(f"{place} cannot be read: {error.strerror}") from error


def _format_of(path: Path) -> Format:
    for candidate in FORMATS:
        if candidate.sniff(path):
            return candidate
    readable = ", ".join(candidate.name for candidate in FORMATS)
    raise FormatError(f"{path}: {_seen(path)}; readable: {readable}, or a CSV or Parquet table")


def _seen(path: Path) -> str:
    """What a file that no format claims looks like."""
    if not path.is_file():
        return "neither a file nor a folder"
    with path.open("rb") as file:
        head = file.read(_SHOWN_BYTES)
    foreign = foreign_content(head)
    if foreign:
        return f"it is {foreign}"
    elements = first_elements(path)
    if elements:
        return f"an XML file whose outermost element is <{elements[0][0]}>"
    if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        return "broken XML: no element can be read from it"
    return f"it begins with {head!r}" if head else "it is empty"
