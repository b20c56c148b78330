from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from djlib.bucketing.base import BucketAssigner
from djlib.bucketing.cross_validation import cross_validate, n_fits, out_of_fold, with_min_support
from djlib.bucketing.simple_ml import SimpleMLBucketAssigner
from djlib.bucketing.training import TrainingSet, assemble
from djlib.evaluation.metrics import bucket_metrics
from djlib.features.dates import day_numbers
from djlib.synthetic.tables import synthetic_library

FOLDS = ("stratified", "artist")


def model() -> SimpleMLBucketAssigner:
    return SimpleMLBucketAssigner(n_estimators=15, random_state=0)


def training(tracks: pd.DataFrame) -> TrainingSet:
    return assemble(tracks, {}, test_share=0.0)


@pytest.mark.parametrize("multi", [0.0, 0.6])
def test_both_kinds_of_folds_measure_every_track_and_the_past_the_later_ones(multi: float) -> None:
    tracks = synthetic_library(150, buckets=4, seed=1, multi=multi)
    found = cross_validate(model, training(tracks), n_folds=3)
    assert tuple(found.figures) == (*FOLDS, "later")
    dated = int(np.isfinite(day_numbers(tracks)).sum())
    for kind, figures in found.figures.items():
        assert figures["n"] == 150 if kind in FOLDS else 20 <= figures["n"] <= dated / 4 + 2
        assert 0.4 < figures["accuracy"] <= 1
        assert set(figures["per_bucket"]) == set(tracks["bucket"])
        assert ("confusion" in figures) is (multi == 0)
    assert len(found.confidence) == len(found.correct) == 150
    assert found.correct.mean() == pytest.approx(found.figures["stratified"]["accuracy"])


def test_better_than_the_largest_bucket() -> None:
    tracks = synthetic_library(300, buckets=5, seed=2)
    found = cross_validate(model, training(tracks), n_folds=3)
    truth = pd.get_dummies(tracks["bucket"]).to_numpy(dtype=int)
    base = np.tile(truth.mean(axis=0), (len(truth), 1))
    plain = bucket_metrics(base, truth, sorted(set(tracks["bucket"])))
    for kind in FOLDS:
        assert found.figures[kind]["accuracy"] > plain["accuracy"] + 0.15
        assert found.figures[kind]["log_loss"] < plain["log_loss"] - 0.2


def test_small_buckets_are_named_and_left_out() -> None:
    tracks = synthetic_library(120, buckets=3, seed=3)
    tracks.loc[:1, ["bucket", "buckets"]] = "Tiny"
    tracks.loc[2, ["bucket", "buckets"]] = "Tinier"
    found = cross_validate(model, training(tracks), n_folds=3, min_tracks=3)
    assert found.too_small == {"Tinier": 1, "Tiny": 2}
    assert found.figures["stratified"]["n"] == 117
    assert not {"Tiny", "Tinier"} & set(found.figures["stratified"]["per_bucket"])


def test_a_small_bucket_of_a_track_leaves_its_other_buckets_in() -> None:
    tracks = synthetic_library(100, buckets=3, seed=4, multi=0.5)
    tracks.loc[0, "buckets"] += "|Tiny"
    found = cross_validate(model, training(tracks), n_folds=3)
    assert found.too_small == {"Tiny": 1}
    assert found.figures["stratified"]["n"] == 100


@pytest.mark.parametrize("sizes", [{"A": 20, "B": 2}, {"A": 2, "B": 2}, {"A": 20}])
def test_fewer_than_two_buckets_to_measure_give_no_figures(sizes: dict[str, int]) -> None:
    buckets = [b for b, n in sizes.items() for _ in range(n)]
    tracks = synthetic_library(len(buckets), seed=5).assign(bucket=buckets, buckets=buckets)
    found = cross_validate(model, training(tracks), n_folds=3, min_tracks=3)
    assert found.figures == {}
    assert len(found.confidence) == 0
    assert found.too_small == {b: n for b, n in sizes.items() if n < 3}


def test_two_tracks_a_bucket_can_be_measured_when_asked() -> None:
    buckets = ["A", "B", "C"] * 2
    tracks = synthetic_library(6, seed=6).assign(bucket=buckets, buckets=buckets)
    found = cross_validate(model, training(tracks), n_folds=5, min_tracks=2)
    assert found.figures["stratified"]["n"] == 6


def test_one_artist_for_all_leaves_only_stratified_figures() -> None:
    tracks = synthetic_library(60, buckets=3, seed=7).assign(artist="Robyn")
    found = cross_validate(model, training(tracks), n_folds=3)
    assert tuple(found.figures) == ("stratified",)


def test_a_bucket_of_one_artist_cannot_be_known_by_artist() -> None:
    tracks = synthetic_library(90, buckets=3, seed=8)
    robyn = np.arange(90) < 10
    tracks["artist"] = np.where(robyn, "Robyn", tracks["artist"] + tracks["track_id"])
    tracks["bucket"] = tracks["buckets"] = np.where(robyn, "Robyn only", tracks["bucket"])
    found = cross_validate(model, training(tracks), n_folds=3)
    assert found.figures["artist"]["n"] == 90
    assert found.figures["artist"]["per_bucket"]["Robyn only"]["recall"] == 0


def test_progress_is_told_of_each_fit() -> None:
    fits: list[int] = []
    cross_validate(
        model, training(synthetic_library(60, buckets=3)), n_folds=3, progress=fits.append
    )
    assert fits == [1] * 6


def test_the_same_seed_gives_the_same_figures() -> None:
    tracks = training(synthetic_library(90, buckets=3, seed=9))
    assert (
        cross_validate(model, tracks, n_folds=3).figures
        == cross_validate(model, tracks, n_folds=3).figures
    )


def test_a_model_that_learns_by_heart_gains_nothing_from_labels_without_meaning() -> None:
    rng = np.random.default_rng(10)
    labels = rng.choice(["A", "B"], 200)
    tracks = synthetic_library(200, seed=10).assign(bucket=labels, buckets=labels)

    def parrot() -> SimpleMLBucketAssigner:
        return SimpleMLBucketAssigner(n_estimators=15, min_samples_leaf=1, random_state=0)

    known = parrot().fit(tracks, labels).predict(tracks)
    assert (known == labels).mean() > 0.8
    for figures in cross_validate(parrot, training(tracks), n_folds=4).figures.values():
        assert 0.38 < figures["accuracy"] < 0.62


def test_every_track_is_answered_by_a_model_that_never_saw_it() -> None:
    tracks = training(synthetic_library(90, buckets=3, seed=11))
    tested: list[int] = []

    def note(fitted: BucketAssigner, rows: np.ndarray) -> None:
        seen = set(fitted.labelled_["track_id"])
        assert not seen & set(tracks.tracks["track_id"].iloc[rows])
        tested.extend(rows)

    found = out_of_fold(model, tracks, n_folds=3, each_fold=note)
    assert sorted(tested) == list(range(90))
    assert found.answered.all()
    assert found.proba.sum(axis=1) == pytest.approx(np.ones(90))


def test_a_fold_without_two_buckets_to_learn_leaves_its_tracks_unanswered() -> None:
    buckets = ["A"] * 20 + ["B"] * 2
    artists = ["Other"] * 20 + ["Robyn"] * 2
    tracks = synthetic_library(22, seed=12).assign(bucket=buckets, buckets=buckets, artist=artists)
    found = out_of_fold(model, training(tracks), "artist", n_folds=2)
    assert not found.answered.any()


def test_leaving_small_buckets_out_keeps_the_rest_as_it_was() -> None:
    tracks = synthetic_library(60, buckets=3, seed=13)
    tracks.loc[0, ["bucket", "buckets"]] = "Tiny"
    left, too_small = with_min_support(training(tracks), 3)
    assert too_small == {"Tiny": 1}
    assert left.tracks["track_id"].tolist() == tracks["track_id"].tolist()[1:]


def test_what_comes_later_is_asked_of_a_model_that_knows_the_past_alone() -> None:
    tracks = synthetic_library(200, buckets=4, seed=6)
    days = day_numbers(tracks)
    learned: list[pd.DataFrame] = []

    class Watched(SimpleMLBucketAssigner):
        def fit(self, X: pd.DataFrame, y: Any) -> Watched:
            learned.append(X)
            super().fit(X, y)
            return self

    told: list[int] = []
    found = cross_validate(
        lambda: Watched(5, random_state=0), training(tracks), n_folds=2, progress=told.append
    )
    assert len(learned) == n_fits(2) == len(told) == 5
    border = np.nanquantile(days, 0.75)
    assert np.nanmax(day_numbers(learned[-1])) <= border
    assert found.figures["later"]["n"] == pytest.approx((days > border).sum(), abs=5)


@pytest.mark.parametrize("dates", [[""] * 150, ["2021-03-04"] * 150])
def test_without_days_to_tell_apart_nothing_is_said_of_later_tracks(dates: list[str]) -> None:
    tracks = synthetic_library(150, buckets=4, seed=1).assign(date_added=dates)
    assert tuple(cross_validate(model, training(tracks), n_folds=3).figures) == FOLDS


def test_later_tracks_of_buckets_that_did_not_exist_before_are_not_asked_about() -> None:
    days = [f"2021-{month:02}-{day:02}" for month in range(1, 9) for day in range(1, 21)]
    buckets = ["Warm", "Peak"] * 80
    tracks = synthetic_library(160, buckets=2, seed=7).assign(date_added=days, bucket=buckets)
    whole = cross_validate(model, training(tracks.assign(buckets=buckets)), n_folds=2).figures[
        "later"
    ]["n"]
    buckets[150:] = ["New"] * 10
    moved = tracks.assign(bucket=buckets, buckets=buckets)
    some = cross_validate(model, training(moved), n_folds=2).figures["later"]
    assert whole - 10 <= some["n"] < whole
    assert some["per_bucket"]["New"]["tracks"] == 0
    buckets[125:] = ["New"] * 35
    none = cross_validate(
        model, training(tracks.assign(bucket=buckets, buckets=buckets)), n_folds=2
    )
    assert "later" not in none.figures
