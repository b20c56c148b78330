"""Which buckets a model names too rarely or too often, set right on out-of-sample votes.

A penalised model shrinks towards what its rarer buckets have in common with the others, and new
artists come to other buckets than known ones do. A shift of each bucket's log-odds (the bias of
vector scaling, Guo et al. 2017), pulled towards none, sets that right.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from scipy.optimize import minimize
from scipy.special import softmax

_TINY = 1e-6
_RIDGE = 8.0
"""Pull of each shift towards none, in answers: a bucket of a few tracks hardly moves. Half as much
gave the same log-loss on five real libraries."""

_RIDGE_OF_SLOPE = 2.0


@dataclass(frozen=True)
class Leaning:
    """Adds `shifts` to the logarithms of the votes for the buckets. Learned by `fit`, applied by
    `apply`.

    >>> rng = np.random.default_rng(0)
    >>> truth = np.eye(2)[(rng.random(2000) < 0.7).astype(int)]
    >>> undecided = np.full((2000, 2), 0.5)
    >>> leaning = Leaning.fit(undecided, truth)
    >>> leaning.apply(undecided)[0].round(1).tolist()
    [0.3, 0.7]
    """

    shifts: tuple[float, ...]

    @classmethod
    def fit(
        cls, votes: np.ndarray, truth: np.ndarray, sample_weight: np.ndarray | None = None
    ) -> Self:
        """Learn from out-of-sample votes and the 0/1 truth, both (n, buckets); without a row
        nothing is shifted."""
        n, n_buckets = votes.shape
        if not n:
            return cls((0.0,) * n_buckets)
        weight = np.ones(n) if sample_weight is None else sample_weight
        logs = np.log(votes + _TINY)

        def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
            shifts, slope = parameters[:-1], np.exp(np.clip(parameters[-1], -4, 4))
            proba = softmax(slope * logs + shifts, axis=1)
            pull = np.append(_RIDGE * shifts, _RIDGE_OF_SLOPE * parameters[-1])
            missed = -float(weight @ np.log((proba * truth).sum(axis=1) + _TINY))
            wrong = weight[:, None] * (proba - truth)
            slopes = np.append(wrong.sum(axis=0), slope * (wrong * logs).sum())
            return missed + float(pull @ parameters) / 2, slopes + pull

        found = minimize(loss, np.zeros(n_buckets + 1), jac=True, method="L-BFGS-B").x
        # How sharp the votes are is left to the calibration that comes after.
        shifts = found[:-1] / np.exp(np.clip(found[-1], -4, 4))
        return cls(tuple(shifts.tolist()))

    def apply(self, votes: np.ndarray) -> np.ndarray:
        """Give votes that sum to 1, shape of `votes`."""
        return np.asarray(softmax(np.log(votes + _TINY) + np.asarray(self.shifts), axis=1))

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for a settings file."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Read back what `as_dict` gave."""
        return cls(tuple(values["shifts"]))
