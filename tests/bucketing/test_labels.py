from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.bucketing.labels import are_several, buckets_of, encode, one_bucket_of
from djlib.errors import InputError
from djlib.tables.schema import BUCKET_SEPARATOR, split_buckets

NAMES = st.text(st.characters(exclude_characters="|\x00"), min_size=1, max_size=8).map(str.strip)


@given(st.lists(NAMES.filter(bool), max_size=5), st.sampled_from(["|", " | ", "||"]))
@settings(deadline=None, max_examples=100)
def test_split_buckets_finds_what_was_joined(names: list[str], separator: str) -> None:
    found = split_buckets(separator.join(names))
    assert found == list(dict.fromkeys(names))
    assert split_buckets(BUCKET_SEPARATOR.join(found)) == found


@pytest.mark.parametrize(
    "form",
    [list, tuple, pd.Series, np.array, pd.Categorical, lambda y: pd.Series(y, index=[9] * 4)],
)
def test_one_bucket_a_row_in_any_container(form: Callable[[list[str]], Any]) -> None:
    labels = encode(form(["warm", "late", "warm", "peak"]))
    assert labels.classes == ("late", "peak", "warm")
    assert labels.truth.tolist() == [[0, 0, 1], [1, 0, 0], [0, 0, 1], [0, 1, 0]]
    assert not labels.is_multi


@pytest.mark.parametrize("form", [list, tuple, set, np.array])
def test_several_buckets_a_row_in_any_container(form: Callable[[list[str]], Any]) -> None:
    labels = encode([form(["warm", "late"]), form(["late"])])
    assert labels.truth.tolist() == [[1, 1], [1, 0]]
    assert labels.is_multi


def test_lists_of_one_bucket_ask_for_several() -> None:
    assert encode([["a"], ["b"]]).is_multi


def test_a_lone_name_among_lists_is_one_bucket_not_its_letters() -> None:
    assert encode(["abc", ["b", "c"]]).classes == ("abc", "b", "c")


def test_buckets_that_are_numbers_are_their_text() -> None:
    assert encode([2024, "2023", np.int64(7)]).classes == ("2023", "2024", "7")


@pytest.mark.parametrize("missing", ["", None, np.nan, pd.NA, [], [None], ["a", ""], ["a", np.nan]])
def test_a_row_without_a_bucket_is_refused_by_its_number(missing: Any) -> None:
    with pytest.raises(InputError, match="row 1 has no bucket"):
        encode(["a", missing, "b"])


@pytest.mark.parametrize(
    ("y", "shown"), [(["a", "a"], "'a'"), ([["a"], ["a"]], "'a'"), ([], "no lab")]
)
def test_fewer_than_two_buckets_are_refused(y: list[Any], shown: str) -> None:
    with pytest.raises(InputError, match=shown):
        encode(y)


def test_the_first_bucket_of_a_row_is_its_rarest() -> None:
    labels = encode([["all", "rare"], ["all"], ["all", "some"], ["some"]])
    assert [labels.classes[k] for k in labels.first] == ["rare", "all", "some", "some"]


def test_the_column_of_several_buckets_wins_over_that_of_one() -> None:
    tracks = pd.DataFrame({"bucket": ["A", "A", ""], "buckets": ["A|B", "", ""]})
    assert buckets_of(tracks) == [["A", "B"], ["A"], []]
    assert buckets_of(tracks[["bucket"]]) == [["A"], ["A"], []]
    assert buckets_of(tracks[[]]) == [[], [], []]


def test_the_one_bucket_is_the_named_one_else_the_rarest() -> None:
    tracks = pd.DataFrame({"bucket": ["A", "", " ", ""], "buckets": ["A|B", "A|B", "A", ""]})
    assert one_bucket_of(tracks) == ["A", "B", "A", ""]


def test_several_names_in_the_column_of_one_are_no_bucket_of_their_own() -> None:
    assert one_bucket_of(pd.DataFrame({"bucket": ["A|B", "A", "A", "B"]})) == ["B", "A", "A", "B"]


@pytest.mark.parametrize(
    ("n_double", "several"), [(0, False), (10, False), (11, True), (100, True)]
)
def test_a_tenth_of_double_filed_tracks_is_an_accident(n_double: int, several: bool) -> None:
    labels = [["a", "b"]] * n_double + [["a"]] * (100 - n_double) + [[]] * 500
    assert are_several(labels) is several


def test_nothing_labelled_is_not_several() -> None:
    assert not are_several([[], []])
