"""Principal components of many sparse columns, and the way back to them.

A library has far more columns than tracks, so everything a linear model can learn from them lies
in as many directions as there are tracks: learning there is exact and fast (the dual form, as in
latent semantic analysis, Deerwester et al. 1990). Past 5,000 tracks only the strongest directions
are kept, found by random projection (Halko et al. 2011).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.linalg import eigh
from sklearn.utils.extmath import randomized_svd

_EXACT = 5_000
"""Tracks up to which all pairs are compared: 100 MB of products."""

_MOST_OF_MANY = 600
"""Components kept of a random decomposition."""

_NOISE = 1e-6
"""Components weaker than this beside the strongest are rounding."""


@dataclass(frozen=True)
class PrincipalComponents:
    """`rows` (n, columns) of tracks and their `scores` (n, r) on the principal components,
    strongest first; `back_project` turns coefficients on components (r, k) into coefficients on
    columns (columns, k); `is_whole` unless components were left out."""

    rows: sparse.csr_matrix
    scores: np.ndarray
    back_project: Callable[[np.ndarray], np.ndarray]
    is_whole: bool = True

    def of(self, tracks: np.ndarray) -> PrincipalComponents:
        """The same of some of the tracks, by number."""
        return PrincipalComponents(
            self.rows[tracks], self.scores[tracks], self.back_project, self.is_whole
        )


def is_large(n: int) -> bool:
    """Whether of so many tracks only the strongest directions are found."""
    return n > _EXACT


def fit_components(
    matrix: sparse.csr_matrix, *, n_dense: int = 0, seed: int | None = 0
) -> PrincipalComponents:
    """Decompose a matrix (n tracks, columns); columns are not centred. The last `n_dense` columns
    are full ones, whose products are quicker by themselves.

    >>> rows = sparse.csr_matrix(np.array([[1.0, 0, 2], [0, 1, 0], [1, 0, 2]], dtype=np.float32))
    >>> components = fit_components(rows)
    >>> bool(np.allclose(rows @ components.back_project(np.eye(2)), components.scores, atol=1e-5))
    True
    """
    if is_large(matrix.shape[0]):
        return _strongest(matrix, seed)
    products = _products(matrix, matrix.shape[1] - n_dense)
    value, vector = eigh(products, driver="evd", overwrite_a=True)
    value, vector = value[::-1], vector[:, ::-1]
    kept = value > _NOISE * max(value[0], _NOISE)
    length = np.sqrt(value[kept]).astype(np.float32)
    vector = vector[:, kept].astype(np.float32)
    return PrincipalComponents(
        matrix, vector * length, lambda weights: matrix.T @ (vector / length @ weights)
    )


def _products(matrix: sparse.csr_matrix, n_sparse: int) -> np.ndarray:
    """Products of all pairs of rows, (n, n)."""
    some, full = matrix[:, :n_sparse], matrix[:, n_sparse:].toarray()
    return np.asarray((some @ some.T).toarray() + full @ full.T)


def _strongest(matrix: sparse.csr_matrix, seed: int | None) -> PrincipalComponents:
    rank = min(_MOST_OF_MANY, min(matrix.shape) - 1)
    left, length, right = randomized_svd(matrix, rank, n_iter=3, random_state=seed)
    scores = (left * length).astype(np.float32)
    return PrincipalComponents(matrix, scores, lambda weights: right.T @ weights, is_whole=False)
