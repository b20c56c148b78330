"""The words of calls: what is counted is what is shown as a reason."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.opportunities.call_features import BLOCKS, STARTS, WIDTH, counted, sentences, terms

TEXT = st.text(max_size=60)


@settings(max_examples=60, deadline=None)
@given(title=TEXT, tags=TEXT, source=TEXT, description=TEXT)
def test_terms_are_where_they_are_counted(
    title: str, tags: str, source: str, description: str
) -> None:
    call = pd.DataFrame(
        {"title": [title], "tags": [tags], "source": [source], "description": [description]}
    )
    places = {place for block in BLOCKS for place in terms(call, block)[0].values()}
    assert set(counted(call).indices) == places


def test_blocks_do_not_share_columns() -> None:
    call = pd.DataFrame({"title": ["dub"], "tags": ["dub"], "source": ["dub"]})
    found = counted(call).indices
    ends = (*STARTS[1:], WIDTH)
    inside = [sum(start <= c < end for c in found) for start, end in zip(STARTS, ends, strict=True)]
    assert inside == [1, 1, 1]


def test_no_calls_and_calls_that_say_nothing() -> None:
    assert counted(pd.DataFrame({"title": []})).shape == (0, WIDTH)
    assert counted(pd.DataFrame({"title": ["", "…"]})).nnz == 0
    assert sentences(pd.DataFrame({"title": [""]})) == [".  "]


@pytest.mark.parametrize("column", ["source", "sources"])
def test_all_sources_of_a_merged_call_count(column: str) -> None:
    call = pd.DataFrame({"title": [""], column: ["First|Second"]})
    assert list(terms(call, "source")[0]) == ["first", "second"]


def test_a_word_said_a_thousand_times_does_not_run_over() -> None:
    call = pd.DataFrame({"title": ["dub " * 500]})
    assert counted(call).data.max() == 255
