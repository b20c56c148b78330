from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.bucketing.calibration.calibrators import TopLabelCalibrator
from djlib.bucketing.calibration.pipeline import ProbabilityCorrection
from djlib.bucketing.catalogue import MODEL_NAMES, make_model
from djlib.bucketing.explain import explain
from djlib.bucketing.simple_ml import SimpleMLBucketAssigner
from djlib.synthetic.tables import synthetic_library
from djlib.tables.plain_json import to_plain
from tests.bucketing import hybrids

TRACKS = synthetic_library(200, buckets=4, seed=31, multi=0.5)
FRESH = synthetic_library(30, buckets=4, seed=32)
SEVERAL = [cell.split("|") for cell in TRACKS["buckets"]]


@pytest.fixture(name="model", scope="module", params=["one", "several", "one for all"])
def fitted(request: pytest.FixtureRequest) -> SimpleMLBucketAssigner:
    """A model of one bucket a track, of several, and of several where one holds every track."""
    y = {
        "one": TRACKS["bucket"].tolist(),
        "several": SEVERAL,
        "one for all": [["A everything", *row] for row in SEVERAL],
    }[request.param]
    return SimpleMLBucketAssigner(n_estimators=20, random_state=0).fit(TRACKS, y)


def forest_votes(model: SimpleMLBucketAssigner, tracks: pd.DataFrame) -> np.ndarray:
    """The forest's own votes, asked of the forest directly."""
    votes = model.forest_.predict_proba(model.features_.transform(tracks))
    return np.column_stack([v[:, 1] for v in votes]) if model.is_multi_ else votes


def test_base_and_contributions_add_up_to_the_vote_for_every_bucket(
    model: SimpleMLBucketAssigner,
) -> None:
    votes = forest_votes(model, FRESH)
    for bucket in range(len(model.classes_)):
        base, parts = model.contributions(FRESH, np.full(len(FRESH), bucket))
        np.testing.assert_allclose(base + parts.sum(axis=1), votes[:, bucket], atol=1e-5)


def test_the_base_is_the_share_of_the_bucket(model: SimpleMLBucketAssigner) -> None:
    shares = model.labelled_["buckets"].str.get_dummies("|")
    for bucket, name in enumerate(model.classes_):
        base, _ = model.contributions(FRESH.head(1), np.array([bucket]))
        assert base[0] == pytest.approx(shares[name].mean(), abs=0.06)


def test_what_one_bucket_gains_the_others_lose() -> None:
    model = SimpleMLBucketAssigner(n_estimators=10, random_state=0)
    model.fit(TRACKS, TRACKS["bucket"])
    parts = [model.contributions(FRESH, np.full(len(FRESH), k))[1] for k in range(4)]
    assert np.abs(parts).max() > 0.1
    np.testing.assert_allclose(np.sum(parts, axis=0), 0, atol=1e-5)


def test_an_explanation_is_of_the_first_choice(model: SimpleMLBucketAssigner) -> None:
    proba, votes = model.predict_proba(FRESH), forest_votes(model, FRESH)
    for row, found in enumerate(explain(model, FRESH)):
        first = proba[row].argmax()
        assert found.bucket == model.classes_[first]
        assert found.confidence == pytest.approx(proba[row, first])
        assert found.votes == pytest.approx(votes[row, first], abs=1e-5)
        assert found.base + sum(found.contributions.values()) == pytest.approx(found.votes)
        assert tuple(found.contributions) == model.fields


def test_a_learned_track_is_not_its_own_neighbour(model: SimpleMLBucketAssigner) -> None:
    for track_id, found in zip(TRACKS["track_id"], explain(model, TRACKS.head(40)), strict=False):
        assert track_id not in [near.track_id for near in found.nearest]
        assert len(found.nearest) == 3


def test_the_nearest_is_one_that_falls_into_most_of_the_same_leaves(
    model: SimpleMLBucketAssigner,
) -> None:
    known = model.leaves(TRACKS)
    names = TRACKS.set_index("track_id")["artist"]
    for leaves, found in zip(model.leaves(FRESH), explain(model, FRESH), strict=True):
        alike = (known == leaves).mean(axis=1)
        assert found.nearest[0].similarity == pytest.approx(alike.max())
        assert found.nearest[0].artist == names[found.nearest[0].track_id]


def test_neighbours_come_nearest_first_with_their_buckets(model: SimpleMLBucketAssigner) -> None:
    known = model.labelled_.set_index("track_id")
    for found in explain(model, FRESH.head(5), n_nearest=6):
        assert len({n.track_id for n in found.nearest}) == 6
        similarity = [n.similarity for n in found.nearest]
        assert similarity == sorted(similarity, reverse=True)
        assert all(0 <= s <= 1 for s in similarity)
        assert all(n.buckets == known.loc[n.track_id, "buckets"] for n in found.nearest)


def test_neighbours_are_mostly_of_the_bucket_that_was_chosen(
    model: SimpleMLBucketAssigner,
) -> None:
    sure = [e for e in explain(model, FRESH) if e.confidence > 0.6]
    agree = [e.bucket in n.buckets.split("|") for e in sure for n in e.nearest]
    assert len(sure) > 3
    assert np.mean(agree) > 0.6


def test_a_field_the_forest_never_asks_adds_nothing() -> None:
    known = TRACKS.assign(key="")
    model = SimpleMLBucketAssigner(n_estimators=10, random_state=0).fit(known, known["bucket"])
    assert all(e.contributions["key"] == 0 for e in explain(model, FRESH))


def test_what_was_missing_is_named(model: SimpleMLBucketAssigner) -> None:
    rows = pd.DataFrame(
        {
            "track_id": list("ab"),
            "bpm": ["0.00", "128,00"],
            "key": ["off", "8A - 6"],
            "genres": ["", "House"],
        }
    )
    assert [e.missing for e in explain(model, rows)] == [("bpm", "key", "genres"), ()]
    assert explain(model, rows[["track_id"]])[1].missing == ("bpm", "key", "genres")


def test_more_neighbours_than_tracks_are_all_tracks() -> None:
    four = pd.DataFrame({"bpm": [90.0, 91.0, 174.0, 175.0]})
    model = SimpleMLBucketAssigner(n_estimators=3, random_state=0).fit(four, ["a", "a", "b", "b"])
    found = explain(model, four, n_nearest=9)[0]
    assert len(found.nearest) == 4
    assert found.nearest[0].track_id.startswith("row ")


def test_nothing_asked_nothing_explained(model: SimpleMLBucketAssigner) -> None:
    assert explain(model, FRESH.head(0)) == []


def test_an_explanation_is_plain_values(model: SimpleMLBucketAssigner) -> None:
    plain = json.loads(json.dumps(to_plain(explain(model, FRESH.head(1))[0])))
    assert set(plain) >= {"bucket", "contributions", "nearest", "missing"}
    assert plain["nearest"][0]["similarity"] <= 1


ODD = st.fixed_dictionaries(
    {
        "bpm": st.none() | st.floats(1, 2000) | st.text(max_size=5),
        "key": st.text(max_size=5) | st.sampled_from(["8A", "Am", "off"]),
        "genres": st.text(max_size=20) | st.sampled_from(["House", "DnB; House"]),
        "title": st.text(max_size=40),
    }
)


@settings(deadline=None, max_examples=15)
@given(st.lists(ODD, min_size=1, max_size=5))
def test_it_adds_up_whatever_the_tags_hold(rows: list[dict[str, object]]) -> None:
    for found in explain(SMALL, pd.DataFrame(rows, dtype=object)):
        assert found.base + sum(found.contributions.values()) == pytest.approx(found.votes)
        assert 0 <= found.votes <= 1 + 1e-6
        assert found.choices[0] == (found.bucket, found.confidence)


SMALL = SimpleMLBucketAssigner(n_estimators=5, random_state=0).fit(TRACKS, TRACKS["bucket"])


def test_choices_come_likeliest_first(model: SimpleMLBucketAssigner) -> None:
    proba = model.predict_proba(FRESH)
    for row, found in enumerate(explain(model, FRESH, n_choices=2)):
        assert [chance for _, chance in found.choices] == sorted(proba[row])[:-3:-1]


def test_every_bucket_given_out_is_named(model: SimpleMLBucketAssigner) -> None:
    given_out = [b if isinstance(b, list) else [b] for b in model.predict(FRESH)]
    assert [list(e.given) for e in explain(model, FRESH)] == given_out


def test_what_the_fields_hold_is_shown_and_a_change_only_when_asked_for(
    model: SimpleMLBucketAssigner,
) -> None:
    track = pd.DataFrame([{"track_id": "x", "bpm": "128,0", "key": "8A", "genres": ""}])
    found = explain(model, track)[0]
    assert found.values == {"bpm": "128", "key": "8A", "genres": ""}
    assert found.what_if is None
    assert explain(model, track, what_if=True)[0].what_if is not None


@pytest.mark.parametrize("name", [n for n in MODEL_NAMES if not n.startswith("hybrid")])
@pytest.mark.parametrize("several", [False, True], ids=["one", "several"])
def test_every_model_can_be_taken_apart(name: str, several: bool) -> None:
    known = TRACKS.head(120)
    y = [cell.split("|") for cell in known["buckets"]] if several else known["bucket"].tolist()
    model = make_model(name).fit(known, y)
    nothing_known = pd.DataFrame([{"track_id": "x"}])
    for tracks in (FRESH.head(3), nothing_known, FRESH.head(0)):
        for found in explain(model, tracks, what_if=len(tracks) == 1):
            assert found.base + sum(found.contributions.values()) == pytest.approx(found.votes)
            assert tuple(found.contributions) == tuple(found.values) == model.fields
            assert found.bucket in found.given
            assert len(found.nearest) == 3


@pytest.mark.parametrize("kind", ["one", "several"])
def test_what_is_strange_about_a_track_is_told_with_the_confidence_it_costs(kind: str) -> None:
    model = hybrids.fitted("logistic", kind)
    known = hybrids.TRACKS.head(1)
    asked = pd.concat([known, known.assign(artist="Nobody Yet", title="New")], ignore_index=True)
    later = asked.tail(1).assign(date_added="2090-01-01")
    asked = pd.concat([asked, later], ignore_index=True)
    found = explain(model, asked)
    assert [set(one.if_familiar) for one in found] == [set(), {"artist"}, {"artist", "day"}]


def test_the_confidence_of_a_familiar_track_is_what_the_same_would_get_were_it_familiar() -> None:
    curve = TopLabelCalibrator(slope=1.0, offset=-1.0, weights=(1.5, 0.0, -2.0))
    proba = np.array([[0.2, 0.8], [0.8, 0.2]])
    strange, familiar = np.array([[0.0, 0, 1], [0, 0, 0]]), np.array([[1.0, 0, 1], [1, 0, 0]])
    correction = ProbabilityCorrection(novelty_=curve)
    found = correction.counterfactual_confidence(proba, strange)
    artist = curve.apply(proba, familiar).max(axis=1)
    day = curve.apply(proba, np.zeros((2, 3))).max(axis=1)
    assert found[0] == pytest.approx({"artist": artist[0], "day": day[0]})
    assert found[1] == pytest.approx({"artist": artist[1]})
    assert correction.counterfactual_confidence(proba, np.array([[1.0, 0, 0.4]] * 2)) == [{}, {}]


def test_a_model_that_does_not_count_on_it_finds_nothing_strange(
    model: SimpleMLBucketAssigner,
) -> None:
    assert all(found.if_familiar == {} for found in explain(model, FRESH.head(3)))
