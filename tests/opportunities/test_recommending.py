"""Which calls are shown."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.opportunities.recommending import best, varied, worth_a_look


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.floats(-5, 5), st.sampled_from("abcde")), max_size=60), st.integers(1, 8)
)
def test_the_best_of_each_title_highest_first(rows: list[tuple[float, str]], k: int) -> None:
    scores = np.array([score for score, _ in rows])
    titles = [title for _, title in rows]
    found = best(scores, titles, k)
    assert len(found) == min(k, len(set(titles)))
    assert len({titles[row] for row in found}) == len(found)
    assert (np.diff(scores[found]) <= 0).all()
    if len(rows):
        assert scores[found[0]] == scores.max()


def test_ten_thousand_calls_of_one_title_are_one() -> None:
    scores = np.linspace(1, 0, 10_004)
    titles = ["Same"] * 10_000 + ["a", "b", "c", "d"]
    assert best(scores, titles, 5).tolist() == [0, 10_000, 10_001, 10_002, 10_003]


def test_one_source_does_not_fill_the_list() -> None:
    calls = pd.DataFrame(
        {
            "title": [str(i) for i in range(30)],
            "source": ["Big"] * 25 + list("abcde"),
            "tags": ["x; y"] * 10 + ["z"] * 20,
        }
    )
    found = varied(np.linspace(1.0, 0.7, 30), calls, 6)
    sources = calls["source"].iloc[found].tolist()
    assert sources.count("Big") <= 3
    assert len(set(found.tolist())) == 6
    assert found[0] == 0


def test_fresh_in_time_and_of_good_sources_come_first() -> None:
    days_old = np.array([1.0, 1.0, 1.0, 200.0, np.nan])
    days_left = np.array([20.0, 1.0, np.nan, 20.0, 20.0])
    found = worth_a_look(days_old, days_left, np.full(5, 0.3))
    assert found.argmax() == 0
    assert (found > 0).all()
    better = worth_a_look(days_old, days_left, np.array([0.3, 0.3, 0.3, 0.3, 0.9]))
    assert better[4] > found[4]
