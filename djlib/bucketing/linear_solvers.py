"""Logistic regression for buckets, multinomial and one-vs-rest, each by its own solver."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

Item = TypeVar("Item")
Learned = TypeVar("Learned")

MOST_AT_ONCE = 4
"""More hardly help: they wait for memory."""


def side_by_side(
    learn: Callable[[Item], Learned], items: Iterable[Item], *, most: int = MOST_AT_ONCE
) -> list[Learned]:
    """Give `learn(item)` of each item, in their order; at most `most` at the same time.

    >>> side_by_side(len, ["House", "Techno"])
    [5, 6]
    """
    # Filters of warnings belong to all threads. What each sets for itself another may undo, so what
    # all of them need is set before there are any, and taken back when there are none.
    with ThreadPoolExecutor(_n_threads(most)) as threads, warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return list(threads.map(learn, items))


def _n_threads(most: int) -> int:
    """How many threads this machine has for it, `most` at most."""
    from joblib import cpu_count

    return min(most, int(cpu_count()))


_MULTINOMIAL_MEMORY = 10
"""Steps that tell how the loss is curved."""

_ENOUGH = 1e-4
"""The last step's gain in mean loss. A third of it took a quarter to three quarters more steps on
two large libraries and moved log-loss by a thousandth."""


def fit_multinomial(
    columns: np.ndarray, target: np.ndarray, *, strength: float, steps: int
) -> np.ndarray:
    """Fit buckets `target` (n,), numbered from 0, to `columns` (n, columns); give coefficients
    (columns + 1, buckets), the intercepts last. The loss is that of scikit-learn's
    `LogisticRegression` with C=`strength`.

    >>> rows, target = np.eye(3)[[0, 1, 2] * 10], np.array([0, 1, 2] * 10)
    >>> weights = fit_multinomial(rows, target, strength=1.0, steps=100)
    >>> weights.shape, (rows[:3] @ weights[:-1]).argmax(axis=1).tolist()
    ((4, 3), [0, 1, 2])
    """
    (n, n_columns), often = columns.shape, np.bincount(target) / len(target)
    penalty = 1 / (strength * n)
    # As sure as a guess at first and surer in the end: half as curved as at the start.
    curved = 0.5 * np.mean(often * (1 - often)) * np.einsum("ij,ij->j", columns, columns) / n
    unit = (1 / np.sqrt(curved + penalty)).astype(np.float32)
    rows = np.ones((n, n_columns + 1), dtype=np.float32)
    np.multiply(columns, unit, out=rows[:, :-1], casting="same_kind")
    # How often a bucket is given is no reason to doubt it: intercepts cost nothing.
    cost = np.append(penalty * unit**2, 0)[:, None].astype(np.float32)
    found = minimize(
        _loss(rows, target, cost),
        np.zeros((n_columns + 1) * len(often)),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": steps, "maxcor": _MULTINOMIAL_MEMORY, "ftol": _ENOUGH, "gtol": 0.0},
    )
    weights = found.x.reshape(n_columns + 1, -1)
    weights[:-1] *= unit[:, None]
    return np.asarray(weights, dtype=np.float32)


def _loss(
    rows: np.ndarray, target: np.ndarray, cost: np.ndarray
) -> Callable[[np.ndarray], tuple[float, np.ndarray]]:
    """Mean loss and its slope, both of all coefficients in one row."""
    each = np.arange(len(rows))

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights = flat.reshape(rows.shape[1], -1).astype(np.float32)
        said = rows @ weights
        said -= said.max(axis=1, keepdims=True)
        right = said[each, target]
        np.exp(said, out=said)
        total = said.sum(axis=1, keepdims=True)
        lost = float((np.log(total[:, 0]) - right).mean(dtype=float))
        said /= total
        said[each, target] -= 1
        pull = cost * weights
        slope = rows.T @ said / len(rows) + pull
        return lost + 0.5 * float((pull * weights).sum(dtype=float)), slope.ravel().astype(float)

    return loss


_ONE_VS_REST_MEMORY = 8
"""Steps that tell how the loss is curved."""

_HALVINGS = 20
"""Share of the promised fall that a step must give (Armijo's rule)."""

_ROUNDING = 1e-6
"""Relative to a loss: what single precision cannot tell."""


def fit_one_vs_rest(
    columns: np.ndarray, answers: np.ndarray, *, strength: float, tolerance: float, steps: int
) -> np.ndarray:
    """Fit a logistic regression to each column of 0/1 `answers` (n, questions); give coefficients
    (columns + 1, questions), the intercepts last.

    `strength` is the inverse penalty of coefficients; a question is done when its mean loss slopes
    less than `tolerance` in every direction. Each must have been answered both ways.

    >>> asked = np.array([[1, 0], [0, 1]] * 10)
    >>> rows = np.array([[1.0], [-1.0]] * 10)
    >>> found = fit_one_vs_rest(rows, asked, strength=1.0, tolerance=1e-4, steps=100)
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
    return _State(weights, lost, slope, [*state.past, (step, turn, inverse)][-_ONE_VS_REST_MEMORY:])


STRENGTH = 3.0
"""Inverse penalty (C). With a temperature learned out of sample, anything
from 1 to 8 gave the same log-loss within about a percent on four real libraries."""

MOST_STEPS, _TOLERANCE = 200, 1e-3
_TOGETHER = 3e-5
"""Rare buckets hardly slope the mean: what is enough for one question of all is too little here.
With 155 buckets of 6,018 tracks, 1e-3 lost 18 percent of log-loss and 2 of 100 first choices."""

_CLOSER = 1e-5
"""Where coefficients are given to go on from, a few new labels are a small slope already."""


def fit_logistic(
    columns: Any,
    truth: np.ndarray,
    *,
    is_multi: bool,
    start: np.ndarray | None = None,
    steps: int = MOST_STEPS,
) -> np.ndarray:
    """Fit logistic regression; give coefficients (columns + 1, buckets), the intercepts last.

    One multinomial question for one bucket a track, a yes/no question a bucket for several
    (`is_multi`). `start` are coefficients to go on from, for so many `steps` at most. `columns` may
    be sparse.

    >>> answers = np.array([[1, 0], [0, 1]] * 10)
    >>> weights = fit_logistic(np.array([[1.0], [-1.0]] * 10), answers, is_multi=False)
    >>> weights.shape, bool(weights[0, 0] > 0)
    ((2, 2), True)
    """
    if is_multi and start is None and isinstance(columns, np.ndarray):
        return _together(columns, truth)
    if is_multi:
        starts = [None if start is None else start[:, [k]] for k in range(truth.shape[1])]
        questions = zip(truth.T, starts, strict=True)
        return np.hstack(side_by_side(lambda asked: _binary(columns, *asked, steps), questions))
    target, present = truth.argmax(axis=1), np.flatnonzero(truth.any(axis=0))
    weights = np.zeros((columns.shape[1] + 1, truth.shape[1]), dtype=np.float32)
    weights[-1] = _NEVER
    if len(present) == 2:  # two buckets are one question, its answer shared by both
        first = None if start is None else start[:, [present[1]]] - start[:, [present[0]]]
        half = _binary(columns, (target == present[1]).astype(int), first, steps) / 2
        weights[:, present] = np.hstack([-half, half])
        return weights
    if start is None and isinstance(columns, np.ndarray):
        among = np.searchsorted(present, target)
        weights[:, present] = fit_multinomial(columns, among, strength=STRENGTH, steps=steps)
        return weights
    model = _logistic(columns, target, None if start is None else start[:, present], steps)
    weights[:-1, present], weights[-1, present] = model.coef_.T, model.intercept_
    return weights


_NEVER = -12.0
"""Intercept of a bucket that was never seen."""


def as_votes(scores: np.ndarray, *, is_multi: bool) -> np.ndarray:
    """Turn linear scores into probabilities, shape of `scores`."""
    return np.asarray(expit(scores) if is_multi else softmax(scores, axis=1))


def _together(columns: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Coefficients (columns + 1, buckets) of a yes/no question a bucket; one that is always
    answered alike has no coefficients."""
    weights = np.zeros((columns.shape[1] + 1, truth.shape[1]), dtype=np.float32)
    share = truth.mean(axis=0)
    weights[-1] = np.where(share == 1, -_NEVER, _NEVER)
    both = np.flatnonzero((share > 0) & (share < 1))
    weights[:, both] = fit_one_vs_rest(
        columns, truth[:, both], strength=STRENGTH, tolerance=_TOGETHER, steps=MOST_STEPS
    )
    return weights


def _binary(columns: Any, answer: np.ndarray, start: np.ndarray | None, steps: int) -> np.ndarray:
    """Coefficients (columns + 1, 1) of one yes/no question; one that is always answered alike
    has no coefficients."""
    weights = np.zeros((columns.shape[1] + 1, 1), dtype=np.float32)
    if answer.min() == answer.max():
        weights[-1] = -_NEVER if answer.max() else _NEVER
        return weights
    model = _logistic(columns, answer, start, steps)
    weights[:-1, 0], weights[-1] = model.coef_[0], model.intercept_
    return weights


def _logistic(
    columns: Any, target: np.ndarray, start: np.ndarray | None, steps: int
) -> LogisticRegression:
    model = LogisticRegression(
        C=STRENGTH,
        max_iter=steps,
        tol=_TOLERANCE if start is None else _CLOSER,
        warm_start=start is not None,
    )
    if start is not None:
        model.classes_ = np.unique(target)
        model.coef_ = np.ascontiguousarray(start[:-1].T, dtype=columns.dtype)
        model.intercept_ = start[-1].astype(columns.dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(columns, target)
