"""One question of several buckets is the one scikit-learn answers, in fewer steps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from djlib.bucketing import linear_solvers as one_question
from djlib.bucketing.linear_solvers import fit_logistic, fit_multinomial


def asked(n_rows: int, n_columns: int, n_buckets: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Columns that fade as principal components do, and the bucket of each row."""
    rng = np.random.default_rng(seed)
    columns = 5 * rng.normal(size=(n_rows, n_columns)) / np.arange(1, n_columns + 1)
    scores = columns @ rng.normal(size=(n_columns, n_buckets)) * 2
    target = (scores + rng.gumbel(size=scores.shape)).argmax(axis=1)
    target[:n_buckets] = np.arange(n_buckets)
    return columns.astype(np.float32), target


def loss(columns: np.ndarray, target: np.ndarray, weights: np.ndarray, strength: float) -> float:
    proba = softmax(columns @ weights[:-1] + weights[-1], axis=1)
    missed = -np.log(proba[np.arange(len(target)), target]).mean()
    return float(missed + (weights[:-1] ** 2).sum() / (2 * strength * len(target)))


@pytest.mark.parametrize("strength", [0.1, 3.0, 100.0])
def test_it_is_scikit_learns(strength: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_question, "_ENOUGH", 1e-9)
    columns, target = asked(400, 12, 6, seed=1)
    found = fit_multinomial(columns, target, strength=strength, steps=1000)
    theirs = LogisticRegression(C=strength, tol=1e-8, max_iter=5000)
    proba = theirs.fit(columns.astype(float), target).predict_proba(columns)
    ours = softmax(columns @ found[:-1] + found[-1], axis=1)
    np.testing.assert_allclose(ours, proba, atol=5e-3)


@pytest.mark.parametrize("seed", range(3))
def test_twenty_steps_come_nearer_than_twenty_of_scikit_learns(seed: int) -> None:
    columns, target = asked(600, 300, 12, seed)
    ours = fit_multinomial(columns, target, strength=3.0, steps=20)
    model = LogisticRegression(C=3.0, tol=1e-9, max_iter=20)
    with pytest.warns(match="converge"):
        model.fit(columns, target)
    theirs = np.vstack([model.coef_.T, model.intercept_])
    best = fit_multinomial(columns, target, strength=3.0, steps=500)
    least = loss(columns, target, best, 3.0)
    assert loss(columns, target, ours, 3.0) - least < (loss(columns, target, theirs, 3.0) - least)


def test_too_few_steps_still_give_an_answer_that_fits_better_than_none() -> None:
    columns, target = asked(300, 12, 5, seed=3)
    lost = [
        loss(columns, target, fit_multinomial(columns, target, strength=3.0, steps=steps), 3.0)
        for steps in (1, 3, 100)
    ]
    assert np.log(5) > lost[0] > lost[1] > lost[2]


def test_a_column_that_says_nothing_counts_nothing() -> None:
    columns, target = asked(200, 4, 3, seed=4)
    columns[:, 1] = 0
    found = fit_multinomial(columns, target, strength=3.0, steps=100)
    assert (found[1] == 0).all()
    assert np.isfinite(found).all()


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.floats(1e-3, 1e6), st.integers(2, 6))
def test_every_scale_ends_in_numbers(seed: int, scale: float, n_buckets: int) -> None:
    columns, target = asked(40, 5, n_buckets, seed)
    found = fit_multinomial((scale * columns).astype(np.float32), target, strength=3.0, steps=100)
    assert np.isfinite(found).all()


def test_a_bucket_nobody_gave_is_never_the_answer() -> None:
    columns, target = asked(200, 6, 4, seed=5)
    truth = np.eye(6, dtype=int)[np.array([0, 2, 3, 5])[target]]
    found = fit_logistic(columns, truth, is_multi=False)
    proba = softmax(columns @ found[:-1] + found[-1], axis=1)
    assert proba[:, [1, 4]].max() < 0.01
    assert (found[:-1, [1, 4]] == 0).all()
