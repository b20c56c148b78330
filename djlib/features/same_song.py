"""Which rows of a library are one song: the same recording twice, or other versions of it."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from rapidfuzz import fuzz, process
from scipy.cluster.hierarchy import DisjointSet

from .text import split_artist_title, strip_promo
from .title_facts import title_facts

_LONGEST = 300
_BRACKETED = re.compile(r"[(\[{]([^()\[\]{}]*)[)\]}]")
_DASHED = re.compile(r"(?<!\s)\s+[-–—]\s++([^-–—]+)$")
_GUESTS = re.compile(r"\b(?:feat|ft|featuring)\b\.?\s+(?s:.*)$", re.I)
_GUESTS_INSIDE = re.compile(r"\s*(?:feat|ft|featuring|with|w/)\b\.?\s+.*", re.I)
_BARE = re.compile(
    r"(?<!\s)\s+((?:(?:original|extended|radio|club|vocal|instrumental|dub)\s++){1,6}(?:mix|edit|version))$",
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


SECONDS_APART = 3.0
"""Two files of one recording differ by no more: silence, another encoder."""

_ALIKE_SONG, _ALIKE_ARTIST, _ALIKE_MAKER = 90.0, 85.0, 85.0
_SCORERS = (fuzz.ratio, fuzz.token_sort_ratio)
"""Letters in their order, and in any order of the words: a typo can change that order."""
_RARE_WORDS = 2
_BEGINNING = 6
_LARGEST_BLOCK = 300


@dataclass(frozen=True)
class Recording:
    """What is compared of a row: its song and version, and its length (NaN where not known)."""

    version: SongVersion
    seconds: float = float("nan")


def same_songs(recordings: Sequence[Recording]) -> list[list[int]]:
    """Groups of rows that are one song, in whatever version.

    >>> titles = ["Strings of Life", "Strings Of Lfe (Extended Mix)", "Go"]
    >>> same_songs([Recording(song_version("Rhythim Is Rhythim", title)) for title in titles])
    [[0, 1]]
    """
    places: dict[tuple[str, str], list[int]] = {}
    for row, recording in enumerate(recordings):
        if recording.version.song:
            places.setdefault((recording.version.artist, recording.version.song), []).append(row)
    names = list(places)
    sets = DisjointSet(range(len(recordings)))
    for (artist, _), rows in places.items():
        ordered = rows if artist else sorted(rows, key=lambda row: recordings[row].seconds)
        for one, other in pairwise(ordered):
            if artist or is_same_song(recordings[one], recordings[other]):
                sets.merge(one, other)
    for one, other in _alike_names(names):
        first, second = places[names[one]][0], places[names[other]][0]
        if is_same_song(recordings[first], recordings[second]):
            sets.merge(first, second)
    return groups_of_several(sets)


def groups_of_several(sets: DisjointSet) -> list[list[int]]:
    """The rows of each set of more than one, in order."""
    return [sorted(rows) for rows in sets.subsets() if len(rows) > 1]


def is_same_song(one: Recording, other: Recording) -> bool:
    """Whether two rows are one song; without an artist only where title and length are the same."""
    first, second = one.version, other.version
    if first.numbers != second.numbers:
        return False
    if not (first.artist and second.artist):
        near = abs(one.seconds - other.seconds) <= SECONDS_APART
        return first.song == second.song and near and len(first.song) > _BEGINNING
    if max(scorer(first.song, second.song) for scorer in _SCORERS) < _ALIKE_SONG:
        return False
    return _is_same_artist(first.artist, second.artist)


def is_same_recording(one: Recording, other: Recording) -> bool:
    """Whether two rows of one song are one version: of one kind, by one remixer, of one length.

    >>> original, dub = SongVersion("moby", "go"), SongVersion("moby", "go", "dub")
    >>> is_same_recording(Recording(original, 215), Recording(original, 217))
    True
    >>> is_same_recording(Recording(original, 215), Recording(original, 390))
    False
    >>> is_same_recording(Recording(original), Recording(dub))
    False
    """
    first, second = one.version, other.version
    if first.kind != second.kind or bool(first.remixer) != bool(second.remixer):
        return False
    if first.remixer and fuzz.token_set_ratio(first.remixer, second.remixer) < _ALIKE_MAKER:
        return False
    apart = abs(one.seconds - other.seconds)
    return bool(np.isnan(apart) or apart <= SECONDS_APART)


def _is_same_artist(one: str, other: str) -> bool:
    """`Robyn` is in `Robyn and Kleerup`; but a short name is in many."""
    if fuzz.token_sort_ratio(one, other) >= _ALIKE_ARTIST:
        return True
    first, second = set(one.split()), set(other.split())
    shared = first & second
    return shared in (first, second) and len("".join(shared)) >= 4


def _alike_names(names: Sequence[tuple[str, str]]) -> Iterator[tuple[int, int]]:
    """Pairs of songs whose names are nearly one, each at least once."""
    songs = [song for _, song in names]
    for block in _blocks(names):
        texts = [songs[row] for row in block]
        alike = np.zeros((len(texts), len(texts)), dtype=np.bool_)
        for scorer in _SCORERS:
            scores = process.cdist(
                texts, texts, scorer=scorer, score_cutoff=_ALIKE_SONG, dtype=np.uint8
            )
            alike |= scores > 0
        for one, other in np.argwhere(np.triu(alike, k=1)):
            yield block[int(one)], block[int(other)]


def _blocks(names: Sequence[tuple[str, str]]) -> Iterator[list[int]]:
    """Rows that share one of their rarest words, or begin alike. A block too large to compare
    is a word that says nothing; its rows meet elsewhere."""
    words = [(artist.split(), song.split()) for artist, song in names]
    frequency = Counter(word for pair in words for word in {*pair[0], *pair[1]})
    members: dict[str, list[int]] = {}
    for row, ((artist, song), (_, title)) in enumerate(zip(words, names, strict=True)):
        for key in {*_rarest(artist, frequency), *_rarest(song, frequency)}:
            members.setdefault(key, []).append(row)
        members.setdefault(f"^{title.replace(' ', '')[:_BEGINNING]}", []).append(row)
    for rows in members.values():
        if 1 < len(rows) <= _LARGEST_BLOCK:
            yield rows


def _rarest(words: Iterable[str], frequency: Counter[str]) -> list[str]:
    """The rarest words that stand in more than one name: others join nothing."""
    shared = {word for word in words if frequency[word] > 1}
    return sorted(shared, key=lambda word: (frequency[word], word))[:_RARE_WORDS]
