"""Listings as arrays: characters of names, genre tokens, times, numbers. What the encoder reads."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from ...features.text import genre_tokens
from ...tables.cells import text_of
from ..listing_numbers import N_TIME, ListingNumbers, time_columns

LENGTH = 32
"""Letters of a name that are read; names longer than this differ early enough."""

_SIGNS = " abcdefghijklmnopqrstuvwxyz0123456789&'-.,/+!?()*:$#@"
_BLANK, _UNKNOWN = 0, 1
_PLACES = {sign: at for at, sign in enumerate(_SIGNS, start=2)}

N_LETTERS = len(_SIGNS) + 2
"""Signs of the alphabet, with the blank that fills up (0) and the unknown one (1)."""


def letters(names: Sequence[str]) -> np.ndarray:
    """Give each name as a row of `LENGTH` numbers, shape (n, 32) int64.

    Accents and case are folded away; a sign outside the alphabet becomes the unknown one, so that
    a name in another script keeps its length and its spaces.

    >>> letters(["Björk", "大橋"])[:, :6].tolist()
    [[4, 12, 17, 20, 13, 0], [1, 1, 0, 0, 0, 0]]
    """
    rows = np.zeros((len(names), LENGTH), dtype=np.int64)
    for row, name in enumerate(names):
        plain = _plain(name)
        rows[row, : len(plain)] = [_PLACES.get(sign, _UNKNOWN) for sign in plain]
    return rows


def _plain(name: str) -> str:
    start = name if name.isascii() else unicodedata.normalize("NFKD", name[: 4 * LENGTH])
    kept = (sign for sign in start[: 8 * LENGTH].casefold() if not unicodedata.combining(sign))
    return " ".join("".join(kept).split())[:LENGTH]


PADDING, UNKNOWN, NONE = 0, 1, 2
"""Genre tokens that are no genre: nothing here, one never learned from, a listing without any."""

MOST_TOKENS = 8
"""Genres and styles of one listing that are read."""

CAPACITY = 512
"""Places for genre tokens; when all are taken, later ones stay unknown."""


@dataclass(frozen=True)
class Inputs:
    """n listings as arrays. Each distinct name stands once in `names`, (m, 32) letters; `artist`
    and `label`, (n,), say which one. `tokens` is (n, 8), `numbers` (n, width) float32."""

    names: np.ndarray
    artist: np.ndarray
    label: np.ndarray
    tokens: np.ndarray
    numbers: np.ndarray

    def __len__(self) -> int:
        return len(self.artist)

    def take(self, rows: np.ndarray) -> Inputs:
        """These rows only, with only the names they need."""
        used, places = np.unique(
            np.concatenate([self.artist[rows], self.label[rows]]), return_inverse=True
        )
        n = len(rows)
        kept = (self.tokens[rows], self.numbers[rows])
        return Inputs(self.names[used], places[:n], places[n:], *kept)


class ListingInputs:
    """Learns genre tokens and the scale of numbers, then gives `Inputs`.

    `numeric` names further columns to read as numbers. A token keeps its place for good, so a
    network that has learned goes on with a longer vocabulary; see `learn`.

    >>> listings = pd.DataFrame({"artist": ["Björk", ""], "genres": ["House", "Dub"]})
    >>> inputs = ListingInputs().learn(listings[:1])
    >>> read = inputs.read(listings)
    >>> read.tokens[:, 0].tolist(), len(read.names)  # dub was never learned
    ([3, 1], 2)
    """

    def __init__(self, numeric: Sequence[str] = ()) -> None:
        self.places: dict[str, int] = {}
        self.numbers = ListingNumbers(numeric)

    @property
    def width(self) -> int:
        """Columns of `Inputs.numbers`."""
        return self.numbers.width + N_TIME

    def learn(self, listings: pd.DataFrame) -> Self:
        """Give new genre tokens the next free places, and learn the scale of numbers."""
        for token in sorted({t for cell in _genre_cells(listings) for t in genre_tokens(cell)}):
            if token not in self.places and len(self.places) + NONE + 1 < CAPACITY:
                self.places[token] = len(self.places) + NONE + 1
        self.numbers.learn(listings)
        return self

    def read(self, listings: pd.DataFrame) -> Inputs:
        """Give the arrays of `listings`, in their order."""
        n = len(listings)
        both = pd.concat([text_of(listings, "artist"), text_of(listings, "label")])
        codes, names = pd.factorize(both)
        numbers = np.hstack([self.numbers.read(listings), time_columns(listings)])
        return Inputs(letters(list(names)), codes[:n], codes[n:], self._tokens(listings), numbers)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for a settings file."""
        return {"tokens": list(self.places), "numbers": self.numbers.as_dict()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read back what `as_dict` gave."""
        inputs = cls()
        inputs.places = {token: NONE + 1 + at for at, token in enumerate(values["tokens"])}
        inputs.numbers = ListingNumbers.from_dict(values["numbers"])
        return inputs

    def _tokens(self, listings: pd.DataFrame) -> np.ndarray:
        codes, cells = pd.factorize(_genre_cells(listings))
        rows = np.zeros((len(cells), MOST_TOKENS), dtype=np.int64)
        for row, cell in enumerate(cells):
            found = [self.places.get(t, UNKNOWN) for t in genre_tokens(cell)[:MOST_TOKENS]]
            rows[row, : max(1, len(found))] = found or [NONE]
        return np.asarray(rows[codes])


def _genre_cells(listings: pd.DataFrame) -> pd.Series:
    """Genres and styles in one cell."""
    return text_of(listings, "genres") + ";" + text_of(listings, "styles")
