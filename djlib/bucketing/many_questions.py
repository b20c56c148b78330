"""Many yes/no questions about the same tracks, answered together.

Each bucket of a library where tracks sit in several is a logistic regression of its own. One by one
they read the columns hundreds of times; side by side one product serves all. Each goes its own way
by limited-memory BFGS (Nocedal 1980) and leaves when it has arrived, so nothing but the time is
shared.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_REMEMBERED = 8
"""Steps that tell how the loss is curved."""

_HALVINGS = 20
_ENOUGH = 1e-4
"""Share of the promised fall that a step must give (Armijo's rule)."""

_ROUNDING = 1e-6
"""Relative to a loss: what single precision cannot tell."""


def fit_together(
    columns: np.ndarray, answers: np.ndarray, *, strength: float, tolerance: float, steps: int
) -> np.ndarray:
    """Fit a logistic regression to each column of 0/1 `answers` (n, questions); give coefficients
    (columns + 1, questions), the intercepts last.

    `strength` is the inverse penalty of coefficients; a question is done when its mean loss slopes
    less than `tolerance` in every direction. Each must have been answered both ways.

    >>> asked = np.array([[1, 0], [0, 1]] * 10)
    >>> rows = np.array([[1.0], [-1.0]] * 10)
    >>> found = fit_together(rows, asked, strength=1.0, tolerance=1e-4, steps=100)
    >>> np.allclose(found, [[2.13, -2.13], [0, 0]], atol=0.05)
    True
    """
    loss = _Loss.of(columns, strength)
    found = _start(loss.rows.shape[1], answers)
    open_ = np.arange(answers.shape[1])
    truth = answers.astype(np.float32)
    state = _State(found.copy(), *loss(found, truth), [])
    for _ in range(steps):
        going = np.abs(state.slope).max(axis=0) > tolerance
        if not going.all():
            found[:, open_[~going]] = state.weights[:, ~going]
            open_, truth, state = open_[going], truth[:, going], state.of(going)
        if not len(open_):
            return found
        state = _stepped(state, truth, loss)
    found[:, open_] = state.weights
    return found


@dataclass(frozen=True)
class _Loss:
    """Mean loss and its slope for coefficients of many questions; `rows` end in a column of 1."""

    rows: np.ndarray
    penalty: np.ndarray

    @classmethod
    def of(cls, columns: np.ndarray, strength: float) -> _Loss:
        n_rows, n_columns = columns.shape
        rows = np.ones((n_rows, n_columns + 1), dtype=np.float32)
        rows[:, :-1] = columns
        penalty = np.full((n_columns + 1, 1), 1 / (strength * n_rows), dtype=np.float32)
        penalty[-1] = 0  # how often a bucket is given is no reason to doubt it
        return cls(rows, penalty)

    def __call__(self, weights: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        score = self.rows @ weights
        small = np.exp(-np.abs(score))
        lost = (np.maximum(score, 0) - score * truth + np.log1p(small)).mean(axis=0, dtype=float)
        lost += 0.5 * (self.penalty * weights.astype(float) ** 2).sum(axis=0)
        said = np.where(score >= 0, 1, small) / (1 + small)
        return lost, self.rows.T @ (said - truth) / len(truth) + self.penalty * weights


@dataclass(frozen=True)
class _State:
    """Where each question stands; `past` holds steps, changes of slope and 1 / their product."""

    weights: np.ndarray
    lost: np.ndarray
    slope: np.ndarray
    past: list[tuple[np.ndarray, np.ndarray, np.ndarray]]

    def of(self, going: np.ndarray) -> _State:
        """The same of some questions."""
        past = [(step, turn, inverse[going]) for step, turn, inverse in self.past]
        past = [(step[:, going], turn[:, going], inverse) for step, turn, inverse in past]
        return _State(self.weights[:, going], self.lost[going], self.slope[:, going], past)

    def direction(self) -> np.ndarray:
        """Where the loss falls, by the slope and by how it turned in the last steps."""
        way = self.slope.copy()
        shares = []
        for step, turn, inverse in reversed(self.past):
            shares.append(inverse * (step * way).sum(axis=0))
            way -= shares[-1] * turn
        way *= self._length()
        for (step, turn, inverse), share in zip(self.past, reversed(shares), strict=True):
            way += step * (share - inverse * (turn * way).sum(axis=0))
        return -way

    def _length(self) -> np.ndarray:
        if not self.past:
            return np.asarray(1 / np.maximum(1, np.abs(self.slope).sum(axis=0)))
        _, turn, inverse = self.past[-1]
        curved = inverse * (turn**2).sum(axis=0)
        return np.asarray(1 / np.where(curved > 0, curved, 1))


def _start(n_weights: int, answers: np.ndarray) -> np.ndarray:
    """No column speaks yet, and each question is answered yes as often as it was."""
    weights = np.zeros((n_weights, answers.shape[1]), dtype=np.float32)
    often = answers.mean(axis=0)
    weights[-1] = np.log(often / (1 - often))
    return weights


def _stepped(state: _State, truth: np.ndarray, loss: _Loss) -> _State:
    """The next state: a whole step, halved for the questions that it would not help enough; one
    that no step helps stays where it is."""
    way = state.direction()
    promised = _ENOUGH * (state.slope * way).sum(axis=0)
    allowed = state.lost + _ROUNDING * np.abs(state.lost)
    share = np.ones(len(promised), dtype=np.float32)
    weights = state.weights + way
    lost, slope = loss(weights, truth)
    for _ in range(_HALVINGS):
        far = np.flatnonzero(~(lost <= allowed + share * promised))
        if not len(far):
            break
        share[far] /= 2
        weights[:, far] = state.weights[:, far] + share[far] * way[:, far]
        lost[far], slope[:, far] = loss(weights[:, far], truth[:, far])
    lost_way = ~(lost <= allowed + share * promised)
    for new, old in ((weights, state.weights), (lost, state.lost), (slope, state.slope)):
        new[..., lost_way] = old[..., lost_way]
    step, turn = weights - state.weights, slope - state.slope
    product = (step * turn).sum(axis=0)
    curved = product > 1e-10 * (turn**2).sum(axis=0)
    inverse = np.where(curved, 1 / np.where(curved, product, 1), 0).astype(np.float32)
    return _State(weights, lost, slope, [*state.past, (step, turn, inverse)][-_REMEMBERED:])
