"""The words of a listing, hashed: no vocabulary to learn, so that new names need no new model."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.feature_extraction.text import HashingVectorizer

from ..features.text import fold, genre_tokens
from ..tables.cell_text import text_of

WIDTH = 2**18
"""Columns of one block; two words share one about once in ten thousand."""
_TEXT = ("artist", "title", "label", "genres", "styles", "year", "country", "format")
_BETWEEN = re.compile(r"\s*(?:[;,/|&+]|\bfeat\.?\s|\bft\.?\s|\bvs\.?\s)\s*")
_LONGEST = 1000
_VARIOUS = {"", "various", "various artists", "v/a", "va", "unknown artist", "unknown"}


def listing_sentences(listings: pd.DataFrame) -> list[str]:
    """What the sentence model reads of each listing: `{artist} - {title}, {label}, {genres},
    {styles}, {year}`, without what is missing.

    >>> listing_sentences(pd.DataFrame({"artist": ["Robyn", ""], "title": ["Honey", "Loose"],
    ...     "year": [2018.0, None]}))
    ['Robyn - Honey, 2018', 'Loose']
    """
    columns = [
        _plain(listings, c) for c in ("artist", "title", "label", "genres", "styles", "year")
    ]
    made = []
    for artist, title, *rest in zip(*columns, strict=True):
        name = " - ".join(part for part in (artist, title) if part)
        made.append(", ".join(part for part in (name, *rest) if part))
    return made


def names_in(listings: pd.DataFrame, block: str) -> list[list[str]]:
    """Whole names of each listing in a block ("artists", "labels", "genres"), folded, each once.

    >>> rows = pd.DataFrame({"artist": ["A & B"], "label": ["Trax"], "genres": ["House; Disco"]})
    >>> [names_in(rows, block) for block in ("artists", "labels", "genres")]
    [[['a', 'b']], [['trax']], [['house', 'disco']]]
    """
    if block == "genres":
        cells = zip(_plain(listings, "genres"), _plain(listings, "styles"), strict=True)
        return [list(dict.fromkeys([*genre_tokens(g), *genre_tokens(s)])) for g, s in cells]
    column = {"artists": "artist", "labels": "label"}[block]
    return [
        [name for name in dict.fromkeys(_BETWEEN.split(fold(cell))) if name not in _VARIOUS]
        for cell in _plain(listings, column)
    ]


class HashedBlock:
    """Terms of one kind as columns: weighted by rarity, each row of length one or empty.

    `idf_` holds the weight of each column, learned from the listings that `fit` saw.
    """

    def __init__(
        self,
        terms: Callable[[pd.DataFrame], list[Any]],
        analyzer: object = "word",
        *,
        lengths: tuple[int, int] = (1, 2),
        shortest_word: int = 2,
    ) -> None:
        self._terms = terms
        self._hash = HashingVectorizer(
            analyzer=analyzer,
            ngram_range=lengths,
            token_pattern=rf"(?u)\b\w{{{shortest_word},}}\b",
            n_features=WIDTH,
            alternate_sign=False,
            norm=None,
            dtype=np.float32,
        )
        self.idf_ = np.ones(WIDTH, dtype=np.float32)

    def fit(self, listings: pd.DataFrame) -> None:
        """Learn how rare each term is."""
        counts = np.bincount(self._counts(listings).indices, minlength=WIDTH)
        self.idf_ = (np.log((1 + len(listings)) / (1 + counts)) + 1).astype(np.float32)

    def transform(self, listings: pd.DataFrame) -> sparse.csr_matrix:
        """Give the block, shape (n, WIDTH), float32."""
        block = self._counts(listings)
        block.data = (1 + np.log(block.data)) * self.idf_[block.indices]
        lengths = np.sqrt(np.add.reduceat(np.append(block.data**2, 0), block.indptr[:-1]))
        row_sizes = np.diff(block.indptr)
        lengths[row_sizes == 0] = 1
        block.data = (block.data / np.repeat(lengths, row_sizes)).astype(np.float32)
        return block

    def _counts(self, listings: pd.DataFrame) -> sparse.csr_matrix:
        return self._hash.transform(self._terms(listings)) if len(listings) else _nothing()


def word_blocks() -> dict[str, HashedBlock]:
    """The blocks by name: running words and pairs of them, those of the names alone, runs of two
    to four letters of the names, whole artists, labels and genres."""
    return {
        "words": HashedBlock(_running_text),
        "names": HashedBlock(_names, shortest_word=1),
        "letters": HashedBlock(_names, "char_wb", lengths=(2, 4)),
        "artists": HashedBlock(partial(names_in, block="artists"), _as_they_are),
        "labels": HashedBlock(partial(names_in, block="labels"), _as_they_are),
        "genres": HashedBlock(partial(names_in, block="genres"), _as_they_are),
    }


def _as_they_are(names: Sequence[str]) -> Sequence[str]:
    return names


def _running_text(listings: pd.DataFrame) -> list[str]:
    columns = [_plain(listings, name) for name in _TEXT]
    return [" ; ".join(cells) for cells in zip(*columns, strict=True)]


def _names(listings: pd.DataFrame) -> list[str]:
    cells = zip(_plain(listings, "artist"), _plain(listings, "title"), strict=True)
    return [" ; ".join(pair) for pair in cells]


def _plain(listings: pd.DataFrame, column: str) -> list[str]:
    """Cells as text; a year or count that is stored as 1999.0 reads 1999."""
    if column in listings and pd.api.types.is_numeric_dtype(listings[column].dtype):
        given = listings[column].to_numpy(dtype=float, na_value=np.nan)
        return [f"{v:.0f}" if np.isfinite(v) else "" for v in given]
    return [cell.strip()[:_LONGEST] for cell in text_of(listings, column)]


def _nothing() -> sparse.csr_matrix:
    return sparse.csr_matrix((0, WIDTH), dtype=np.float32)
