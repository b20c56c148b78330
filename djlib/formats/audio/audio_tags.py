"""The tags of one audio file as text, or why it could not be read.

Run as a script this file is a worker: it reads a list of paths a line and answers with their
tags. It imports nothing but the standard library and the tag reader, so that it starts at once.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterable

from tinytag import TinyTag, TinyTagException

FIELDS = (
    "artist",
    "title",
    "album",
    "label",
    "genres",
    "bpm",
    "key",
    "year",
    "duration_s",
    "comment",
)
"""What is read of a file, in this order; the names of the tracks table."""

READABLE_SUFFIXES = frozenset(TinyTag.SUPPORTED_FILE_EXTENSIONS)
UNREADABLE_SUFFIXES = frozenset(
    (".aac", ".ac3", ".ape", ".dff", ".dsf", ".mka", ".mpc", ".ofr", ".tak", ".tta", ".wv")
)
"""Audio that no tag reader here understands: reported, never passed over in silence."""

_BETWEEN = "\x1f"
_NAMES_OF_BPM = ("bpm", "tempo", "tmpo", "beatsperminute")
_NAMES_OF_KEY = ("initial_key", "initialkey", "key")
_NAMES_OF_LABEL = ("publisher", "label", "organization")


Tags = tuple[str, str]
"""All values of a file as one text, as it travels and is stored; and why there is none, or ""."""


def values_of(text: str) -> list[str]:
    """The values in the order of FIELDS, "" for missing."""
    return text.split(_BETWEEN)


def read_tags(path: str) -> Tags:
    """Read one file; whatever is wrong with it becomes the reason, never an error.

    Where there is no title the name of the file is the title.
    """
    try:
        tag = TinyTag.get(path)
    except (TinyTagException, OSError, MemoryError) as error:
        return "", f"its tags cannot be read: {_reason(error)}"
    values = [_mended(value) for value in _values(tag)]
    if not any(values) and not tag.samplerate:
        return "", "neither tags nor audio in it" if tag.filesize else "the file is empty"
    if not values[1].strip():
        values[1] = os.path.splitext(os.path.basename(path))[0]
    return _joined(values), ""


def read_many(paths: Iterable[str]) -> list[Tags]:
    """Read several files."""
    return [read_tags(path) for path in paths]


def _values(tag: TinyTag) -> list[str]:
    other = tag.other
    artist, genre = tag.artist or "", tag.genre or ""
    if "artist" in other:
        artist = ", ".join(dict.fromkeys((artist, *other["artist"])))
    if "genre" in other:
        genre = "; ".join(dict.fromkeys((genre, *other["genre"])))
    return [
        artist,
        tag.title or "",
        tag.album or "",
        _first(other, _NAMES_OF_LABEL),
        genre,
        _first(other, _NAMES_OF_BPM),
        _first(other, _NAMES_OF_KEY),
        tag.year or "",
        f"{tag.duration:.3f}" if tag.duration else "",
        tag.comment or "",
    ]


def _mended(text: str) -> str:
    """Text that is UTF-8 taken for Latin-1, as many taggers write it, read as it was meant.

    >>> _mended("Fr\u00c3\u00bch"), _mended("Café")
    ('Früh', 'Café')
    """
    if text.isascii():
        return text
    for taken_for in ("latin-1", "cp1252"):
        try:
            return text.encode(taken_for).decode("utf-8")
        except UnicodeError:
            continue
    return text


def _first(other: dict[str, list[str]], names: Iterable[str]) -> str:
    for name in names:
        if name in other:
            return other[name][0]
    return ""


def _joined(values: list[str]) -> str:
    """The values as one text that every table can hold: no NULs, no halves of UTF-16 pairs."""
    text = _BETWEEN.join(values)
    if "\x00" in text or text.count(_BETWEEN) >= len(values):
        plain = (value.replace("\x00", " ").replace(_BETWEEN, " ") for value in values)
        text = _BETWEEN.join(plain)
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split()) or type(error).__name__


def _work() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    for line in sys.stdin:
        print(json.dumps(read_many(json.loads(line))), flush=True)


if __name__ == "__main__":
    _work()
