from __future__ import annotations

import math

import numpy as np
import pytest

from djlib.evaluation.sequential import DifferenceBounds, RateTest


def covered(rates: tuple[float, float], *, games: int = 100, batches: int = 12) -> float:
    """Share of games in which the truth is inside at every look."""
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(games):
        bounds, is_in = DifferenceBounds(), True
        for _ in range(batches):
            first, second = ((int(rng.binomial(10, rate)), 10) for rate in rates)
            bounds.update(first=first, second=second)
            found = bounds.interval
            is_in &= found is not None and found[0] <= rates[1] - rates[0] <= found[1]
        held += is_in
    return held / games


@pytest.mark.parametrize("rates", [(0.2, 0.2), (0.1, 0.4), (0.9, 0.3)])
def test_the_truth_is_inside_at_every_look(rates: tuple[float, float]) -> None:
    assert covered(rates) >= 0.95 - 2 * math.sqrt(0.05 * 0.95 / 100)


def test_it_says_zero_is_out_just_where_the_evidence_says_so() -> None:
    rng = np.random.default_rng(7)
    decided = 0
    for _ in range(40):
        test, bounds = RateTest(), DifferenceBounds()
        for _ in range(10):
            first, second = (int(rng.binomial(10, 0.15)), 10), (int(rng.binomial(10, 0.4)), 10)
            test.update(first=first, second=second)
            bounds.update(first=first, second=second)
        low, high = bounds.interval or (0, 0)
        assert (low > 0.01 or high < -0.01) <= (test.evidence > 20)
        assert (test.evidence > 20) <= (low >= 0 or high <= 0)
        decided += test.evidence > 20
    assert 0 < decided < 40


def test_each_block_is_a_fair_bet_against_every_claim() -> None:
    """The mean of what a stake becomes is at most 1 for any pair of rates that differ as claimed,
    computed over all outcomes of a block."""
    n_1, n_2 = 4, 6
    for rate_1, rate_2 in ((0.1, 0.4), (0.5, 0.5), (0.85, 0.2)):
        total = 0.0
        for hits_1 in range(n_1 + 1):
            for hits_2 in range(n_2 + 1):
                bounds = DifferenceBounds()
                bounds.update(first=(2, 20), second=(9, 20))
                before = bounds._log.copy()
                bounds.update(first=(hits_1, n_1), second=(hits_2, n_2))
                claim = int(np.argmin(abs(bounds._claims - (rate_2 - rate_1))))
                chance = math.comb(n_1, hits_1) * rate_1**hits_1 * (1 - rate_1) ** (n_1 - hits_1)
                chance *= math.comb(n_2, hits_2) * rate_2**hits_2 * (1 - rate_2) ** (n_2 - hits_2)
                total += chance * math.exp(bounds._log[claim] - before[claim])
        assert total <= 1 + 1e-9


def test_more_answers_make_it_narrower_and_an_empty_side_says_nothing() -> None:
    bounds, widths = DifferenceBounds(), []
    for _ in range(6):
        bounds.update(first=(3, 20), second=(6, 20))
        low, high = bounds.interval or (0, 0)
        widths.append(high - low)
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < 0.5
    before = bounds.interval
    bounds.update(first=(9, 20), second=(0, 0))
    assert bounds.interval == before


def test_a_difference_that_turns_round_is_that_of_all_answers_together() -> None:
    bounds = DifferenceBounds()
    for hits in ((1, 9), (9, 1)):
        for _ in range(30):
            bounds.update(first=(hits[0], 10), second=(hits[1], 10))
    low, high = bounds.interval or (1, 1)
    assert low < 0 < high
