"""Names inside paths of any system, whatever system djlib runs on."""

from __future__ import annotations

import ntpath
import posixpath

from .locations import is_windows_path


def stem(path: str) -> str:
    r"""The name of a file without folders and suffix.

    >>> stem(r"D:\Music\Ana - One.mp3"), stem("/Users/dj/A\\B.mp3"), stem("")
    ('Ana - One', 'A\\B', '')
    """
    name = ntpath.basename(path) if is_windows_path(path) else posixpath.basename(path)
    return posixpath.splitext(name)[0]
