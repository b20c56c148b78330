"""How far to trust the probabilities of several buckets, given how well a track is known.

Where a track may sit in several buckets each has a probability of its own. One logistic curve
(Platt 1999) makes them honest on average; a curve that depends on what is known of the track makes
them honest for strangers, for songs already filed and for tracks added after all that was learned.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit

_TINY = 1e-6
_ENOUGH = 60
"""Answers needed to correct anything; fewer would be corrected towards chance."""

_RIDGE = 8.0
"""Pull towards no correction at all, in answers. On the several-bucket libraries at hand 5, 20 and
60 were within one percent of each other in log-loss."""

_STEEPEST = 4.0


@dataclass(frozen=True)
class SeveralConfidence:
    """Corrects probabilities of buckets: log-odds times exp(`steepness`) plus `offset`, each a sum
    over (always, fact, fact, ...) of those that hold. Learned by `fit`, applied by `apply`.

    >>> late = np.arange(2000)[:, None] % 2
    >>> right = np.random.default_rng(0).random((2000, 1)) < np.where(late, 0.3, 0.9)
    >>> truth, proba = np.hstack([right, 0 * right]), np.tile([0.9, 0.1], (2000, 1))
    >>> curve = SeveralConfidence.fit(proba, truth, late)
    >>> curve.apply(proba[:2], late[:2])[:, 0].round(1).tolist()
    [0.9, 0.3]
    """

    steepness: tuple[float, ...]
    offset: tuple[float, ...]

    @classmethod
    def fit(
        cls,
        proba: np.ndarray,
        truth: np.ndarray,
        facts: np.ndarray,
        sample_weight: np.ndarray | None = None,
    ) -> Self:
        """Learn from out-of-sample probabilities and the 0/1 truth, both (n, buckets), and facts
        (n, facts) about the tracks, from 0 to 1."""
        known = _always(facts)
        size = known.shape[1]
        weight = np.ones(len(proba)) if sample_weight is None else sample_weight
        if weight.sum() < _ENOUGH:
            return cls((0.0,) * size, (0.0,) * size)
        odds, sign = _log_odds(proba), np.where(truth > 0, -1.0, 1.0)

        def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
            slope = _slope(known @ parameters[:size])[:, None]
            missed = sign * (slope * odds + (known @ parameters[size:])[:, None])
            pushed = weight[:, None] * sign * expit(missed)
            slopes = [known.T @ (pushed * slope * odds).sum(axis=1), known.T @ pushed.sum(axis=1)]
            pull = _RIDGE * parameters
            total = float(weight @ np.logaddexp(0, missed).sum(axis=1))
            return total + float(pull @ parameters) / 2, np.concatenate(slopes) + pull

        found = minimize(loss, np.zeros(2 * size), jac=True, method="L-BFGS-B").x.tolist()
        return cls(tuple(found[:size]), tuple(found[size:]))

    def apply(self, proba: np.ndarray, facts: np.ndarray) -> np.ndarray:
        """Give corrected probabilities, shape of `proba`; the buckets of a track keep their
        order."""
        known = _always(facts)
        slope = _slope(known @ np.asarray(self.steepness))[:, None]
        return np.asarray(
            expit(slope * _log_odds(proba) + (known @ np.asarray(self.offset))[:, None])
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for a settings file."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Read back what `as_dict` gave."""
        return cls(tuple(values["steepness"]), tuple(values["offset"]))


def _always(facts: np.ndarray) -> np.ndarray:
    """The facts, after one that always holds."""
    return np.column_stack([np.ones(len(facts)), facts])


def _slope(steepness: np.ndarray) -> np.ndarray:
    return np.exp(np.clip(steepness, -_STEEPEST, _STEEPEST))


def _log_odds(proba: np.ndarray) -> np.ndarray:
    return np.asarray(logit(np.clip(proba, _TINY, 1 - _TINY)))
