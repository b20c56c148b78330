"""All columns of a track side by side, each of one field."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError

from djlib.features.track_vectorizer import FIELDS, TrackVectorizer
from djlib.synthetic.tables import synthetic_library

TRACKS = synthetic_library(60, buckets=3, seed=5)
FITTED = TrackVectorizer().fit(TRACKS)
CELL = st.one_of(st.none(), st.text(max_size=20), st.floats(), st.integers(), st.booleans())


def test_the_parts_add_up_and_name_known_fields() -> None:
    whole = np.zeros((len(TRACKS), FITTED.width))
    for field, at, part in FITTED.parts(TRACKS):
        assert field in FIELDS
        whole[:, at : at + part.shape[1]] += part.toarray()
    np.testing.assert_allclose(whole, FITTED.transform(TRACKS).toarray(), atol=1e-6)


@pytest.mark.parametrize("field", [f for f in FIELDS if f != "sentence"])
def test_a_field_that_changes_touches_its_own_columns_only(field: str) -> None:
    named = TRACKS[TRACKS["artist"].ne("")]  # else the title may name the artist
    without = named.drop(columns=field)
    changed = FITTED.transform(named) != FITTED.transform(without)
    parts = [(at, at + part.shape[1]) for name, at, part in FITTED.parts(named) if name == field]
    assert changed.nnz
    assert all(any(low <= c < high for low, high in parts) for c in changed.nonzero()[1])


def test_the_named_terms_are_the_first_columns() -> None:
    terms = FITTED.terms()
    assert len(terms) < FITTED.width
    assert {field for field, _ in terms} <= {*FIELDS, "words"}
    house = [i for i, (field, term) in enumerate(terms) if field == "genres" and term == "house"]
    with_house = FITTED.transform(pd.DataFrame({"genres": ["Tech House", "Polka"]}))[:, house]
    assert (with_house.toarray()[0] > 0).all()
    assert with_house.toarray()[1].sum() == 0


@given(row=st.dictionaries(st.sampled_from([f for f in FIELDS if f != "sentence"]), CELL))
@settings(max_examples=30, deadline=None)
def test_any_cell_gives_finite_columns(row: dict[str, Any]) -> None:
    track = pd.DataFrame({name: pd.Series([cell], dtype=object) for name, cell in row.items()},
                         index=range(1))  # fmt: skip
    found = FITTED.transform(track)
    assert found.shape == (1, FITTED.width)
    assert np.isfinite(found.data).all()


def test_what_was_written_down_answers_the_same() -> None:
    again = TrackVectorizer.from_dict(json.loads(json.dumps(FITTED.as_dict())))
    np.testing.assert_array_equal(
        again.transform(TRACKS).toarray(), FITTED.transform(TRACKS).toarray()
    )
    assert again.terms() == FITTED.terms()


def test_dates_count_only_where_they_may_and_are_there() -> None:
    def has_dates(features: TrackVectorizer) -> bool:
        return any(field == "date_added" for field, _, _ in features.parts(TRACKS))

    assert has_dates(FITTED)
    assert not has_dates(TrackVectorizer(use_dates=False).fit(TRACKS))
    assert not has_dates(TrackVectorizer().fit(TRACKS.assign(date_added="soon")))
    one_day = TrackVectorizer().fit(TRACKS.assign(date_added="2021-03-04"))
    assert np.isfinite(one_day.transform(TRACKS).data).all()


def test_a_day_that_counts_half_is_the_mean_of_there_and_not_there() -> None:
    tracks = TRACKS.assign(date_added=TRACKS["date_added"].where(TRACKS.index % 5 > 0, ""))
    there, hidden = (
        FITTED.transform(x).toarray() for x in (tracks, tracks.drop(columns="date_added"))
    )
    which = np.arange(len(tracks)) % 3 > 0
    mean = np.where(which[:, None], (there + hidden) / 2, there)
    np.testing.assert_allclose(
        FITTED.transform(tracks, half_dated=which).toarray(), mean, atol=1e-6
    )
    whole = np.zeros_like(mean)
    for _, at, part in FITTED.parts(tracks, half_dated=which):
        whole[:, at : at + part.shape[1]] += part.toarray()
    np.testing.assert_allclose(whole, mean, atol=1e-6)
    assert not np.allclose(there, mean)


def test_each_artist_of_a_track_is_a_name() -> None:
    tracks = pd.DataFrame({"artist": ["Robyn feat. Kleerup & The Knife", "KLEERUP", "Robyn"]})
    features = TrackVectorizer().fit(tracks)
    artists = [term for field, term in features.terms() if field == "artist"]
    assert artists == ["kleerup", "robyn", "the knife"]


def test_an_unfitted_one_says_so() -> None:
    with pytest.raises(NotFittedError):
        TrackVectorizer().transform(TRACKS)
