"""Playlists as the tree of folders that DJ software shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from .collection import Playlist


@dataclass
class Folder:
    """Folders and playlists of one level; a folder and a playlist may share a name."""

    folders: dict[str, Folder] = field(default_factory=dict)
    playlists: list[Playlist] = field(default_factory=list)


def as_tree(playlists: Iterable[Playlist], folder: str) -> Folder:
    """Everything under one `folder` of the root.

    >>> tree = as_tree([Playlist(("Sets", "Late"), ()), Playlist(("New",), ())], "djlib")
    >>> [p.name for p in tree.folders["djlib"].playlists], list(tree.folders["djlib"].folders)
    (['New'], ['Sets'])
    """
    top = Folder()
    for playlist in playlists:
        place = top
        for name in playlist.path[:-1]:
            place = place.folders.setdefault(name, Folder())
        place.playlists.append(playlist)
    return Folder(folders={folder: top})
