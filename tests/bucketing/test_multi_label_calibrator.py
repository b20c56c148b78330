"""Probabilities of several buckets corrected by what is known of a track."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from djlib.bucketing.calibration.calibrators import MultiLabelCalibrator

NUMBERS = st.tuples(st.floats(-5, 5), st.floats(-5, 5), st.floats(-5, 5))
CURVES = st.builds(MultiLabelCalibrator, steepness=NUMBERS, offset=NUMBERS)
PROBA = arrays(float, st.tuples(st.integers(0, 6), st.integers(1, 5)), elements=st.floats(0, 1))


def answers(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Honest probabilities and what came of them, (n, 3)."""
    rng = np.random.default_rng(seed)
    proba = rng.uniform(0.02, 0.98, (n, 3))
    return proba, (rng.random((n, 3)) < proba).astype(int)


@given(curve=CURVES, proba=PROBA, flag=st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_they_stay_probabilities_and_buckets_keep_their_order(
    curve: MultiLabelCalibrator, proba: np.ndarray, flag: float
) -> None:
    before = proba.copy()
    found = curve.apply(proba, np.full((len(proba), 2), flag))
    np.testing.assert_array_equal(proba, before)
    assert found.shape == proba.shape
    assert ((found >= 0) & (found <= 1)).all()
    for given_row, row in zip(proba, found, strict=True):
        assert (np.diff(row[np.argsort(given_row, kind="stable")]) >= 0).all()


def test_honest_probabilities_are_left_alone() -> None:
    proba, truth = answers(3000)
    facts = (np.arange(3000)[:, None] % 2).astype(float)
    curve = MultiLabelCalibrator.fit(proba, truth, facts)
    np.testing.assert_allclose(curve.apply(proba, facts), proba, atol=0.03)


def test_where_a_fact_holds_the_probabilities_mean_what_they_say_again() -> None:
    proba, truth = answers(4000)
    late = np.arange(4000) % 2 == 0
    shuffled = np.random.default_rng(1).permutation(np.flatnonzero(late))
    truth[np.flatnonzero(late)] = truth[shuffled]  # nothing is known of the later ones
    facts = late[:, None].astype(float)
    found = MultiLabelCalibrator.fit(proba, truth, facts).apply(proba, facts)
    np.testing.assert_allclose(found[late], 0.5, atol=0.1)
    np.testing.assert_allclose(found[~late], proba[~late], atol=0.05)


def test_answers_of_no_weight_teach_nothing() -> None:
    proba, truth = answers(400)
    facts, weight = np.zeros((400, 1)), (np.arange(400) < 200).astype(float)
    weighted = MultiLabelCalibrator.fit(proba, truth, facts, weight)
    without = MultiLabelCalibrator.fit(proba[:200], truth[:200], facts[:200])
    assert weighted.steepness == pytest.approx(without.steepness, abs=1e-4)
    assert weighted.offset == pytest.approx(without.offset, abs=1e-4)


@pytest.mark.parametrize("n", [0, 20])
def test_a_few_answers_correct_nothing(n: int) -> None:
    proba, _ = answers(n)
    facts = np.ones((n, 2))
    curve = MultiLabelCalibrator.fit(proba, np.ones((n, 3)), facts)
    assert curve == MultiLabelCalibrator((0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
    np.testing.assert_allclose(curve.apply(proba, facts), proba, atol=1e-12)


def test_certain_answers_stay_finite() -> None:
    truth = np.tile([1, 0], (100, 1))
    curve = MultiLabelCalibrator.fit(truth.astype(float), truth, np.zeros((100, 1)))
    found = curve.apply(truth.astype(float), np.zeros((100, 1)))
    assert np.isfinite(found).all()
    assert (found.round() == truth).all()


def test_it_is_written_down_and_read_back() -> None:
    curve = MultiLabelCalibrator((0.1, -0.2), (0.3, 0.4))
    assert MultiLabelCalibrator.from_dict(json.loads(json.dumps(curve.as_dict()))) == curve
