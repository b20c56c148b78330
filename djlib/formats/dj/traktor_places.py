"""How Traktor says where a file is: a volume, folders joined by `/:`, and a name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from ..locations import is_windows_path

BOOT_VOLUME = "Macintosh HD"
"""What a Mac's own disk is called unless somebody renamed it."""

_USUAL = BOOT_VOLUME.split()[0]
_HOMES = "/:Users/:"
_DRIVE = re.compile(r"[A-Za-z]:")
_SHARE = re.compile(r"//|\\\\")
_ESCAPED = re.compile(r"/([:/])")


class Place(NamedTuple):
    """VOLUME, DIR and FILE of a LOCATION; `key` is how playlists name it."""

    volume: str
    folder: str
    file: str

    @property
    def key(self) -> str:
        """The three, joined."""
        return self.volume + self.folder + self.file

    def attributes(self) -> dict[str, str]:
        """As LOCATION has them."""
        return {"DIR": self.folder, "FILE": self.file, "VOLUME": self.volume}


def decode_volume(volume: str, folder: str, file: str, boot: str = "") -> str:
    """Give the path of a file from Traktor's VOLUME, DIR and FILE.

    In DIR `/:` separates folders; in any name `//` is the sign that Finder shows as `/` and the
    file system stores as `:`. The `boot` volume of a Mac is not part of its paths; where it is
    not known, it is the one called as usual or with people's homes on it.

    >>> decode_volume("Macintosh HD", "/:Users/:dj/:Music/:", "a.mp3")
    '/Users/dj/Music/a.mp3'
    >>> decode_volume("USB", "/:Sets/:", "Shudder//King.mp3"), decode_volume("C:", "/:", "a.mp3")
    ('/Volumes/USB/Sets/Shudder:King.mp3', 'C:/a.mp3')
    >>> decode_volume("Backup", "/:Users/:dj/:", "a.mp3", boot="Macintosh HD")
    '/Volumes/Backup/Users/dj/a.mp3'
    """
    inside = _ESCAPED.sub(lambda found: "/" if found[1] == ":" else ":", folder + file)
    if _DRIVE.fullmatch(volume):
        return volume + inside
    if _SHARE.match(volume):
        return volume.replace("\\", "/") + inside
    is_boot = volume == boot if boot else volume.startswith(_USUAL) or folder.startswith(_HOMES)
    return inside if is_boot or not volume else f"/Volumes/{volume}{inside}"


def boot_volume(places: Iterable[tuple[str, str]]) -> str:
    """The Mac's own disk among the VOLUME and DIR of a collection; "" where none is told.

    People's homes are on it. A second disk may hold a copy of them: the one called as a Mac's own
    disk usually is goes first, then the one with more files.

    >>> boot_volume([("My disk", "/:Users/:dj/:"), ("Old", "/:Users/:dj/:"), ("USB", "/:Sets/:")])
    'My disk'
    >>> boot_volume([("Backup", "/:Users/:dj/:"), ("Macintosh SSD", "/:Users/:dj/:")])
    'Macintosh SSD'
    """
    found = Counter(
        volume
        for volume, folder in places
        if folder.startswith(_HOMES) and not _DRIVE.fullmatch(volume) and not _SHARE.match(volume)
    )
    return max(found, key=lambda name: (name.startswith(_USUAL), found[name]), default="")


def encode_volume(path: str, boot: str = BOOT_VOLUME) -> Place:
    r"""Give VOLUME, DIR and FILE of an absolute path; `boot` is the name of a Mac's own disk.

    >>> encode_volume("D:\\Music\\a.mp3")
    Place(volume='D:', folder='/:Music/:', file='a.mp3')
    >>> encode_volume("/Volumes/USB/Sets/Shudder:King.mp3").key
    'USB/:Sets/:Shudder//King.mp3'
    """
    volume, rest = _volume(path, boot)
    *folders, file = [name.replace(":", "//") for name in rest.split("/")]
    return Place(volume, "/:" + "".join(f"{name}/:" for name in folders), file)


def split_key(key: str) -> Place | None:
    """The place a joined key means; None where it is none of Traktor's.

    >>> split_key("Macintosh HD/:Users/:dj/:a.mp3")
    Place(volume='Macintosh HD', folder='/:Users/:dj/:', file='a.mp3')
    >>> split_key("file://localhost/D:/a.mp3") is None
    True
    """
    between = [found.start() for found in _ESCAPED.finditer(key) if found[1] == ":"]
    if not between or key.startswith("file:"):
        return None
    first, last = between[0], between[-1] + 2
    return Place(key[:first], key[first:last], key[last:])


def _volume(path: str, boot: str) -> tuple[str, str]:
    """The volume of a path, and the rest of it without leading slash."""
    if is_windows_path(path):
        path = path.replace("\\", "/")
        if not path.startswith("//"):
            return path[:2], path[3:]
        host, *share = path[2:].split("/", 2)
        if len(share) == 2:
            return f"//{host}/{share[0]}", share[1]
        return f"//{host}", "/".join(share)
    if path.startswith("/Volumes/") and path.count("/") > 2:
        _, _, volume, rest = path.split("/", 3)
        return volume, rest
    return boot, path[1:]
