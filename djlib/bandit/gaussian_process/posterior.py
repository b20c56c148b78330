"""The exact Gaussian posterior over listings, and its calibration to keep probabilities."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular

from .kernel import Encoded, LinearFunctional

NOISE = 10.0
"""Variance of an answer when both classes are of one size; half or twice of it changes little."""
MOST_LANDMARKS = 1000
_JITTER = 1e-6
_BLOCK = 1000
_REMEMBERED = 300
"""Latest rows whose place is kept, to see how right the model is on rows left out."""


@dataclass
class Sums:
    """What the labelled rows of one class add up to: count, sum of places, sum of products."""

    n: int
    place: np.ndarray
    product: np.ndarray

    def add(self, places: np.ndarray) -> None:
        """Count more rows, given their places (n, m)."""
        self.n += len(places)
        self.place += places.sum(axis=0)
        self.product += places.T @ places


@dataclass
class Posterior:
    """The state of knowledge. `learn` starts it, `add` takes more labels in, `mean` and `spread`
    ask it."""

    landmarks: Encoded
    rows: np.ndarray
    factor: np.ndarray
    sums: dict[int, Sums]
    recent: list[tuple[np.ndarray, np.ndarray]] = field(default_factory=list)

    @classmethod
    def learn(cls, points: Encoded, keeper: np.ndarray) -> Posterior:
        """Start from labelled rows and their answers (n,), 1 or 0; n may be 0."""
        chosen = landmark_rows(keeper)
        landmarks = points[chosen]
        gram = landmarks.kernel(landmarks)
        factor = cholesky(gram + _JITTER * np.eye(len(gram)), lower=True) if len(gram) else gram
        m = len(landmarks)
        sums = {c: Sums(0, np.zeros(m), np.zeros((m, m))) for c in (0, 1)}
        made = cls(landmarks, chosen, factor, sums)
        for start in range(0, len(points), _BLOCK):
            rows = np.arange(start, min(start + _BLOCK, len(points)))
            made.add(points[rows], keeper[rows], solve=False)
        made._solve()
        return made

    def add(self, points: Encoded, keeper: np.ndarray, *, solve: bool = True) -> None:
        """Take in more labelled rows without starting anew: exact in the span of the landmarks."""
        places = self._places(points)
        for label, sums in self.sums.items():
            sums.add(places[keeper == label])
        self.recent = [*self.recent, (places, keeper)]
        while sum(len(k) for _, k in self.recent[1:]) >= _REMEMBERED:
            self.recent.pop(0)
        if solve:
            self._solve()

    @property
    def n(self) -> int:
        """Labelled rows taken in."""
        return sum(sums.n for sums in self.sums.values())

    @property
    def noise(self) -> dict[int, float]:
        """The variance of an answer of each class."""
        n = max(self.n, 1)
        return {label: NOISE * 2 * max(s.n, 1) / n for label, s in self.sums.items()}

    def mean(self, points: Encoded) -> np.ndarray:
        """The expected answer, from about -1 to 1, for each row, (n,)."""
        return self.functional.evaluate(points)

    def spread(self, points: Encoded) -> np.ndarray:
        """The standard deviation of the expected answer, (n,)."""
        places = self._places(points)
        known = solve_triangular(self._root, places.T, lower=True)
        rest = points.kernel_diag() - (places**2).sum(axis=1)
        return np.sqrt(np.maximum(rest, 0) + (known**2).sum(axis=0))

    def unknown_share(self, points: Encoded) -> np.ndarray:
        """How much of the variance of the next answer comes from too few labels, the rest
        being noise, (n,), 0 to 1: near answers it is small."""
        variance = self.spread(points) ** 2
        return np.asarray(variance / (variance + NOISE))

    def draws(self, points: Encoded, n: int, rng: np.random.Generator) -> np.ndarray:
        """`n` draws of the expected labels from the posterior, (len(points), n)."""
        places = self._places(points)
        noise = rng.standard_normal((len(self.factor), n))
        weights = self._weights[:, None] + solve_triangular(self._root.T, noise, lower=False)
        rest = np.maximum(points.kernel_diag() - (places**2).sum(axis=1), 0)
        return places @ weights + np.sqrt(rest)[:, None] * rng.standard_normal((len(points), n))

    def left_out(self) -> tuple[np.ndarray, np.ndarray]:
        """What would be expected of each of the latest rows had it not been labelled, and its
        answer, (n,) each; Allen's leave-one-out identity."""
        if not self.recent:
            return np.zeros(0), np.zeros(0, dtype=int)
        places = np.vstack([p for p, _ in self.recent])[-_REMEMBERED:]
        keeper = np.concatenate([k for _, k in self.recent])[-_REMEMBERED:]
        noise = np.where(keeper == 1, self.noise[1], self.noise[0])
        known = solve_triangular(self._root, places.T, lower=True)
        leverage = np.clip((known**2).sum(axis=0) / noise, 0, 0.999)
        answer = np.where(keeper == 1, 1.0, -1.0)
        return (places @ self._weights - leverage * answer) / (1 - leverage), keeper

    def _places(self, points: Encoded) -> np.ndarray:
        """Rows in an orthonormal basis of the landmarks' span, (n, m)."""
        if not len(self.factor):
            return np.zeros((len(points), 0))
        against = points.kernel(self.landmarks)
        return np.asarray(solve_triangular(self.factor, against.T, lower=True).T)

    def _solve(self) -> None:
        m, noise = len(self.factor), self.noise
        precision = np.eye(m)
        pull = np.zeros(m)
        for label, sums in self.sums.items():
            precision += sums.product / noise[label]
            pull += (1 if label else -1) * sums.place / noise[label]
        self._root = cholesky(precision, lower=True) if m else precision
        self._weights = cho_solve((self._root, True), pull) if m else pull
        back = solve_triangular(self.factor.T, self._weights, lower=False) if m else pull
        self.functional: LinearFunctional = self.landmarks.weighted_sum(back)


def landmark_rows(keeper: np.ndarray) -> np.ndarray:
    """Rows that become landmarks: all while they are few; then keepers first, the latest first."""
    if len(keeper) <= MOST_LANDMARKS:
        return np.arange(len(keeper))
    newest = np.arange(len(keeper))[::-1]
    kept, other = newest[keeper[newest] == 1], newest[keeper[newest] == 0]
    n_kept = max(min(len(kept), MOST_LANDMARKS // 2), MOST_LANDMARKS - len(other))
    chosen = [*kept[:n_kept], *other[: MOST_LANDMARKS - n_kept]]
    return np.sort(np.array(chosen))


_SLOPE, _SLOPE_SD = 1.5, 1.5
_RATE, _RATE_WEIGHT = 0.1, 4.0
"""Before any answer one in ten is kept, believed as much as four answers."""
_STEPS = 25


@dataclass(frozen=True)
class KeepCurve:
    """P(keep) = logistic(slope * (expected answer) + offset)."""

    slope: float = _SLOPE
    offset: float = float(np.log(_RATE / (1 - _RATE)))

    @classmethod
    def fit(
        cls, expected: np.ndarray, keeper: np.ndarray, weight: np.ndarray | None = None
    ) -> KeepCurve:
        """Learn from labels expected (n,) before they were known, the labels (n,) and their
        weights (n,).

        >>> rng = np.random.default_rng(0)
        >>> expected = rng.normal(size=2000)
        >>> keeper = rng.random(2000) < 1 / (1 + np.exp(1 - 2 * expected))
        >>> curve = KeepCurve.fit(expected, keeper)
        >>> round(curve.slope), round(curve.offset)
        (2, -1)
        """
        if not len(expected):
            return cls()
        columns = np.column_stack([expected, np.ones(len(expected))])
        counts = np.ones(len(expected)) if weight is None else weight
        theta = np.array([_SLOPE, cls().offset])
        for _ in range(_STEPS):
            p = _logistic(columns @ theta)
            prior = _logistic(theta[1])
            gradient = columns.T @ (counts * (p - keeper))
            gradient += [(theta[0] - _SLOPE) / _SLOPE_SD**2, _RATE_WEIGHT * (prior - _RATE)]
            bend = (columns * (counts * p * (1 - p))[:, None]).T @ columns
            bend += np.diag([1 / _SLOPE_SD**2, _RATE_WEIGHT * prior * (1 - prior) + 1e-9])
            step = np.linalg.solve(bend, gradient)
            theta = theta - np.clip(step, -2, 2)
        return cls(max(float(theta[0]), 0.0), float(theta[1]))

    def apply(self, expected: np.ndarray) -> np.ndarray:
        """Probabilities for expected answers (n,)."""
        return _logistic(self.slope * expected + self.offset)


def _logistic(x: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -35, 35))))
