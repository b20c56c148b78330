"""Musical keys in any notation, on the circle of fifths, and tempo free of its octave.

Notations and their quirks: the key tables of Mixxx, Mixed In Key and Traktor; a lower-case root
alone means minor, `8A`/`8B` is Camelot, `1m`/`1d` is Open Key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

_ROOTS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11, "h": 11}
_NAMES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_MINOR_TO_MAJOR = 3
"""Semitones from a minor key up to the major key with the same notes."""

_WHEEL = re.compile(r"^0?(\d{1,2})\s*([abdm])(?![a-z#])", re.I)
_MUSICAL = re.compile(
    r"^([a-h])\s*+(#{1,2}|b{1,2})?[\s-]*+(m|min|minor|moll|maj|major|dur)?$", re.I
)
_SPELLED = (
    (re.compile(r"(?:(?<![\s-])[\s-]+)?(♯|sharp)", re.I), "#"),
    (re.compile(r"(?:(?<![\s-])[\s-]+)?(♭|flat)", re.I), "b"),
)
_FIRST_PART = re.compile(r"(?<!\s)\s+-\s+|[/,;|(]")
_LONGEST = 60
"""Signs of a cell that are read for a key."""


@dataclass(frozen=True)
class Key:
    """A musical key: its place on the circle of fifths (C major and A minor are 0) and its mode."""

    position: int
    is_minor: bool

    @property
    def camelot(self) -> str:
        """The key as Camelot writes it, 8B for C major."""
        return f"{(self.position + 7) % 12 + 1}{'A' if self.is_minor else 'B'}"

    @property
    def open_key(self) -> str:
        """The key as Open Key writes it, 1d for C major."""
        return f"{self.position % 12 + 1}{'m' if self.is_minor else 'd'}"

    @property
    def name(self) -> str:
        """The key as musicians write it, Am for A minor."""
        major_root = self.position * 7 % 12
        root = (major_root - _MINOR_TO_MAJOR) % 12 if self.is_minor else major_root
        return _NAMES[root] + ("m" if self.is_minor else "")


@lru_cache(maxsize=4096)
def parse_key(text: str) -> Key | None:
    """Read a key in any notation, or None where the text names no key (`off`, `All`, empty).

    >>> [parse_key(t).name for t in ("8A", "08a - 6", "Amin", "a", "1m", "A minor", "B♭m", "Cb")]
    ['Am', 'Am', 'Am', 'Am', 'Am', 'Am', 'Bbm', 'B']
    >>> parse_key("off") is None
    True
    """
    plain = text.strip()[:_LONGEST]
    for pattern, sign in _SPELLED:
        plain = pattern.sub(sign, plain)
    plain = _FIRST_PART.split(plain, maxsplit=1)[0].strip()
    return _parse_wheel(plain) or _parse_musical(plain)


def _parse_wheel(text: str) -> Key | None:
    """Camelot (`8A`) or Open Key (`1m`)."""
    match = _WHEEL.match(text)
    if not match or not 1 <= int(match[1]) <= 12:
        return None
    number, letter = int(match[1]), match[2].lower()
    start = 8 if letter in "ab" else 1
    return Key((number - start) % 12, letter in "am")


def _parse_musical(text: str) -> Key | None:
    match = _MUSICAL.match(text)
    if not match:
        return None
    letter, sign, mode = match[1], match[2] or "", match[3] or ""
    root = _ROOTS[letter.lower()] + sign.count("#") - sign.lower().count("b")
    is_minor = mode == "m" or mode.lower() in {"min", "minor", "moll"}
    if not mode and letter.islower():  # traditional: a lone small letter is a minor key
        is_minor = True
    major_root = root + _MINOR_TO_MAJOR if is_minor else root
    return Key(major_root * 7 % 12, is_minor)


def fold_bpm(bpm: np.ndarray, low: float = 80.0) -> np.ndarray:
    """Move every tempo by whole octaves into [low, 2 * low): 87 and 174 become the same.

    NaN stays NaN; tempos must be positive.

    >>> fold_bpm(np.array([174.0, 87.0, 60.0])).tolist()
    [87.0, 87.0, 120.0]
    """
    octaves = np.floor(np.log2(bpm / low))
    return np.asarray(bpm / 2.0**octaves)
