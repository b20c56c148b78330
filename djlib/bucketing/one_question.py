"""Which of several buckets: multinomial logistic regression on full columns, in few steps.

Columns of very different length make a narrow valley of the loss, which an optimiser crosses many
times on its way down. How much the loss curves along each column is known beforehand, up to a
factor (Böhning 1992, "Multinomial logistic regression algorithm"), and steps are measured by that.
On principal components, which do not lean on each other, the valley is nearly round then.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize

_REMEMBERED = 10
"""Steps that tell how the loss is curved."""

_ENOUGH = 1e-4
"""The last step's gain in mean loss. A third of it took a quarter to three quarters more steps on
two large libraries and moved log-loss by a thousandth."""


def fit_one_question(
    columns: np.ndarray, target: np.ndarray, *, strength: float, steps: int
) -> np.ndarray:
    """Fit buckets `target` (n,), numbered from 0, to `columns` (n, columns); give coefficients
    (columns + 1, buckets), the intercepts last. The loss is that of scikit-learn's
    `LogisticRegression` with C=`strength`.

    >>> rows, target = np.eye(3)[[0, 1, 2] * 10], np.array([0, 1, 2] * 10)
    >>> weights = fit_one_question(rows, target, strength=1.0, steps=100)
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
        options={"maxiter": steps, "maxcor": _REMEMBERED, "ftol": _ENOUGH, "gtol": 0.0},
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
