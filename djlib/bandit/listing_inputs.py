"""Listings as arrays: characters of names, genre tokens, times, numbers. What the encoder reads.

Nothing here needs more than the columns a listing happens to have; what is missing is flagged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from ..features.text import genre_tokens
from ..tables.cell_text import text_of
from .listing_numbers import ListingNumbers
from .listing_times import N_TIME, time_columns
from .name_letters import letters

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
