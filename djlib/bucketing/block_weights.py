"""How much each block of further columns counts, learned from folds of the library itself.

Folders, notes and further numbers help one library and mislead another. Each is left out, or
counts less, where that predicts tracks not learned from better, by chance and of other artists.
Folds forward in time were tried as well and left out: they threw folders out of three of four
libraries, and tracks added after all of it were then found less often, not more.

Kernel ridge regression stands in for the model, since what it would say of a fold it did not learn
follows from one inverse (Rifkin & Lippert 2007).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import linalg, sparse

from ..evaluation.splits import artist_groups

WEIGHTS = (1.0, 0.5, 0.0)
"""What a block may count beside its usual weight."""

MAX_TRACKS = 1_500
"""Tracks that tell enough; of more, so many are drawn."""

MIN_TRACKS = 40
_N_FOLDS = 5
_RIDGE = 1.0
_GAIN = 1e-3
"""Share of the squared error that a block must take off to count for more."""


def learn_block_weights(
    matrix: sparse.csr_matrix,
    blocks: Mapping[str, list[tuple[int, int]]],
    X: pd.DataFrame,
    truth: np.ndarray,
    seed: int,
) -> dict[str, float]:
    """Give the weight of each block, of `WEIGHTS`; `matrix` (n, columns) are the tracks `X` with
    all blocks at 1, `blocks` the first column of each of their pieces and the one after its last,
    `truth` 0/1, (n, buckets).

    >>> truth = np.eye(2)[np.arange(60) % 2]
    >>> noise = np.random.default_rng(0).normal(size=(60, 3)) * 3
    >>> rows = sparse.csr_matrix(np.hstack([truth, noise]))
    >>> learn_block_weights(rows, {"noise": [(2, 5)]}, pd.DataFrame(index=range(60)), truth, 0)
    {'noise': 0.0}
    """
    n = matrix.shape[0]
    weights = dict.fromkeys(blocks, 1.0)
    if n < MIN_TRACKS or not blocks:
        return weights
    random = np.random.default_rng(seed)
    chosen = np.sort(random.choice(n, min(n, MAX_TRACKS), replace=False))
    rows, tracks = matrix[chosen].astype(np.float64), X.iloc[chosen].reset_index(drop=True)
    loss = _Loss(truth[chosen].astype(float), tracks, random)
    kernels = {name: _kernel(rows, pieces) for name, pieces in blocks.items()}
    kernel = (rows @ rows.T).toarray()
    # the block that takes most off by itself is judged last, beside what is left of the others
    for name in sorted(blocks, key=lambda name: float(np.trace(kernels[name]))):
        rest = kernel - kernels[name]
        losses = {w: loss(rest + w**2 * kernels[name]) for w in WEIGHTS}
        best = 0.0
        for weight in sorted(WEIGHTS):
            if losses[weight] < losses[best] * (1 - _GAIN):
                best = weight
        weights[name] = best
        kernel = rest + best**2 * kernels[name]
    return weights


def _kernel(rows: sparse.csr_matrix, pieces: list[tuple[int, int]]) -> np.ndarray:
    return sum((rows[:, a:b] @ rows[:, a:b].T).toarray() for a, b in pieces)


class _Loss:
    """Squared error of kernel ridge regression on tracks not learned from, each kind of folds
    beside what base rates would give there."""

    def __init__(self, truth: np.ndarray, tracks: pd.DataFrame, random: np.random.Generator):
        self.truth = truth - truth.mean(axis=0)
        n = len(truth)
        artist = np.unique(artist_groups(tracks), return_inverse=True)[1]
        self.folds = [
            random.permutation(n) % _N_FOLDS,
            random.permutation(artist.max() + 1)[artist] % _N_FOLDS,
        ]

    def __call__(self, kernel: np.ndarray) -> float:
        n = len(kernel)
        inverse = linalg.inv(kernel + _RIDGE * np.eye(n), overwrite_a=True, check_finite=False)
        answers = inverse @ self.truth
        usual = float((self.truth**2).sum())
        losses = []
        for fold in self.folds:
            lost = 0.0
            for number in range(_N_FOLDS):
                test = np.flatnonzero(fold == number)
                missed = linalg.solve(inverse[np.ix_(test, test)], answers[test], assume_a="pos")
                lost += float((missed**2).sum())
            losses.append(lost / usual)
        return float(np.mean(losses))
