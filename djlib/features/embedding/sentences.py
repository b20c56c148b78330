"""The sentence of a track: what the sentence model reads of it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ...tables.cells import text_of
from ...tables.schema import TRACKS, coerce
from ..text import split_artist_title, strip_promo


def sentences(tracks: pd.DataFrame) -> list[str]:
    """The sentence of each track: `{artist} - {title}, {genres}, BPM {bpm}, key {key}`.

    An artist written into the title is found, promo text goes, the tempo is rounded to a whole
    number; what is missing is left out with the words before it.

    >>> sentences(pd.DataFrame({"title": ["Robyn - Be Mine", ""], "key": ["8A", ""]}))
    ['Robyn - Be Mine, key 8A', '']
    """
    bpm = _tempo(tracks)
    columns = (text_of(tracks, name) for name in ("artist", "title", "genres", "key"))
    return [_sentence(*cells) for cells in zip(*columns, bpm, strict=True)]


def _sentence(artist: str, title: str, genres: str, key: str, bpm: float) -> str:
    name = " - ".join(part for part in split_artist_title(artist, title) if part)
    tempo = "" if np.isnan(bpm) else f"BPM {bpm:.0f}"
    parts = (name, strip_promo(genres), tempo, f"key {key.strip()}" if key.strip() else "")
    return ", ".join(part for part in parts if part)


def _tempo(tracks: pd.DataFrame) -> np.ndarray:
    if "bpm" not in tracks:
        return np.full(len(tracks), np.nan)
    return coerce(tracks[["bpm"]], TRACKS)[0]["bpm"].to_numpy(dtype=float)
