from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.evaluation.calibration import Calibration, calibration_error, reliability


def votes(n: int, seed: int, boast: float = 3.0) -> tuple[np.ndarray, np.ndarray]:
    """Votes of a four-bucket model that is sure `boast` times too often, and the truth drawn
    from the honest probabilities behind them."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(n, 4))
    honest = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    drawn = (rng.random((n, 1)) > honest.cumsum(axis=1)).sum(axis=1).clip(max=3)
    raw = np.exp(boast * scores)
    return raw / raw.sum(axis=1, keepdims=True), np.eye(4)[drawn]


def yes_no_votes(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Votes of a boastful multi-label model over three buckets, and the truth."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(-1, 1.5, size=(n, 3))
    truth = (rng.random((n, 3)) < 1 / (1 + np.exp(-scores))).astype(int)
    return 1 / (1 + np.exp(-4 * scores)), truth


def first_choice_error(proba: np.ndarray, truth: np.ndarray) -> float:
    hit = truth[np.arange(len(proba)), proba.argmax(axis=1)] > 0
    return calibration_error(proba.max(axis=1), hit)


def test_boastful_votes_become_honest_on_rows_not_learned_from() -> None:
    raw, truth = votes(3000, seed=1)
    calibration = Calibration.fit(raw, truth, is_multi=False)
    fresh, fresh_truth = votes(3000, seed=2)
    assert first_choice_error(fresh, fresh_truth) > 0.2
    assert first_choice_error(calibration.apply(fresh), fresh_truth) < 0.04


def test_boastful_yes_and_no_votes_become_honest() -> None:
    raw, truth = yes_no_votes(3000, seed=1)
    calibration = Calibration.fit(raw, truth, is_multi=True)
    fresh, fresh_truth = yes_no_votes(3000, seed=2)
    before = calibration_error(fresh.ravel(), fresh_truth.ravel())
    after = calibration_error(calibration.apply(fresh).ravel(), fresh_truth.ravel())
    assert before > 0.08
    assert after < 0.03


def test_timid_votes_are_sharpened() -> None:
    raw, truth = votes(3000, seed=3, boast=0.3)
    calibrated = Calibration.fit(raw, truth, is_multi=False).apply(raw)
    assert calibrated.max(axis=1).mean() > raw.max(axis=1).mean() + 0.1


@pytest.mark.parametrize("is_multi", [False, True])
def test_calibrated_values_are_probabilities(is_multi: bool) -> None:
    raw, truth = (yes_no_votes if is_multi else votes)(200, seed=4)
    raw[0] = 0.0
    proba = Calibration.fit(raw, truth, is_multi=is_multi).apply(raw)
    assert ((proba >= 0) & (proba <= 1)).all()
    if not is_multi:
        np.testing.assert_allclose(proba.sum(axis=1), 1)


@given(seed=st.integers(0, 1000), mix=st.floats(0, 0.5), slope=st.floats(0.1, 10))
@settings(deadline=None, max_examples=40)
def test_a_higher_vote_never_becomes_a_lower_probability(
    seed: int, mix: float, slope: float
) -> None:
    even = Calibration((0.25,) * 4, False, mix, slope)
    raw, _ = votes(20, seed)
    order = np.argsort(raw, axis=1)
    sorted_proba = np.take_along_axis(even.apply(raw), order, axis=1)
    assert (np.diff(sorted_proba, axis=1) >= -1e-12).all()


def test_a_bucket_without_a_vote_keeps_a_chance() -> None:
    raw = np.array([[1.0, 0.0], [0.0, 1.0]] * 30)
    truth = np.array([[1, 0], [0, 1]] * 25 + [[0, 1], [1, 0]] * 5)
    assert Calibration.fit(raw, truth, is_multi=False).apply(raw).min() > 0.05


@pytest.mark.parametrize(
    ("n", "least", "most"), [(6, 0.6, 0.95), (40, 0.9, 0.995), (1000, 0.99, 1)]
)
def test_votes_that_were_always_right_become_as_sure_as_their_number_allows(
    n: int, least: float, most: float
) -> None:
    raw = np.tile([[0.9, 0.1], [0.1, 0.9]], (n // 2, 1))
    proba = Calibration.fit(raw, raw.round().astype(int), is_multi=False).apply(raw)
    assert least < proba.max() < most
    yes = Calibration.fit(raw, raw.round().astype(int), is_multi=True).apply(raw)
    assert least < yes.max() < most


def test_few_misleading_votes_do_not_drown_in_the_base_rates() -> None:
    raw = np.array([[0.2, 0.8], [0.3, 0.7], [0.8, 0.2], [0.9, 0.1], [0.6, 0.4]])
    truth = np.array([[1, 0], [1, 0], [0, 1], [0, 1], [1, 0]])
    calibration = Calibration.fit(raw, truth, is_multi=False)
    assert calibration.mix <= 0.5
    assert calibration.apply(np.array([[0.05, 0.95]])).argmax() == 1


@pytest.mark.parametrize("is_multi", [False, True])
def test_without_a_row_to_learn_from_the_votes_are_softened(is_multi: bool) -> None:
    nothing = np.empty((0, 2))
    calibration = Calibration.fit(nothing, nothing.astype(int), is_multi=is_multi)
    np.testing.assert_allclose(calibration.apply(np.array([[1.0, 0.0]])), [[0.75, 0.25]], atol=1e-6)


@pytest.mark.parametrize("is_multi", [False, True])
def test_a_calibration_comes_back_from_json(is_multi: bool) -> None:
    raw, truth = (yes_no_votes if is_multi else votes)(100, seed=5)
    calibration = Calibration.fit(raw, truth, is_multi=is_multi)
    again = Calibration.from_dict(json.loads(json.dumps(calibration.as_dict())))
    assert again == calibration


def test_calibration_error_of_hand_computed_bins() -> None:
    confidence = np.array([0.2, 0.4, 0.8, 1.0])
    correct = np.array([False, True, True, True])
    # bins (0.2, 0.4) and (0.8, 1.0): |0.3 - 0.5| and |0.9 - 1.0|, two rows each
    assert calibration_error(confidence, correct, bins=2) == pytest.approx(0.15)


def test_calibration_error_of_nothing_is_zero() -> None:
    assert calibration_error(np.empty(0), np.empty(0, bool)) == 0.0


def test_equal_confidences_share_a_bin_whatever_the_order_of_rows() -> None:
    confidence, correct = np.full(100, 0.5), np.arange(100) < 50
    assert calibration_error(confidence, correct) == pytest.approx(0.0)
    assert reliability(confidence, correct) == [(0.5, 0.5, 100)]


@given(
    confidence=st.lists(st.sampled_from([0.1, 0.3, 0.5, 0.7, 0.9]), min_size=1, max_size=80),
    bins=st.integers(1, 12),
    seed=st.integers(0, 99),
)
@settings(deadline=None, max_examples=60)
def test_row_order_changes_no_bin(confidence: list[float], bins: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    said = np.array(confidence)
    correct = rng.random(len(said)) < said
    order = rng.permutation(len(said))
    points = reliability(said, correct, bins)
    np.testing.assert_allclose(points, reliability(said[order], correct[order], bins))
    assert sum(n for _, _, n in points) == len(said)


def test_distinct_confidences_fall_into_bins_of_equal_size() -> None:
    points = reliability(np.linspace(0, 1, 100), np.ones(100))
    assert [n for _, _, n in points] == [10] * 10
    said = [c for c, _, _ in points]
    assert said == sorted(said)
