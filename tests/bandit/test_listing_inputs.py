from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.bandit.contrastive.inputs import (
    CAPACITY,
    LENGTH,
    MOST_TOKENS,
    N_LETTERS,
    NONE,
    UNKNOWN,
    ListingInputs,
    letters,
)
from djlib.bandit.listing_numbers import ListingNumbers, time_columns

from .shops import shop


def test_accents_and_case_are_one_letter() -> None:
    assert (letters(["BJÖRK"]) == letters(["bjork"])).all()


def test_a_name_in_another_script_keeps_its_length() -> None:
    row = letters(["Ночь 夜"])[0]
    assert (row[:6] != 0).all()
    assert row[6] == 0


@given(st.lists(st.text(max_size=200), max_size=20))
def test_any_text_becomes_letters_of_the_alphabet(names: list[str]) -> None:
    rows = letters(names)
    assert rows.shape == (len(names), LENGTH)
    assert ((rows >= 0) & (rows < N_LETTERS)).all()


def test_tokens_come_from_genres_and_styles_in_places_that_stay() -> None:
    inputs = ListingInputs().learn(pd.DataFrame({"genres": ["House"], "styles": ["Dub"]}))
    before = dict(inputs.places)
    inputs.learn(pd.DataFrame({"genres": ["Acid; Zydeco"]}))
    assert before == {"dub": 3, "house": 4}
    assert inputs.places == before | {"acid": 5, "zydeco": 6}


def test_unknown_missing_and_padding_are_told_apart() -> None:
    inputs = ListingInputs().learn(pd.DataFrame({"genres": ["House"]}))
    read = inputs.read(pd.DataFrame({"genres": ["House;Polka", ""]}))
    assert read.tokens[:, :3].tolist() == [[3, UNKNOWN, 0], [NONE, 0, 0]]


def test_a_vocabulary_that_is_full_learns_no_more() -> None:
    many = pd.DataFrame({"genres": [f"genre{n}" for n in range(CAPACITY + 10)]})
    inputs = ListingInputs().learn(many)
    assert inputs.read(many).tokens.max() == CAPACITY - 1


def test_more_genres_than_are_read_are_left_out() -> None:
    cell = ";".join(f"g{n}" for n in range(30))
    assert ListingInputs().read(pd.DataFrame({"genres": [cell]})).tokens.shape == (1, MOST_TOKENS)


def test_artist_and_label_of_one_name_share_it() -> None:
    read = ListingInputs().read(pd.DataFrame({"artist": ["KDJ", "X"], "label": ["X", "KDJ"]}))
    assert len(read.names) == 2
    assert read.artist.tolist() == read.label[::-1].tolist()


def test_a_listing_with_nothing_but_a_title_can_be_read() -> None:
    read = ListingInputs().read(pd.DataFrame({"title": ["Shades of Jae"]}))
    assert len(read) == 1
    assert np.isfinite(read.numbers).all()


def test_no_listings_can_be_read() -> None:
    read = ListingInputs().read(pd.DataFrame({"artist": pd.Series([], dtype="str")}))
    assert len(read) == 0
    assert read.numbers.shape[1] == ListingInputs().width


def test_taking_rows_gives_what_reading_them_alone_gives() -> None:
    listings = shop(30)
    inputs = ListingInputs().learn(listings)
    rows = np.array([7, 3, 29])
    taken = inputs.read(listings).take(rows)
    alone = inputs.read(listings.iloc[rows])
    assert (taken.names[taken.artist] == alone.names[alone.artist]).all()
    assert (taken.names[taken.label] == alone.names[alone.label]).all()
    assert (taken.tokens == alone.tokens).all()
    assert (taken.numbers == alone.numbers).all()


def test_settings_survive_a_round_trip_through_json() -> None:
    listings = shop(30).assign(energy=np.linspace(0, 1, 30))
    inputs = ListingInputs(["energy"]).learn(listings)
    again = ListingInputs.from_dict(json.loads(json.dumps(inputs.as_dict())))
    assert (again.read(listings).numbers == inputs.read(listings).numbers).all()
    assert (again.read(listings).tokens == inputs.read(listings).tokens).all()


@pytest.mark.parametrize(
    ("text", "grade"),
    [
        ("Mint (M)", 8),
        ("Near Mint (NM or M-)", 7),
        ("Very Good Plus (VG+)", 6),
        ("VG", 5),
        ("Good Plus (G+)", 4),
        ("Good (G)", 3),
        ("Fair (F)", 2),
        ("Poor (P)", 1),
        ("6", 6),
    ],
)
def test_conditions_become_grades(text: str, grade: float) -> None:
    row = ListingNumbers().read(pd.DataFrame({"condition": [text]}))[0]
    assert row[4] == pytest.approx((grade - 6) / 1.5)
    assert row[10] == 0


@pytest.mark.parametrize("text", ["Generic", "Not Graded", "", "nan", "inf"])
def test_a_condition_that_is_none_is_missing(text: str) -> None:
    row = ListingNumbers().read(pd.DataFrame({"condition": [text]}))[0]
    assert np.isfinite(row).all()
    assert text == "inf" or row[10] == 1


def test_numbers_as_text_negative_prices_and_rubbish_are_safe() -> None:
    prices = pd.DataFrame({"price": ["12,50", "-3", "free", "1e308", None]})
    rows = ListingNumbers().learn(prices).read(prices)
    assert np.isfinite(rows).all()
    assert rows[:, 7].tolist() == [0, 1, 1, 1, 1]


def test_the_scale_stays_after_a_hundred_listings() -> None:
    numbers = ListingNumbers().learn(pd.DataFrame({"price": np.arange(100.0)}))
    before = dict(numbers.scale)
    numbers.learn(pd.DataFrame({"price": np.arange(1000.0, 1200.0)}))
    assert numbers.scale == before


def test_an_extra_number_spread_over_decades_is_read_as_its_logarithm() -> None:
    rows = pd.DataFrame({"plays": [1, 10, 100, 10_000], "bpm": [120, 121, 122, 123]})
    numbers = ListingNumbers(["plays", "bpm"]).learn(rows)
    assert numbers.logarithmic["plays"]
    assert not numbers.logarithmic["bpm"]


@settings(max_examples=30)
@given(st.lists(st.one_of(st.none(), st.text(max_size=12), st.floats()), min_size=1, max_size=8))
def test_any_cells_become_finite_numbers(cells: list[object]) -> None:
    table = pd.DataFrame({"price": pd.Series(cells, dtype=object)})
    table["year"] = table["energy"] = table["condition"] = table["price"]
    assert np.isfinite(ListingNumbers(["energy"]).learn(table).read(table)).all()


def test_december_lies_beside_january_and_far_from_june() -> None:
    rows = time_columns(pd.DataFrame({"ends_at": ["2023-12-15", "2024-01-15", "2024-06-15"]}))
    month = rows[:, 8:10]
    assert np.linalg.norm(month[0] - month[1]) < np.linalg.norm(month[0] - month[2])


def test_times_are_read_in_utc_and_bad_ones_are_missing() -> None:
    stamps = [
        "2024-01-01T01:00:00+01:00",
        "2024-01-01T00:00:00Z",
        "2024-13-45",
        "soon",
        "2024-02-30",
    ]
    rows = time_columns(pd.DataFrame({"listed_at": stamps}))[:, :8]
    assert (rows[0] == rows[1]).all()
    assert rows[2:, 6].tolist() == [1, 1, 1]
