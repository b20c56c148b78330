from __future__ import annotations

import math

import numpy as np
import pytest

from djlib.errors import InputError
from djlib.evaluation.sequential import RateTest, always_valid, answers_needed


def alarms(rate: float, *, games: int = 400, n: int = 300, block: int = 1) -> float:
    """Share of games without a difference in which somebody who always looks is misled."""
    rng = np.random.default_rng(5)
    drawn = rng.random((games, 2, n)) < rate
    found = [always_valid(first, second, block=block)[-1] < 0.05 for first, second in drawn]
    return float(np.mean(found))


@pytest.mark.parametrize("rate", [0.06, 0.3, 0.5])
def test_looking_after_every_answer_misleads_no_more_than_it_says(rate: float) -> None:
    assert alarms(rate, games=150, n=100) <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 150)


def test_looking_after_every_batch_misleads_no_more_than_it_says() -> None:
    assert alarms(0.2, block=10) <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 400)


def test_each_block_is_a_fair_bet_whatever_the_rate() -> None:
    """The mean of what a stake becomes is at most 1, computed over all outcomes of a block."""
    for rate in (0.05, 0.2, 0.5, 0.9):
        for n_1, n_2 in ((1, 1), (3, 5), (10, 10)):
            total = 0.0
            for hits_1 in range(n_1 + 1):
                for hits_2 in range(n_2 + 1):
                    test = RateTest(first=(2, 20), second=(9, 20))
                    test.update(first=(hits_1, n_1), second=(hits_2, n_2))
                    total += (
                        math.comb(n_1, hits_1)
                        * math.comb(n_2, hits_2)
                        * rate ** (hits_1 + hits_2)
                        * (1 - rate) ** (n_1 + n_2 - hits_1 - hits_2)
                        * test.evidence
                    )
            assert total <= 1 + 1e-9


def test_a_clear_difference_is_found_and_named() -> None:
    rng = np.random.default_rng(1)
    found = 0
    for _ in range(60):
        test = RateTest()
        for _ in range(10):
            test.update(first=(rng.binomial(10, 0.1), 10), second=(rng.binomial(10, 0.4), 10))
        found += test.verdict == "second"
    assert found >= 54


def test_evidence_once_reached_counts() -> None:
    test = RateTest()
    for _ in range(8):
        test.update(first=(0, 10), second=(8, 10))
    least = test.p_value
    for _ in range(5):
        test.update(first=(9, 10), second=(1, 10))
    assert test.p_value <= least < 0.05


def test_nothing_yet_is_no_verdict() -> None:
    assert RateTest().verdict == "cannot tell"
    assert RateTest().p_value == 1
    test = RateTest()
    test.update(first=(3, 20), second=(0, 0))
    assert test.evidence == 1


def test_more_keepers_than_answers_is_an_error() -> None:
    with pytest.raises(InputError, match="5 keepers of 4"):
        RateTest().update(first=(5, 4), second=(0, 1))


@pytest.mark.parametrize(
    ("first", "second", "least", "most"), [(0.1, 0.4, 30, 34), (0.1, 0.15, 670, 700)]
)
def test_answers_needed_are_those_of_the_books(
    first: float, second: float, least: int, most: int
) -> None:
    assert least <= answers_needed(first, second) <= most
    assert answers_needed(first, second) == answers_needed(second, first)


def test_that_many_answers_do_show_the_difference() -> None:
    """Simulated: a plain two-sided z-test at that size finds it about four times in five."""
    n = answers_needed(0.1, 0.4)
    rng = np.random.default_rng(0)
    one, two = rng.binomial(n, 0.1, 4000) / n, rng.binomial(n, 0.4, 4000) / n
    middle = (one + two) / 2
    z = (two - one) / np.sqrt(np.maximum(2 * middle * (1 - middle) / n, 1e-12))
    assert 0.75 < np.mean(np.abs(z) > 1.96) < 0.88


def test_rates_that_are_one_need_no_number() -> None:
    with pytest.raises(InputError, match="two different rates"):
        answers_needed(0.2, 0.2)
