"""Tracks read as if part of the library had never been seen: what a fold is asked, honestly.

A vocabulary learned from a whole library knows the words of the tracks left out of a fold too. A
new track's words are not known: its row, scaled to length one, leans all the more on those that
are. Confidence learned from rows that kept their unknown words would be too high for new tracks.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy import sparse


def read_as_new(
    rows: sparse.csr_matrix, learned: sparse.csr_matrix, blocks: Iterable[tuple[int, int]]
) -> sparse.csr_matrix:
    """Give `rows` as they would be had the vocabulary been learned from the rows `learned` alone.

    `blocks` are the width of each lexical block, from the first column on, and how many tracks a
    term of it needs. Terms that fewer hold are dropped, and what is left of the block in a row is
    as long as it was; the columns behind the blocks stay.

    >>> rows = sparse.csr_matrix([[0.6, 0.8, 5.0]])
    >>> learned = sparse.csr_matrix([[1.0, 0.0, 2.0]])
    >>> read_as_new(rows, learned, [(2, 1)]).toarray().tolist()
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
