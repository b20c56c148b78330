"""Keys met before, compared with a plain dictionary."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.tables.csv.checking import SeenKeys

_rows = st.tuples(st.sampled_from("abcdefgh"), st.sampled_from(["", "x", "y"]))


@settings(deadline=None, max_examples=60)
@given(batches=st.lists(st.lists(_rows, max_size=6), max_size=8))
def test_each_key_is_traced_to_its_first_row(batches: list[list[tuple[str, str]]]) -> None:
    seen, place = SeenKeys(), 0
    known: dict[str, tuple[int, str]] = {}
    for batch in batches:
        table = pd.DataFrame(batch, columns=["id", "title"], dtype="str")
        first, same = seen.look(table, "id", np.arange(place, place + len(batch)))
        for (key, title), found, alike in zip(batch, first, same, strict=True):
            expected, other = known.get(key, (-1, None))
            assert (found, alike) == (expected, title == other)
            known.setdefault(key, (place, title))
            place += 1


def test_numbers_gaps_and_lists_can_be_compared() -> None:
    table = pd.DataFrame(
        {"id": ["a", "a", "a"], "bpm": [1.0, 1.0, np.nan], "cues": [[1], [1], [2]]}
    ).astype({"id": "str"})

    first, same = SeenKeys().look(table, "id", np.arange(3))

    assert first.tolist() == [-1, 0, 0]
    assert same.tolist() == [False, True, False]
