from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.evaluation.calibration import reliability
from djlib.reporting.svg import (
    Line,
    coverage_chart,
    coverage_curve,
    learning_chart,
    reliability_diagram,
)

from ..evaluation.reading import Page

RNG = np.random.default_rng(0)
CONFIDENCE = RNG.random(300)
CORRECT = RNG.random(300) < CONFIDENCE


def test_the_curve_of_honest_confidence_falls_to_the_accuracy() -> None:
    curve = coverage_curve(CONFIDENCE, CORRECT)
    assert curve[-1] == (1.0, pytest.approx(CORRECT.mean()))
    assert curve[0][1] > 0.9 > curve[-1][1]
    assert [x for x, _ in curve] == sorted({x for x, _ in curve})


@given(st.integers(2, 60), st.integers(1, 5))
@settings(deadline=None, max_examples=40)
def test_the_order_of_the_rows_does_not_matter(n: int, levels: int) -> None:
    rng = np.random.default_rng(n)
    confidence, correct = rng.integers(0, levels, n) / levels, rng.random(n) < 0.5
    shuffled = rng.permutation(n)
    assert coverage_curve(confidence, correct) == coverage_curve(
        confidence[shuffled], correct[shuffled]
    )


def test_one_confidence_for_all_is_one_point() -> None:
    assert coverage_curve(np.full(10, 0.3), np.arange(10) < 4) == ((1.0, 0.4),)
    assert coverage_curve(np.empty(0), np.empty(0, bool)) == ()


def test_charts_say_in_words_what_they_show() -> None:
    line = Line("a <b>", coverage_curve(CONFIDENCE, CORRECT))
    assert "a <b>" in str(Page(coverage_chart([line])).all("svg")[0]["aria-label"])
    diagram = Page(reliability_diagram("a <b>", reliability(CONFIDENCE, CORRECT)))
    assert str(diagram.all("svg")[0]["aria-label"]).count("% right") == 10
    assert len(diagram.all("circle")) == 10


@pytest.mark.parametrize("shares", [True, False])
def test_a_curve_of_one_size_or_one_value_can_be_drawn(shares: bool) -> None:
    for points in (((50.0, 0.4),), ((50.0, 0.4), (100.0, 0.4))):
        page = Page(learning_chart([Line("a", points)], "right", shares=shares))
        assert len(page.all("circle")) == len(points)
