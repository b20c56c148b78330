from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.evaluation.calibration import Abstention, measured_at, threshold_for_precision


def test_the_lowest_threshold_that_keeps_the_promise_is_chosen() -> None:
    confidence = np.linspace(0, 1, 1001)
    found = threshold_for_precision(confidence, confidence >= 0.5, 0.8)
    # 501 hits above 0.5; one miss for every four hits fits below it: about 125 rows
    assert found.threshold == pytest.approx(0.375, abs=0.01)
    assert found.precision == pytest.approx(0.8, abs=0.005)
    assert found.coverage == pytest.approx(0.625, abs=0.01)
    assert found.target == 0.8


def test_three_lucky_hits_promise_nothing() -> None:
    assert threshold_for_precision(np.full(3, 0.9), np.ones(3, bool), 0.9).coverage == 0
    assert threshold_for_precision(np.full(8, 0.9), np.ones(8, bool), 0.9).coverage == 1


def test_equal_confidences_are_sure_or_unsure_together() -> None:
    confidence = np.array([0.9] * 20 + [0.5] * 20)
    correct = np.array([True] * 30 + [False] * 10)  # the hits among the ties come first
    found = threshold_for_precision(confidence, correct, 0.9)
    assert (found.threshold, found.coverage) == (0.9, 0.5)


def test_a_promise_nobody_can_keep_makes_everything_unsure() -> None:
    confidence, correct = np.ones(100), np.arange(100) < 50
    found = threshold_for_precision(confidence, correct, 0.9)
    assert found.precision is None
    assert found.coverage == 0
    assert measured_at(confidence, correct, found.threshold).coverage == 0


def test_no_predictions_make_everything_unsure() -> None:
    found = threshold_for_precision(np.empty(0), np.empty(0, bool), 0.9)
    assert found.coverage == 0
    assert found.threshold > 1


@given(
    rows=st.lists(
        st.tuples(st.sampled_from(np.linspace(0, 1, 11).tolist()), st.booleans()), max_size=60
    ),
    target=st.floats(0.05, 0.95),
)
@settings(deadline=None, max_examples=100)
def test_a_chosen_threshold_gives_what_it_says(
    rows: list[tuple[float, bool]], target: float
) -> None:
    confidence = np.array([c for c, _ in rows], dtype=float)
    correct = np.array([h for _, h in rows], dtype=bool)
    found = threshold_for_precision(confidence, correct, target)
    again = measured_at(confidence, correct, found.threshold)
    assert (again.precision, again.coverage) == (found.precision, found.coverage)
    if found.precision is not None and target >= 0.5:
        assert found.precision >= target


def test_a_given_threshold_includes_its_own_confidence() -> None:
    found = measured_at(np.array([0.4, 0.5, 0.6]), np.array([True, True, False]), 0.5)
    assert (found.precision, found.coverage, found.target) == (0.5, pytest.approx(2 / 3), None)


def test_figures_are_plain_values() -> None:
    assert Abstention(0.5, None, 0.0).as_dict() == {
        "threshold": 0.5,
        "precision": None,
        "coverage": 0.0,
        "target": None,
    }
