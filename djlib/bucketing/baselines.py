"""Simple bucket models that a better one has to beat: base rates, genre, artist, plain text.

Each answers with one idea a person has at once: the largest bucket, the bucket this genre mostly
goes to, the bucket this artist mostly goes to, the words in the tags. They are honest models all
the same: calibrated like the others, for one bucket a track or several.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.utils.validation import check_is_fitted

from ..features.text import genre_tokens, lead_artist
from ..tables.atomic import write_json
from ..tables.cell_text import text_of
from ..tables.io import read_table, write_table
from ..tables.schema import split_buckets
from .assigner import BucketAssigner
from .labels import Labels

_SETTINGS, _LABELLED = "settings.json", "labelled.parquet"

_WEIGHT_OF_PRIOR = 2.0
"""Tracks the prior counts for: one track of an artist moves the answer, but not all the way."""


class Baseline(BucketAssigner):
    """What the simple models share: they are stored as the tracks they learned from, and learn
    again on loading, which takes a moment and needs no format of its own.

    A model supplies `_signs`, what it sees of a track, besides its votes.
    """

    def __init__(self, random_state: int | None = None) -> None:
        self.random_state = random_state

    def contributions(self, X: pd.DataFrame, column: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Take votes apart by blanking one field after the other, in the order of `fields`."""
        rows, left, votes = np.arange(len(X)), X, []
        for field in self.fields:
            votes.append(self._votes(left)[rows, column])
            left = left.assign(**{field: ""})
        base = self._votes(left)[rows, column]
        return base, -np.diff(np.column_stack([*votes, base]), axis=1)

    def nearest(self, X: pd.DataFrame, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Give the labelled tracks with the most alike signs; the similarity is the cosine."""
        alike = (_unit(self._signs(X)) @ _unit(self._signs(self.labelled_)).T).toarray()
        rows = np.argsort(-alike, axis=1, kind="stable")[:, :n]
        return rows, np.clip(np.take_along_axis(alike, rows, axis=1), 0.0, 1.0)

    def save(self, folder: str | Path) -> None:
        """Write the settings and the labelled tracks into `folder`."""
        check_is_fitted(self)
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / _SETTINGS, self._settings())
        write_table(self.labelled_, folder / _LABELLED)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Learn again from the tracks that `save` wrote."""
        folder = Path(folder)
        settings = json.loads((folder / _SETTINGS).read_text(encoding="utf-8"))
        known = read_table(folder / _LABELLED, schema="tracks", duplicates="keep")
        cells = known["buckets"].tolist()
        several = settings["several_buckets"]
        labels = [split_buckets(cell) for cell in cells] if several else cells
        return cls(**settings["parameters"]).fit(known.drop(columns="buckets"), labels)

    @abstractmethod
    def _signs(self, X: pd.DataFrame) -> sparse.csr_matrix:
        """Give what the model sees of each track, shape (n, signs)."""


class MajorityAssigner(Baseline):
    """Give every track the base rates of the buckets.

    Examples
    --------
    >>> tracks = pd.DataFrame({"title": list("abcdef")})
    >>> model = MajorityAssigner().fit(tracks, ["Warm"] * 4 + ["Late"] * 2)
    >>> model.predict_proba(tracks.head(1)).round(2).tolist()
    [[0.33, 0.67]]
    """

    fields: ClassVar[tuple[str, ...]] = ()

    def _fit_votes(self, X: pd.DataFrame, labels: Labels) -> np.ndarray:
        self.base_ = labels.truth.mean(axis=0)
        return self._votes(X)

    def _votes(self, X: pd.DataFrame) -> np.ndarray:
        return np.tile(self.base_, (len(X), 1))

    def _signs(self, X: pd.DataFrame) -> sparse.csr_matrix:
        return sparse.csr_matrix((len(X), 0))


class GenreAssigner(Baseline):
    """Give the buckets that tracks of the same genres are in, smoothed by the base rates.

    Examples
    --------
    >>> tracks = pd.DataFrame({"genres": ["House", "House; Disco", "DnB", "Drum & Bass"] * 5})
    >>> model = GenreAssigner().fit(tracks, ["Warm", "Warm", "Late", "Late"] * 5)
    >>> str(model.predict({"genres": "disco"}))
    'Warm'
    """

    fields: ClassVar[tuple[str, ...]] = ("genres",)

    def _fit_votes(self, X: pd.DataFrame, labels: Labels) -> np.ndarray:
        self.base_ = labels.truth.mean(axis=0)
        tokens = _genres(X)
        self.tokens_ = _places(tokens)
        signs = self._signs(X)
        self.shares_ = _Shares(signs, labels.truth)
        return self.shares_.of(signs, self.base_, own=labels.truth)

    def _votes(self, X: pd.DataFrame) -> np.ndarray:
        return self.shares_.of(self._signs(X), self.base_)

    def _signs(self, X: pd.DataFrame) -> sparse.csr_matrix:
        return _marked(_genres(X), self.tokens_)


class ArtistAssigner(Baseline):
    """Give the buckets that tracks of the same lead artist are in, smoothed by those of the same
    genres, which also answer for artists it does not know.

    Examples
    --------
    >>> tracks = pd.DataFrame({"artist": ["Robyn", "Goldie"] * 6})
    >>> model = ArtistAssigner().fit(tracks, ["Warm", "Late"] * 6)
    >>> str(model.predict({"artist": "Robyn feat. Kleerup"}))
    'Warm'
    """

    fields: ClassVar[tuple[str, ...]] = ("artist", "title", "genres")

    def _fit_votes(self, X: pd.DataFrame, labels: Labels) -> np.ndarray:
        self.genres_ = GenreAssigner(self.random_state)
        by_genre = self.genres_._fit_votes(X, labels)
        self.artists_ = _places(_artists(X))
        signs = self._signs(X)
        self.shares_ = _Shares(signs, labels.truth)
        return self.shares_.of(signs, by_genre, own=labels.truth)

    def _votes(self, X: pd.DataFrame) -> np.ndarray:
        return self.shares_.of(self._signs(X), self.genres_._votes(X))

    def _signs(self, X: pd.DataFrame) -> sparse.csr_matrix:
        return _marked(_artists(X), self.artists_)


class _Shares:
    """How the tracks that carry a sign are spread over the buckets, counted in `signs` (n, s) and
    0/1 `truth` (n, buckets)."""

    def __init__(self, signs: sparse.csr_matrix, truth: np.ndarray) -> None:
        self._counts = np.asarray(signs.T @ truth)
        self._sizes = np.asarray(signs.sum(axis=0)).ravel()

    def of(
        self, signs: sparse.csr_matrix, prior: np.ndarray, own: np.ndarray | None = None
    ) -> np.ndarray:
        """Mean share over the signs of each track, shape (n, buckets), smoothed by `prior`.

        `own` is the truth of these very tracks where they are those counted: each is then left
        out of its own answer. A track without a sign gets the prior.
        """
        n_signs = np.asarray(signs.sum(axis=1))
        weights = sparse.csr_matrix(signs.multiply(1 / np.maximum(n_signs, 1)))
        left = self._sizes - (0 if own is None else 1)
        part = 1 / np.maximum(left + _WEIGHT_OF_PRIOR, 1)[:, None]
        said = weights @ (self._counts * part) + (weights @ (_WEIGHT_OF_PRIOR * part)) * prior
        if own is not None:
            said -= (weights @ part) * own
        return np.where(n_signs > 0, said, prior)


def _genres(X: pd.DataFrame) -> list[tuple[str, ...]]:
    return [genre_tokens(cell) for cell in texts(X, "genres")]


def _artists(X: pd.DataFrame) -> list[tuple[str, ...]]:
    pairs = zip(texts(X, "artist"), texts(X, "title"), strict=True)
    return [(name,) if (name := lead_artist(*pair)) else () for pair in pairs]


def texts(X: pd.DataFrame, column: str) -> list[str]:
    """The cells of a column as text, "" where there is none."""
    return text_of(X, column).tolist()


def _places(signs: list[tuple[str, ...]]) -> dict[str, int]:
    return {sign: place for place, sign in enumerate(sorted({s for row in signs for s in row}))}


def _marked(signs: list[tuple[str, ...]], places: dict[str, int]) -> sparse.csr_matrix:
    """0/1 matrix (n, signs) of the known signs of each track."""
    found = [(row, places[s]) for row, some in enumerate(signs) for s in some if s in places]
    rows, columns = np.array(found, dtype=int).reshape(-1, 2).T
    return sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), (len(signs), len(places)))


def _unit(signs: sparse.csr_matrix) -> sparse.csr_matrix:
    """Rows of length 1, or 0 where there is no sign."""
    length = np.sqrt(np.asarray(signs.multiply(signs).sum(axis=1)))
    return sparse.csr_matrix(signs.multiply(1 / np.where(length > 0, length, 1)))
