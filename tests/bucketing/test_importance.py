from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, log_loss

from djlib.bucketing.analysis.importance import importance, mean_contributions, shuffled_fields
from djlib.bucketing.simple_ml import SimpleMLBucketAssigner
from djlib.synthetic.tables import synthetic_library

TRACKS = synthetic_library(300, buckets=4, seed=51, multi=0.5)
FRESH = synthetic_library(150, buckets=4, seed=52, multi=0.5)
ONE = [[bucket] for bucket in FRESH["bucket"]]


@pytest.fixture(name="model", scope="module")
def fitted() -> SimpleMLBucketAssigner:
    return SimpleMLBucketAssigner(n_estimators=20, random_state=0).fit(TRACKS, TRACKS["bucket"])


def test_every_field_is_measured_the_strongest_first(model: SimpleMLBucketAssigner) -> None:
    found = importance(model, FRESH, ONE)
    lost = [one.log_loss.mean for one in found]
    assert {one.field for one in found} == set(model.fields)
    assert lost == sorted(lost, reverse=True)
    assert found[0].accuracy.mean > 0.1
    assert found[0].accuracy.low > 0
    for one in found:
        assert one.log_loss.low <= one.log_loss.mean <= one.log_loss.high


def test_a_field_left_blank_costs_what_scikit_learn_says(model: SimpleMLBucketAssigner) -> None:
    blank = FRESH.assign(bpm=np.nan)
    (tempo,) = [one for one in importance(model, FRESH, ONE) if one.field == "bpm"]
    right = [accuracy_score(FRESH["bucket"], model.predict(rows)) for rows in (FRESH, blank)]
    loss = [
        log_loss(
            FRESH["bucket"], np.clip(model.predict_proba(rows), 1e-6, 1), labels=model.classes_
        )
        for rows in (FRESH, blank)
    ]
    assert tempo.blank_accuracy == pytest.approx(right[0] - right[1])
    assert tempo.blank_log_loss == pytest.approx(loss[1] - loss[0], abs=1e-4)


def test_a_field_the_model_does_not_use_costs_nothing() -> None:
    known = TRACKS.assign(key="")
    model = SimpleMLBucketAssigner(n_estimators=10, random_state=0).fit(known, known["bucket"])
    (key,) = [one for one in importance(model, FRESH, ONE) if one.field == "key"]
    assert (key.log_loss.mean, key.accuracy.mean, key.blank_accuracy) == (0, 0, 0)


def test_a_field_no_track_has_costs_nothing(model: SimpleMLBucketAssigner) -> None:
    found = importance(model, FRESH.drop(columns="key"), ONE)
    assert [one.log_loss.high for one in found if one.field == "key"] == [0]


def test_the_same_seed_gives_the_same_figures(model: SimpleMLBucketAssigner) -> None:
    found = [importance(model, FRESH, ONE, n_repeats=1, seed=seed) for seed in (1, 1, 2)]
    assert found[0] == found[1] != found[2]


def test_several_buckets_a_track_are_measured_too() -> None:
    several = [[cell.split("|") for cell in table["buckets"]] for table in (TRACKS, FRESH)]
    model = SimpleMLBucketAssigner(n_estimators=20, random_state=0).fit(TRACKS, several[0])
    found = importance(model, FRESH, several[1])
    assert found[0].log_loss.low > 0
    assert found[0].accuracy.mean > 0.05


def test_progress_is_told_of_every_field(model: SimpleMLBucketAssigner) -> None:
    told: list[int] = []
    importance(model, FRESH.head(5), ONE[:5], n_repeats=1, progress=told.append)
    assert told == [1, 1, 1]


def test_a_sentence_made_of_other_fields_is_not_shuffled() -> None:
    class Worded(SimpleMLBucketAssigner):
        fields = ("artist", "bpm", "sentence")

    assert shuffled_fields(Worded()) == ["artist", "bpm"]


def test_mean_contributions_are_of_the_first_choices(model: SimpleMLBucketAssigner) -> None:
    found = mean_contributions(model, FRESH)
    first = model.predict_proba(FRESH).argmax(axis=1)
    by_field = pd.DataFrame(model.contributions(FRESH, first)[1], columns=list(model.fields))
    assert found == pytest.approx(by_field.abs().mean().to_dict())
    assert list(found.values()) == sorted(found.values(), reverse=True)
