"""Figures of rankings."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from djlib.opportunities.measures import ndcg, newest, precision, rank_figures


def test_figures_are_means_over_people_who_can_be_told() -> None:
    scores = np.array([3.0, 2.0, 1.0, 1.0, 2.0, 5.0])
    liked = np.array([1, 0, 0, 1, 0, 1])
    found = rank_figures(scores, liked, ["a", "a", "a", "b", "b", "c"])
    assert found.users == 2
    assert found.ndcg_at_10 is not None
    assert 0.8 < found.ndcg_at_10 < 0.9
    assert found.auc is not None


def test_of_one_kind_only_nothing_is_said() -> None:
    found = rank_figures(np.arange(3.0), np.ones(3), ["a"] * 3)
    assert (found.auc, found.precision_at_10, found.users) == (None, None, 0)


@given(st.permutations(range(12)))
def test_no_order_beats_the_best(order: list[int]) -> None:
    liked = np.arange(12) % 3 == 0
    scores = np.array(order, dtype=float)
    assert ndcg(scores, liked) <= ndcg(liked.astype(float), liked) == 1.0
    assert precision(scores, liked, 4) <= precision(liked.astype(float), liked, 4) == 1.0


@given(st.lists(st.integers(0, 9), max_size=40))
def test_the_newest_are_later_than_all_others(days: list[int]) -> None:
    at = [f"2026-01-0{day}" for day in days]
    late = newest(at)
    assert len(late) == len(at)
    if late.any() and not late.all():
        moments = np.array(at)
        assert max(moments[~late]) < min(moments[late])
    assert len(set(at)) < 2 or not late.all()
    assert len(set(at)) != 1 or not late.any()
