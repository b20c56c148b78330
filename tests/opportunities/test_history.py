"""What was known of a call at a moment, and never what came later."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.opportunities.history import COLUMNS, History, seconds_of

HOUR = st.integers(0, 40)
EVENT = st.tuples(st.sampled_from("abc"), st.sampled_from("ST"), st.sampled_from([0.0, 1.0]), HOUR)


def table(events: list[tuple[str, str, float, int]], value: str = "liked") -> pd.DataFrame:
    rows: list[dict[str, Any]] = [
        {"opportunity_id": o, "source": s, value: v, "at": moment(h)} for o, s, v, h in events
    ]
    columns = ["opportunity_id", "source", value, "at"]
    return pd.DataFrame(rows, columns=columns).astype({value: float})


def moment(hour: int) -> str:
    return f"2026-08-{1 + hour // 24:02d}T{hour % 24:02d}:00:00Z"


@settings(max_examples=30, deadline=None)
@given(
    ratings=st.lists(EVENT, max_size=25),
    shown=st.lists(EVENT, max_size=25),
    asked=st.lists(EVENT, min_size=1, max_size=5),
    later=st.lists(EVENT, min_size=1, max_size=10),
)
def test_nothing_that_comes_at_or_after_a_moment_changes_what_was_known(
    ratings: list[Any], shown: list[Any], asked: list[Any], later: list[Any]
) -> None:
    calls = table(asked)
    last = max(hour for _, _, _, hour in asked)
    before = History.of(table(ratings), table(shown, "opened"))
    after = [(o, s, v, last + hour) for o, s, v, hour in later]
    both = History.of(table(ratings + after), table(shown + after, "opened"))
    assert np.array_equal(before.standing(calls), both.standing(calls))
    assert np.array_equal(before.n_before(calls), both.n_before(calls))


def test_what_came_before_does_change_it() -> None:
    call = table([("a", "S", 1.0, 5)])
    none = History.of(table([]))
    liked = History.of(table([("a", "S", 1.0, 4)] * 3))
    passed = History.of(table([("a", "S", 0.0, 4)] * 3))
    place = COLUMNS.index("how its source was liked")
    standings = [h.standing(call)[0] for h in (none, liked, passed)]
    assert np.allclose(standings[0], 0)
    assert standings[1][-1] == standings[2][-1] == np.log(4)
    other = table([("b", "S", 1.0, 5)])
    mixed = History.of(table([("a", "S", 1.0, 4)] * 9 + [("c", "T", 0.0, 4)] * 9))
    assert mixed.standing(other)[0, place] > 0.5


def test_one_like_of_one_is_no_certainty() -> None:
    call = table([("a", "S", 1.0, 9), ("b", "T", 1.0, 9)])
    few = table([("a", "S", 1.0, 1), ("b", "T", 0.0, 1)])
    many = table([("a", "S", 1.0, 1)] * 30 + [("b", "T", 0.0, 1)] * 30)
    place = COLUMNS.index("how its source was liked")
    little, much = (History.of(t).standing(call)[:, place] for t in (few, many))
    assert 0 < little[0] < much[0] / 2
    assert 0 > little[1] > much[1] / 2


def test_an_opening_is_no_second_showing() -> None:
    shown = pd.DataFrame(
        {
            "opportunity_id": ["a"] * 3,
            "source": ["S"] * 3,
            "opened": [0.0, 0.0, 1.0],
            "times": [1.0, 1.0, 0.0],
            "at": [moment(1), moment(2), moment(3)],
        }
    )
    once = History.of(table([]), shown.assign(opened=[0.0, 1.0, 0.0], times=[1.0, 1.0, 0.0]))
    told = History.of(table([]), shown)
    call = table([("a", "S", 1.0, 9)])
    assert np.allclose(told.standing(call), once.standing(call))
    unseen = History.of(table([]), shown.assign(times=0.0, opened=1.0))
    assert np.isfinite(unseen.standing(call)).all()


def test_moments_that_are_none_are_the_beginning_of_time() -> None:
    read = seconds_of(pd.Series(["2026-08-01T00:00:00Z", "soon", "", "9999-12-31T00:00:00Z"]))
    assert read[0] > 1_700_000_000
    assert read[1] == read[2] == 0
    assert len(seconds_of(pd.Series([], dtype="str"))) == 0
