"""First choices corrected by what is known of a track: honest, and still first."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from djlib.bucketing.calibration.calibrators import TopLabelCalibrator
from djlib.evaluation.calibration import calibration_error

CURVES = st.builds(
    TopLabelCalibrator,
    slope=st.floats(0.02, 50),
    offset=st.floats(-20, 20),
    weights=st.tuples(st.floats(-20, 20), st.floats(-20, 20)),
)
RAW = arrays(float, st.tuples(st.integers(0, 6), st.integers(2, 5)), elements=st.floats(0, 1))


@given(curve=CURVES, raw=RAW, flag=st.booleans())
@settings(max_examples=40, deadline=None)
def test_rows_stay_probabilities_and_the_first_choice_stays_first(
    curve: TopLabelCalibrator, raw: np.ndarray, flag: bool
) -> None:
    proba = (raw + 1e-9) / (raw + 1e-9).sum(axis=1, keepdims=True)
    given_proba = proba.copy()
    found = curve.apply(proba, np.full((len(proba), 2), float(flag)))
    np.testing.assert_array_equal(proba, given_proba)
    assert found.shape == proba.shape
    assert ((found >= 0) & (found <= 1)).all()
    np.testing.assert_allclose(found.sum(axis=1), 1)
    if len(proba):
        assert (found.argmax(axis=1) == proba.argmax(axis=1)).all()


@given(curve=CURVES, raw=RAW)
@settings(max_examples=30, deadline=None)
def test_the_other_choices_keep_their_order(curve: TopLabelCalibrator, raw: np.ndarray) -> None:
    proba = (raw + 1e-3) / (raw + 1e-3).sum(axis=1, keepdims=True)
    found = curve.apply(proba, np.zeros((len(proba), 2)))
    for before, after in zip(proba, found, strict=True):
        others = np.arange(len(before)) != before.argmax()
        ranked = after[others][np.argsort(before[others])]
        assert (np.diff(ranked) >= -1e-12).all()


def test_facts_that_matter_are_learned() -> None:
    rng = np.random.default_rng(0)
    known = rng.random(4000) < 0.5
    correct = rng.random(4000) < np.where(known, 0.9, 0.4)
    proba = np.tile([0.7, 0.2, 0.1], (4000, 1))
    facts = known[:, None].astype(float)
    curve = TopLabelCalibrator.fit(proba, correct, facts)
    first = curve.apply(proba, facts)[:, 0]
    assert first[known].mean() == pytest.approx(0.9, abs=0.03)
    assert first[~known].mean() == pytest.approx(0.4, abs=0.03)
    assert calibration_error(first, correct) < 0.03 < calibration_error(proba[:, 0], correct)


def test_answers_of_no_weight_teach_nothing() -> None:
    proba, facts = np.tile([0.6, 0.4], (400, 1)), np.zeros((400, 1))
    correct = np.arange(400) < 200
    weight = correct.astype(float)
    weighted = TopLabelCalibrator.fit(proba, correct, facts, weight)
    without = TopLabelCalibrator.fit(proba[:200], correct[:200], facts[:200])
    assert weighted.slope == pytest.approx(without.slope, rel=1e-4)
    assert weighted.offset == pytest.approx(without.offset, rel=1e-4)


def test_a_few_answers_correct_nothing() -> None:
    proba, facts = np.tile([0.6, 0.4], (20, 1)), np.zeros((20, 2))
    curve = TopLabelCalibrator.fit(proba, np.ones(20, dtype=bool), facts)
    assert curve == TopLabelCalibrator(weights=(0.0, 0.0))
    np.testing.assert_allclose(curve.apply(proba, facts), proba, atol=1e-12)
    assert TopLabelCalibrator.fit(proba[:0], np.ones(0, dtype=bool), facts[:0]) == curve


def test_it_is_written_down_and_read_back() -> None:
    curve = TopLabelCalibrator(0.8, -0.1, (0.3, 0.5))
    assert TopLabelCalibrator.from_dict(json.loads(json.dumps(curve.as_dict()))) == curve
