"""Buckets named too rarely or too often: set right by as much as there is evidence for."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import softmax

from djlib.bucketing.calibration.calibrators import ClassBiasCorrection

RAW = arrays(float, st.tuples(st.integers(0, 6), st.just(3)), elements=st.floats(0, 1))
SHIFTS = st.tuples(*[st.floats(-20, 20)] * 3)


def answers(n: int, shift: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Votes that are off by `shift`, and what was true."""
    rng = np.random.default_rng(seed)
    honest = rng.normal(size=(n, len(shift)))
    drawn = (honest + rng.gumbel(size=honest.shape)).argmax(axis=1)
    return softmax(honest - shift, axis=1), np.eye(len(shift))[drawn]


@given(raw=RAW, shifts=SHIFTS)
@settings(max_examples=40, deadline=None)
def test_rows_are_probabilities_and_the_shifted_odds(
    raw: np.ndarray, shifts: tuple[float, ...]
) -> None:
    before = raw.copy()
    found = ClassBiasCorrection(shifts).apply(raw)
    np.testing.assert_array_equal(raw, before)
    assert found.shape == raw.shape
    np.testing.assert_allclose(found.sum(axis=1), 1)
    odds = np.log(found[:, 0] + 1e-300) - np.log(found[:, 1] + 1e-300)
    expected = np.log(raw[:, 0] + 1e-6) - np.log(raw[:, 1] + 1e-6) + shifts[0] - shifts[1]
    np.testing.assert_allclose(odds, expected, atol=1e-6)


def test_shifts_are_found_again() -> None:
    shift = np.array([0.9, -0.3, -0.6])
    found = np.array(ClassBiasCorrection.fit(*answers(6000, shift)).shifts)
    np.testing.assert_allclose(found - found.mean(), shift, atol=0.1)


def test_shifts_do_not_depend_on_how_sharp_the_votes_are() -> None:
    votes, truth = answers(4000, np.array([0.5, -0.5]))
    boastful = votes**3 / (votes**3).sum(axis=1, keepdims=True)
    found = np.array(ClassBiasCorrection.fit(boastful, truth).shifts)
    np.testing.assert_allclose(
        found, 3 * np.array(ClassBiasCorrection.fit(votes, truth).shifts), rtol=0.1
    )


def test_the_first_choices_get_better_and_the_loss_smaller() -> None:
    shift = np.array([1.5, -1.5, 0.0])
    leaning = ClassBiasCorrection.fit(*answers(3000, shift))
    votes, truth = answers(3000, shift, seed=1)
    right = [truth[np.arange(3000), v.argmax(axis=1)].mean() for v in (votes, leaning.apply(votes))]
    loss = [-np.log((v * truth).sum(axis=1)).mean() for v in (votes, leaning.apply(votes))]
    assert right[1] > right[0] + 0.03
    assert loss[1] < loss[0] - 0.1


def test_a_few_answers_shift_little() -> None:
    votes, truth = np.full((4, 2), 0.5), np.tile([1.0, 0.0], (4, 1))
    assert 0 < ClassBiasCorrection.fit(votes, truth).shifts[0] < 0.3


def test_answers_of_no_weight_and_no_answers_teach_nothing() -> None:
    votes, truth = answers(200, np.array([1.0, -1.0]))
    weight = (np.arange(200) < 100).astype(float)
    half = ClassBiasCorrection.fit(votes[:100], truth[:100])
    assert ClassBiasCorrection.fit(votes, truth, weight).shifts == pytest.approx(
        half.shifts, abs=1e-3
    )
    assert ClassBiasCorrection.fit(votes[:0], truth[:0]).shifts == (0.0, 0.0)


def test_votes_without_doubt_and_buckets_never_seen_stay_finite() -> None:
    truth = np.tile([1.0, 0.0, 0.0], (50, 1))
    found = ClassBiasCorrection.fit(truth, truth)
    assert np.isfinite(found.shifts).all()
    assert np.isfinite(found.apply(np.zeros((2, 3)))).all()


def test_it_is_written_down_and_read_back() -> None:
    leaning = ClassBiasCorrection((0.25, -0.25))
    assert ClassBiasCorrection.from_dict(json.loads(json.dumps(leaning.as_dict()))) == leaning
