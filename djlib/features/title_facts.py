"""Tempo and key that people and programs write into titles: `One - 128 - 8A`, `8A - One [128 BPM]`.

Only parts at either end count, between dashes or in brackets, and only where nothing else stands
in them. A bare number is a tempo only beside a key, and a key as musicians write it only beside a
tempo: `99` and `Am` may be what a song is called, `8A` and `128 BPM` are not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pandas as pd

from .music import parse_key

SLOWEST, FASTEST = 60.0, 200.0

_PART = re.compile(r"(?<!\s)\s+[-–—_|]++\s+|(?:(?<!\s)\s+)?[\[(]([^\[\]()]*+)[\])]\s*")
_WORDS = re.compile(r"[\s;/]+")
_TEMPO = re.compile(r"(\d{2,3}(?:[.,]\d{1,3})?)(bpm)?", re.I)
_WHEEL = re.compile(r"(?:0?[1-9]|1[0-2])[abdm]", re.I)
_MUSICAL = re.compile(r"[A-G](?:#|b|♯|♭)?(?:m|min|maj|minor|major)?")
_ENERGY = re.compile(r"energy|nrg|\d{1,2}", re.I)
_LONGEST = 300


@dataclass(frozen=True)
class TitleFacts:
    """What a title says beside the name; `title` is the name alone."""

    title: str
    bpm: float | None = None
    key: str = ""


@dataclass
class _Part:
    """What one part of a title says; `is_sure` for what no song is called."""

    bpm: float | None = None
    key: str = ""
    is_sure: bool = False


def title_facts(title: str) -> TitleFacts:
    """Read tempo and key from the ends of a title.

    >>> title_facts("Ana - One - 128 - 8A")
    TitleFacts(title='Ana - One', bpm=128.0, key='8A')
    >>> title_facts("8A - One (Extended) [127,5 BPM]")
    TitleFacts(title='One (Extended)', bpm=127.5, key='8A')
    >>> title_facts("Take Me Home - 99").bpm is None
    True
    """
    plain = title[:_LONGEST]
    cuts = list(_PART.finditer(plain))
    pieces = _pieces(plain, cuts)
    found = {n: part for n, piece in enumerate(pieces) if (part := _said(piece[2])) is not None}
    at_ends = _at_ends(found, len(pieces))
    said = [found[number] for number in at_ends]
    bpm = next((part.bpm for part in said if part.bpm is not None), None)
    key = next((part.key for part in said if part.key), "")
    sure = any(part.is_sure for part in said) or (bpm is not None and bool(key))
    if not sure or len(at_ends) == len(pieces):
        return TitleFacts(title)
    if bpm is None or not key:  # only what is sure by itself
        at_ends = [number for number in at_ends if found[number].is_sure]
    kept = [piece for number, piece in enumerate(pieces) if number not in at_ends]
    name = plain[kept[0][0] : kept[-1][1]].strip()
    return TitleFacts(name, bpm, key) if at_ends else TitleFacts(title)


def _pieces(title: str, cuts: list[re.Match[str]]) -> list[tuple[int, int, str]]:
    """Start, end and text of each part: between dashes, or inside brackets."""
    pieces: list[tuple[int, int, str]] = []
    place = 0
    for cut in cuts:
        pieces.append((place, cut.start(), title[place : cut.start()]))
        if cut[1] is not None:
            pieces.append((cut.start(), cut.end(), cut[1]))
        place = cut.end()
    pieces.append((place, len(title), title[place:]))
    return [piece for piece in pieces if piece[2].strip()]


def _at_ends(found: dict[int, _Part], n_pieces: int) -> list[int]:
    """Numbers of the parts that say something, counted from either end without a gap."""
    first = next((n for n in range(n_pieces) if n not in found), n_pieces)
    last = next((n for n in range(n_pieces - 1, -1, -1) if n not in found), -1)
    return [number for number in found if number < first or number > last]


def _said(text: str) -> _Part | None:
    """What a part says where it says nothing but tempo, key and energy; None for a name."""
    part = _Part()
    words = [word for word in _WORDS.split(text.strip()) if word.lower() != "bpm"]
    if not 1 <= len(words) <= 4:
        return None
    named = len(words) < len(_WORDS.split(text.strip()))
    for word in words:
        tempo = _TEMPO.fullmatch(word)
        number = float(tempo[1].replace(",", ".")) if tempo else 0.0
        if part.bpm is None and SLOWEST <= number <= FASTEST:
            part.bpm = number
            part.is_sure |= named or (tempo is not None and tempo[2] is not None)
        elif not part.key and (_WHEEL.fullmatch(word) or _MUSICAL.fullmatch(word)):
            part.key = word if parse_key(word) else ""
            part.is_sure |= _WHEEL.fullmatch(word) is not None
        elif not (part.key and _ENERGY.fullmatch(word)):
            return None
    return part


def fill_from_titles(tracks: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Give tracks without tempo or key what their titles say, and how many were given some.

    Titles stay as they are; so does the caller's table.

    >>> tracks = pd.DataFrame({"title": ["One - 128 - 8A", "Two"], "bpm": [None, 99], "key": ""})
    >>> filled, n_filled = fill_from_titles(tracks)
    >>> filled["bpm"].tolist(), filled["key"].tolist(), n_filled
    ([128.0, 99.0], ['8A', ''], 1)
    """
    if not {"title", "bpm", "key"} <= set(tracks):
        return tracks, 0
    keys, tempos = tracks["key"].tolist(), tracks["bpm"].astype("float64").tolist()
    n_filled = 0
    for row, title in enumerate(tracks["title"].tolist()):
        if (tempos[row] == tempos[row] and keys[row]) or not any(map(str.isdigit, title)):
            continue
        facts = title_facts(title)
        before = keys[row], tempos[row]
        keys[row] = keys[row] or facts.key
        if tempos[row] != tempos[row] and facts.bpm is not None:
            tempos[row] = facts.bpm
        n_filled += keys[row] != before[0] or (facts.bpm is not None and before[1] != before[1])
    key = pd.Series(keys, index=tracks.index, dtype="str")
    return tracks.assign(bpm=pd.Series(tempos, index=tracks.index), key=key), n_filled
