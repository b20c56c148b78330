"""Columns: recognising a header, renaming it, and giving values their dtype."""

from __future__ import annotations

import decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.errors import InputError
from djlib.tables.schema import (
    CORRECTIONS,
    LISTINGS,
    PREDICTIONS,
    SCHEMAS,
    TRACKS,
    coerce,
    recognise,
    rename_to_schema,
    split_buckets,
)


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_schema_recognises_its_own_columns(name: str) -> None:
    schema = SCHEMAS[name]

    assert recognise(schema.names) is schema
    assert rename_to_schema(schema.names, schema, "file") == schema.names
    assert schema.key in schema.required


@pytest.mark.parametrize(
    ("headings", "schema"),
    [
        (["Track ID", "Artist", "Tonality"], TRACKS),
        (["track_id", "correct_bucket"], CORRECTIONS),
        ([*PREDICTIONS.names, "my notes"], PREDICTIONS),
        (["listing_id", "artist", "keeper"], LISTINGS),
        (["artist", "title"], None),
        ([], None),
    ],
)
def test_a_header_is_recognised_by_its_required_columns(headings, schema) -> None:
    assert recognise(headings) is schema


def test_a_column_is_found_by_its_name_only() -> None:
    assert TRACKS.column("bpm").kind == "bpm"
    with pytest.raises(KeyError, match="tempo"):
        TRACKS.column("tempo")


def test_aliases_are_renamed_and_strangers_left_alone() -> None:
    found = rename_to_schema(["ID", "Name", "Initial Key", "My Mood ", ""], TRACKS, "file")

    assert found == ["track_id", "title", "key", "My Mood ", ""]


def test_a_column_spelled_exactly_wins_over_its_alias() -> None:
    assert rename_to_schema(["id", "name", "track_id", "title"], TRACKS, "f") == [
        "id",
        "name",
        "track_id",
        "title",
    ]


def test_of_two_aliases_the_first_is_taken() -> None:
    assert rename_to_schema(["id", "tempo", "average bpm"], TRACKS, "f") == [
        "track_id",
        "bpm",
        "average bpm",
    ]


def test_a_missing_column_says_what_was_found_and_what_is_expected() -> None:
    with pytest.raises(InputError, match=r"x.csv: no column 'correct_bucket'; found 'id', 'mood'"):
        rename_to_schema(["id", "mood"], CORRECTIONS, "x.csv")


def test_a_column_twice_is_refused() -> None:
    with pytest.raises(InputError, match="column 'mood' stands twice"):
        rename_to_schema(["id", "mood", "mood"], TRACKS, "x.csv")


def _coerced(column: str, values: list, dtype: str = "str") -> tuple[list, list[str]]:
    schema = LISTINGS if column == "price" else TRACKS
    table = pd.DataFrame({column: pd.Series(values, dtype=dtype)})
    fixed, problems = coerce(table, schema, list(range(2, len(values) + 2)))
    return fixed[column].tolist(), [f"{p.line}: {p.reason}" for p in problems]


@pytest.mark.parametrize(
    ("column", "text", "number"),
    [
        ("bpm", "128", 128),
        ("bpm", " 128,00 ", 128),
        ("bpm", "127.5 BPM", 127.5),
        ("bpm", "0.00", np.nan),
        ("bpm", "0,00", np.nan),
        ("bpm", "", np.nan),
        ("year", "1999", 1999),
        ("year", "2008/1/1", 2008),
        ("year", "16 Apr 2013", 2013),
        ("year", "0", np.nan),
        ("duration_s", "201.5", 201.5),
        ("duration_s", "3:21", 201),
        ("duration_s", "1:02:03", 3723),
        ("duration_s", "0:00", np.nan),
        ("price", "0", 0),
        ("price", "-3,5", -3.5),
    ],
)
def test_numbers_are_read_as_people_write_them(column: str, text: str, number: float) -> None:
    found, problems = _coerced(column, [text])

    assert found == pytest.approx([number], nan_ok=True)
    assert problems == []


@pytest.mark.parametrize(
    ("column", "text", "reason"),
    [
        ("bpm", "fast", "not a number"),
        ("bpm", "5", "not a tempo between 20 and 1000"),
        ("bpm", "nan", "not a number"),
        ("bpm", "-128", "not a tempo between 20 and 1000"),
        ("year", "17", "not a year"),
        ("year", "12345", "not a year"),
        ("duration_s", "3:71:9", "not a number"),
        ("price", "inf", "not a finite number"),
        ("price", "12 apples", "not a number"),
        ("price", "EUR", "not a number"),
    ],
)
def test_a_value_that_cannot_be_used_is_reported_and_becomes_missing(
    column: str, text: str, reason: str
) -> None:
    found, problems = _coerced(column, ["", text])

    assert np.isnan(found).all()
    assert problems == [f"3: {reason}"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12 EUR", 12.0),
        ("€12,50", 12.5),
        ("US$ 1,299.95", 1299.95),
        ("1.299,95 €", 1299.95),
        ("¥12,800", 12800.0),
        ("CHF 1'200", 1200.0),
        ("1 200 kr", 1200.0),
    ],
)
def test_a_price_may_name_its_currency(text: str, value: float) -> None:
    found, problems = _coerced("price", ["", text])

    assert (found[1], problems) == (value, [])


@pytest.mark.parametrize("dtype", ["int64", "float32", "Int64", "object"])
def test_numbers_of_any_dtype_become_float64(dtype: str) -> None:
    found, problems = _coerced("bpm", [128, 0, 5], dtype)

    assert found == pytest.approx([128, np.nan, np.nan], nan_ok=True)
    assert problems == ["4: not a tempo between 20 and 1000"]


def test_decimals_and_gaps_in_mixed_columns_are_read() -> None:
    found, _ = _coerced("bpm", [decimal.Decimal("127.5"), None, "90", np.nan], "object")

    assert found == pytest.approx([127.5, np.nan, 90, np.nan], nan_ok=True)


@pytest.mark.parametrize(
    ("values", "dtype", "text"),
    [
        (["NA", "null", "-", "007", "+44", " x "], "str", ["NA", "null", "-", "007", "+44", " x "]),
        ([17.0, np.nan], "float64", ["17", ""]),
        ([17.5, 3.0], "float64", ["17.5", "3.0"]),
        ([1e300, 2.0], "float64", ["1e+300", "2.0"]),
        ([17, pd.NA], "Int64", ["17", ""]),
        (["a", None, np.nan], "object", ["a", "", ""]),
        ([True, False], "bool", ["True", "False"]),
        (["a", None], "category", ["a", ""]),
        (["2024-05-01", None], "datetime64[s]", ["2024-05-01", ""]),
    ],
)
def test_text_stays_as_written_and_gaps_become_empty(values, dtype, text) -> None:
    found, problems = _coerced("title", values, dtype)

    assert found == text
    assert problems == []


def test_coerce_leaves_the_callers_frame_and_unknown_columns_alone() -> None:
    table = pd.DataFrame({"track_id": [1.0, 2.0], "bpm": ["128", "x"], "mood": [None, 3]})
    before = table.copy(deep=True)

    fixed, _ = coerce(table, TRACKS)

    pd.testing.assert_frame_equal(table, before)
    pd.testing.assert_series_equal(fixed["mood"], before["mood"])
    assert list(fixed.columns) == list(table.columns)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.sampled_from(["128", "fast", "", "0", "128,5", "1:2", "5", "1e3", "９０", "NaN", " 7"]),
        max_size=20,
    )
)
def test_every_number_given_is_used_unknown_or_reported(cells: list[str]) -> None:
    table = pd.DataFrame({"bpm": pd.Series(cells, dtype="str")})

    fixed, problems = coerce(table, TRACKS, list(range(len(cells))))

    reported = {problem.line for problem in problems}
    for row, (cell, number) in enumerate(zip(cells, fixed["bpm"], strict=True)):
        assert (not np.isnan(number)) + (row in reported) + (cell in ("", "0")) == 1


@settings(deadline=None, max_examples=50)
@given(st.lists(st.text(alphabet="abc D", min_size=1).map(str.strip).filter(bool), unique=True))
def test_joined_buckets_split_into_the_same(buckets: list[str]) -> None:
    assert split_buckets("|".join(buckets)) == buckets
    assert split_buckets(" | ".join([*buckets, *buckets, ""])) == buckets


def test_one_bucket_in_two_forms_of_unicode_is_one() -> None:
    cells = ["Früh", "Fru\u0308h", "La\u200bte|Früh", " Late"]
    fixed, problems = coerce(pd.DataFrame({"track_id": list("abcd"), "bucket": cells}), TRACKS)
    assert fixed["bucket"].tolist() == ["Früh", "Früh", "Late|Früh", "Late"]
    assert not problems


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["1,000", "2,500", "$1,299.00", "12,50"], [1000, 2500, 1299, 12.5]),
        (["1.000", "1.299,00 €", "12,50"], [1000, 1299, 12.5]),
        (["1.5", "2.250"], [1.5, 2.25]),
        (["0,500", "1,250"], [0.5, 1.25]),
        (["1 000", "1'299.00", "12"], [1000, 1299, 12]),
        (["-1,000", "12 %"], [-1000, None]),
    ],
)
def test_thousands_are_told_from_decimals(cells: list[str], numbers: list[float]) -> None:
    table = pd.DataFrame({"listing_id": [str(n) for n in range(len(cells))], "price": cells})
    fixed, problems = coerce(table, LISTINGS)
    assert fixed["price"].replace(np.nan, None).tolist() == numbers
    assert len(problems) == numbers.count(None)  # whatever was not read is named


def test_years_lengths_and_days_of_every_habit() -> None:
    table = pd.DataFrame(
        {
            "track_id": list("abcdef"),
            "year": ["20190822", "201908", "2019-08-22", "2019.0", "19", "20191399"],
            "duration_s": ["3:20", "PT3M20S", "1:02:03", "200.5", "8486912", "soon"],
            "date_added": ["45321", "45322.5", "1706832000", "02-Feb-24", "3/4/2021", "soon"],
        }
    )
    fixed, problems = coerce(table, TRACKS)
    assert fixed["year"].tolist()[:4] == [2019.0] * 4
    assert fixed["duration_s"].tolist()[:4] == [200.0, 200.0, 3723.0, 200.5]
    days = ["2024-01-30", "2024-01-31", "2024-02-02", "2024-02-02", "3/4/2021", "soon"]
    assert fixed["date_added"].tolist() == days
    named = [(problem.column, problem.value) for problem in problems]
    assert sorted(named) == [
        ("date_added", "soon"),
        ("duration_s", "8486912"),
        ("duration_s", "soon"),
        ("year", "19"),
        ("year", "20191399"),
    ]
