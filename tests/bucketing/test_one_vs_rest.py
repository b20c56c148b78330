"""Many logistic regressions side by side are those that scikit-learn fits one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from djlib.bucketing.linear_solvers import fit_one_vs_rest


def asked(n_rows: int, n_columns: int, n_questions: int, seed: int) -> tuple[np.ndarray, ...]:
    """Columns that fade as principal components do, and answers of which some are rare."""
    rng = np.random.default_rng(seed)
    columns = rng.normal(size=(n_rows, n_columns)) / np.arange(1, n_columns + 1)
    slopes = rng.normal(size=(n_columns, n_questions)) * 2
    scores = columns @ slopes - np.linspace(0, 3, n_questions)
    answers = (rng.random(scores.shape) < expit(scores)).astype(int)
    answers[0], answers[1] = 0, 1  # each is answered both ways
    return columns.astype(np.float32), answers


@pytest.mark.parametrize("strength", [0.1, 3.0, 100.0])
def test_they_are_scikit_learns(strength: float) -> None:
    columns, answers = asked(300, 12, 20, seed=1)
    found = fit_one_vs_rest(columns, answers, strength=strength, tolerance=1e-5, steps=500)
    ours = expit(columns @ found[:-1] + found[-1])
    for k in range(20):
        theirs = LogisticRegression(C=strength, tol=1e-6, max_iter=1000)
        proba = theirs.fit(columns.astype(float), answers[:, k]).predict_proba(columns)[:, 1]
        np.testing.assert_allclose(ours[:, k], proba, atol=5e-3)


def test_one_that_is_done_waits_for_none_and_none_waits_for_it() -> None:
    columns, answers = asked(200, 8, 6, seed=2)
    together = fit_one_vs_rest(columns, answers, strength=3.0, tolerance=1e-4, steps=300)
    for k in range(6):
        alone = fit_one_vs_rest(columns, answers[:, [k]], strength=3.0, tolerance=1e-4, steps=300)
        np.testing.assert_allclose(together[:, [k]], alone, atol=2e-2)


def test_too_few_steps_still_give_an_answer_that_fits_better_than_none() -> None:
    columns, answers = asked(300, 12, 5, seed=3)

    def loss(steps: int) -> np.ndarray:
        found = fit_one_vs_rest(columns, answers, strength=3.0, tolerance=0.0, steps=steps)
        proba = expit(columns @ found[:-1] + found[-1])
        return -np.log(np.where(answers == 1, proba, 1 - proba)).mean(axis=0)

    assert (loss(3) < loss(0)).all()
    assert (loss(100) <= loss(3)).all()


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.floats(1e-3, 1e6), st.integers(1, 6))
@example(14287, 498341.09375, 6)  # one step went to 1e23
def test_every_scale_ends_in_numbers(seed: int, scale: float, n_questions: int) -> None:
    columns, answers = asked(30, 5, n_questions, seed)
    scaled = (columns * np.float32(scale)).astype(np.float32)
    found = fit_one_vs_rest(scaled, answers, strength=3.0, tolerance=1e-4, steps=60)
    assert np.isfinite(found).all()
