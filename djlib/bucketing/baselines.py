"""Baselines: base rates, genre, artist, plain text, TF-IDF with logistic regression."""

from __future__ import annotations

import json
import warnings
from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.utils.validation import check_is_fitted

from ..evaluation.splits import folds
from ..features.text import fold, genre_tokens, lead_artist, strip_promo
from ..tables.atomic import write_json
from ..tables.cells import text_of
from ..tables.io import read_table, write_table
from ..tables.schema import split_buckets
from .base import BucketAssigner
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

    Parameters
    ----------
    random_state : int or None, seed of the folds its votes are calibrated on; a model without
        folds takes it for uniformity (default None).

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

    Parameters
    ----------
    random_state : int or None, seed of the folds its votes are calibrated on; a model without
        folds takes it for uniformity (default None).

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

    Parameters
    ----------
    random_state : int or None, seed of the folds its votes are calibrated on; a model without
        folds takes it for uniformity (default None).

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


_STRENGTH = 4.0
_FOLDS, _ENOUGH = 5, 400
"""Votes to calibrate by come from as many of five folds as give this many of them. With fewer folds
the model would be less sure of itself than the one that learns from all, and be sharpened."""


class TextAssigner(Baseline):
    """Give buckets by the words and the letters of artist, title and genres, weighted by TF-IDF.

    Parameters
    ----------
    random_state : int or None, seed of the folds its votes are calibrated on; a model without
        folds takes it for uniformity (default None).

    Examples
    --------
    >>> tracks = pd.DataFrame({"title": ["Slow Dub", "Fast Jungle"] * 10})
    >>> model = TextAssigner(0).fit(tracks, ["Warm", "Late"] * 10)
    >>> str(model.predict({"title": "Dub again"}))
    'Warm'
    """

    fields: ClassVar[tuple[str, ...]] = ("artist", "title", "genres")

    def _fit_votes(self, X: pd.DataFrame, labels: Labels) -> np.ndarray:
        X = X.reset_index(drop=True)
        self.words_ = [vectorizer.fit(_lines(X)) for vectorizer in _vectorizers()]
        signs = self._signs(X)
        votes = np.full(labels.truth.shape, np.nan)
        splits = folds(
            X, labels.first, kind="stratified", n_folds=_FOLDS, seed=self.random_state or 0
        )
        for train, test in splits:
            truth = labels.truth[train]
            if truth.any(axis=0).sum() > 1:
                model = _fitted(signs[train], truth, is_multi=labels.is_multi)
                votes[test] = _votes(model, signs[test], truth.shape[1])
            if np.isfinite(votes[:, 0]).sum() >= _ENOUGH:
                break
        self.model_ = _fitted(signs, labels.truth, is_multi=labels.is_multi)
        return votes

    def _votes(self, X: pd.DataFrame) -> np.ndarray:
        return _votes(self.model_, self._signs(X), len(self.classes_))

    def _signs(self, X: pd.DataFrame) -> sparse.csr_matrix:
        if not len(X):
            return sparse.csr_matrix((0, sum(len(v.vocabulary_) for v in self.words_)))
        return sparse.csr_matrix(sparse.hstack([v.transform(_lines(X)) for v in self.words_]))


def _vectorizers() -> tuple[TfidfVectorizer, TfidfVectorizer]:
    # "-" stands for a track without a word, so that there is always a vocabulary
    words = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), token_pattern=r"(?u)\w+|^-$")
    letters = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, max_features=20_000
    )
    return words, letters


def _lines(X: pd.DataFrame) -> list[str]:
    columns = (texts(X, field) for field in TextAssigner.fields)
    lines = (fold(strip_promo(" ; ".join(filter(None, row)))) for row in zip(*columns, strict=True))
    return [line if any(map(str.isalnum, line)) else "-" for line in lines]


def _fitted(signs: sparse.csr_matrix, truth: np.ndarray, *, is_multi: bool) -> Any:
    from threadpoolctl import threadpool_limits

    model: Any = LogisticRegression(C=_STRENGTH, max_iter=40, tol=1e-2)
    if is_multi:
        model = OneVsRestClassifier(model.set_params(solver="liblinear"))
    # One thread, since sparse sums gain nothing from more and these would wait for each other;
    # near enough is good enough; a bucket may hold every track.
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", "Label .* is present in all training examples")
        return model.fit(signs, truth if is_multi else truth.argmax(axis=1))


def _votes(model: Any, signs: sparse.csr_matrix, n_buckets: int) -> np.ndarray:
    votes = np.zeros((signs.shape[0], n_buckets))
    if signs.shape[0]:
        votes[:, model.classes_] = model.predict_proba(signs)
    return votes
