"""What a caller may ask of any reader or writer; a format looks at what concerns it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .collection import OWN_FOLDER, Progress


@dataclass(frozen=True)
class ReadOptions:
    """How to read a library.

    `jobs` processes read the tags of a folder's files; `cache` is the file that remembers them;
    `folder_names_as_playlists` makes each folder under the root a playlist; `progress` is told
    the number of tracks newly read.
    """

    jobs: int = 1
    cache: Path | None = None
    folder_names_as_playlists: bool = False
    progress: Progress | None = None


@dataclass(frozen=True)
class WriteOptions:
    """How to write playlists.

    `folder` is where they stand in the DJ software. In playlist files paths may be `relative` to
    the file, use the `forward_slash` on every system, and follow a byte order mark (`bom`), which
    some Windows players need.
    """

    folder: str = OWN_FOLDER
    relative: bool = False
    forward_slash: bool = False
    bom: bool = False
