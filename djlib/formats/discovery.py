"""The libraries inside a folder: what DJ programs keep there, beside the audio files.

Only what a program itself names is looked for, since any folder may hold pages and tables that
are nobody's library. Folders called after backups hold old states of what stands elsewhere.
"""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import FormatError
from . import engine, serato4, virtualdj
from .audio_tags import READABLE_SUFFIXES, UNREADABLE_SUFFIXES
from .library import format_of
from .serato_writer import FOLDER as SERATO_FOLDER

_SUFFIXES = (".xml", ".nml", ".m3u", ".m3u8", ".sqlite", ".crate", ".scrate", ".vdjfolder")
_FOLDERS = (SERATO_FOLDER.casefold(), engine.FOLDER.casefold())
_OLD = ("backup", "backups")


def libraries_in(folder: Path) -> list[Path]:
    """Library files under a folder, and the folders that are libraries, in the order of names.

    Links to folders are not followed, hidden files and folders of backups not looked at.
    """
    found: list[Path] = []
    for place, folders, files in os.walk(folder):
        here = Path(place)
        if virtualdj.sniff(here, b"") or (here / serato4.MASTER).is_file():  # one of several files
            found.append(here)
            folders.clear()
            continue
        inside = [name for name in folders if name.casefold() in _FOLDERS]
        found += (Path(place, name) for name in sorted(inside))
        old = (name for name in folders if name.casefold() in _OLD or name.startswith("."))
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
    return not any(entry.name.casefold() in _FOLDERS for entry in folder.iterdir())


def holds_audio(folder: Path) -> bool:
    """Whether there is an audio file anywhere under a folder."""
    suffixes = READABLE_SUFFIXES | UNREADABLE_SUFFIXES
    return any(
        os.path.splitext(name)[1].lower() in suffixes
        for _, _, files in os.walk(folder, followlinks=False)
        for name in files
    )
