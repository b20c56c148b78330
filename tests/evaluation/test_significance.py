from __future__ import annotations

from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from djlib.evaluation.significance import corrected_t_test, group_intervals, holm, mcnemar

probabilities = st.lists(st.floats(0, 1), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("fixed", "broken", "p"),
    [(5, 0, 0.0625), (6, 0, 0.03125), (0, 6, 0.03125), (10, 2, 0.03857), (3, 3, 1), (0, 0, 1)],
)
def test_mcnemar_of_known_counts(fixed: int, broken: int, p: float) -> None:
    assert mcnemar(fixed, broken) == pytest.approx(p, abs=5e-6)


@given(fixed=st.integers(0, 40), broken=st.integers(0, 40))
@settings(deadline=None, max_examples=40)
def test_mcnemar_is_the_sum_of_both_tails(fixed: int, broken: int) -> None:
    n = fixed + broken
    tail = sum(comb(n, k) for k in range(min(fixed, broken) + 1)) / 2**n
    assert mcnemar(fixed, broken) == pytest.approx(min(1.0, 2 * tail))


@given(differences=st.lists(st.floats(-1, 1), min_size=2, max_size=20))
@settings(deadline=None, max_examples=50)
def test_without_shared_training_rows_it_is_the_plain_t_test(differences: list[float]) -> None:
    values = np.array(differences)
    if values.std() < 1e-6:
        return
    assert corrected_t_test(values, 0.0) == pytest.approx(stats.ttest_1samp(values, 0).pvalue)


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=20), st.floats(0, 1), st.floats(0, 1))
@settings(deadline=None, max_examples=50)
def test_the_smaller_the_training_set_the_weaker_the_proof(
    differences: list[float], one: float, other: float
) -> None:
    less, more = sorted((one, other))
    weak, strong = (corrected_t_test(np.array(differences), share) for share in (more, less))
    assert weak is not None
    assert strong is not None
    assert weak >= strong - 1e-12


def test_the_corrected_t_of_ten_folds_by_hand() -> None:
    values = np.array([0.02, 0.05, 0.01, 0.04, 0.03, 0.06, 0.00, 0.03, 0.02, 0.04])
    score = 0.03 / np.sqrt((1 / 10 + 1 / 9) * values.var(ddof=1))
    assert corrected_t_test(values, 1 / 9) == pytest.approx(2 * stats.t.sf(score, 9))


def test_folds_that_all_say_the_same_leave_no_doubt() -> None:
    assert corrected_t_test(np.zeros(4), 0.25) == 1
    assert corrected_t_test(np.full(4, 0.1), 0.25) == 0
    assert corrected_t_test(np.array([0.1]), 0.25) is None


def test_holm_of_a_known_table() -> None:
    assert holm([0.01, 0.02, 0.03, 0.04]) == pytest.approx([0.04, 0.06, 0.06, 0.06])
    assert holm([0.04, 0.001]) == pytest.approx([0.04, 0.002])
    assert holm([]) == []


@given(probabilities)
@settings(deadline=None, max_examples=60)
def test_holm_is_between_nothing_and_bonferroni_and_keeps_the_order(p: list[float]) -> None:
    adjusted = holm(p)
    for raw, found in zip(p, adjusted, strict=True):
        assert raw <= found <= min(1, raw * len(p)) + 1e-12
    order = np.argsort(p, kind="stable")
    assert (np.diff(np.array(adjusted)[order]) >= 0).all()


def test_the_interval_of_any_score_is_the_textbook_one() -> None:
    gains = np.random.default_rng(0).normal([0.3, -2.0], [1.0, 5.0], (400, 2))
    half = 1.96 * gains.std(axis=0) / np.sqrt(len(gains))
    found = group_intervals(gains, np.arange(400))
    np.testing.assert_allclose(found[:, 0], gains.mean(axis=0) - half, atol=0.05)
    np.testing.assert_allclose(found[:, 1], gains.mean(axis=0) + half, atol=0.05)


def test_columns_do_not_touch_each_other() -> None:
    gains = np.random.default_rng(1).normal(size=(60, 3))
    groups = np.repeat(np.arange(20), 3)
    alone = [group_intervals(gains[:, [k]], groups)[0] for k in range(3)]
    np.testing.assert_allclose(group_intervals(gains, groups), alone)


def test_rows_of_one_group_widen_the_interval() -> None:
    gains = np.repeat(np.random.default_rng(2).normal(size=(20, 1)), 10, axis=0)
    narrow, wide = (group_intervals(gains, g)[0] for g in (np.arange(200), np.arange(200) // 10))
    assert wide[1] - wide[0] > 2 * (narrow[1] - narrow[0])


def test_one_group_alone_tells_nothing() -> None:
    assert group_intervals(np.ones((5, 2)), np.zeros(5)).tolist() == [[-np.inf, np.inf]] * 2
