"""How sure a model may be of its first choice, given how well it knows the track.

A temperature makes all probabilities honest on average, but not the first choice of a track whose
artist was never seen, or whose song lies in another bucket already. A logistic curve on the first
choice's log-odds (Platt 1999) and on such facts corrects it; the other choices share the rest.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit

_TINY = 1e-4
_ENOUGH = 60
"""Answers needed to correct anything; fewer would be corrected towards chance."""

_RIDGE = 2.0
"""Pull towards no correction at all, in answers."""


@dataclass(frozen=True)
class Confidence:
    """Corrects first choices: log-odds times `slope` plus `offset` plus the `weights` of the facts
    that hold. Learned by `fit`, applied by `apply`.

    >>> rng = np.random.default_rng(0)
    >>> right = rng.random(2000) < 0.6
    >>> boastful = np.tile([0.9, 0.1], (2000, 1))
    >>> facts = np.zeros((2000, 1))
    >>> curve = Confidence.fit(boastful, right, facts)
    >>> round(float(curve.apply(boastful, facts).max(axis=1).mean()), 1)
    0.6
    """

    slope: float = 1.0
    offset: float = 0.0
    weights: tuple[float, ...] = ()

    @classmethod
    def fit(
        cls,
        proba: np.ndarray,
        correct: np.ndarray,
        facts: np.ndarray,
        sample_weight: np.ndarray | None = None,
    ) -> Self:
        """Learn from out-of-sample probabilities (n, buckets), whether each first choice was
        right (n,), and facts (n, facts) about the tracks, from 0 to 1."""
        none = cls(weights=(0.0,) * facts.shape[1])
        weight = np.ones(len(proba)) if sample_weight is None else sample_weight
        if weight.sum() < _ENOUGH:
            return none
        odds = _log_odds(proba.max(axis=1))
        sign = np.where(correct, -1.0, 1.0)

        def loss(parameters: np.ndarray) -> float:
            said = none._with(parameters)._said(odds, facts)
            return float(weight @ np.logaddexp(0, sign * said) + _RIDGE / 2 * (parameters**2).sum())

        return none._with(minimize(loss, np.zeros(2 + facts.shape[1])).x)

    def apply(self, proba: np.ndarray, facts: np.ndarray) -> np.ndarray:
        """Give corrected probabilities, shape of `proba`, rows still summing to 1; the first
        choice stays first."""
        if not len(proba):
            return proba
        first = proba.argmax(axis=1)
        rows = np.arange(len(proba))
        top = np.clip(proba[rows, first], _TINY, 1 - _TINY)
        rest = proba.copy()
        rest[rows, first] = 0
        second = rest.max(axis=1)
        new = expit(self._said(_log_odds(top), facts))
        lowest = second / (1 - top + second)  # where first and second choice are level
        new = np.maximum(new, np.minimum(lowest + _TINY, 1 - _TINY))
        rest *= ((1 - new) / (1 - proba[rows, first]).clip(_TINY))[:, None]
        rest[rows, first] = new
        return np.asarray(rest / rest.sum(axis=1, keepdims=True))

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for a settings file."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Read back what `as_dict` gave."""
        return cls(**{**values, "weights": tuple(values["weights"])})

    def _said(self, odds: np.ndarray, facts: np.ndarray) -> np.ndarray:
        known = facts[:, : len(self.weights)]  # an older model was told fewer facts
        return np.asarray(self.slope * odds + self.offset + known @ np.asarray(self.weights))

    def _with(self, parameters: np.ndarray) -> Self:
        slope, offset, *weights = parameters.tolist()
        return type(self)(float(np.exp(np.clip(slope, -4, 4))), offset, tuple(weights))


def _log_odds(confidence: np.ndarray) -> np.ndarray:
    return np.asarray(logit(np.clip(confidence, _TINY, 1 - _TINY)))
