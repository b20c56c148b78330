"""Shares and their differences, beside figures from the literature and from scikit-free sums."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.evaluation.proportions import compare_shares, share_of
from djlib.tables.plain_json import to_plain


def test_an_interval_is_wilsons() -> None:
    found = share_of(81, 263)  # Newcombe 1998, table I
    assert (round(found.low, 4), round(found.high, 4)) == (0.2553, 0.3662)


def test_of_nothing_everything_is_possible() -> None:
    nothing = share_of(0, 0)
    assert (nothing.share, nothing.low, nothing.high) == (None, 0.0, 1.0)


def test_the_interval_of_a_difference_is_newcombes() -> None:
    found = compare_shares(share_of(48, 80), share_of(56, 70))  # Newcombe 1998, table II (a)
    assert (round(found.low, 4), round(found.high, 4)) == (0.0524, 0.3339)


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        ((60, 100), (82, 100), "better"),
        ((82, 100), (60, 100), "worse"),
        ((8, 10), (9, 10), "cannot tell"),
    ],
)
def test_a_difference_is_told_where_test_and_interval_agree(
    first: tuple[int, int], second: tuple[int, int], verdict: str
) -> None:
    found = compare_shares(share_of(*first), share_of(*second))
    assert found.verdict == verdict
    assert (found.more_needed is None) == (verdict != "cannot tell")
    assert to_plain(found)["verdict"] == verdict


def test_how_many_more_is_what_the_tables_say() -> None:
    """Fleiss, Levin & Paik, table A.4: 0.60 against 0.75, power 0.8, level 0.05: 165 a side."""
    few = compare_shares(share_of(12, 20), share_of(15, 20))
    assert few.more_needed == pytest.approx(165 - 20, abs=3)


def test_the_closer_two_versions_are_the_more_it_takes_up_to_a_limit() -> None:
    needed = [
        compare_shares(share_of(40, 80), share_of(k, 80)).more_needed or 0 for k in (50, 45, 41, 40)
    ]
    assert needed == sorted(needed)
    assert needed[-1] == pytest.approx(needed[-2], rel=0.01)  # five points is the least


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 60), st.integers(1, 60), st.data())
def test_changing_sides_changes_the_sign(n: int, m: int, data: st.DataObject) -> None:
    one = share_of(data.draw(st.integers(0, n)), n)
    two = share_of(data.draw(st.integers(0, m)), m)
    there, back = compare_shares(one, two), compare_shares(two, one)

    assert there.difference == pytest.approx(-back.difference)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))
    assert there.p_value == pytest.approx(back.p_value)
    assert -1 <= there.low <= there.difference + 1e-12
    assert there.difference - 1e-12 <= there.high <= 1
    assert (there.more_needed is None) or there.more_needed >= 1
