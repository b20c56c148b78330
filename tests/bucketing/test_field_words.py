from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.bucketing.field_words import field_name, field_values, in_a_reason, joined
from djlib.tables.schema import TRACKS


def test_names_are_those_of_people() -> None:
    names = [field_name(f) for f in ("genres", "bpm", "duration_s", "date_added", "sentence")]
    assert names == ["genre", "tempo", "length", "date added", "wording"]
    assert [field_name(f) for f in ("artist", "label", "key")] == ["artist", "label", "key"]


@pytest.mark.parametrize(
    ("field", "held", "shown"),
    [
        ("bpm", 128.0, "128"),
        ("bpm", "128,5", "128.5"),
        ("bpm", "fast", ""),
        ("year", "2005-03-01", "2005"),
        ("duration_s", 59.6, "1:00"),
        ("duration_s", "1:02:05", "1:02:05"),
        ("genres", "  Deep\n House ", "Deep House"),
        ("artist", "NA", "NA"),
        ("date_added", "2019-05-03", "2019-05-03"),
        ("title", "x" * 20_000, "x" * 39 + "…"),
        ("sentence", "anything", ""),
    ],
)
def test_values_are_short_and_plain(field: str, held: object, shown: str) -> None:
    assert field_values(pd.DataFrame({field: [held, held]}), field) == [shown, shown]


def test_a_column_that_is_not_there_holds_nothing() -> None:
    assert field_values(pd.DataFrame({"track_id": ["1", "2"]}), "label") == ["", ""]
    assert field_values(pd.DataFrame({"label": []}), "label") == []


def test_the_wording_and_the_title_are_named_without_their_text() -> None:
    tracks = pd.DataFrame({"title": ["Love for it; speaks"], "label": ["KDJ"]})
    here = np.array([False])
    assert in_a_reason(tracks, "title", here) == ["its title"]
    assert in_a_reason(tracks, "sentence", here) == ["its wording"]
    assert in_a_reason(tracks, "label", here) == ["label KDJ"]


@settings(deadline=None, max_examples=50)
@given(st.sampled_from([*TRACKS.names, "sentence"]), st.lists(st.text() | st.none(), max_size=6))
def test_whatever_a_field_holds_there_is_one_short_line_a_track(
    field: str, held: list[str | None]
) -> None:
    shown = field_values(pd.DataFrame({field: pd.Series(held, dtype=object)}), field)
    assert len(shown) == len(held)
    assert all(len(text) <= 40 and text.splitlines() in ([], [text]) for text in shown)


def test_lists_are_joined_as_in_a_sentence() -> None:
    assert joined(["a"]) == "a"
    assert joined(["a", "b"]) == "a and b"
    assert joined(["a", "b", "c"], "or") == "a, b or c"
