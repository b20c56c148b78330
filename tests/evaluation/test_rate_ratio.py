from __future__ import annotations

import numpy as np
import pytest

from djlib.evaluation.proportions import ratio_of, share_of


@pytest.mark.parametrize(("one", "two", "n"), [(0.4, 0.1, 60), (0.3, 0.3, 40), (0.05, 0.5, 100)])
def test_intervals_hold_the_truth_about_as_often_as_they_say(
    one: float, two: float, n: int
) -> None:
    rng = np.random.default_rng(0)
    held = []
    for _ in range(400):
        first, second = (share_of(int(rng.binomial(n, rate)), n) for rate in (one, two))
        found = ratio_of(first, second)
        if found:
            high = np.inf if found.high is None else found.high
            held.append(found.low <= one / two <= high)
    assert 0.92 <= np.mean(held) <= 0.99


def test_the_value_lies_inside_and_more_answers_tell_more() -> None:
    few, many = (ratio_of(share_of(3 * n, 10 * n), share_of(n, 10 * n)) for n in (1, 20))
    for found in (few, many):
        assert found is not None
        assert found.value == pytest.approx(3)
        assert found.low < 3 < (found.high or np.inf)
    assert many.high - many.low < (few.high or np.inf) - few.low


def test_nothing_kept_has_a_ratio_of_none_and_an_upper_bound() -> None:
    found = ratio_of(share_of(0, 20), share_of(5, 20))
    assert found is not None
    assert (found.value, found.low) == (0, 0)
    assert found.high
    assert 0.2 < found.high < 2


def test_there_must_be_something_to_divide_by() -> None:
    assert ratio_of(share_of(5, 20), share_of(0, 20)) is None
    assert ratio_of(share_of(5, 20), share_of(0, 0)) is None
    assert ratio_of(share_of(0, 0), share_of(5, 20)) is None
