"""Words, characters and whole names of several fields as one sparse matrix, split by field.

The fields share one vocabulary, so that "disco" in a title and in a genre is one column, and a
track's row is the usual TF-IDF row of all its words together (Salton & Buckley 1988). What each
field brought to it can still be told apart: a term's weight is shared out by where it was counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.utils.validation import check_is_fitted

SEPARATOR = "\x1f"
"""Between the names of one text, where whole names are counted."""

Texts = Mapping[str, Sequence[str]]
"""The texts of each field, one a track."""

_PATTERNS = {"words": r"(?u)\b\w+\b", "names": rf"[^{SEPARATOR}]+"}


class LexicalBlock(BaseEstimator):
    """TF-IDF over the texts of one or more fields.

    Parameters
    ----------
    fields : which texts.
    kind : "words" (with pairs of neighbours), "characters" (2 to 4 within a word) or "names"
        (what stands between separators, unweighted: a name is either there or not).
    min_tracks : tracks a term needs.
    max_terms : most terms, the frequent ones first; None for all.
    longest_run : neighbouring words joined into one term, 1 for words alone.

    Attributes
    ----------
    counts_ : the fitted `CountVectorizer`, None where there was no term at all.
    idf_ : the weight of each term, shape (terms,).

    Examples
    --------
    >>> texts = {"artist": ["Robyn", "Moodymann"], "title": ["Be Mine", "Mine"]}
    >>> block = LexicalBlock(("artist", "title"), "words", longest_run=1).fit(texts)
    >>> parts = block.parts(texts)
    >>> bool(np.allclose(sum(parts.values()).toarray(), block.transform(texts).toarray()))
    True
    """

    def __init__(
        self,
        fields: tuple[str, ...],
        kind: str = "words",
        min_tracks: int = 1,
        max_terms: int | None = None,
        longest_run: int = 2,
    ) -> None:
        self.fields = fields
        self.kind = kind
        self.min_tracks = min_tracks
        self.max_terms = max_terms
        self.longest_run = longest_run

    @property
    def width(self) -> int:
        """Columns of the matrix."""
        return len(self.idf_)

    @property
    def terms(self) -> list[str]:
        """The term of each column."""
        return list(self.counts_.vocabulary) if self.counts_ is not None else []

    def fit(self, texts: Texts) -> Self:
        """Learn the vocabulary and how rare its terms are."""
        found = [text for field in self.fields for text in dict.fromkeys(texts[field])]
        self.counts_ = None
        self.idf_ = np.zeros(0, dtype=np.float32)
        try:
            vocabulary = sorted(self._vectorizer().fit(found).vocabulary_)
        except ValueError:  # nothing but stop signs: an empty vocabulary
            return self
        counter = self._vectorizer(vocabulary)
        present = sum(_of_distinct(counter, texts[field]) for field in self.fields) > 0
        tracks = np.asarray(present.sum(axis=0)).ravel()
        kept = self._chosen(tracks)
        if len(kept):
            self.counts_ = self._vectorizer([vocabulary[term] for term in kept])
            self.idf_ = self._rarity(tracks[kept], len(texts[self.fields[0]]))
        return self

    def transform(self, texts: Texts) -> sparse.csr_matrix:
        """Give the matrix, shape (n tracks, terms), float32, rows of length one or zero."""
        return self._weighted(sum(self._counted(texts).values()))

    def parts(self, texts: Texts) -> dict[str, sparse.csr_matrix]:
        """Give what each field brought to the matrix; they add up to `transform`."""
        counted = self._counted(texts)
        if len(counted) == 1:
            return {field: self._weighted(counts) for field, counts in counted.items()}
        total = sum(counted.values())
        share = self._weighted(total)
        share.data /= total.data
        return {field: share.multiply(counts).tocsr() for field, counts in counted.items()}

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for a settings file."""
        check_is_fitted(self)
        rarity = [round(float(weight), 6) for weight in self.idf_]
        return {"parameters": self.get_params(), "terms": self.terms, "rarity": rarity}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read back what `as_dict` gave."""
        parameters = {**values["parameters"], "fields": tuple(values["parameters"]["fields"])}
        block = cls(**parameters)
        block.idf_ = np.array(values["rarity"], dtype=np.float32)
        block.counts_ = block._vectorizer(values["terms"]) if values["terms"] else None
        return block

    def _vectorizer(self, vocabulary: list[str] | None = None) -> CountVectorizer:
        settings = (
            {"analyzer": "char_wb", "ngram_range": (2, 4)}
            if self.kind == "characters"
            else {"token_pattern": _PATTERNS[self.kind], "ngram_range": (1, self.longest_run)}
        )
        return CountVectorizer(**settings, vocabulary=vocabulary, dtype=np.float32)

    def _chosen(self, tracks: np.ndarray) -> np.ndarray:
        """Terms in enough tracks, the frequent ones where there are too many."""
        kept = np.flatnonzero(tracks >= self.min_tracks)
        frequent = kept[np.argsort(-tracks[kept], kind="stable")[: self.max_terms]]
        return np.sort(frequent)

    def _rarity(self, tracks: np.ndarray, n: int) -> np.ndarray:
        if self.kind == "names":
            return np.ones(len(tracks), dtype=np.float32)
        return (np.log((1 + n) / (1 + tracks)) + 1).round(6).astype(np.float32)

    def _counted(self, texts: Texts) -> dict[str, sparse.csr_matrix]:
        check_is_fitted(self)
        if self.counts_ is None:
            return {f: sparse.csr_matrix((len(texts[f]), 0), dtype=np.float32) for f in self.fields}
        return {field: _of_distinct(self.counts_, texts[field]) for field in self.fields}

    def _weighted(self, counts: sparse.csr_matrix) -> sparse.csr_matrix:
        """Logarithmic counts times rarity, rows scaled to length one."""
        found = counts.tocsr().copy()
        found.data = (1 + np.log(found.data)) * self.idf_[found.indices]
        return unit_rows(found)


def unit_rows(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    """Scale each row that is not empty to length one, in place."""
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    length[length == 0] = 1
    matrix.data /= np.repeat(length, np.diff(matrix.indptr)).astype(matrix.dtype)
    return matrix


def _of_distinct(counter: CountVectorizer, texts: Sequence[str]) -> sparse.csr_matrix:
    """Counts of each text; a text that comes often (an album, a genre) is taken apart once."""
    place: dict[str, int] = {}
    rows = [place.setdefault(text, len(place)) for text in texts]
    return (
        counter.transform(place)[rows]
        if rows
        else sparse.csr_matrix((0, len(counter.vocabulary)), dtype=np.float32)
    )
