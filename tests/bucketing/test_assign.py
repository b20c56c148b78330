from __future__ import annotations

import logging
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from djlib.bucketing.proposals import STATUSES, GenreMajority, Proposer, Terms
from djlib.bucketing.simple_ml import SimpleMLBucketAssigner
from djlib.synthetic.tables import synthetic_library
from djlib.tables.schema import PREDICTIONS

TRACKS = synthetic_library(200, buckets=5, seed=41, multi=0.5)
FRESH = synthetic_library(80, buckets=5, seed=42)
TERMS = Terms(0.5, "20261121T034500Z-1a2b3c4d", "2026-11-21T03:45:00Z")
TEXT = [c.name for c in PREDICTIONS.columns if c.kind == "text"]
NUMBERS = [c.name for c in PREDICTIONS.columns if c.kind == "number"]


@pytest.fixture(name="model", scope="module", params=["one", "several"])
def fitted(request: pytest.FixtureRequest) -> SimpleMLBucketAssigner:
    one, several = TRACKS["bucket"].tolist(), [cell.split("|") for cell in TRACKS["buckets"]]
    model = SimpleMLBucketAssigner(n_estimators=20, random_state=0)
    return model.fit(TRACKS, one if request.param == "one" else several)


def proposed(
    model: SimpleMLBucketAssigner, tracks: pd.DataFrame, threshold: float = 0.5
) -> pd.DataFrame:
    terms = Terms(threshold, TERMS.model_version, TERMS.predicted_at)
    return Proposer(model, terms).propose(tracks)


def a_track(**fields: object) -> pd.DataFrame:
    return pd.DataFrame([{"track_id": "x", "artist": "NA", "title": "-", **fields}])


def fail_on(
    monkeypatch: pytest.MonkeyPatch, model: SimpleMLBucketAssigner, track_ids: set[str]
) -> list[int]:
    """Make the model raise for tables that hold one of these tracks; gives the sizes it saw."""
    whole, seen = model.predict_proba, []

    def fragile(X: pd.DataFrame) -> np.ndarray:
        seen.append(len(X))
        if track_ids & set(X["track_id"]):
            raise RuntimeError("the model broke")
        return whole(X)

    monkeypatch.setattr(model, "predict_proba", fragile)
    return seen


def test_the_table_has_exactly_the_documented_columns_row_for_row(
    model: SimpleMLBucketAssigner,
) -> None:
    table = proposed(model, FRESH.assign(mood="happy"))
    assert table.columns.tolist() == PREDICTIONS.names
    assert table["track_id"].tolist() == FRESH["track_id"].tolist()
    assert table["title"].tolist() == FRESH["title"].tolist()
    assert (table["model_version"] == TERMS.model_version).all()
    assert (table["predicted_at"] == TERMS.predicted_at).all()
    assert (table["correct_bucket"] == "").all()


def test_cells_are_text_or_numbers_never_missing_text(model: SimpleMLBucketAssigner) -> None:
    table = proposed(model, FRESH)
    assert table[TEXT].map(lambda cell: isinstance(cell, str)).all(axis=None)
    assert table[NUMBERS].dtypes.eq("float64").all()


def test_buckets_and_probabilities_are_the_models(model: SimpleMLBucketAssigner) -> None:
    table, choices = proposed(model, FRESH), model.predict_batch(FRESH)
    assert table["predicted_bucket"].tolist() == choices["predicted_bucket"].tolist()
    pairs = {"confidence": 1, "second_probability": 2, "third_probability": 3}
    for column, rank in pairs.items():
        np.testing.assert_allclose(table[column], choices[f"probability_{rank}"], atol=1e-4)
    assert table["second_bucket"].tolist() == choices["bucket_2"].tolist()


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.6, 1.01])
def test_unsure_is_what_lies_under_the_threshold(
    model: SimpleMLBucketAssigner, threshold: float
) -> None:
    table = proposed(model, FRESH, threshold)
    has_tempo_or_key = (FRESH["bpm"].notna() | FRESH["key"].ne("")).to_numpy()
    confidence = model.predict_batch(FRESH)["probability_1"]
    expected = np.where((confidence >= threshold) & has_tempo_or_key, "ok", "unsure")
    nothing = ~has_tempo_or_key & FRESH["genres"].eq("").to_numpy()
    assert table["status"].tolist() == np.where(nothing, "missing_data", expected).tolist()


def test_a_low_confidence_is_said_with_both_numbers(model: SimpleMLBucketAssigner) -> None:
    table = proposed(model, FRESH, 0.9)
    unsure = table[(table["status"] == "unsure") & ~table["reason"].str.contains("tempo and key")]
    assert len(unsure) > 5
    for confidence, reason in zip(unsure["confidence"], unsure["reason"], strict=True):
        assert f"confidence {confidence:.2f} is under 0.90" in reason


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"bpm": np.nan, "key": "", "genres": "House"}, "unsure", "tempo and key missing"),
        ({"bpm": "0.00", "key": "off", "genres": "House"}, "unsure", "tempo and key missing"),
        ({"bpm": 0.0, "key": "-", "genres": ""}, "missing_data", "no tempo, key or genre"),
        ({}, "missing_data", "no tempo, key or genre"),
        ({"bpm": "128,00", "key": "", "genres": ""}, "ok", ""),
        ({"bpm": np.nan, "key": "8A - 6", "genres": "House"}, "ok", ""),
    ],
)
def test_missing_tempo_and_key_is_unsure_whatever_the_confidence(
    model: SimpleMLBucketAssigner, fields: dict[str, object], status: str, said: str
) -> None:
    row = proposed(model, a_track(**fields), threshold=0.0).iloc[0]
    assert row["status"] == status
    assert said in row["reason"]
    assert row["predicted_bucket"]


def test_reasons_name_the_fields_that_added_votes_strongest_first(
    model: SimpleMLBucketAssigner,
) -> None:
    table = proposed(model, FRESH)
    first = model.predict_proba(FRESH).argmax(axis=1)
    _, parts = model.contributions(FRESH, first)
    n_named = set()
    for row, track in FRESH.iterrows():
        words = {
            "bpm": f"tempo {track['bpm']:g}" if track["bpm"] > 0 else "the missing tempo",
            "key": f"key {track['key']}" if track["key"] else "the missing key",
            "genres": f"genre {track['genres']}" if track["genres"] else "the missing genre",
        }
        added = sorted(zip(-parts[row], model.fields, strict=True), key=lambda pair: pair[0])
        named = [words[field] for minus, field in added if -minus >= 0.02]
        because = table["reason"][row]
        places = [because.index(name) for name in named]
        assert places == sorted(places)
        assert not [w for w in words.values() if w not in named and w in because.split("; conf")[0]]
        assert " for it" in because
        assert ("no field" in because) is (not named)
        n_named.add(len(named))
    assert n_named >= {1, 2}


def test_tempo_as_text_is_shown_as_a_number(model: SimpleMLBucketAssigner) -> None:
    tracks = FRESH.assign(bpm="128,00", genres="", key="")
    table = proposed(model, tracks)
    assert (table["status"] != "error").all()
    assert any("tempo 128 " in reason for reason in table["reason"])


@pytest.mark.parametrize("n_broken", [1, 3])
def test_a_failing_row_falls_back_and_the_others_do_not(
    model: SimpleMLBucketAssigner, monkeypatch: pytest.MonkeyPatch, n_broken: int,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    expected = proposed(model, FRESH)
    broken = set(FRESH["track_id"].iloc[5 : 5 + n_broken])
    seen = fail_on(monkeypatch, model, broken)
    with caplog.at_level(logging.WARNING):
        table = proposed(model, FRESH)
    failed = table["track_id"].isin(broken)
    assert table["track_id"].tolist() == FRESH["track_id"].tolist()
    pd.testing.assert_frame_equal(table[~failed], expected[~failed])
    assert (table.loc[failed, "status"] == "error").all()
    assert (table.loc[failed, "confidence"] == 0).all()
    assert table.loc[failed, "predicted_bucket"].isin(model.classes_).all()
    assert table.loc[failed, "reason"].str.startswith("the model failed on this track; ").all()
    assert len(seen) < 40  # halves, not one by one
    assert f"track {min(broken)}: the model failed" in caplog.text


def test_rows_of_the_fallback_and_of_the_model_are_of_one_kind(
    model: SimpleMLBucketAssigner, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = proposed(model, FRESH)
    fail_on(monkeypatch, model, {FRESH["track_id"].iloc[0]})
    table = proposed(model, FRESH.head(1))
    assert table["status"].tolist() == ["error"]
    assert table.columns.tolist() == PREDICTIONS.names
    assert table[TEXT].map(lambda cell: isinstance(cell, str)).all(axis=None)
    assert table.dtypes.astype(str).tolist() == whole.dtypes.astype(str).tolist()
    assert table["correct_bucket"].tolist() == [""]


def test_a_model_that_always_fails_still_answers_every_row(
    model: SimpleMLBucketAssigner, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = FRESH.head(9)
    fail_on(monkeypatch, model, set(few["track_id"]))
    table = proposed(model, few)
    assert (table["status"] == "error").all()
    assert table["track_id"].tolist() == few["track_id"].tolist()


def test_an_explanation_that_fails_stops_nothing_either(
    model: SimpleMLBucketAssigner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(SimpleMLBucketAssigner, "contributions", broken)
    assert (proposed(model, FRESH.head(3))["status"] == "error").all()


def test_no_tracks_give_an_empty_table_of_the_same_kind(model: SimpleMLBucketAssigner) -> None:
    table = proposed(model, FRESH.head(0))
    assert len(table) == 0
    assert table.dtypes.astype(str).tolist() == proposed(model, FRESH).dtypes.astype(str).tolist()
    assert table.columns.tolist() == PREDICTIONS.names


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.set_axis([0] * len(t)),
        lambda t: t[t.columns[::-1]],
        lambda t: t.assign(bpm=t["bpm"].astype(str).replace("nan", "")),
    ],
    ids=["index", "column order", "tempo as text"],
)
def test_proposals_hang_on_the_values_alone(
    model: SimpleMLBucketAssigner, change: Callable[[pd.DataFrame], pd.DataFrame]
) -> None:
    pd.testing.assert_frame_equal(proposed(model, change(FRESH)), proposed(model, FRESH))


def test_batches_give_what_the_whole_gives(model: SimpleMLBucketAssigner) -> None:
    proposer = Proposer(model, TERMS)
    parts = [proposer.propose(FRESH.iloc[i : i + 30]) for i in (0, 30, 60)]
    pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), proposer.propose(FRESH))


def test_strange_names_come_through_unchanged(model: SimpleMLBucketAssigner) -> None:
    names = ["NA", "null", "-", "007", "+44", "=1+1", "", "nan"]
    tracks = FRESH.head(8).assign(track_id=[f" {n}" for n in names], artist=names, title=names)
    table = proposed(model, tracks)
    assert table["artist"].tolist() == table["title"].tolist() == names
    assert table["track_id"].tolist() == [f" {n}" for n in names]


def test_statuses_are_the_documented_ones(model: SimpleMLBucketAssigner) -> None:
    rows = pd.concat([FRESH, a_track(bpm=np.nan, key="", genres="")], ignore_index=True)
    assert set(proposed(model, rows)["status"]) <= set(STATUSES)


def test_the_callers_table_is_not_changed(model: SimpleMLBucketAssigner) -> None:
    tracks = FRESH.copy(deep=True)
    proposed(model, tracks)
    pd.testing.assert_frame_equal(tracks, FRESH)


LABELLED = pd.DataFrame(
    {
        "genres": ["House", "House; Disco", "House", "DnB", "DnB", ""],
        "buckets": ["Warm", "Warm|Late", "Late", "Late", "Late", "Warm"],
    }
)


@pytest.mark.parametrize(
    ("genres", "bucket", "why"),
    [
        ("House", "Late", "'house'"),  # two of each: by name
        ("Drum & Bass", "Late", "'drum & bass'"),
        ("Polka; DNB", "Late", "'drum & bass'"),
        ("Polka", "Late", "the largest bucket"),
        ("", "Late", "the largest bucket"),
    ],
)
def test_the_plainest_answer(genres: str, bucket: str, why: str) -> None:
    answer, because = GenreMajority(LABELLED).answer(genres)
    assert answer == bucket
    assert why in because


def test_the_plainest_answer_without_genres_is_the_largest_bucket() -> None:
    assert GenreMajority(LABELLED[["buckets"]]).answer("House") == (
        "Late",
        "it is the largest bucket",
    )


class Scoring(SimpleMLBucketAssigner):
    """A model that reads a whole record and votes in scores, as linear models do."""

    fields = ("artist", "title", "label", "genres", "bpm", "key", "year", "duration_s", "sentence")
    vote_scale = "score"
    scores = (4.0, 0.1, 3.0, 2.0, -6.0, 0.0, 0.0, 1.9, 0.2)

    def contributions(self, X: pd.DataFrame, column: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros(len(X)), np.tile(self.scores, (len(X), 1))


@pytest.fixture(name="scoring", scope="module")
def fitted_scoring() -> Scoring:
    return Scoring(n_estimators=8, random_state=0).fit(TRACKS, TRACKS["bucket"])


def test_scores_speak_by_their_share_of_all_that_speaks_for_it(scoring: Scoring) -> None:
    track = a_track(artist="Moodymann", label="KDJ", genres="deep house", bpm=122.0, key="8A")
    (reason,) = proposed(scoring, track.assign(duration_s=372.0), 0.0)["reason"]
    assert reason == "artist Moodymann, label KDJ and genre deep house speak for it"


def test_the_wording_and_a_missing_length_are_named_plainly(
    scoring: Scoring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Scoring, "scores", (0.0, 2.0, 0, 0, 0, 0, 0, 3.0, 1.0))
    (reason,) = proposed(scoring, a_track(bpm=122.0), 0.0)["reason"]
    assert reason == "the missing length, its title and its wording speak for it"


def test_scores_that_all_speak_against_it_name_nothing(
    scoring: Scoring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Scoring, "scores", (-1.0,) * 9)
    (reason,) = proposed(scoring, a_track(bpm=122.0), 0.0)["reason"]
    assert reason == "close to the base rates: no field speaks for it"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"artist": "Moodymann", "genres": "House"}, "unsure"),
        ({"bpm": 122.0}, "ok"),
        ({"key": "8A"}, "ok"),
        ({"artist": "", "title": "", "year": 1999.0}, "unsure"),
        ({"artist": "", "title": ""}, "missing_data"),
    ],
)
def test_tempo_and_key_stay_needed_where_a_model_reads_more(
    scoring: Scoring, fields: dict[str, object], status: str
) -> None:
    row = proposed(scoring, a_track(**fields), threshold=0.0).iloc[0]
    assert row["status"] == status
    said = {"unsure": "tempo and key missing", "missing_data": "no name and no tags to go by"}
    assert said.get(status, "speak for it") in row["reason"]
