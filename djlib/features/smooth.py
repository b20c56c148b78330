"""Numbers and keys as smooth bumps: what is near in tempo, year or key shares columns.

A number becomes its nearness to a row of evenly spaced centres (radial basis functions, Broomhead
& Lowe 1988), so that a linear model can like 122 to 126 without liking everything above. Rows
have length one; a missing value is a flag of its own.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from .music import parse_key


def bumps(
    values: np.ndarray, low: float, high: float, n: int, *, log: bool = False
) -> sparse.csr_matrix:
    """Give `n` columns of nearness and one missing flag, shape (len(values), n + 1), float32.

    Values outside `low` to `high` count as the end; NaN is missing. With `log` the centres are
    evenly spaced in octaves.

    >>> bumps(np.array([120.0, np.nan]), 60, 240, 3, log=True).toarray().round(1)
    array([[0.5, 0.8, 0.5, 0. ],
           [0. , 0. , 0. , 1. ]], dtype=float32)
    """
    missing = ~np.isfinite(values)
    inside = np.clip(np.where(missing, low, values), low, high)
    if log:
        inside, low, high = np.log2(inside), float(np.log2(low)), float(np.log2(high))
    centres = np.linspace(low, high, n)
    near = np.exp(-0.5 * ((inside[:, None] - centres) / (centres[1] - centres[0])) ** 2)
    near /= np.linalg.norm(near, axis=1, keepdims=True)
    near[near < _FAINT] = 0
    near[missing] = 0
    return sparse.csr_matrix(np.column_stack([near, missing]).astype(np.float32))


_FAINT = 1e-3
"""Nearness that is left out, to keep the rows short."""

_SELF, _NEIGHBOUR = 0.8, 0.4


def keys(names: list[str]) -> sparse.csr_matrix:
    """Give 24 columns (12 major, then 12 minor, along the circle of fifths), a minor and a
    missing flag, shape (len(names), 26), float32; the two neighbours on the circle share in a key.

    >>> keys(["8A"]).toarray().max().round(1) == keys(["Am"]).toarray().max().round(1)
    np.True_
    >>> (keys(["8A"]) @ keys(["9A"]).T).toarray()[0, 0] > (keys(["8A"]) @ keys(["2A"]).T).toarray()
    array([[ True]])
    """
    known = list(dict.fromkeys(names))
    rows = {name: row for row, name in enumerate(known)}
    table = np.array([_key(name) for name in known], dtype=np.float32).reshape(len(known), 26)
    return sparse.csr_matrix(table[[rows[name] for name in names]])


def _key(name: str) -> np.ndarray:
    row = np.zeros(26, dtype=np.float32)
    key = parse_key(name)
    if key is None:
        row[25] = 1
        return row
    side = 12 * key.is_minor
    row[side + key.position] = _SELF
    for step in (-1, 1):
        row[side + (key.position + step) % 12] = _NEIGHBOUR
    row[24] = key.is_minor
    return row
