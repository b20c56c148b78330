"""Read a DJ's library, whatever program it comes from, alone or inside a folder."""

from __future__ import annotations

import os
from collections.abc import Set
from dataclasses import replace
from itertools import chain
from pathlib import Path

from ..errors import DjlibError, FormatError, InputError, NotFoundError
from ..tables.csv.sniffing import foreign_content
from ..tables.problems import Problem
from .collection import Library, Playlist, Progress, track_id
from .format import BUILT_IN, Format, all_formats, built_in, head_of, plugin_formats
from .locations import is_of_the_system, walk
from .options import ReadOptions

__all__ = ["Library", "Playlist", "Progress", "read_library", "track_id"]

_SUFFIXES = (".xml", ".nml", ".m3u", ".m3u8", ".sqlite", ".crate", ".scrate", ".vdjfolder")
_OLD = ("backup", "backups")
_SHOWN_BYTES = 40


def read_library(
    path: str | Path,
    *,
    jobs: int = 1,
    cache: Path | None = None,
    folder_names_as_playlists: bool = False,
    progress: Progress | None = None,
) -> Library:
    """Read the library file or folder of any program that djlib or a plugin knows.

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
        known, problems = format_of(place)
        library = _read(known, place, options)
    except OSError as error:
        raise InputError(f"{place} cannot be read: {error.strerror or error}") from error
    return replace(library, problems=[*problems, *library.problems]) if problems else library


def _read(known: Format, place: Path, options: ReadOptions) -> Library:
    """What a format reads; an error it should not have raised is a `FormatError` too, so that one
    file or one plugin is never the end of a run over many."""
    try:
        library = known.read(place, options)
    except (DjlibError, OSError):
        raise
    except Exception as error:
        said = " ".join(f"{type(error).__name__}: {error}".split())
        raise FormatError(f"{place}: the format {known.name!r} failed with {said}") from error
    if not isinstance(library, Library):
        got = type(library).__name__
        raise FormatError(f"{place}: the format {known.name!r} gave a {got}, not a Library")
    return library


def format_of(path: Path) -> tuple[Format, list[Problem]]:
    """The format that claims a path, and formats that could not be asked.

    Raises `FormatError`, saying what the file looks like, where none does.
    """
    head = head_of(path)
    theirs, problems = plugin_formats()
    for candidate in chain(map(built_in, BUILT_IN), theirs):  # each imported when it is asked
        try:
            if candidate.sniff(path, head):
                return candidate, problems
        except Exception as error:  # a plugin's; djlib's own sniffers raise nothing
            problems.append(Problem(None, "format", candidate.name, f"it cannot be asked: {error}"))
    readable = ", ".join(candidate.about for candidate in all_formats()[0])
    seen = _seen(path, head)
    raise FormatError(f"{path}: {seen}; readable: {readable}, or a CSV or Parquet table")


def _seen(path: Path, head: bytes) -> str:
    """What a file that no format claims looks like."""
    from .dj.xml import first_elements

    if not path.is_file():
        return "neither a file nor a folder"
    if head and not head.strip(b"\x00"):
        return "it holds only zero bytes: it is damaged, take a copy of it"
    foreign = foreign_content(head)
    if foreign:
        return f"it is {foreign}"
    elements = first_elements(head)
    if elements:
        return f"an XML file whose outermost element is <{elements[0][0]}>"
    if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        return "broken XML: no element can be read from it"
    return f"it begins with {head[:_SHOWN_BYTES]!r}" if head else "it is empty"


def libraries_in(folder: Path) -> list[Path]:
    """Library files under a folder, and the folders that are libraries, in the order of names.

    Links to folders are not followed, hidden files and folders of backups not looked at.
    """
    from .dj import serato4, virtualdj

    known = _folders_of_programs()
    found: list[Path] = []
    for place, folders, files in os.walk(folder):
        here = Path(place)
        if virtualdj.sniff(here, b"") or (here / serato4.MASTER).is_file():  # one of several files
            found.append(here)
            folders.clear()
            continue
        inside = [name for name in folders if name.casefold() in known]
        found += (Path(place, name) for name in sorted(inside))
        old = (name for name in folders if name.casefold() in _OLD or is_of_the_system(name))
        skipped = {*inside, *old}
        folders[:] = sorted(name for name in folders if name not in skipped)
        named = (name for name in sorted(files) if name.lower().endswith(_SUFFIXES))
        found += (Path(place, name) for name in named if _is_library(Path(place, name)))
    return found


def _is_library(file: Path) -> bool:
    if file.name.startswith("."):
        return False
    try:
        return format_of(file)[0].name != "folder"
    except (FormatError, OSError):
        return False


def is_one_library(folder: Path) -> bool:
    """Whether a folder is what one program keeps, rather than one that holds such folders."""
    if format_of(folder)[0].name == "folder":
        return False
    known = _folders_of_programs()
    return not any(entry.name.casefold() in known for entry in folder.iterdir())


def _folders_of_programs() -> Set[str]:
    """What programs call the folders that they keep beside the audio files."""
    from .dj import engine, serato

    return {serato.FOLDER.casefold(), engine.FOLDER.casefold()}


def holds_audio(folder: Path) -> bool:
    """Whether there is an audio file anywhere under a folder."""
    from .audio.audio_tags import READABLE_SUFFIXES, UNREADABLE_SUFFIXES

    suffixes = READABLE_SUFFIXES | UNREADABLE_SUFFIXES
    return any(
        os.path.splitext(name)[1].lower() in suffixes
        for _, _, files in walk(folder)
        for name in files
    )
