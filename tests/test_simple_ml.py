from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier

import djlib
from djlib.bucketing.simple_ml import SimpleMLBucketAssigner
from djlib.evaluation.calibration import calibration_error
from djlib.synthetic.tables import synthetic_library


def bucket_tracks(n: int = 40) -> tuple[pd.DataFrame, list[str]]:
    """Slow house in A minor against fast drum & bass in E major, with gaps."""
    rng = np.random.default_rng(0)
    is_fast = np.arange(n) % 2 == 1
    tracks = pd.DataFrame(
        {
            "track_id": [str(i) for i in range(n)],
            "bpm": np.where(is_fast, 174, 122) + rng.normal(0, 2, n),
            "key": np.where(is_fast, "12B", "8A"),
            "genres": np.where(is_fast, "DnB", "House"),
        }
    )
    tracks.loc[:3, "bpm"], tracks.loc[4:7, "key"], tracks.loc[8:11, "genres"] = np.nan, "", ""
    return tracks, np.where(is_fast, "Late", "Warm").tolist()


@pytest.fixture(name="model", scope="module")
def fitted() -> SimpleMLBucketAssigner:
    return SimpleMLBucketAssigner(n_estimators=30, random_state=0).fit(*bucket_tracks())


def test_it_is_the_public_name() -> None:
    assert djlib.SimpleMLBucketAssigner is SimpleMLBucketAssigner


@pytest.mark.parametrize(
    "track",
    [
        {"bpm": 174, "key": "12B", "genres": "Drum & Bass"},
        {"bpm": "174,00", "key": "E", "genres": "dnb"},
        {"bpm": 174},
        {"genres": "drum n bass"},
        {"key": "Emaj"},
        {"bpm": 0.0, "key": "", "genres": "DnB"},
    ],
)
def test_one_track_is_known_by_any_of_its_fields(
    model: SimpleMLBucketAssigner, track: dict[str, object]
) -> None:
    assert model.predict(track) == "Late"


def test_many_tracks_are_known(model: SimpleMLBucketAssigner) -> None:
    tracks, y = bucket_tracks()
    assert (model.predict(tracks) == y).mean() > 0.95
    assert (model.predict_batch(tracks)["predicted_bucket"] == y).mean() > 0.95


def test_half_tempo_counts_as_the_same_dance() -> None:
    rng = np.random.default_rng(1)
    bpm = np.concatenate([rng.uniform(118, 126, 60), rng.uniform(170, 176, 60)])
    y = ["Warm"] * 60 + ["Late"] * 60
    model = SimpleMLBucketAssigner(n_estimators=30, random_state=0).fit(
        pd.DataFrame({"bpm": bpm}), y
    )
    late = model.classes_.tolist().index("Late")
    halved, other = model.predict_proba(pd.DataFrame({"bpm": [87.0, 61.0]}))[:, late]
    assert halved > other + 0.1


def test_missing_fields_make_it_less_sure(model: SimpleMLBucketAssigner) -> None:
    whole = model.predict_proba(pd.DataFrame([{"bpm": 174, "key": "12B", "genres": "DnB"}])).max()
    bare = model.predict_proba(pd.DataFrame([{"title": "x"}])).max()
    assert bare < whole


def plain_forest(tracks: pd.DataFrame, like: SimpleMLBucketAssigner) -> RandomForestClassifier:
    """The fully grown forest on the same features, as it comes."""
    forest = RandomForestClassifier(like.n_estimators, random_state=0, n_jobs=1)
    return forest.fit(like.features_.transform(tracks), tracks["bucket"])


@pytest.mark.parametrize("seed", [0, 1])
def test_confidence_is_honest_and_far_more_so_than_a_plain_forest(seed: int) -> None:
    library = synthetic_library(4500, seed=seed)
    known, new = library.iloc[:1500], library.iloc[1500:]
    model = SimpleMLBucketAssigner(n_estimators=40, random_state=0).fit(known, known["bucket"])
    forest = plain_forest(known, model)
    buckets = model.classes_

    def judged(proba: np.ndarray) -> tuple[float, float, float]:
        hit = (buckets[proba.argmax(axis=1)] == new["bucket"]).to_numpy()
        true = proba[np.arange(len(new)), np.searchsorted(buckets, new["bucket"])]
        log_loss = float(-np.log(np.clip(true, 1e-6, 1)).mean())
        return calibration_error(proba.max(axis=1), hit), log_loss, hit.mean()

    assert buckets.tolist() == forest.classes_.tolist()
    error, loss, accuracy = judged(model.predict_proba(new))
    plain_error, plain_loss, plain_accuracy = judged(
        forest.predict_proba(model.features_.transform(new))
    )
    assert error < 0.06 < 0.12
    assert error < 0.7 * plain_error
    assert loss < plain_loss - 0.2
    assert accuracy > plain_accuracy - 0.01


def test_confidence_is_honest_where_tracks_sit_in_several_buckets() -> None:
    library = synthetic_library(2500, seed=3, multi=0.6)
    y = [cell.split("|") for cell in library["buckets"]]
    model = SimpleMLBucketAssigner(n_estimators=30, random_state=0).fit(library[:1000], y[:1000])
    proba = model.predict_proba(library[1000:])
    truth = np.array([[bucket in row for bucket in model.classes_] for row in y[1000:]])
    assert calibration_error(proba.ravel(), truth.ravel()) < 0.05
    first = truth[np.arange(len(truth)), proba.argmax(axis=1)]
    assert calibration_error(proba.max(axis=1), first) < 0.12


def test_ten_tracks_a_bucket_that_differ_are_told_apart() -> None:
    tracks, y = bucket_tracks(200)
    model = SimpleMLBucketAssigner(n_estimators=40, random_state=0)
    model.fit(tracks[40:60], y[40:60])
    assert (model.predict(tracks) == y).mean() > 0.9


def test_buckets_that_never_mix_are_told_apart_with_confidence_but_no_certainty() -> None:
    bpm = np.random.default_rng(0).normal(0, 2, 120) + np.tile([122, 174], 60)
    model = SimpleMLBucketAssigner(n_estimators=60, random_state=0)
    model.fit(pd.DataFrame({"bpm": bpm}), ["Warm", "Late"] * 60)
    confidence = model.predict_proba(pd.DataFrame({"bpm": [122, 174]})).max(axis=1)
    assert confidence.min() > 0.97
    assert confidence.max() < 0.999


def test_a_saved_model_holds_no_pickle_and_says_what_it_is(
    model: SimpleMLBucketAssigner, tmp_path: Path
) -> None:
    model.save(tmp_path)
    settings = json.loads((tmp_path / "settings.json").read_text("utf-8"))
    assert settings["buckets"] == ["Late", "Warm"]
    assert settings["parameters"]["n_estimators"] == 30
    assert {file.suffix for file in tmp_path.iterdir()} == {".json", ".skops", ".parquet"}


def test_out_of_bag_votes_are_not_carried_along(model: SimpleMLBucketAssigner) -> None:
    assert not hasattr(model.forest_, "oob_decision_function_")


@pytest.mark.parametrize("threads_reset_filters", [False, True])
def test_that_few_trees_leave_no_track_out_is_not_said(
    threads_reset_filters: bool, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    fit = RandomForestClassifier.fit

    def reset_fit(self: RandomForestClassifier, *args: object, **given: object) -> object:
        warnings.resetwarnings()  # as a thread of the forest that ends after another began
        return fit(self, *args, **given)

    if threads_reset_filters:
        monkeypatch.setattr(RandomForestClassifier, "fit", reset_fit)
    SimpleMLBucketAssigner(n_estimators=1, random_state=0).fit(*bucket_tracks())
    assert [str(warning.message) for warning in recwarn] == []


def test_large_tables_are_answered_piece_by_piece_and_alike(
    model: SimpleMLBucketAssigner, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracks = synthetic_library(50, seed=2)
    whole = model.predict_proba(tracks)
    monkeypatch.setattr("djlib.bucketing.simple_ml._ROWS_AT_ONCE", 7)
    np.testing.assert_allclose(model.predict_proba(tracks), whole, atol=1e-12)


def test_leaves_name_where_a_track_falls_in_each_tree(model: SimpleMLBucketAssigner) -> None:
    tracks, _ = bucket_tracks()
    assert model.leaves(tracks).shape == (40, 30)
    assert model.leaves(tracks.head(0)).shape == (0, 30)
