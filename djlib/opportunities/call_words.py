"""The words, tags and sources of calls, hashed: no vocabulary to learn, so that new words need no
new model and what was counted once stays counted."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.utils import murmurhash3_32

from ..features.text import fold
from ..tables.cell_text import text_of

BLOCKS = ("words", "tags", "source")
"""What a call says: running words and pairs of them, its tags, who published it."""
_SIZES = (2**18, 2**16, 2**14)
STARTS = (0, _SIZES[0], _SIZES[0] + _SIZES[1])
"""Where the columns of each block begin."""
WIDTH = sum(_SIZES)
_LONGEST = 2000
_MOST = 255
"""Times a word is counted in one call."""


def counted(calls: pd.DataFrame) -> sparse.csr_matrix:
    """How often each call says what, (n, WIDTH) uint8.

    >>> calls = pd.DataFrame({"title": ["Dub, dub"], "tags": ["Sound Art; Dub"], "source": ["S"]})
    >>> counted(calls).sum(), sorted(counted(calls).data.tolist())
    (np.uint64(6), [1, 1, 1, 1, 2])
    """
    if not len(calls):
        return sparse.csr_matrix((0, WIDTH), dtype=np.uint8)
    made = [hasher(block).transform(said(calls, block)) for block in BLOCKS]
    both = sparse.hstack(made, format="csr")
    both.data = np.minimum(both.data, _MOST).astype(np.uint8)
    both.sort_indices()
    return both


def said(calls: pd.DataFrame, block: str) -> list[Any]:
    """What each call says in a block: its text, or a list of names.

    >>> said(pd.DataFrame({"tags": ["Sound Art; dub"]}), "tags")
    [['sound art', 'dub']]
    """
    if block == "words":
        cells = zip(text_of(calls, "title"), text_of(calls, "description"), strict=True)
        return [fold(f"{title} . {text[:_LONGEST]}") for title, text in cells]
    if block == "tags":
        return [_names(cell, ";") for cell in text_of(calls, "tags")]
    joined = text_of(calls, "sources") if "sources" in calls else text_of(calls, "source")
    return [_names(cell, "|") for cell in joined]


def terms(calls: pd.DataFrame, block: str) -> list[dict[str, int]]:
    """The distinct terms of each call with the column of each: what `counted` counts.

    >>> found = terms(pd.DataFrame({"tags": ["dub"]}), "tags")
    >>> list(found[0]), found[0]["dub"] in counted(pd.DataFrame({"tags": ["dub"]})).indices
    (['dub'], True)
    """
    analyse, number = hasher(block).build_analyzer(), BLOCKS.index(block)
    return [
        {term: STARTS[number] + _place(term, _SIZES[number]) for term in analyse(text)}
        for text in said(calls, block)
    ]


@cache
def hasher(block: str) -> HashingVectorizer:
    """What turns the terms of a block into columns."""
    return HashingVectorizer(
        analyzer="word" if block == "words" else _as_they_are,
        ngram_range=(1, 2) if block == "words" else (1, 1),
        n_features=_SIZES[BLOCKS.index(block)],
        alternate_sign=False,
        norm=None,
        dtype=np.float32,
    )


def sentences(calls: pd.DataFrame) -> list[str]:
    """What the sentence model reads of each call.

    >>> sentences(pd.DataFrame({"title": ["Residency"], "tags": ["dub"], "description": ["Free."]}))
    ['Residency. dub Free.']
    """
    columns = (text_of(calls, name) for name in ("title", "tags", "description"))
    return [f"{title}. {tags} {text}"[:600] for title, tags, text in zip(*columns, strict=True)]


def _place(term: str, size: int) -> int:
    """Where scikit-learn's hasher puts a term."""
    return abs(int(murmurhash3_32(term.encode("utf-8", "replace"), seed=0))) % size


def _as_they_are(names: Sequence[str]) -> Sequence[str]:
    return names


def _names(cell: str, mark: str) -> list[str]:
    return list(dict.fromkeys(n for n in (fold(part) for part in cell.split(mark)) if n))
