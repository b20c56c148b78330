"""The kernel: listings as points (hashed words, sentences, numbers), and linear functionals."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.feature_extraction.text import HashingVectorizer

from ...features.smooth import bumps
from ...features.text import fold, genre_tokens
from ...tables.cells import text_of

WIDTH = 2**18
"""Columns of one block; two words share one about once in ten thousand."""
_TEXT = ("artist", "title", "label", "genres", "styles", "year", "country", "format")
_BETWEEN = re.compile(r"(?:(?<!\s)\s+)?(?:[;,/|&+]|\bfeat\.?\s|\bft\.?\s|\bvs\.?\s)\s*")
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


WEIGHTS = {
    "words": 0.5, "names": 1.0, "letters": 3.0, "artists": 0.7, "labels": 0.4, "genres": 1.0,
    "numbers": 3.0, "meaning": 1.0,
}  # fmt: skip
"""How much each kernel counts. Half or twice of any one changed the keepers found on eleven real
pools by less than chance does; letters are worth the most beside what else is there."""

ANY = "any record"
"""The part that is the same for every listing: how freely this person keeps."""
_ANY_WEIGHT = 0.3
LEVELS = 255
MISSING = 255
_RESOLUTIONS = (60, 15, 4)
"""Bumps over a number's quantiles: fine for steps, coarse for drift."""
QUANTILES = np.linspace(0, 1, 101)
_SLICE = 20_000


def _number_kernel() -> np.ndarray:
    """How alike two quantile levels of a number are, (256, 256); the last one is "missing"."""
    levels = np.append(np.linspace(0, 1, LEVELS), np.nan)
    parts = [bumps(levels, 0, 1, n).toarray() for n in _RESOLUTIONS]
    return np.asarray(sum(p @ p.T for p in parts) / len(parts), dtype=np.float32)


NUMBER_KERNEL = _number_kernel()


@dataclass(frozen=True)
class Encoded:
    """Listings as points: `words` (n, 6 * WIDTH) sparse, `levels` (n, numbers) quantile levels,
    `meaning` (n, 384) float16, or (n, 0) where no sentence was read."""

    words: sparse.csr_matrix
    levels: np.ndarray
    meaning: np.ndarray

    def __len__(self) -> int:
        return int(self.words.shape[0])

    @cached_property
    def turned(self) -> sparse.csr_matrix:
        """The words by column; kept, since turning them takes longer than most products."""
        return self.words.T.tocsr()

    def __getitem__(self, rows: np.ndarray) -> Encoded:
        """The points of some rows."""
        return Encoded(self.words[rows], self.levels[rows], self.meaning[rows])

    def take(self, rows: np.ndarray) -> Encoded:
        """The points of some rows, as `PackedPoints.take` gives them."""
        return self[rows]

    def slices(self, most: int = _SLICE) -> Iterator[Encoded]:
        """All rows, `most` at a time."""
        if len(self) <= most:
            yield self
            return
        for start in range(0, len(self), most):
            yield self[np.arange(start, min(start + most, len(self)))]

    def kernel(self, other: Encoded) -> np.ndarray:
        """The kernel between all rows and all rows of `other`, (n, len(other)), float64."""
        if other is self:
            few = _without_empty_columns(self.words)
            made = (few @ few.T).toarray().astype(np.float64) + _ANY_WEIGHT
        else:
            made = (self.words @ other.turned).toarray().astype(np.float64) + _ANY_WEIGHT
        share = _number_weight(self.levels)
        for mine, theirs in zip(self.levels.T, other.levels.T, strict=True):
            made += share * NUMBER_KERNEL[mine[:, None], theirs[None, :]]
        if self.meaning.shape[1] and other.meaning.shape[1]:
            made += self.meaning.astype(np.float32) @ other.meaning.astype(np.float32).T
        return made

    def kernel_diag(self) -> np.ndarray:
        """The kernel of each row with itself, (n,)."""
        made = np.asarray(self.words.multiply(self.words).sum(axis=1)).ravel().astype(np.float64)
        made += _number_weight(self.levels) * NUMBER_KERNEL.diagonal()[self.levels].sum(axis=1)
        return made + (self.meaning.astype(np.float32) ** 2).sum(axis=1) + _ANY_WEIGHT

    def weighted_sum(self, weights: np.ndarray) -> LinearFunctional:
        """The linear functional `x -> kernel(x, self) @ weights`, `weights` (n,)."""
        share = _number_weight(self.levels)
        tables = [
            share * NUMBER_KERNEL @ np.bincount(column, weights, LEVELS + 1)
            for column in self.levels.T
        ]
        return LinearFunctional(
            np.asarray(self.words.T @ weights, dtype=np.float32).ravel(),
            np.array(tables, dtype=np.float32).reshape(len(tables), LEVELS + 1),
            self.meaning.astype(np.float32).T @ weights.astype(np.float32),
            _ANY_WEIGHT * float(weights.sum()),
        )


@dataclass(frozen=True)
class LinearFunctional:
    """A linear functional over the feature space of the kernel, column by column."""

    words: np.ndarray
    tables: np.ndarray
    meaning: np.ndarray
    constant: float

    def evaluate(self, points: Encoded) -> np.ndarray:
        """The value of the function for each row, (n,)."""
        made = np.asarray(points.words @ self.words, dtype=np.float64) + self.constant
        for table, column in zip(self.tables, points.levels.T, strict=True):
            made += table[column]
        if len(self.meaning):
            made += _product(points.meaning, self.meaning)
        return made

    def parts(self, points: Encoded) -> np.ndarray:
        """The value taken apart, (n, 6 + numbers + 2): words, names, letters, artists,
        labels, genres, each number, meaning, any record. Rows sum to `evaluate`."""
        words = points.words
        n, blocks = len(points), words.shape[1] // WIDTH
        cell = np.repeat(np.arange(n), np.diff(words.indptr)) * blocks + words.indices // WIDTH
        each = words.data * self.words[words.indices]
        columns = list(np.bincount(cell, each, n * blocks).reshape(n, blocks).T)
        columns += [t[c] for t, c in zip(self.tables, points.levels.T, strict=True)]
        columns += [_product(points.meaning, self.meaning), np.full(len(points), self.constant)]
        return np.column_stack(columns).astype(np.float64)


def _without_empty_columns(words: sparse.csr_matrix) -> sparse.csr_matrix:
    """The same words in as few columns as they take, so that no product walks over a million."""
    used, columns = np.unique(words.indices, return_inverse=True)
    return sparse.csr_matrix((words.data, columns, words.indptr), (words.shape[0], len(used)))


def _number_weight(levels: np.ndarray) -> float:
    return WEIGHTS["numbers"] / levels.shape[1] if levels.shape[1] else 0.0


def _product(meaning: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """`meaning @ weights` in float32, a slice at a time: a million rows would not fit."""
    made = np.zeros(len(meaning), dtype=np.float64)
    if not len(weights) or not meaning.shape[1]:
        return made
    for start in range(0, len(meaning), _SLICE):
        part = meaning[start : start + _SLICE].astype(np.float32)
        made[start : start + _SLICE] = part @ weights
    return made


@dataclass(frozen=True)
class PackedSlice:
    """Some rows: the columns of their words as int32 and the weights in half precision, without
    what `Encoded` holds beside words and numbers."""

    columns: np.ndarray
    weights: np.ndarray
    starts: np.ndarray
    width: int
    levels: np.ndarray

    @classmethod
    def of(cls, points: Encoded) -> PackedSlice:
        """Pack points; what they mean as sentences is left out."""
        words = points.words
        return cls(
            words.indices.astype(np.int32, copy=False),
            words.data.astype(np.float16),
            words.indptr.astype(np.int32, copy=False),
            int(words.shape[1]),
            points.levels,
        )

    def __len__(self) -> int:
        return len(self.levels)

    def whole(self) -> Encoded:
        """The rows as points."""
        weights = self.weights.astype(np.float32)
        shape = (len(self), self.width)
        words = sparse.csr_matrix((weights, self.columns, self.starts), shape)
        return Encoded(words, self.levels, np.zeros((len(self), 0), dtype=np.float16))


class PackedPoints:
    """The rows of a large pool in slices, each as large as `PackedPoints.ROWS`, the last smaller.

    >>> points = Encoded(sparse.csr_matrix(np.eye(3, dtype=np.float32)),
    ...     np.zeros((3, 0), dtype=np.uint8), np.zeros((3, 0), dtype=np.float16))
    >>> packed = PackedPoints([points])
    >>> len(packed), packed.take(np.array([2, 0])).words.toarray().tolist()
    (3, [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    """

    ROWS = 20_000

    def __init__(self, parts: Iterable[Encoded]) -> None:
        self._slices = [PackedSlice.of(part) for part in parts]

    def __len__(self) -> int:
        return sum(map(len, self._slices))

    def slices(self, most: int = ROWS) -> Iterator[Encoded]:
        """All rows as points, `most` at a time or a few less."""
        for some in self._slices:
            yield from some.whole().slices(most)

    def take(self, rows: np.ndarray) -> Encoded:
        """The points of some rows, which are to be few."""
        place = np.asarray(rows) // self.ROWS
        order = np.argsort(place, kind="stable")
        parts = [
            self._slices[number].whole()[rows[order[place[order] == number]] % self.ROWS]
            for number in np.unique(place)
        ]
        points = joined(parts) if parts else self._slices[0].whole()[rows]
        return points[np.argsort(order, kind="stable")]

    def __getitem__(self, rows: np.ndarray) -> PackedPoints:
        """The points of some rows, packed again."""
        starts = range(0, len(rows), self.ROWS)
        return PackedPoints(self.take(rows[start : start + self.ROWS]) for start in starts)


def joined(parts: Sequence[Encoded]) -> Encoded:
    """The rows of several points, one after the other."""
    if len(parts) == 1:
        return parts[0]
    return Encoded(
        sparse.vstack([part.words for part in parts], format="csr"),
        np.concatenate([part.levels for part in parts]),
        np.concatenate([part.meaning for part in parts]),
    )
