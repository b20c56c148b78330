"""Which of several files of one recording to keep, and why."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

LOSSLESS = frozenset((".flac", ".wav", ".aif", ".aiff", ".alac", ".ape", ".wv", ".tak", ".tta"))
_TAGS = ("artist", "title", "album", "label", "genres", "bpm", "key", "year")
_BEST_KBIT = 320
_RATE_STEP = 32


@dataclass(frozen=True)
class File:
    """What speaks for a file: whether it is there, its format, size, bits a second (estimated from
    size and length), and how many tags are filled."""

    path: str
    is_there: bool
    suffix: str
    size: int | None
    kbit: int | None
    tags: int

    @property
    def is_lossless(self) -> bool:
        """Whether its format keeps all of the sound."""
        return self.suffix in LOSSLESS


def look_at(row: Mapping[str, Any]) -> File:
    """What is known of a track's file; one on another machine is known by its name only."""
    path = str(row.get("path") or "")
    size = _size(path)
    seconds = row.get("duration_s")
    kbit = None
    if size and isinstance(seconds, float | int) and seconds > 0 and not math.isnan(seconds):
        kbit = round(size * 8 / 1000 / seconds)
    filled = sum(bool(_text(row.get(name))) for name in _TAGS)
    suffix = PurePosixPath(path.replace("\\", "/")).suffix.lower()
    return File(path, size is not None, suffix, size, kbit, filled)


def best_of(files: Sequence[File]) -> tuple[int, str]:
    """The place of the best file, and what it has before the next best.

    >>> flac = File("a.flac", True, ".flac", 30_000_000, 900, 5)
    >>> mp3 = File("a.mp3", True, ".mp3", 9_000_000, 320, 8)
    >>> best_of([mp3, flac])
    (1, 'lossless (flac) beside mp3')
    """
    order = sorted(range(len(files)), key=lambda n: [key(files[n]) for key, _ in _RULES] + [n])
    best, second = files[order[0]], files[order[1]]
    for key, why in _RULES:
        if key(best) != key(second):
            return order[0], why(best, second)
    return order[0], "nothing tells them apart; the first"


def _size(path: str) -> int | None:
    try:
        return os.stat(path).st_size if path else None
    except (OSError, ValueError):
        return None


def _text(value: Any) -> str:
    return "" if value is None or value != value else str(value).strip()


def _rate(file: File) -> int:
    """Bits a second in steps, since a picture in the tags counts too; lossless has no say here."""
    if file.is_lossless or file.kbit is None:
        return 0
    return min(file.kbit, _BEST_KBIT) // _RATE_STEP


_Rule = tuple[Callable[[File], int], Callable[[File, File], str]]
_RULES: tuple[_Rule, ...] = (
    (lambda f: -f.is_there, lambda a, b: "the file is there, of the other only the entry is"),
    (
        lambda f: -f.is_lossless,
        lambda a, b: f"lossless ({a.suffix[1:]}) beside {b.suffix[1:] or 'an unknown format'}",
    ),
    (lambda f: -_rate(f), lambda a, b: f"about {a.kbit} kbit/s beside {b.kbit or 'unknown'}"),
    (lambda f: -f.tags, lambda a, b: f"{a.tags} of {len(_TAGS)} tags filled beside {b.tags}"),
    (lambda f: -(f.size or 0), lambda a, b: "the larger file"),
)
"""What counts, the weightiest first: a number, lower is better, and how to say it."""
