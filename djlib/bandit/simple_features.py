"""What the simple players read of a listing: its words, the meaning of its words, its numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer

from ..features.embeddings import SentenceEmbedder
from ..tables.cell_text import text_of

_NUMBERS = ("year", "price", "have", "want")
_NUMBER_WEIGHT = 0.2
"""Numbers beside a text of length one: heavier and they would drown it."""
_COMPONENTS, _COMPONENT_WEIGHT = 64, 3.0
_NO_NUMBERS = ("listing_id", "keeper")


def line(listings: pd.DataFrame) -> list[str]:
    """One line for each listing: artist, title, label, genres, year.

    >>> line(pd.DataFrame({"artist": ["Robyn"], "title": ["Be Mine"], "year": [2005.0]}))
    ['Robyn - Be Mine, , , 2005']
    """
    cells = [text_of(listings, name) for name in ("artist", "title", "label", "genres")]
    year = _number(listings, "year") if "year" in listings else np.full(len(listings), np.nan)
    years = ["" if np.isnan(y) else f"{y:.0f}" for y in year]
    return [f"{a} - {t}, {la}, {g}, {y}" for a, t, la, g, y in zip(*cells, years, strict=True)]


def numbers(listings: pd.DataFrame) -> np.ndarray:
    """Columns of numbers, the schema's and any other, standardised; what is missing is 0."""
    names = [str(n) for n in listings if n in _NUMBERS or _is_extra(listings, str(n))]
    if not names:
        return np.zeros((len(listings), 0))
    values = np.stack([_number(listings, name) for name in names], axis=1)
    known = np.isfinite(values)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, values, 0).sum(axis=0) / count
    spread = np.sqrt(np.where(known, (values - mean) ** 2, 0).sum(axis=0) / count)
    return np.where(known, (values - mean) / np.where(spread > 0, spread, 1), 0) * _NUMBER_WEIGHT


def sparse_words(listings: pd.DataFrame) -> sparse.csr_matrix:
    """Words and pairs of words by TF-IDF, numbers beside them."""
    words = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b")
    try:
        found = words.fit_transform(line(listings))
    except ValueError:  # not one word in the whole pool
        found = sparse.csr_matrix((len(listings), 1))
    return sparse.hstack([found, numbers(listings)]).tocsr()


def word_vectors(listings: pd.DataFrame) -> np.ndarray:
    """Sentence embeddings, each text embedded once on this machine."""
    return SentenceEmbedder().embed(line(listings))


def dense(listings: pd.DataFrame) -> np.ndarray:
    """Sentence embeddings in their main directions: few enough for a linear bandit."""
    vectors = word_vectors(listings)
    n = min(_COMPONENTS, len(vectors) - 1)
    found: np.ndarray = PCA(n, random_state=0).fit_transform(vectors)
    return found * _COMPONENT_WEIGHT


def _is_extra(listings: pd.DataFrame, name: str) -> bool:
    """Another column that holds numbers and nothing else, though as text: `energy`, `bpm`."""
    if name in _NO_NUMBERS or name.endswith("_at") or name.endswith("_id"):
        return False
    given = listings[name].astype(str).str.strip()
    given = given[~given.isin(["", "nan", "<NA>", "None"])]
    return bool(len(given)) and bool(pd.to_numeric(given, errors="coerce").notna().all())


def _number(listings: pd.DataFrame, name: str) -> np.ndarray:
    found = pd.to_numeric(listings[name], errors="coerce").to_numpy(dtype=float)
    return np.where(np.isfinite(found), found, np.nan)
