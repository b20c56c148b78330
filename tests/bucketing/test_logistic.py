"""Logistic regression for buckets: coefficients of one shape, whatever the labels are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from djlib.bucketing.linear_solvers import STRENGTH, as_votes, fit_logistic

RNG = np.random.default_rng(0)
PLACES = RNG.normal(size=(90, 4)).astype(np.float32)
TARGET = np.arange(90) % 3
ONE = np.eye(3, dtype=int)[TARGET]
SEVERAL = ONE | np.eye(3, dtype=int)[np.roll(TARGET, 1)] * (PLACES[:, :1] > 0)


def votes(columns: np.ndarray, weights: np.ndarray, *, is_multi: bool = False) -> np.ndarray:
    return as_votes(columns @ weights[:-1] + weights[-1], is_multi=is_multi)


@pytest.mark.parametrize("truth", [ONE, ONE[:, :2] | [1, 0] * (1 - ONE[:, :2].max(1))[:, None]])
def test_it_is_scikit_learns_model(truth: np.ndarray) -> None:
    ours = votes(PLACES, fit_logistic(PLACES, truth, is_multi=False))
    theirs = LogisticRegression(C=STRENGTH).fit(PLACES, truth.argmax(axis=1))
    np.testing.assert_allclose(ours, theirs.predict_proba(PLACES), atol=5e-3)


def test_several_buckets_are_a_question_each() -> None:
    ours = fit_logistic(PLACES, SEVERAL, is_multi=True)
    for k in range(3):
        alone = fit_logistic(PLACES, SEVERAL[:, [k]], is_multi=True)
        np.testing.assert_allclose(ours[:, [k]], alone, atol=1e-4)


@pytest.mark.parametrize("is_multi", [False, True])
def test_sparse_columns_learn_the_same(is_multi: bool) -> None:
    truth = SEVERAL if is_multi else ONE
    dense = fit_logistic(PLACES, truth, is_multi=is_multi)
    thin = fit_logistic(sparse.csr_matrix(PLACES), truth, is_multi=is_multi)
    np.testing.assert_allclose(
        votes(PLACES, dense, is_multi=is_multi), votes(PLACES, thin, is_multi=is_multi), atol=1e-2
    )


@pytest.mark.parametrize("n_present", [2, 3])
def test_a_bucket_without_a_track_is_never_chosen(n_present: int) -> None:
    truth = np.zeros((90, 5), dtype=int)
    truth[np.arange(90), np.array([1, 3, 4])[np.arange(90) % n_present]] = 1
    found = votes(PLACES, fit_logistic(PLACES, truth, is_multi=False))
    assert found.shape == (90, 5)
    assert found[:, [0, 2]].max() < 1e-3
    assert found[:, 1].max() > 0.3


def test_what_is_always_answered_alike_needs_no_coefficients() -> None:
    truth = np.column_stack([np.ones(90, int), np.zeros(90, int), ONE[:, 0]])
    weights = fit_logistic(PLACES, truth, is_multi=True)
    assert (weights[:-1, :2] == 0).all()
    found = votes(PLACES, weights, is_multi=True)
    assert found[:, 0].min() > 0.99
    assert found[:, 1].max() < 0.01


@pytest.mark.parametrize("is_multi", [False, True])
def test_going_on_ends_where_starting_anew_does(is_multi: bool) -> None:
    truth = SEVERAL if is_multi else ONE
    changed = truth.copy()
    changed[:5] = np.roll(changed[:5], 1, axis=1)
    start = fit_logistic(PLACES, truth, is_multi=is_multi)
    on = fit_logistic(PLACES, changed, is_multi=is_multi, start=start)
    anew = fit_logistic(PLACES, changed, is_multi=is_multi)
    before, after, fresh = (votes(PLACES, w, is_multi=is_multi) for w in (start, on, anew))
    np.testing.assert_allclose(after, fresh, atol=0.01)
    assert np.abs(after - before).max() > 0.02


def test_the_start_is_not_changed() -> None:
    start = fit_logistic(PLACES, ONE, is_multi=False)
    kept = start.copy()
    fit_logistic(PLACES, np.roll(ONE, 1, axis=0), is_multi=False, start=start)
    np.testing.assert_array_equal(start, kept)


@given(scores=st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=6))
@settings(max_examples=50, deadline=None)
def test_votes_are_probabilities(scores: list[float]) -> None:
    rows = np.array([scores])
    np.testing.assert_allclose(as_votes(rows, is_multi=False), softmax(rows, axis=1))
    apart = as_votes(rows, is_multi=True)
    assert ((apart >= 0) & (apart <= 1)).all()
