from __future__ import annotations

import json
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.evaluation.significance import Comparison, compare_paired
from djlib.tables.plain_json import to_plain


def compared(
    fixed: int, broken: int, both: int = 20, groups: np.ndarray | None = None
) -> Comparison:
    """Two models that differ on `fixed + broken` rows and are both right on `both`."""
    before = np.array([False] * fixed + [True] * broken + [True] * both)
    after = np.array([True] * fixed + [False] * broken + [True] * both)
    return compare_paired(before, after, np.arange(len(before)) if groups is None else groups)


def two_sided(fixed: int, broken: int) -> float:
    """McNemar's exact p-value by adding up the binomial by hand."""
    n = fixed + broken
    tail = sum(comb(n, k) for k in range(min(fixed, broken) + 1)) / 2**n
    return min(1.0, 2 * tail)


@pytest.mark.parametrize(
    ("fixed", "broken", "p"),
    [(5, 0, 0.0625), (6, 0, 0.03125), (10, 2, 0.0386), (15, 5, 0.0414), (20, 9, 0.0614), (3, 3, 1)],
)
def test_mcnemar_of_known_counts(fixed: int, broken: int, p: float) -> None:
    assert compared(fixed, broken).p_value == pytest.approx(p, abs=5e-5)
    assert compared(broken, fixed).p_value == pytest.approx(p, abs=5e-5)


@given(fixed=st.integers(0, 30), broken=st.integers(0, 30))
@settings(deadline=None, max_examples=50)
def test_mcnemar_is_the_binomial_on_the_rows_that_differ(fixed: int, broken: int) -> None:
    found = compared(fixed, broken)
    assert found.p_value == pytest.approx(two_sided(fixed, broken))
    assert (found.fixed, found.broken) == (fixed, broken)
    assert found.difference == pytest.approx(found.after - found.before)


def test_five_to_nothing_cannot_tell_and_six_to_nothing_can() -> None:
    assert compared(5, 0).verdict == "cannot tell"
    assert compared(6, 0).verdict == "better"
    assert compared(0, 6).verdict == "worse"


def test_models_that_agree_cannot_be_told_apart() -> None:
    found = compared(0, 0)
    assert (found.p_value, found.low, found.high) == (1, 0, 0)
    assert found.verdict == "cannot tell"


def test_the_interval_of_independent_rows_is_the_textbook_one() -> None:
    found = compared(60, 20, both=120)
    gains = np.array([1.0] * 60 + [-1.0] * 20 + [0.0] * 120)
    half = 1.96 * gains.std() / np.sqrt(len(gains))
    assert found.low == pytest.approx(0.2 - half, abs=0.01)
    assert found.high == pytest.approx(0.2 + half, abs=0.01)


def test_tracks_of_one_artist_stand_or_fall_together() -> None:
    artists = np.repeat(np.arange(10), 10)
    before = np.zeros(100, bool)
    after = artists < 2  # only two artists got better
    alone, together = (compare_paired(before, after, g) for g in (np.arange(100), artists))
    assert together.high - together.low > 2 * (alone.high - alone.low)
    assert alone.verdict == "better"
    assert together.verdict == "cannot tell"


def test_one_artist_alone_proves_nothing() -> None:
    found = compared(12, 0, groups=np.array(["Robyn"] * 32))
    assert (found.low, found.high) == (-1, 1)
    assert found.verdict == "cannot tell"


def test_group_names_need_not_sort() -> None:
    mixed = np.array(["a", "\x00t1", "", "ö"] * 8, dtype=object)
    assert compared(12, 0, groups=mixed).n == 32


def test_the_same_seed_gives_the_same_interval() -> None:
    assert compared(9, 3) == compared(9, 3)


def test_figures_are_plain_values() -> None:
    plain = json.loads(json.dumps(to_plain(compared(6, 0))))
    assert plain["verdict"] == "better"
    assert plain["fixed"] == 6
