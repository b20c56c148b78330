"""Tempo, key and genres of a track as numbers: the tabular features every bucket model shares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from ..tables.cells import text_of
from ..tables.schema import TRACKS, coerce
from .library_fields import folders_of
from .music import fold_bpm, parse_key
from .text import genre_tokens

FIELDS = ("bpm", "key", "genres")
"""The fields of a track the tabular features read."""

_TEMPO = ("bpm", "bpm folded", "bpm missing")
_KEY = ("key across", "key up", "key minor", "key missing")


class TabularFeatures(TransformerMixin, BaseEstimator):
    """Turn tracks into a dense matrix of tempo, key and genre columns.

    Tempo: log2, log2 of the tempo folded into one octave (so 87 and 174 meet), a missing flag.
    Key: a point on the circle of fifths (neighbours mix), mode, a missing flag. Genres: one
    column a token or word seen at least `min_tracks` times, at most `max_tokens`, a missing flag.

    Parameters
    ----------
    min_tracks : int, tracks a genre token needs to become a column (default 2).
    max_tokens : int, most genre columns (default 300).

    Attributes
    ----------
    tokens_ : list of str, genre tokens that became columns, in order.
    fill_bpm_ : float, tempo in beats per minute that stands in for a missing one, beside its flag.
    columns_ : list of str, names of the columns.
    fields_ : list of str, for each column, the field of the track it came from.

    Examples
    --------
    >>> tracks = pd.DataFrame({"bpm": [124.0, None], "key": ["8A", ""], "genres": ["House", ""]})
    >>> features = TabularFeatures(min_tracks=1).fit(tracks)
    >>> features.transform(tracks).shape, features.fields_[-2:]
    ((2, 9), ['genres', 'genres'])
    """

    def __init__(self, min_tracks: int = 2, max_tokens: int = 300) -> None:
        self.min_tracks = min_tracks
        self.max_tokens = max_tokens

    def fit(self, X: pd.DataFrame, y: object = None) -> Self:
        """Learn the genre vocabulary and the tempo that stands in for a missing one."""
        counts = Counter(token for cell in text_of(X, "genres") for token in _words(cell))
        common = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        kept = [token for token, n in common[: self.max_tokens] if n >= self.min_tracks]
        self.tokens_ = sorted(kept)
        bpm = _tempo(X)
        self.fill_bpm_ = float(np.nanmedian(bpm)) if np.isfinite(bpm).any() else 120.0
        columns = [*_TEMPO, *_KEY, *(f"genre {t}" for t in self.tokens_), "genre missing"]
        self.columns_ = columns
        n_genre = len(self.tokens_) + 1
        self.fields_ = ["bpm"] * len(_TEMPO) + ["key"] * len(_KEY) + ["genres"] * n_genre
        return self

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        """Give the matrix, shape (n tracks, len(columns_)), float32."""
        check_is_fitted(self)
        blocks = (self._tempo_block(X), self._key_block(X), self._genre_block(X))
        return np.hstack(blocks).astype(np.float32)

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        """Give the names of the columns."""
        check_is_fitted(self)
        return np.asarray(self.columns_, dtype=object)

    def _tempo_block(self, X: pd.DataFrame) -> np.ndarray:
        bpm = _tempo(X)
        missing = np.isnan(bpm)
        filled = np.where(missing, self.fill_bpm_, bpm)
        return np.column_stack([np.log2(filled), np.log2(fold_bpm(filled)), missing])

    def _key_block(self, X: pd.DataFrame) -> np.ndarray:
        codes, names = pd.factorize(text_of(X, "key"))
        rows = np.array([_key_row(name) for name in names]).reshape(len(names), len(_KEY))
        return np.asarray(rows[codes])

    def _genre_block(self, X: pd.DataFrame) -> np.ndarray:
        codes, cells = pd.factorize(text_of(X, "genres"))
        place = {token: column for column, token in enumerate(self.tokens_)}
        rows = np.zeros((len(cells), len(self.tokens_) + 1), dtype=np.float32)
        for row, cell in enumerate(cells):
            words = _words(cell)
            rows[row, [place[w] for w in words if w in place]] = 1.0
            rows[row, -1] = not words
        return np.asarray(rows[codes])


def missing_fields(X: pd.DataFrame, fields: Sequence[str] = FIELDS) -> dict[str, np.ndarray]:
    """For each of `fields`, which tracks lack it or hold it unreadably, shape (n,).

    A field that is no column of its own, a sentence made of several, is missing where it would
    be made of nothing: no artist, title or field of `FIELDS`.

    >>> lacking = missing_fields(pd.DataFrame({"year": [2005.0, None]}), ("year", "key"))
    >>> lacking["year"].tolist(), lacking["key"].tolist()
    ([False, True], [True, True])
    """
    return {field: _missing(X, field) for field in fields}


def _missing(X: pd.DataFrame, field: str) -> np.ndarray:
    if field in ("key", "genres"):
        is_read = parse_key if field == "key" else genre_tokens
        codes, cells = pd.factorize(text_of(X, field))
        return np.array([not is_read(cell) for cell in cells], dtype=bool)[codes]
    if field == "path":
        return np.array([not folders_of(path) for path in text_of(X, "path")], dtype=bool)
    if field not in TRACKS.names and field in X:
        return text_of(X, field).str.strip().eq("").to_numpy(dtype=bool)
    if field not in TRACKS.names and field != "sentence":
        return np.ones(len(X), dtype=bool)
    if field not in TRACKS.names:
        return np.logical_and.reduce([_missing(X, f) for f in ("artist", "title", *FIELDS)])
    if TRACKS.column(field).is_text:
        return text_of(X, field).str.strip().eq("").to_numpy(dtype=bool)
    return np.isnan(_number(X, field))


def _key_row(name: str) -> tuple[float, float, float, float]:
    key = parse_key(name)
    if key is None:
        return (0.0, 0.0, 0.5, 1.0)
    angle = 2 * np.pi * key.position / 12
    return (float(np.sin(angle)), float(np.cos(angle)), float(key.is_minor), 0.0)


def _words(cell: str) -> list[str]:
    """Genre tokens and, of tokens with several words, each word: `tech house` is also house."""
    tokens = genre_tokens(cell)
    return list(dict.fromkeys([*tokens, *(w for t in tokens for w in t.split() if w != "&")]))


def _tempo(X: pd.DataFrame) -> np.ndarray:
    return _number(X, "bpm")


def _number(X: pd.DataFrame, field: str) -> np.ndarray:
    if field not in X:
        return np.full(len(X), np.nan)
    return coerce(X[[field]], TRACKS)[0][field].to_numpy(dtype=float)
