"""Names inside paths of any system, whatever system djlib runs on, and the files of a folder."""

from __future__ import annotations

import ntpath
import os
import posixpath
from collections.abc import Iterator
from pathlib import Path

from .locations import is_windows_path


def stem(path: str) -> str:
    r"""The name of a file without folders and suffix.

    >>> stem(r"D:\Music\Ana - One.mp3"), stem("/Users/dj/A\\B.mp3"), stem("")
    ('Ana - One', 'A\\B', '')
    """
    name = ntpath.basename(path) if is_windows_path(path) else posixpath.basename(path)
    return posixpath.splitext(name)[0]


def files_under(folder: Path) -> Iterator[Path]:
    """Files under a folder in the order of their names, hidden ones left out."""
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(place, name) for name in sorted(files) if not name.startswith("."))
