"""Probabilities recalibrated out of sample, calibration error, and when to abstain."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit, softmax

_TINY = 1e-9
_PLENTY = 100_000
"""Probabilities that tell three numbers as well as millions do: of more, every so many-th row."""

_MOST_MIX = 0.5
"""Base rates never drown the votes: with a few tracks they would, and every track would get the
largest bucket."""


@dataclass(frozen=True)
class Calibration:
    """How raw probabilities become honest ones; learned by `fit`, applied by `apply`.

    `mix` is the share given to the base rates `prior`, `slope` the inverse temperature and
    `offset` the shift in log-odds (0 where a track sits in one bucket).

    >>> rng = np.random.default_rng(0)
    >>> truth = np.eye(2)[rng.integers(0, 2, 500)]
    >>> boastful = np.where(rng.random((500, 1)) < 0.7, truth, 1 - truth) * 0.98 + 0.01
    >>> honest = Calibration.fit(boastful, truth, is_multi=False).apply(boastful)
    >>> round(float(honest.max(axis=1).mean()), 1)
    0.7
    """

    prior: tuple[float, ...]
    is_multi: bool
    mix: float = 0.0
    slope: float = 1.0
    offset: float = 0.0

    @classmethod
    def fit(cls, raw: np.ndarray, truth: np.ndarray, *, is_multi: bool) -> Self:
        """Learn from out-of-sample `raw` probabilities and the 0/1 `truth`, both (n, buckets).

        As in Platt 1999 no row counts as certain, or a few tracks that are easily told apart
        would make it sure of everything. Without a row half of every probability is spread evenly.
        """
        if not len(raw):
            n_buckets = truth.shape[1]
            return cls((1 / n_buckets,) * n_buckets, is_multi, mix=_MOST_MIX)
        prior = truth.mean(axis=0)
        every = -(-raw.size // _PLENTY)
        raw, truth = raw[::every], truth[::every]
        start = cls(tuple(prior.tolist()), is_multi)
        target = (len(raw) * truth + prior) / (len(raw) + 1)

        def loss(parameters: np.ndarray) -> float:
            fitted = start._with(parameters).apply(raw)
            return _log_loss(fitted, target, is_multi)

        guesses = [[-3.0, 0.0, 0.0]] if is_multi else [[-3.0, 0.0], [-1.0, -0.7]]
        found = [minimize(loss, guess, method="Nelder-Mead") for guess in guesses]
        return start._with(min(found, key=lambda result: float(result.fun)).x)

    def apply(self, raw: np.ndarray) -> np.ndarray:
        """Give calibrated probabilities, shape of `raw`; rows sum to 1 unless multi-label."""
        mixed = (1 - self.mix) * raw + self.mix * np.asarray(self.prior)
        if self.is_multi:
            inside = np.clip(mixed, _TINY, 1 - _TINY)
            return np.asarray(expit(self.slope * logit(inside) + self.offset))
        return np.asarray(softmax(self.slope * np.log(mixed + _TINY), axis=1))

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for a settings file."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Read back what `as_dict` gave."""
        return cls(**{**values, "prior": tuple(values["prior"])})

    def _with(self, parameters: np.ndarray) -> Self:
        """Parameters as the optimiser moves them: log-odds of the mix, log of the slope, offset."""
        offset = float(parameters[2]) if len(parameters) > 2 else 0.0
        slope = float(np.exp(np.clip(parameters[1], -4, 4)))
        mix = _MOST_MIX * float(expit(parameters[0]))
        return type(self)(self.prior, self.is_multi, mix, slope, offset)


def _log_loss(proba: np.ndarray, target: np.ndarray, is_multi: bool) -> float:
    loss = -target * np.log(proba + _TINY)
    if is_multi:
        loss -= (1 - target) * np.log(1 - proba + _TINY)
    return float(loss.sum(axis=1).mean())


def calibration_error(confidence: np.ndarray, correct: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error over equal-mass bins: 0 is honest, 0.1 is off by ten points.

    >>> calibration_error(np.array([0.9, 0.9, 0.9, 0.9]), np.array([1, 0, 1, 0]), bins=1)
    0.4
    """
    gaps = [abs(c - a) * n for c, a, n in reliability(confidence, correct, bins)]
    return float(sum(gaps) / max(len(confidence), 1))


def reliability(
    confidence: np.ndarray, correct: np.ndarray, bins: int = 10
) -> list[tuple[float, float, int]]:
    """Mean confidence, accuracy and size of each equal-mass bin: a reliability diagram's points.

    Equal confidences share a bin, so the order of the rows does not matter; bins may be fewer.
    """
    order = np.argsort(confidence, kind="stable")
    ranked = confidence[order]
    cuts = np.arange(1, bins) * len(ranked) // bins
    cuts = np.unique(np.searchsorted(ranked, ranked[cuts])) if len(ranked) else cuts
    parts = [part for part in np.split(order, cuts) if len(part)]
    return [(float(confidence[p].mean()), float(correct[p].mean()), len(p)) for p in parts]


NEVER_SURE = float(np.nextafter(1, 2))
"""Over every confidence, a full 1 included; shown as 1.00."""


@dataclass(frozen=True)
class Abstention:
    """A confidence threshold and what it was measured to give: precision of the sure ones, and
    coverage, the share of tracks that are sure. `target` is None where the person set the
    threshold."""

    threshold: float
    precision: float | None
    coverage: float
    target: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for metrics.json."""
        return asdict(self)


def threshold_for_precision(
    confidence: np.ndarray, correct: np.ndarray, target: float
) -> Abstention:
    """Pick the lowest threshold whose sure predictions are right at the rate `target`.

    Both arrays hold out-of-fold predictions, shape (n,). The precision is smoothed by one success
    and one failure, so that three lucky hits promise nothing. Where no threshold keeps the
    promise the threshold is just over 1 and coverage 0: everything is unsure.

    >>> sure = np.linspace(0, 1, 200)
    >>> found = threshold_for_precision(sure, sure > 0.5, 0.9)
    >>> 0.4 < found.threshold < 0.5, found.coverage > 0.5
    (True, True)
    """
    order = np.argsort(-confidence, kind="stable")
    ranked, hits = confidence[order], np.cumsum(correct[order])
    taken = np.arange(1, len(order) + 1)
    last_of_tie = np.append(ranked[1:] != ranked[:-1], True) if len(ranked) else np.array([], bool)
    keeps = ((hits + 1) / (taken + 2) >= target) & last_of_tie
    if not keeps.any():
        return Abstention(NEVER_SURE, None, 0.0, target)
    n = int(np.flatnonzero(keeps)[-1]) + 1
    return Abstention(
        float(ranked[n - 1]), float(hits[n - 1] / n), float(n / len(confidence)), target
    )


def measured_at(confidence: np.ndarray, correct: np.ndarray, threshold: float) -> Abstention:
    """What a given threshold gives on out-of-fold predictions.

    >>> measured_at(np.array([0.2, 0.6, 0.9]), np.array([False, False, True]), 0.5)
    Abstention(threshold=0.5, precision=0.5, coverage=0.6666666666666666, target=None)
    """
    sure = confidence >= threshold
    precision = float(correct[sure].mean()) if sure.any() else None
    return Abstention(threshold, precision, float(sure.mean()) if len(sure) else 0.0)
