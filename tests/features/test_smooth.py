"""Numbers and keys as columns: near ones share them, missing ones have a column of their own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.features.music import parse_key
from djlib.features.smooth import bumps, keys

TEMPOS = st.floats(60, 200)


def likeness(a: float, b: float) -> float:
    first, second = bumps(np.array([a, b]), 60, 200, 24, log=True).toarray()
    return float(first @ second)


@given(values=st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=20))
@settings(max_examples=50, deadline=None)
def test_every_row_has_length_one_whatever_the_value(values: list[float]) -> None:
    rows = bumps(np.array(values, dtype=float), 60, 200, 24, log=True).toarray()
    assert rows.shape == (len(values), 25)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-3)


@given(at=TEMPOS, near=st.floats(0, 0.02), far=st.floats(0.05, 0.3))
@settings(max_examples=50, deadline=None)
def test_what_is_nearer_is_more_alike(at: float, near: float, far: float) -> None:
    at = min(at, 150)
    assert likeness(at, at * (1 + near)) > likeness(at, at * (1 + far))


def test_only_the_missing_have_the_flag() -> None:
    flags = bumps(np.array([120.0, np.nan, np.inf, -np.inf]), 60, 200, 12).toarray()[:, -1]
    assert flags.tolist() == [0, 1, 1, 1]


def test_values_beyond_the_ends_count_as_the_ends() -> None:
    rows = bumps(np.array([-5.0, 60.0, 200.0, 1e9]), 60, 200, 12).toarray()
    np.testing.assert_array_equal(rows[0], rows[1])
    np.testing.assert_array_equal(rows[2], rows[3])


@pytest.mark.parametrize(("key", "like", "unlike"), [("8A", "9A", "10A"), ("C", "G", "D")])
def test_neighbours_on_the_circle_are_more_alike_than_others(
    key: str, like: str, unlike: str
) -> None:
    same, neighbour, other = (keys([key]) @ keys([name]).T for name in (key, like, unlike))
    assert same.sum() > neighbour.sum() > other.sum()


def test_keys_in_all_notations_are_one_row_and_others_are_missing() -> None:
    rows = keys(["8A", "Am", "1m", "a", "off", "", "\udc80"]).toarray()
    assert (rows[:4] == rows[0]).all()
    assert rows[:, 25].tolist() == [0, 0, 0, 0, 1, 1, 1]
    assert all(parse_key(name) is None for name in ("off", ""))


def test_no_tracks_give_no_rows() -> None:
    assert bumps(np.array([]), 60, 200, 24).shape == (0, 25)
    assert keys([]).shape == (0, 26)
