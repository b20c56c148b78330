"""Everything a track says about itself as one sparse matrix: what the hybrid model learns from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from ..tables.cells import text_of
from ..tables.schema import TRACKS, coerce
from .dates import day_numbers
from .lexical import SEPARATOR, LexicalBlock, Texts
from .library_fields import FurtherColumns, folder_names, shared_folders
from .music import fold_bpm
from .smooth import bumps, keys
from .text import fold, genre_tokens, split_artist_title, strip_promo


def mask_unseen_terms(
    rows: sparse.csr_matrix, learned: sparse.csr_matrix, blocks: Iterable[tuple[int, int]]
) -> sparse.csr_matrix:
    """Give `rows` as they would be had the vocabulary been learned from the rows `learned` alone.

    `blocks` are the width of each lexical block, from the first column on, and how many tracks a
    term of it needs. Terms that fewer hold are dropped, and what is left of the block in a row is
    as long as it was; the columns behind the blocks stay.

    >>> rows = sparse.csr_matrix([[0.6, 0.8, 5.0]])
    >>> learned = sparse.csr_matrix([[1.0, 0.0, 2.0]])
    >>> mask_unseen_terms(rows, learned, [(2, 1)]).toarray().tolist()
    [[1.0, 0.0, 5.0]]
    """
    tracks = np.bincount(learned.indices, minlength=learned.shape[1])
    parts, at = [], 0
    for width, min_tracks in blocks:
        known = tracks[at : at + width] >= min_tracks
        parts.append(_without_unknown(rows[:, at : at + width], known))
        at += width
    return sparse.hstack([*parts, rows[:, at:]], format="csr", dtype=rows.dtype)


def _without_unknown(block: sparse.csr_matrix, known: np.ndarray) -> sparse.csr_matrix:
    left = block.copy()
    left.data = left.data * known[left.indices]
    before, after = _lengths(block), _lengths(left)
    scale = np.divide(before, after, out=np.zeros_like(before), where=after > 0)
    left.data = left.data * np.repeat(scale, np.diff(left.indptr))
    left.eliminate_zeros()
    return left


def _lengths(block: sparse.csr_matrix) -> np.ndarray:
    return np.sqrt(np.asarray(block.multiply(block).sum(axis=1), dtype=float).ravel())


FIELDS = (
    "artist", "title", "album", "label", "genres", "bpm", "key", "year", "duration_s",
    "date_added", "sentence", "path",
)  # fmt: skip
"""Fields of a track that can be told apart; "sentence" is the embedding of several together."""

_BETWEEN_ARTISTS = re.compile(
    r"(?:(?<!\s)\s+)?(?:,|;|/|&|\+|\(|\bfeat\.?\s|\bft\.?\s|\bvs\.?\s|\spres\.?\s|\s[x×]\s)\s*",
    re.I,
)
_FIELD_OF = {
    "artists": "artist", "albums": "album", "labels": "label", "genre_tokens": "genres",
    "days": "date_added", "folders": "path",
}  # fmt: skip
"""The field of a track that names are taken from."""

_WEIGHTS = {"words": 1.0, "characters": 1.0, "artists": 0.5, "albums": 1.0, "labels": 1.0,
            "genres": 1.0, "days": 0.7, "bpm": 1.0, "bpm folded": 0.5, "key": 0.3, "year": 0.7,
            "duration": 0.5, "date": 1.0, "folders": 1.0, "notes": 1.0, "numbers": 1.0}  # fmt: skip
"""How much each block counts beside the others. Doubling any or leaving it out made three real
libraries worse or changed them by less than chance does."""


_MOST_APART = 8
"""Further numbers up to which each is weighed by itself."""


class TrackVectorizer(TransformerMixin, BaseEstimator):
    """Turn tracks into one sparse matrix whose columns belong to fields.

    Parameters
    ----------
    use_dates : bool, whether the date a track was added counts (default True).

    Attributes
    ----------
    lexical_ : dict of str to LexicalBlock, the fitted blocks by name.
    dates_ : tuple of float or None, first and last day of the tracks learned from, in days since
        1970; None without dates.

    Examples
    --------
    >>> tracks = pd.DataFrame({"title": ["Be Mine", "Shades"], "bpm": [124.0, 118.0]})
    >>> features = TrackVectorizer().fit(tracks)
    >>> matrix = features.transform(tracks)
    >>> matrix.shape == (2, features.width)
    True
    >>> parts = [part.sum() for _, _, part in features.parts(tracks)]
    >>> bool(np.isclose(sum(parts), matrix.sum()))
    True
    """

    def __init__(self, use_dates: bool = True) -> None:
        self.use_dates = use_dates

    def fit(self, X: pd.DataFrame, y: object = None) -> Self:
        """Learn the vocabularies and the span of dates."""
        self.further_ = FurtherColumns().fit(X)
        self.block_weights_: dict[str, float] = {}
        self.shared_folders_ = frozenset(shared_folders(_text(X, "path")))
        texts = self._texts(X)
        blocks = _lexical_blocks(tuple(self.further_.texts)).items()
        self.lexical_ = {name: block.fit(texts) for name, block in blocks}
        days = day_numbers(X)
        known = days[np.isfinite(days)]
        self.dates_ = (float(known.min()), float(known.max()) + 1) if len(known) else None
        if not (self.use_dates and self.dates_):
            self.lexical_.pop("days")
            self.dates_ = None
        return self

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for a settings file."""
        check_is_fitted(self)
        blocks = {name: block.as_dict() for name, block in self.lexical_.items()}
        return {
            "parameters": self.get_params(),
            "dates": self.dates_,
            "lexical": blocks,
            "further": self.further_.as_dict(),
            "block_weights": self.block_weights_,
            "shared_folders": sorted(self.shared_folders_),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read back what `as_dict` gave."""
        features = cls(**values["parameters"])
        blocks = values["lexical"].items()
        features.lexical_ = {name: LexicalBlock.from_dict(block) for name, block in blocks}
        features.dates_ = tuple(values["dates"]) if values["dates"] else None
        # models of before read no folders and no further columns
        features.further_ = FurtherColumns(**values.get("further", {}))
        features.block_weights_ = dict(values.get("block_weights", {}))
        features.shared_folders_ = frozenset(values.get("shared_folders", ()))
        return features

    @property
    def field_names(self) -> tuple[str, ...]:
        """The fields the columns belong to: `FIELDS`, then the further columns of the table."""
        return (*FIELDS, *self.further_.names)

    @property
    def width(self) -> int:
        """Columns of the matrix, without the sentence's."""
        return sum(block.width for block in self.lexical_.values()) + sum(
            part.shape[1] for _, _, part in self._smooth(pd.DataFrame(index=range(1)))
        )

    def transform(
        self, X: pd.DataFrame, *, words_only: bool = False, half_dated: np.ndarray | None = None
    ) -> sparse.csr_matrix:
        """Give the matrix, shape (n tracks, width), float32; with `words_only` numbers, keys and
        dates count as neither there nor missing. Where `half_dated` (n,) holds, a row is the mean
        of what it is with the day of the track and without."""
        check_is_fitted(self)
        texts = self._texts(X)
        blocks = [
            self._counted(name, "", _weighted(name, block.transform(texts), half_dated))
            for name, block in self.lexical_.items()
        ]
        for name, field, part in self._smooth(X):
            shown = self._counted(name, field, _weighted(name, part, half_dated))
            blocks.append(sparse.csr_matrix(part.shape) if words_only else shown)
        return sparse.hstack(blocks, format="csr", dtype=np.float32)

    def mask_unseen(self, rows: sparse.csr_matrix, learned: sparse.csr_matrix) -> sparse.csr_matrix:
        """Give rows of the matrix as they would be had only the rows `learned` been fitted on;
        further columns behind this matrix's stay."""
        check_is_fitted(self)
        blocks = [(block.width, block.min_tracks) for block in self.lexical_.values()]
        return mask_unseen_terms(rows, learned, blocks)

    def parts(
        self, X: pd.DataFrame, *, half_dated: np.ndarray | None = None
    ) -> Iterator[tuple[str, int, sparse.csr_matrix]]:
        """Give field, first column and columns of each part; together they are `transform`."""
        check_is_fitted(self)
        texts, at = self._texts(X), 0
        for name, block in self.lexical_.items():
            for field, part in block.parts(texts).items():
                shown = self._counted(name, "", _weighted(name, part, half_dated))
                yield _FIELD_OF.get(field, field), at, shown
            at += block.width
        for name, field, part in self._smooth(X):
            yield field, at, self._counted(name, field, _weighted(name, part, half_dated))
            at += part.shape[1]

    def terms(self) -> list[tuple[str, str]]:
        """Give field and term of each lexical column, in order; a term of several fields together
        belongs to "words"."""
        named = []
        for name, block in self.lexical_.items():
            field = _FIELD_OF.get(block.fields[0], "words")
            if name == "notes":  # a term of a further column begins with the column's name
                for term in block.terms:
                    column, _, said = term.partition(": ")
                    named.append((column, said))
            else:
                named += [(field, term) for term in block.terms]
        return named

    def optional_blocks(self) -> dict[str, list[tuple[int, int]]]:
        """The blocks a model may weigh by `block_weights_`: for each, its pieces as first column
        and the one after its last. Many further numbers count as one block."""
        found: dict[str, list[tuple[int, int]]] = {}
        at = 0
        for name, block in self.lexical_.items():
            if name in ("folders", "notes") and block.width:
                found[name] = [(at, at + block.width)]
            at += block.width
        for name, field, part in self._smooth(pd.DataFrame(index=range(1))):
            if name == "numbers":
                found.setdefault(self._block(name, field), []).append((at, at + part.shape[1]))
            at += part.shape[1]
        return found

    def _block(self, name: str, field: str) -> str:
        single = name == "numbers" and len(self.further_.numbers) <= _MOST_APART
        return f"numbers {field}" if single else name

    def _counted(self, name: str, field: str, part: sparse.csr_matrix) -> sparse.csr_matrix:
        """A block as heavy as the model's own folds say."""
        weight = self.block_weights_.get(self._block(name, field), 1.0)
        if weight == 1:
            return part
        return weight * part if weight else sparse.csr_matrix(part.shape, dtype=part.dtype)

    def _texts(self, X: pd.DataFrame) -> Texts:
        """The texts of each lexical block's fields."""
        texts = dict(_texts(X))
        if "folders" in getattr(self, "lexical_", {"folders": None}):
            paths = _text(X, "path")
            texts["folders"] = [folder_names(path, self.shared_folders_) for path in paths]
        return texts | self.further_.said(X)

    def _smooth(self, X: pd.DataFrame) -> list[tuple[str, str, sparse.csr_matrix]]:
        """Name, field and columns of the blocks that are not words."""
        bpm = _number(X, "bpm")
        year = _number(X, "year")
        length = _number(X, "duration_s")
        found = [
            ("bpm", "bpm", bumps(bpm, 60, 200, 24, log=True)),
            ("bpm folded", "bpm", bumps(fold_bpm(bpm), 80, 160, 12, log=True)),
            ("key", "key", keys(_text(X, "key"))),
            ("year", "year", bumps(np.where(year > 1900, year, np.nan), 1950, 2030, 27)),
            ("duration", "duration_s", bumps(length, 60, 900, 12, log=True)),
        ]
        for name, part in self.further_.smooth(X):
            found.append(("numbers", name, part))
        if self.dates_:
            found.append(("date", "date_added", bumps(day_numbers(X), *self.dates_, 24)))
        return found


def _weighted(
    name: str, part: sparse.csr_matrix, half_dated: np.ndarray | None
) -> sparse.csr_matrix:
    """A block as heavy as it counts; of tracks whose day counts half, the day's columns are the
    mean of what they are and of what they would be without one."""
    if half_dated is not None and name in ("days", "date"):
        half = 0.5 * half_dated.astype(np.float32)
        part = sparse.diags(1 - half) @ part
        if name == "date":  # its last column says that there is none
            missing = (half, (np.arange(len(half)), np.full(len(half), part.shape[1] - 1)))
            part = part + sparse.csr_matrix(missing, shape=part.shape)
    return _WEIGHTS[name] * part


def _lexical_blocks(notes: tuple[str, ...]) -> dict[str, LexicalBlock]:
    names = ("artist", "title", "album", "label", "genres")
    blocks = {
        "words": LexicalBlock(names, "words", max_terms=100_000),
        "characters": LexicalBlock(
            ("artist", "title", "genres"), "characters", min_tracks=2, max_terms=40_000
        ),
        "artists": LexicalBlock(("artists",), "names", longest_run=1),
        "albums": LexicalBlock(("albums",), "names", longest_run=1),
        "labels": LexicalBlock(("labels",), "names", longest_run=1),
        "genres": LexicalBlock(("genre_tokens",), "names", longest_run=1),
        "days": LexicalBlock(("days",), "names", longest_run=1),
        "folders": LexicalBlock(
            ("folders",), "names", min_tracks=2, max_terms=20_000, longest_run=1
        ),
    }
    if notes:
        blocks["notes"] = LexicalBlock(
            notes, "names", min_tracks=2, max_terms=20_000, longest_run=1
        )
    return blocks


def _texts(X: pd.DataFrame) -> Texts:
    """The texts of each lexical block's fields; names are joined by `SEPARATOR`."""
    pairs = [
        split_artist_title(a, t) for a, t in zip(_text(X, "artist"), _text(X, "title"), strict=True)
    ]
    artists = [artist for artist, _ in pairs]
    albums = [strip_promo(album) for album in _text(X, "album")]
    labels = [strip_promo(label) for label in _text(X, "label")]
    genres = [genre_tokens(cell) for cell in _text(X, "genres")]
    return {
        "artist": artists,
        "title": [title for _, title in pairs],
        "album": albums,
        "label": labels,
        "genres": [" ; ".join(tokens) for tokens in genres],
        "artists": [_names(artist) for artist in artists],
        "albums": [fold(album) for album in albums],
        "labels": [fold(label) for label in labels],
        "genre_tokens": [_with_words(tokens) for tokens in genres],
        "days": [
            "" if np.isnan(day) else str(np.datetime64(int(day), "D")) for day in day_numbers(X)
        ],
    }


def _names(artist: str) -> str:
    """`A & B feat. C` as three names."""
    return SEPARATOR.join(dict.fromkeys(filter(None, map(fold, _BETWEEN_ARTISTS.split(artist)))))


def _with_words(tokens: tuple[str, ...]) -> str:
    """Genre tokens and the words of each: tech house is also house."""
    words = (word for token in tokens for word in token.split() if word != "&")
    return SEPARATOR.join(dict.fromkeys([*tokens, *words]))


def _number(X: pd.DataFrame, column: str) -> np.ndarray:
    if column not in X:
        return np.full(len(X), np.nan)
    values = coerce(X[[column]], TRACKS)[0][column].to_numpy(dtype=float, na_value=np.nan)
    return np.where(values > 0, values, np.nan)


def _text(X: pd.DataFrame, column: str) -> list[str]:
    return text_of(X, column).tolist()
