"""Out-of-fold predictions: which folds there are, and what is learned from them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from djlib.bucketing.calibration import out_of_fold
from djlib.bucketing.calibration.novelty import NoveltyFeatures, TrackGroups
from djlib.bucketing.calibration.out_of_fold import Fold, FoldPredictions, OutOfFoldPredictions
from djlib.bucketing.labels import Labels, encode
from djlib.evaluation.calibration import Calibration
from djlib.evaluation.splits import artist_groups
from djlib.features.dates import day_numbers
from djlib.synthetic.tables import synthetic_library

TRACKS = synthetic_library(120, buckets=4, seed=8)
LABELS = encode(TRACKS["bucket"])


class RandomPredictor:
    """Votes at random and remembers every fold."""

    def __init__(self, labels: Labels = LABELS) -> None:
        self.folds: list[tuple[np.ndarray, np.ndarray]] = []
        self.is_temporal: list[bool] = []
        self._width = labels.truth.shape[1]

    def __call__(self, folds: list[Fold]) -> list[np.ndarray]:
        self.folds = [(fold.train, fold.test) for fold in folds]
        self.is_temporal = [fold.is_temporal for fold in folds]
        return [self._votes(len(fold.test)) for fold in folds]

    def _votes(self, n: int) -> np.ndarray:
        votes = np.random.default_rng(n).random((n, self._width))
        return votes / votes.sum(axis=1, keepdims=True)


def predictions_of(
    labels: Labels = LABELS, tracks: pd.DataFrame = TRACKS
) -> tuple[OutOfFoldPredictions, RandomPredictor]:
    predictor = RandomPredictor(labels)
    return OutOfFoldPredictions.from_folds(predictor, tracks, labels, 0), predictor


def test_every_track_is_answered_by_folds_that_did_not_learn_it() -> None:
    predictions, predictor = predictions_of()
    assert np.isfinite(predictions.stratified.votes).all()
    assert np.isfinite(predictions.grouped.votes).all()
    for train, test in predictor.folds:
        assert not set(train) & set(test)
    assert sorted(np.concatenate([test for _, test in predictor.folds[:10]]).tolist()) == sorted(
        2 * list(range(120))
    )


def test_temporal_folds_test_only_what_was_added_after_all_they_learned() -> None:
    predictions, predictor = predictions_of()
    days = day_numbers(TRACKS)
    for train, test in predictor.folds[10:]:
        assert days[train].max() < days[test].min()
        assert len(train) >= 0.4 * np.isfinite(days).sum() - 1
    assert predictor.is_temporal == [False] * 10 + [True] * 4
    later = np.isfinite(predictions.temporal.votes).all(axis=1)
    assert 0.5 < later.mean() < 0.61
    assert (predictions.temporal.novelty[later, 2] == 1).all()
    assert (predictions.temporal.novelty[~later] == 0).all()


@pytest.mark.parametrize(
    "dates", [[""] * 120, ["2021-03-04"] * 120, ["2021-03-04"] * 10 + [""] * 110, None]
)
def test_without_days_to_tell_apart_there_are_no_temporal_folds(dates: list[str] | None) -> None:
    tracks = TRACKS.drop(columns="date_added") if dates is None else TRACKS.assign(date_added=dates)
    predictions, predictor = predictions_of(tracks=tracks)
    assert len(predictor.folds) == 10
    assert np.isnan(predictions.temporal.votes).all()


def test_novelty_features_are_those_of_the_fold() -> None:
    predictions, predictor = predictions_of()
    kinds = (
        (predictions.stratified, predictor.folds[:5]),
        (predictions.grouped, predictor.folds[5:10]),
    )
    for answers, splits in kinds:
        for train, test in splits:
            known = NoveltyFeatures.of(TrackGroups.of(TRACKS.iloc[train])).transform(
                TrackGroups.of(TRACKS.iloc[test])
            )
            np.testing.assert_array_equal(answers.novelty[test], known)
    assert predictions.stratified.novelty[:, 0].mean() > 0.2
    assert (predictions.grouped.novelty[:, :2] == 0).all()


def test_past_plenty_no_further_fold_is_fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(out_of_fold, "MAX_PREDICTIONS", 40)
    predictions, predictor = predictions_of()
    assert len(predictor.folds) < 10
    for answers in (predictions.stratified, predictions.grouped, predictions.temporal):
        n_answered = np.isfinite(answers.votes).all(axis=1).sum()
        assert 40 <= n_answered < 120


def test_several_buckets_a_track_need_no_grouped_folds() -> None:
    predictions, predictor = predictions_of(
        encode([cell.split("|") + ["all"] for cell in TRACKS["bucket"]])
    )
    assert predictor.is_temporal == [False] * 5 + [True] * 4
    assert np.isfinite(predictions.stratified.votes).all()
    assert np.isnan(predictions.grouped.votes).all()


def test_a_track_a_bucket_leaves_no_fold_to_learn_from() -> None:
    tracks = TRACKS.head(6)
    labels = encode([f"b{n}" for n in range(6)])
    predictions, predictor = predictions_of(labels, tracks)
    assert predictor.folds == []
    assert np.isnan(predictions.stratified.votes).all()


def test_names_are_known_by_lead_artist_and_song() -> None:
    track = pd.DataFrame({"artist": ["Robyn feat. X"], "title": ["Be Mine"]})
    known = NoveltyFeatures.of(TrackGroups.of(track))
    asked = pd.DataFrame(
        {
            "artist": ["ROBYN", "Robyn feat. X", "", ""],
            "title": ["Honey", "be  mine", "Robyn - Konichiwa", "Be Mine"],
        }
    )
    assert known.transform(TrackGroups.of(asked)).tolist() == [
        [1, 0, 0],
        [1, 1, 0],
        [1, 0, 0],
        [0, 0, 0],
    ]
    assert known.transform(TrackGroups.of(asked.head(0))).shape == (0, 3)


def test_the_more_was_added_as_late_the_less_new_a_track_is() -> None:
    days = ["2021-01-01"] * 50 + ["2021-02-01"] * 5 + [""]
    known = NoveltyFeatures.of(TrackGroups.of(pd.DataFrame({"date_added": days})))
    asked = pd.DataFrame(
        {"date_added": ["2021-03-01", "2021-02-01", "2021-01-15", "2020-01-01", ""]}
    )
    behind = known.transform(TrackGroups.of(asked))[:, 2]
    assert behind[0] == 1
    assert behind[1] == behind[2]
    assert 1 > behind[1] > behind[3] > 0
    assert behind[4] == 0


def test_tracks_without_names_are_new() -> None:
    nameless = pd.DataFrame({"bpm": [120.0, 121.0]})
    assert (
        NoveltyFeatures.of(TrackGroups.of(TRACKS)).transform(TrackGroups.of(nameless)) == 0
    ).all()
    assert set(artist_groups(nameless)) == {"\x000", "\x001"}


def test_what_buckets_lack_is_learned_and_set_right_in_all_kinds_of_folds() -> None:
    votes = np.tile([0.6, 0.2, 0.1, 0.1], (120, 1))
    none = FoldPredictions(np.full((120, 4), np.nan), np.zeros((120, 3)))
    predictions = OutOfFoldPredictions(FoldPredictions(votes, np.ones((120, 3))), none, none)
    bias = predictions.fit_bias_correction(LABELS.truth)
    assert bias.shifts[0] == min(bias.shifts)
    shifted = predictions.shifted(bias)
    assert (
        shifted.stratified.votes[0].argmax()
        == LABELS.truth.sum(axis=0).argmax()
        != votes[0].argmax()
    )
    assert np.isnan(shifted.grouped.votes).all()
    np.testing.assert_array_equal(shifted.stratified.novelty, predictions.stratified.novelty)


def test_temporal_votes_move_the_confidence_of_later_tracks_alone() -> None:
    rng = np.random.default_rng(0)
    truth = np.eye(4, dtype=int)[rng.integers(0, 4, 600)]
    shown = np.where(rng.random((600, 1)) < 0.8, truth, np.roll(truth, 1, axis=1))
    votes = 0.8 * shown + 0.05
    wrong = 0.8 * np.roll(truth, 1, axis=1) + 0.05
    facts = np.zeros((600, 3))
    stratified = FoldPredictions(votes, facts)
    predictions = OutOfFoldPredictions(
        stratified, stratified, FoldPredictions(wrong, facts + [0, 0, 1])
    )
    plain = Calibration.fit(votes, truth, is_multi=False)
    curve = predictions.fit_calibrator(plain, Labels(("a", "b", "c", "d"), truth, False))
    proba = plain.apply(votes[:1])
    known, later = (float(curve.apply(proba, np.array([[0, 0, f]])).max()) for f in (0, 1))
    assert known == pytest.approx(0.8, abs=0.05)
    assert later < 0.4


def test_however_many_temporal_votes_weigh_as_much_as_forty() -> None:
    truth = np.eye(2, dtype=int)[np.arange(600) % 2]
    votes = np.where(np.arange(600)[:, None] % 10 < 8, truth, 1 - truth) * 0.6 + 0.2
    none = FoldPredictions(np.full((600, 2), np.nan), np.zeros((600, 3)))
    half_wrong = np.where(np.arange(600)[:, None] % 4 < 2, truth, 1 - truth) * 0.6 + 0.2
    later = FoldPredictions(half_wrong, np.tile([0.0, 0.0, 1.0], (600, 1)))
    forty = replace(later, votes=np.where(np.arange(600)[:, None] < 40, half_wrong, np.nan))
    plain = Calibration.fit(votes, truth, is_multi=False)
    scores = [
        OutOfFoldPredictions(FoldPredictions(votes, none.novelty), none, answers)
        .fit_calibrator(plain, Labels(("a", "b"), truth, False))
        .apply(plain.apply(votes[:1]), np.array([[0, 0, 1]]))
        .max()
        for answers in (later, forty)
    ]
    assert scores[0] == pytest.approx(scores[1], abs=1e-3)


def test_with_several_buckets_too_later_tracks_are_trusted_less() -> None:
    rng = np.random.default_rng(0)
    truth = (rng.random((600, 4)) < 0.4).astype(int)
    votes = np.where(rng.random((600, 4)) < 0.1, 1 - truth, truth) * 0.8 + 0.1
    stratified = FoldPredictions(votes, np.zeros((600, 3)))
    none = FoldPredictions(np.full((600, 4), np.nan), np.zeros((600, 3)))
    later = FoldPredictions(rng.permutation(votes), np.tile([0.0, 0.0, 1.0], (600, 1)))
    plain = Calibration.fit(votes, truth, is_multi=True)
    curve = OutOfFoldPredictions(stratified, none, later).fit_calibrator(
        plain, Labels(("a", "b", "c", "d"), truth, True)
    )
    proba = plain.apply(np.array([[0.9, 0.9, 0.1, 0.1]]))
    now, then = (curve.apply(proba, np.array([[0, 0, f]])) for f in (0, 1))
    assert now[0, 0] == pytest.approx(0.85, abs=0.05)
    assert 0.4 < then[0, 0] < 0.65, "towards how often the bucket comes"
    # The same scores ten times over is no more than one past.
    scores = FoldPredictions(np.tile(votes, (10, 1)), np.zeros((6000, 3)))
    many = FoldPredictions(np.tile(later.votes, (10, 1)), np.tile([0.0, 0.0, 1.0], (6000, 1)))
    nothing = FoldPredictions(np.full((6000, 4), np.nan), np.zeros((6000, 3)))
    labels = Labels(("a", "b", "c", "d"), np.tile(truth, (10, 1)), True)
    again = (
        OutOfFoldPredictions(scores, nothing, many)
        .fit_calibrator(plain, labels)
        .apply(proba, np.array([[0, 0, 1]]))
    )
    assert again[0, 0] == pytest.approx(then[0, 0], abs=0.03)
