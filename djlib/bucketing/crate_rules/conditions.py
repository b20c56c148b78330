"""Conditions a DJ can read: what a rule may ask of a track, and how it says so.

A condition on a value that a track lacks is not met.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from ...features.music import Key, parse_key
from ...features.text import fold, genre_tokens, lead_artist, split_artist_title, strip_promo
from ...tables.cells import text_of
from ...tables.schema import TRACKS, coerce

Way = Literal["between", "is", "has"]

NUMBERS = ("bpm", "year", "duration_s")
"""Fields a condition bounds: whole BPM, years, half minutes."""

NAMES: tuple[tuple[str, Way], ...] = (
    ("genres", "is"),
    ("genres", "has"),
    ("artist", "is"),
    ("label", "is"),
    ("title", "has"),
)
"""Fields a condition names values of: whole ones, or words in them."""

RULE_FIELDS = (*NUMBERS, "key", *dict.fromkeys(field for field, _ in NAMES))
"""Everything a rule may speak of."""

_SPOKEN = {"bpm": "BPM", "duration_s": "length", "genres": "genre"}
_HALF_MINUTE = 30.0
_WORD = re.compile(r"[^\W\d_]{3,}")
_STEPS = 12


@dataclass(frozen=True)
class Condition:
    """One thing asked of a track: a number from `low` to `high` (None: no limit on that side), or
    one of `values`. Keys are named as Camelot writes them.

    >>> print(Condition("bpm", "between", low=118, high=126))
    BPM 118 to 126
    >>> print(Condition("genres", "is", ("house", "deep house")))
    genre is house or deep house
    """

    field: str
    way: Way
    values: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None

    def met_by(self, tracks: pd.DataFrame) -> np.ndarray:
        """Which tracks meet it, (n,)."""
        if self.way == "between":
            low = -np.inf if self.low is None else self.low
            high = np.inf if self.high is None else self.high
            numbers = numbers_of(tracks, self.field)
            return np.asarray((numbers >= low) & (numbers <= high))
        wanted = {fold(value) for value in self.values}
        found = names_of(tracks, self.field, self.way)
        return np.array([not wanted.isdisjoint(names) for names in found], dtype=bool)

    def __str__(self) -> str:
        name = _SPOKEN.get(self.field, self.field)
        if self.way == "between":
            return f"{name} {self._bounds()}"
        if self.field == "key":
            return f"key {_spoken_keys(self.values)}"
        return f"{name} {self.way} {_either(self.values)}"

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        if self.way == "between":
            return {"field": self.field, "way": "between", "low": self.low, "high": self.high}
        return {"field": self.field, "way": self.way, "values": list(self.values)}

    def _bounds(self) -> str:
        show = _minutes if self.field == "duration_s" else "{:.0f}".format
        if self.low is None and self.high is None:
            return "known"
        if self.low is None:
            return f"up to {show(self.high)}"
        if self.high is None:
            return f"from {show(self.low)}"
        return show(self.low) if self.low == self.high else f"{show(self.low)} to {show(self.high)}"


def numbers_of(tracks: pd.DataFrame, field: str) -> np.ndarray:
    """A number field as conditions compare it, (n,), NaN where missing: whole BPM, years,
    seconds to the nearest half minute."""
    if field not in tracks:
        return np.full(len(tracks), np.nan)
    numbers = coerce(tracks[[field]], TRACKS)[0][field].to_numpy(dtype=float)
    step = _HALF_MINUTE if field == "duration_s" else 1.0
    return np.asarray(np.floor(numbers / step + 0.5) * step)


def names_of(tracks: pd.DataFrame, field: str, way: Way) -> list[tuple[str, ...]]:
    """The names each track holds in a field, folded; none where it is missing."""
    if field in ("artist", "title"):  # either may stand in the cell of the other
        read = _artist if field == "artist" else _title_words
        return list(map(read, _cells(tracks, "artist"), _cells(tracks, "title")))
    return [_READERS[field, way](cell) for cell in _cells(tracks, field)]


def spelled(tracks: pd.DataFrame, field: str) -> dict[str, str]:
    """How the person writes the artists or labels that conditions name folded: the first way."""
    if field not in ("artist", "label") or field not in tracks:
        return {}
    ways: dict[str, str] = {}
    names = names_of(tracks, field, "is")
    for cell, held in zip(_cells(tracks, field), names, strict=True):
        plain = strip_promo(cell)
        for name in held:
            if fold(plain[: len(name)]) == name:
                ways.setdefault(name, plain[: len(name)])
    return ways


def keys_near() -> list[tuple[str, ...]]:
    """Sets of keys that stand together on the circle of fifths: one to five neighbours in minor,
    in major or in both, all minor ones, all major ones; as Camelot writes them."""
    arcs = [
        [(start + step) % _STEPS for step in range(length)]
        for length in range(1, 6)
        for start in range(_STEPS)
    ] + [list(range(_STEPS))]
    sets = [[Key(p, minor).camelot for p in arc] for minor in (True, False) for arc in arcs]
    both = [[Key(p, m).camelot for m in (True, False) for p in arc] for arc in arcs[:-1]]
    return [tuple(names) for names in sets + both]


def _cells(tracks: pd.DataFrame, field: str) -> list[str]:
    return text_of(tracks, field).tolist()


def _artist(artist: str, title: str) -> tuple[str, ...]:
    name = lead_artist(artist, title)
    return (name,) if name else ()


def _title_words(artist: str, title: str) -> tuple[str, ...]:
    return _words(fold(split_artist_title(artist, title)[1]))


def _genre_words(cell: str) -> tuple[str, ...]:
    return _words(" ".join(genre_tokens(cell)))


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_WORD.findall(text)))


def _label(cell: str) -> tuple[str, ...]:
    name = fold(strip_promo(cell))
    return (name,) if name else ()


def _key(cell: str) -> tuple[str, ...]:
    key = parse_key(cell)
    return (fold(key.camelot),) if key else ()


_READERS: dict[tuple[str, str], Callable[[str], tuple[str, ...]]] = {
    ("genres", "is"): genre_tokens,
    ("genres", "has"): _genre_words,
    ("label", "is"): _label,
    ("key", "is"): _key,
}


def _either(values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else f"{', '.join(values[:-1])} or {values[-1]}"


def _spoken_keys(camelot: Sequence[str]) -> str:
    """`7A to 9A (Dm to Em)`: neighbours on the circle as one stretch for each mode."""
    stretches = [[c for c in camelot if c.endswith(mode)] for mode in "AB"]
    return " or ".join(_stretch(keys) for keys in stretches if keys)


def _stretch(keys: list[str]) -> str:
    if len(keys) == _STEPS:
        return "is minor" if keys[0].endswith("A") else "is major"
    names = [key.name for key in map(parse_key, keys) if key]
    if len(keys) == 1:
        return f"{keys[0]} ({names[0]})"
    return f"{keys[0]} to {keys[-1]} ({', '.join(names)})"


def _minutes(seconds: float | None) -> str:
    minutes, rest = divmod(int(seconds or 0), 60)
    return f"{minutes}:{rest:02}"
