"""What the fields of a track are called, and their values, where a person reads of them."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from ..features.library_fields import folder_of, folders_of
from ..tables.cells import text_of
from ..tables.schema import TRACKS, coerce

_NAMES = {
    "genres": "genre",
    "bpm": "tempo",
    "duration_s": "length",
    "date_added": "date added",
    "sentence": "wording",
    "path": "folder",
    "play_count": "play count",
}
_TOO_LONG_TO_REPEAT = ("title", "sentence")
"""A reason names these without what they hold: the title stands in the row anyway."""

_LONGEST = 40


def field_name(field: str) -> str:
    """A field as a person calls it.

    >>> field_name("bpm"), field_name("artist")
    ('tempo', 'artist')
    """
    return _NAMES.get(field, field)


def field_values(tracks: pd.DataFrame, field: str) -> list[str]:
    """What a field holds, one text a track: "" where it is missing or cannot be read.

    >>> tracks = pd.DataFrame({"bpm": ["128,00", "fast"], "duration_s": [192.0, 3725.0]})
    >>> field_values(tracks, "bpm"), field_values(tracks, "duration_s")
    (['128', ''], ['3:12', '1:02:05'])
    """
    if field == "path":
        return [
            shortened(re.split(r"/:|[/\\]", folder_of(path))[-2]) if folders_of(path) else ""
            for path in text_of(tracks, "path")
        ]
    if field not in tracks or field == "sentence":
        return [""] * len(tracks)
    if field not in TRACKS.names:
        return [shortened(cell) for cell in text_of(tracks, field)]
    values = coerce(tracks[[field]], TRACKS)[0][field]
    column = TRACKS.column(field)
    as_number = _duration if column.kind == "seconds" else "{:g}".format
    shown = shortened if column.is_text else as_number
    codes, different = pd.factorize(values)  # a missing number has the code -1: the last word
    words = np.array([*map(shown, different), ""], dtype=object)
    return list(words[codes])


def in_a_reason(tracks: pd.DataFrame, field: str, missing: np.ndarray) -> list[str]:
    """A field as a reason names it: `genre House`, `its title`, `the missing tempo`.

    >>> tracks = pd.DataFrame({"genres": ["House", ""], "title": ["Be Mine", ""]})
    >>> in_a_reason(tracks, "genres", np.array([False, True]))
    ['genre House', 'the missing genre']
    >>> in_a_reason(tracks, "title", np.array([False, True]))
    ['its title', 'the missing title']
    """
    name = field_name(field)
    values = field_values(tracks, field)
    if field in _TOO_LONG_TO_REPEAT:
        named = [f"its {name}"] * len(tracks)
    else:
        named = [f"{name} {value}" for value in values]
    return [
        f"the missing {name}" if lacking else words
        for words, lacking in zip(named, missing, strict=True)
    ]


def shortened(text: str, longest: int = _LONGEST) -> str:
    """Text as one line of at most `longest` signs, without any that could steer a terminal.

    >>> shortened("Deep\\n House \\x1b[31m", 10), shortened("a" * 50, 5)
    ('Deep Hous…', 'aaaa…')
    """
    plain = (sign if sign.isprintable() else " " for sign in text[: 4 * longest])
    text = " ".join("".join(plain).split())
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def joined(words: list[str], last: str = "and") -> str:
    """Words as a list in a sentence.

    >>> joined(["tempo", "key", "genre"]), joined(["tempo"])
    ('tempo, key and genre', 'tempo')
    """
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
