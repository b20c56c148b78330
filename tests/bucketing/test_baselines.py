from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from djlib.bucketing.baselines import (
    ArtistAssigner,
    Baseline,
    GenreAssigner,
    MajorityAssigner,
    TextAssigner,
)
from djlib.errors import InputError
from djlib.evaluation.calibration import calibration_error
from djlib.synthetic.tables import synthetic_library

MODELS: list[type[Baseline]] = [MajorityAssigner, GenreAssigner, ArtistAssigner, TextAssigner]
TRACKS = synthetic_library(240, buckets=4, seed=31, multi=0.4)
FRESH = TRACKS.tail(80).reset_index(drop=True)
TRACKS = TRACKS.head(160)
ONE = TRACKS["bucket"].tolist()
SEVERAL = [cell.split("|") for cell in TRACKS["buckets"]]

models = pytest.mark.parametrize("model", MODELS)
label_kinds = pytest.mark.parametrize("y", [ONE, SEVERAL], ids=["one bucket", "several buckets"])
_FITTED: dict[tuple[type[Baseline], int], Baseline] = {}


def fitted(model: type[Baseline], y: list[Any]) -> Baseline:
    """The model fitted on TRACKS; fitted once, as no check may change it."""
    key = (model, id(y))
    if key not in _FITTED:
        _FITTED[key] = model(random_state=0).fit(TRACKS, y)
    return _FITTED[key]


@models
@label_kinds
def test_probabilities_are_probabilities(model: type[Baseline], y: list[Any]) -> None:
    proba = fitted(model, y).predict_proba(FRESH)
    assert proba.shape == (80, 4)
    assert ((proba >= 0) & (proba <= 1)).all()
    if y is ONE:
        np.testing.assert_allclose(proba.sum(axis=1), 1)


@models
def test_confidence_means_something_on_fresh_tracks(model: type[Baseline]) -> None:
    proba = fitted(model, ONE).predict_proba(FRESH)
    right = fitted(model, ONE).classes_[proba.argmax(axis=1)] == FRESH["bucket"]
    assert calibration_error(proba.max(axis=1), right.to_numpy(), bins=4) < 0.2


@models
@label_kinds
def test_what_was_saved_answers_the_same(
    model: type[Baseline], y: list[Any], tmp_path: Path
) -> None:
    known = fitted(model, y)
    known.save(tmp_path / "deep" / "model")
    loaded = model.load(tmp_path / "deep" / "model")
    np.testing.assert_allclose(loaded.predict_proba(FRESH), known.predict_proba(FRESH))
    pd.testing.assert_frame_equal(loaded.labelled_, known.labelled_)
    assert loaded.is_multi_ is known.is_multi_


@models
@label_kinds
def test_votes_are_their_parts(model: type[Baseline], y: list[Any]) -> None:
    known = fitted(model, y)
    column = np.arange(80) % 4
    base, parts = known.contributions(FRESH, column)
    assert parts.shape == (80, len(known.fields))
    votes = known._votes(FRESH)[np.arange(80), column]
    np.testing.assert_allclose(base + parts.sum(axis=1), votes)


@models
def test_the_nearest_track_is_the_track_itself(model: type[Baseline]) -> None:
    rows, alike = fitted(model, ONE).nearest(TRACKS.head(20), 3)
    assert rows.shape == alike.shape == (20, 3)
    assert (np.diff(alike, axis=1) <= 1e-12).all()
    assert ((alike >= 0) & (alike <= 1)).all()
    if model is TextAssigner:
        np.testing.assert_allclose(alike[:, 0], 1)


@models
@pytest.mark.parametrize("columns", [["track_id"], ["genres"], ["artist"], []])
def test_columns_may_be_missing(model: type[Baseline], columns: list[str]) -> None:
    assert np.isfinite(fitted(model, ONE).predict_proba(FRESH[columns])).all()
    blind = model().fit(TRACKS[columns], ONE)
    assert np.isfinite(blind.predict_proba(FRESH)).all()
    assert blind.predict_proba(FRESH.head(0)).shape == (0, 4)


@models
def test_odd_values_and_tiny_tables(model: type[Baseline]) -> None:
    odd = pd.DataFrame(
        {"artist": ["NA", None, ""], "title": ["-", "x" * 20_000, None], "genres": [";;", "", None]}
    )
    assert np.isfinite(fitted(model, ONE).predict_proba(odd)).all()
    learned = model().fit(odd, ["a", "b", "a"])
    np.testing.assert_allclose(learned.predict_proba(odd).sum(axis=1), 1)


@models
def test_a_bucket_that_holds_every_track_is_given_to_all(model: type[Baseline]) -> None:
    known = model().fit(TRACKS, [["zz everything", *row] for row in SEVERAL])
    assert all("zz everything" in answer for answer in known.predict(FRESH))


@models
def test_settings_travel_by_clone_and_labels_are_checked(model: type[Baseline]) -> None:
    assert clone(model(random_state=7)).get_params() == {"random_state": 7}
    with pytest.raises(InputError, match="only one bucket"):
        model().fit(TRACKS, ["a"] * 160)


def test_the_majority_is_the_base_rates() -> None:
    proba = fitted(MajorityAssigner, ONE).predict_proba(FRESH.head(2))
    shares = TRACKS["bucket"].value_counts(normalize=True).sort_index()
    np.testing.assert_allclose(proba[0], shares, atol=0.02)
    np.testing.assert_array_equal(proba[0], proba[1])


def test_a_genre_seen_once_says_nothing_of_itself_when_it_is_judged() -> None:
    tracks = pd.DataFrame({"genres": [f"genre {n}" for n in range(40)]})
    model = GenreAssigner().fit(tracks, ["a", "b"] * 20)
    assert model.predict_proba(tracks).max() < 0.75  # each names its own bucket, by heart


def test_an_unknown_artist_is_answered_by_genre() -> None:
    tracks = pd.DataFrame(
        {"artist": ["Robyn", "Goldie"] * 10, "genres": ["Pop", "Drum & Bass"] * 10}
    )
    model = ArtistAssigner().fit(tracks, ["Warm", "Late"] * 10)
    assert model.predict({"artist": "Nobody", "genres": "dnb"}) == "Late"
    assert model.predict({"artist": "", "title": "Robyn - Be Mine"}) == "Warm"


def test_words_of_the_title_are_learned() -> None:
    tracks = pd.DataFrame({"title": ["Slow Dub", "Fast Jungle"] * 20})
    model = TextAssigner(0).fit(tracks, ["Warm", "Late"] * 20)
    assert model.predict({"title": "A Jungle Tune"}) == "Late"


@pytest.mark.parametrize("model", MODELS[1:])
def test_it_learns_more_than_the_majority(model: type[Baseline]) -> None:
    first = fitted(model, ONE).predict(FRESH)
    guess = fitted(MajorityAssigner, ONE).predict(FRESH)
    assert (first == FRESH["bucket"]).mean() > (guess == FRESH["bucket"]).mean() + 0.1
