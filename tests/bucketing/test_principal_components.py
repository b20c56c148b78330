"""Principal components of tracks: nothing a linear model could learn is lost on the way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from djlib.bucketing import principal_components as spectrum
from djlib.bucketing.principal_components import fit_components


def drawn(n: int, columns: int, seed: int = 0) -> sparse.csr_matrix:
    rng = np.random.default_rng(seed)
    components = sparse.random(n, columns, density=0.3, random_state=rng, dtype=np.float32)
    return sparse.csr_matrix(components)


@given(n=st.integers(2, 12), columns=st.integers(2, 40), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_distances_between_tracks_are_kept(n: int, columns: int, seed: int) -> None:
    rows = drawn(n, columns, seed)
    scores = fit_components(rows, n_dense=columns // 2).scores
    np.testing.assert_allclose(scores @ scores.T, (rows @ rows.T).toarray(), atol=1e-4)


@pytest.mark.parametrize("many", [False, True])
def test_coefficients_on_components_are_coefficients_on_columns(
    many: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if many:
        monkeypatch.setattr(spectrum, "_EXACT", 10)
    rows = drawn(30, 50)
    components = fit_components(rows, n_dense=5, seed=0)
    weights = np.random.default_rng(1).normal(size=(components.scores.shape[1], 3))
    np.testing.assert_allclose(
        rows @ components.back_project(weights), components.scores @ weights, atol=1e-3
    )


def test_the_strongest_comes_first_and_rounding_is_left_out() -> None:
    twice = sparse.csr_matrix(np.repeat(drawn(5, 30).toarray(), 2, axis=0))
    scores = fit_components(twice).scores
    assert scores.shape[1] == 5
    assert (np.diff(np.linalg.norm(scores, axis=0)) <= 1e-5).all()


def test_many_tracks_keep_their_strongest_directions(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = drawn(60, 80)
    whole = fit_components(rows)
    assert whole.is_whole
    assert whole.of(np.arange(9)).is_whole
    exact = whole.scores
    monkeypatch.setattr(spectrum, "_EXACT", 10)
    monkeypatch.setattr(spectrum, "_MOST_OF_MANY", 5)
    first, again, other = (fit_components(rows, seed=seed).scores for seed in (0, 0, 1))
    assert first.shape == (60, 5)
    assert not fit_components(rows).is_whole
    np.testing.assert_allclose(
        np.linalg.norm(first, axis=0), np.linalg.norm(exact, axis=0)[:5], rtol=0.05
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_some_of_the_tracks_keep_their_rows_and_scores() -> None:
    rows = drawn(12, 20)
    components = fit_components(rows)
    some = components.of(np.array([4, 1]))
    np.testing.assert_array_equal(some.rows.toarray(), rows[[4, 1]].toarray())
    np.testing.assert_array_equal(some.scores, components.scores[[4, 1]])
    assert some.back_project is components.back_project
