"""Calibrators: per-class bias correction, top-label and multi-label Platt scaling."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit, softmax

_MIN_PROBA = 1e-6
_BIAS_RIDGE = 8.0
"""Pull of each shift towards none, in rows: a bucket of a few tracks hardly moves. Half as much
gave the same log-loss on five real libraries."""

_SLOPE_RIDGE = 2.0


@dataclass(frozen=True)
class ClassBiasCorrection:
    """Adds `shifts` to the logarithms of the votes for the buckets. Learned by `fit`, applied by
    `apply`.

    >>> rng = np.random.default_rng(0)
    >>> truth = np.eye(2)[(rng.random(2000) < 0.7).astype(int)]
    >>> undecided = np.full((2000, 2), 0.5)
    >>> correction = ClassBiasCorrection.fit(undecided, truth)
    >>> correction.apply(undecided)[0].round(1).tolist()
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
        logs = np.log(votes + _MIN_PROBA)

        def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
            shifts, slope = parameters[:-1], np.exp(np.clip(parameters[-1], -4, 4))
            proba = softmax(slope * logs + shifts, axis=1)
            pull = np.append(_BIAS_RIDGE * shifts, _SLOPE_RIDGE * parameters[-1])
            missed = -float(weight @ np.log((proba * truth).sum(axis=1) + _MIN_PROBA))
            wrong = weight[:, None] * (proba - truth)
            slopes = np.append(wrong.sum(axis=0), slope * (wrong * logs).sum())
            return missed + float(pull @ parameters) / 2, slopes + pull

        parameters = minimize(loss, np.zeros(n_buckets + 1), jac=True, method="L-BFGS-B").x
        # How sharp the votes are is left to the calibration that comes after.
        shifts = parameters[:-1] / np.exp(np.clip(parameters[-1], -4, 4))
        return cls(tuple(shifts.tolist()))

    def apply(self, votes: np.ndarray) -> np.ndarray:
        """Give votes that sum to 1, shape of `votes`."""
        return np.asarray(softmax(np.log(votes + _MIN_PROBA) + np.asarray(self.shifts), axis=1))

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for a settings file."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Read back what `as_dict` gave."""
        return cls(tuple(values["shifts"]))


_MIN_CONFIDENCE = 1e-4
_MIN_ROWS = 60
"""Rows needed to correct anything; fewer would be corrected towards chance."""

_PLATT_RIDGE = 2.0
"""Pull towards no correction at all, in rows."""


@dataclass(frozen=True)
class TopLabelCalibrator:
    """Corrects first choices: log-odds times `slope` plus `offset` plus the `weights` of the
    novelty features. Learned by `fit`, applied by `apply`.

    >>> rng = np.random.default_rng(0)
    >>> right = rng.random(2000) < 0.6
    >>> overconfident = np.tile([0.9, 0.1], (2000, 1))
    >>> novelty = np.zeros((2000, 1))
    >>> calibrator = TopLabelCalibrator.fit(overconfident, right, novelty)
    >>> round(float(calibrator.apply(overconfident, novelty).max(axis=1).mean()), 1)
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
        novelty: np.ndarray,
        sample_weight: np.ndarray | None = None,
    ) -> Self:
        """Learn from out-of-sample probabilities (n, buckets), whether each first choice was
        right (n,), and `novelty` features (n, features), from 0 to 1."""
        none = cls(weights=(0.0,) * novelty.shape[1])
        weight = np.ones(len(proba)) if sample_weight is None else sample_weight
        if weight.sum() < _MIN_ROWS:
            return none
        odds = _log_odds(proba.max(axis=1), _MIN_CONFIDENCE)
        sign = np.where(correct, -1.0, 1.0)

        def loss(parameters: np.ndarray) -> float:
            scores = none._with(parameters)._scores(odds, novelty)
            return float(
                weight @ np.logaddexp(0, sign * scores) + _PLATT_RIDGE / 2 * (parameters**2).sum()
            )

        return none._with(minimize(loss, np.zeros(2 + novelty.shape[1])).x)

    def apply(self, proba: np.ndarray, novelty: np.ndarray) -> np.ndarray:
        """Give corrected probabilities, shape of `proba`, rows still summing to 1; the first
        choice stays first."""
        if not len(proba):
            return proba
        first = proba.argmax(axis=1)
        rows = np.arange(len(proba))
        top = np.clip(proba[rows, first], _MIN_CONFIDENCE, 1 - _MIN_CONFIDENCE)
        rest = proba.copy()
        rest[rows, first] = 0
        second = rest.max(axis=1)
        new = expit(self._scores(_log_odds(top, _MIN_CONFIDENCE), novelty))
        lowest = second / (1 - top + second)  # where first and second choice are level
        new = np.maximum(new, np.minimum(lowest + _MIN_CONFIDENCE, 1 - _MIN_CONFIDENCE))
        rest *= ((1 - new) / (1 - proba[rows, first]).clip(_MIN_CONFIDENCE))[:, None]
        rest[rows, first] = new
        return np.asarray(rest / rest.sum(axis=1, keepdims=True))

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for a settings file."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Read back what `as_dict` gave."""
        return cls(**{**values, "weights": tuple(values["weights"])})

    def _scores(self, odds: np.ndarray, novelty: np.ndarray) -> np.ndarray:
        known = novelty[:, : len(self.weights)]  # an older model has fewer features
        return np.asarray(self.slope * odds + self.offset + known @ np.asarray(self.weights))

    def _with(self, parameters: np.ndarray) -> Self:
        slope, offset, *weights = parameters.tolist()
        return type(self)(float(np.exp(np.clip(slope, -4, 4))), offset, tuple(weights))


_RIDGE = 8.0
"""Pull towards no correction at all, in rows. On the several-bucket libraries at hand 5, 20 and
60 were within one percent of each other in log-loss."""

_STEEPEST = 4.0


@dataclass(frozen=True)
class MultiLabelCalibrator:
    """Corrects probabilities of buckets: log-odds times exp(`steepness`) plus `offset`, each a sum
    over (always, feature, feature, ...) of the novelty. Learned by `fit`, applied by `apply`.

    >>> late = np.arange(2000)[:, None] % 2
    >>> right = np.random.default_rng(0).random((2000, 1)) < np.where(late, 0.3, 0.9)
    >>> truth, proba = np.hstack([right, 0 * right]), np.tile([0.9, 0.1], (2000, 1))
    >>> calibrator = MultiLabelCalibrator.fit(proba, truth, late)
    >>> calibrator.apply(proba[:2], late[:2])[:, 0].round(1).tolist()
    [0.9, 0.3]
    """

    steepness: tuple[float, ...]
    offset: tuple[float, ...]

    @classmethod
    def fit(
        cls,
        proba: np.ndarray,
        truth: np.ndarray,
        novelty: np.ndarray,
        sample_weight: np.ndarray | None = None,
    ) -> Self:
        """Learn from out-of-sample probabilities and the 0/1 truth, both (n, buckets), and
        `novelty` features (n, features), from 0 to 1."""
        known = _always(novelty)
        size = known.shape[1]
        weight = np.ones(len(proba)) if sample_weight is None else sample_weight
        if weight.sum() < _MIN_ROWS:
            return cls((0.0,) * size, (0.0,) * size)
        odds, sign = _log_odds(proba, _MIN_PROBA), np.where(truth > 0, -1.0, 1.0)

        def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
            slope = _slope(known @ parameters[:size])[:, None]
            missed = sign * (slope * odds + (known @ parameters[size:])[:, None])
            pushed = weight[:, None] * sign * expit(missed)
            slopes = [known.T @ (pushed * slope * odds).sum(axis=1), known.T @ pushed.sum(axis=1)]
            pull = _RIDGE * parameters
            total = float(weight @ np.logaddexp(0, missed).sum(axis=1))
            return total + float(pull @ parameters) / 2, np.concatenate(slopes) + pull

        best = minimize(loss, np.zeros(2 * size), jac=True, method="L-BFGS-B").x.tolist()
        return cls(tuple(best[:size]), tuple(best[size:]))

    def apply(self, proba: np.ndarray, novelty: np.ndarray) -> np.ndarray:
        """Give corrected probabilities, shape of `proba`; the buckets of a track keep their
        order."""
        known = _always(novelty)
        slope = _slope(known @ np.asarray(self.steepness))[:, None]
        offset = (known @ np.asarray(self.offset))[:, None]
        return np.asarray(expit(slope * _log_odds(proba, _MIN_PROBA) + offset))

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for a settings file."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Read back what `as_dict` gave."""
        return cls(tuple(values["steepness"]), tuple(values["offset"]))


def _always(novelty: np.ndarray) -> np.ndarray:
    """The features, after one that is always 1."""
    return np.column_stack([np.ones(len(novelty)), novelty])


def _slope(steepness: np.ndarray) -> np.ndarray:
    return np.exp(np.clip(steepness, -_STEEPEST, _STEEPEST))


def _log_odds(proba: np.ndarray, smallest: float) -> np.ndarray:
    return np.asarray(logit(np.clip(proba, smallest, 1 - smallest)))
