from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from djlib.bandit.acquisition import choose_by_explore_rate, explore_rate, n_explore


@pytest.mark.parametrize(
    ("batch", "explore", "exploit"), [(0, 12, 8), (10, 7, 13), (50, 4, 16), (500, 4, 16)]
)
def test_the_split_of_twenty(batch: int, explore: int, exploit: int) -> None:
    rng = np.random.default_rng(0)
    choice = choose_by_explore_rate(rng.random(100), rng.random(100), k=20, batch_number=batch)
    assert choice.strategies.count("explore") == explore == n_explore(20, batch)
    assert choice.strategies.count("exploit") == exploit
    assert choice.exploration_rate == explore_rate(batch)


def test_the_schedule_by_hand() -> None:
    assert explore_rate(0) == 0.6
    assert explore_rate(1) == pytest.approx(0.57)
    assert explore_rate(10) == pytest.approx(0.359242, abs=1e-6)
    assert explore_rate(21) > 0.2
    assert explore_rate(22) == 0.2


def test_exploit_by_mean_less_uncertainty_and_explore_by_uncertainty() -> None:
    mean = np.array([0.9, 0.8, 0.2, 0.3, 0.5])
    uncertainty = np.array([0.5, 0.1, 0.3, 0.2, 0.01])
    choice = choose_by_explore_rate(mean, uncertainty, k=5, batch_number=0)  # 3 explore, 2 exploit
    assert choice.rows.tolist() == [1, 4, 0, 2, 3]
    assert choice.strategies == ["exploit"] * 2 + ["explore"] * 3


def test_of_equals_the_first_of_the_pool_is_picked() -> None:
    same = np.full(50, 0.5)
    assert choose_by_explore_rate(same, same, k=5).rows.tolist() == [0, 1, 2, 3, 4]


def test_rows_of_one_id_are_one_listing() -> None:
    ids = np.array(["a", "a", "b", "a"])
    choice = choose_by_explore_rate(np.array([0.1, 0.9, 0.2, 0.9]), np.zeros(4), k=4, ids=ids)
    assert sorted(choice.rows.tolist()) == [0, 2]


@given(st.integers(0, 40), st.integers(0, 30), st.integers(0, 100))
def test_listings_are_distinct_and_as_many_as_there_are(n: int, k: int, batch: int) -> None:
    rng = np.random.default_rng(n)
    choice = choose_by_explore_rate(rng.random(n), rng.random(n), k=k, batch_number=batch)
    assert len(set(choice.rows.tolist())) == len(choice.rows) == min(n, k)
    assert len(choice.strategies) == min(n, k)
