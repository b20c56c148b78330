"""A title taken apart: the song, and which version of it this is.

`Strings (Extended Mix)`, `Strings - Radio Edit` and `Strings [Carl Craig Remix]` are one song in
three versions. An `Original Mix`, a remaster and no word at all are the same version.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from .text import split_artist_title, strip_promo
from .title_facts import title_facts

_LONGEST = 300
_BRACKETED = re.compile(r"[(\[{]([^()\[\]{}]*)[)\]}]")
_DASHED = re.compile(r"\s+[-–—]\s+([^-–—]+)$")
_GUESTS = re.compile(r"\b(?:feat|ft|featuring)\b\.?\s+.*$", re.I)
_GUESTS_INSIDE = re.compile(r"\s*(?:feat|ft|featuring|with|w/)\b\.?\s+.*", re.I)
_BARE = re.compile(
    r"\s+((?:(?:original|extended|radio|club|vocal|instrumental|dub)\s+)+(?:mix|edit|version))$",
    re.I,
)
_OWNED = re.compile(r"['’]s\b", re.I)
_MARKS = re.compile(r"[^\w\s]|_")
_REMIX = (
    r"remix|rmx|mix|edit|re-?edit|rework|reworked|bootleg|mashup|refix|flip|dub|version|vip|cut"
)
_VERSION = re.compile(
    rf"\b(?:{_REMIX}|remaster(?:ed)?|live|acoustic|instrumental|acapp?ella|a cappella"
    r"|unplugged|demo|extended|radio|original|explicit|clean)\b",
    re.I,
)
_KINDS = (
    ("acapella", r"acapp?ella|a cappella"),
    ("instrumental", r"instrumental"),
    ("acoustic", r"acoustic|unplugged"),
    ("live", r"live"),
    ("demo", r"demo"),
    ("dub", r"dub"),
    ("vip", r"vip"),
    ("radio", r"radio|short|clean"),
    ("extended", r"extended|12 inch|long|full length"),
    ("club", r"club"),
)
_KIND = [(kind, re.compile(rf"\b(?:{words})\b")) for kind, words in _KINDS]
_CHANGED = (
    ("remix", re.compile(r"\b(?:remix|rmx|rework(?:ed)?|bootleg|mashup|refix|flip)\b")),
    ("radio", re.compile(r"\bedit\b")),
)
"""What a version is that nobody put a name to."""
_NO_NAME = re.compile(
    rf"\b(?:{_REMIX}|original|extended|radio|club|vocal|instrumental|acoustic|live|demo|short|long"
    r"|full length|clean|explicit|dirty|remaster(?:ed)?|digital|official|audio|video|main|album"
    r"|single|the|acapp?ella|a cappella|unplugged|12 inch|7 inch|mono|stereo|\d{4}|s)\b"
)
_NUMBERS = re.compile(r"\b(?:\d+|i{1,3}|iv|vi{0,3}|ix|x)\b|\b[a-z]\d?$")


@dataclass(frozen=True)
class SongVersion:
    """Who plays which song, comparable, and the version: its kind ("" for the original) and who
    made it ("" for the artist)."""

    artist: str
    song: str
    kind: str = ""
    remixer: str = ""

    @property
    def version(self) -> str:
        """The version in words, "original" where it is that."""
        made = f"{self.remixer} remix" if self.remixer else ""
        return " ".join(filter(None, (made, self.kind))) or "original"

    @property
    def numbers(self) -> tuple[str, ...]:
        """Numbers in the name: `Part 1` and `Part 2` are two songs, and so are `A1` and `B2`."""
        return tuple(_NUMBERS.findall(self.song))


@lru_cache(maxsize=65536)
def song_version(artist: str, title: str) -> SongVersion:
    """Take artist and title apart.

    >>> song_version("Rhythim Is Rhythim", "Strings of Life (Extended Mix)")
    SongVersion(artist='rhythim is rhythim', song='strings of life', kind='extended', remixer='')
    >>> song_version("", "Moby - Go (Carl Craig's Remix)").version
    'carl craig remix'
    >>> song_version("Björk", "Jóga [2015 Remaster]").version
    'original'
    """
    artist, title = split_artist_title(artist[:_LONGEST], title_facts(title[:_LONGEST]).title)
    title, versions = _without_versions(strip_promo(title))
    words = " ".join(plain_words(_OWNED.sub("", version)) for version in versions)
    maker = _maker(words)
    kinds = (*_KIND, *(_CHANGED if not maker else ()))
    kind = next((kind for kind, pattern in kinds if pattern.search(words)), "")
    song = plain_words(_GUESTS.sub("", title)) or plain_words(title) or title.strip()
    return SongVersion(plain_words(artist), song, kind, maker)


def plain_words(text: str) -> str:
    """Text without case, accents and marks.

    >>> plain_words("  Jóga's  (Day & Night)! ")
    'jogas day and night'
    """
    text = unicodedata.normalize("NFKD", text).casefold()  # first: it makes capitals of some signs
    text = text.replace("&", " and ").replace("’", "'").replace("'", "")
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(_MARKS.sub(" ", bare).split())


def _without_versions(title: str) -> tuple[str, list[str]]:
    """The title without the brackets and endings that name a version, and those."""
    versions: list[str] = []

    def take(found: re.Match[str]) -> str:
        if not _VERSION.search(found[1]):
            return " " if _GUESTS_INSIDE.match(found[1]) else found[0]
        versions.append(found[1])
        return " "

    rest = _BRACKETED.sub(take, title)
    for pattern in (_DASHED, _BARE):
        found = pattern.search(rest)
        if found is not None and _VERSION.search(found[1]) and rest[: found.start()].strip():
            versions.append(found[1])
            rest = rest[: found.start()]
    return (rest, versions) if rest.strip() else (title, [])


def _maker(words: str) -> str:
    """Who made the version, of the words that name it."""
    return " ".join(_NO_NAME.sub(" ", words).split())
