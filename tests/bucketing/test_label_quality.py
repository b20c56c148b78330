"""Odd placements: wrong labels are found among right ones, overlap is not called an error."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

from djlib.bucketing.analysis.label_quality import LabelQuality, label_quality, odd_placements
from djlib.bucketing.cross_validation import OutOfFold
from djlib.bucketing.labels import encode
from djlib.bucketing.simple_ml import SimpleMLBucketAssigner
from djlib.bucketing.training import TrainingSet, assemble
from djlib.errors import DjlibError, InputError
from djlib.evaluation.splits import song_groups
from djlib.synthetic.tables import synthetic_library


def model() -> SimpleMLBucketAssigner:
    return SimpleMLBucketAssigner(n_estimators=40, random_state=0)


def judged(tracks: pd.DataFrame, several: bool | None = None) -> LabelQuality:
    return label_quality(model, training(tracks, several), n_folds=3)


def training(tracks: pd.DataFrame, several: bool | None = None) -> TrainingSet:
    return assemble(tracks, {}, test_share=0.0, several=several)


def with_wrong_labels(
    tracks: pd.DataFrame, share: float, seed: int = 0
) -> tuple[pd.DataFrame, np.ndarray]:
    """The tracks with about `share` of their buckets replaced by another, and which, (n,)."""
    rng = np.random.default_rng(seed)
    wrong = rng.random(len(tracks)) < share
    names = sorted(set(tracks["bucket"]))
    other = [rng.choice([n for n in names if n != b]) for b in tracks["bucket"]]
    labels = tracks["bucket"].where(~wrong, pd.Series(other, dtype="str"))
    return tracks.assign(bucket=labels, buckets=labels), wrong


def clear_library(n: int = 240) -> pd.DataFrame:
    """Three crates that tempo and genre tell apart for sure."""
    crate = np.arange(n) % 3
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "track_id": [str(i) for i in range(n)],
            "artist": [f"Artist {i}" for i in range(n)],
            "title": [f"Song {i}" for i in range(n)],
            "bpm": np.array([95.0, 124.0, 174.0])[crate] + rng.normal(0, 1, n),
            "genres": np.array(["Soul", "House", "Jungle"])[crate],
            "key": "8A",
            "bucket": np.array(["Early", "Peak", "Late"])[crate],
        }
    ).assign(buckets=lambda t: t["bucket"])


def test_wrong_labels_in_a_clear_library_are_all_found_and_nothing_else() -> None:
    tracks, wrong = with_wrong_labels(clear_library(), 0.05)
    found = judged(tracks)
    assert sorted(place.row for place in found.odd) == np.flatnonzero(wrong).tolist()
    truth = clear_library()["bucket"]
    assert all(place.suggested == truth[place.row] for place in found.odd)
    assert all(place.bucket == tracks["bucket"][place.row] for place in found.odd)
    assert found.agreement == pytest.approx(1 - wrong.mean(), abs=0.01)


def test_a_clear_library_without_wrong_labels_has_no_odd_placement() -> None:
    assert judged(clear_library()).odd == []


def test_most_of_what_is_listed_first_is_wrong_in_a_library_that_overlaps() -> None:
    tracks, wrong = with_wrong_labels(synthetic_library(500, buckets=5, seed=4), 0.05)
    found = judged(tracks)
    rows = [place.row for place in found.odd]
    assert wrong[rows].mean() > 5 * wrong.mean()
    assert wrong[rows].sum() >= 0.3 * wrong.sum()
    assert len(rows) < 0.1 * len(tracks)


def test_a_reason_names_what_fits_better_and_a_track_that_is_there() -> None:
    tracks = clear_library()
    tracks.loc[2, ["bucket", "buckets"]] = "Early"  # a jungle track
    place = judged(tracks).odd[0]
    assert (place.row, place.bucket, place.suggested) == (2, "Early", "Late")
    assert place.probability > 0.8
    assert place.quality < 0.05
    assert place.why.startswith(("tempo and genre fit better", "genre and tempo fit better"))
    assert "like Artist" in place.why
    likeness = place.why.rpartition("Song ")[2].removesuffix(" there")
    assert tracks["bucket"][int(likeness)] == "Late"


def test_placements_in_several_buckets_are_judged_one_by_one() -> None:
    tracks = clear_library(300)
    both = np.arange(300) % 5 == 0
    tracks["buckets"] = tracks["bucket"].where(~both, tracks["bucket"] + "|Every set")
    tracks.loc[2, "buckets"] = "Late|Early"  # a jungle track in Early too
    found = judged(tracks)
    assert found.training.is_multi
    assert [(p.row, p.bucket) for p in found.odd] == [(2, "Early")]
    assert found.track_quality[2] == found.quality[2, found.buckets.index("Early")]
    held = np.isfinite(found.quality).sum(axis=1)
    assert held.tolist() == [len(row) for row in found.training.labels]


def test_files_of_one_song_do_not_confirm_each_other() -> None:
    tracks = clear_library()
    twins = tracks.iloc[[2] * 6].assign(track_id=[f"twin {i}" for i in range(6)])
    twins = twins.assign(bucket="Early", buckets="Early")  # six files of a jungle track
    tracks = pd.concat([tracks, twins], ignore_index=True)
    assert len(set(song_groups(tracks))) == 240
    assert {place.row for place in judged(tracks).odd} == set(range(240, 246))


def test_small_buckets_are_left_out_and_named() -> None:
    tracks = clear_library()
    tracks.loc[:1, ["bucket", "buckets"]] = "Tiny"
    found = judged(tracks)
    assert found.too_small == {"Tiny": 2}
    assert found.quality.shape == (238, 3)
    assert found.buckets == ("Early", "Late", "Peak")


def test_a_track_that_could_not_be_checked_is_never_odd() -> None:
    labels = encode(["A"] * 30 + ["B"] * 30 + ["C"])
    proba = np.tile([[0.97, 0.02, 0.01]], (61, 1))
    proba[30:60] = [0.02, 0.97, 0.01]
    proba[5] = [0.001, 0.989, 0.01]
    proba[60] = np.nan  # the only track of C
    rows, own, other = odd_placements(OutOfFold(labels, proba, np.zeros((61, 3), int)))
    assert (rows.tolist(), own.tolist(), other.tolist()) == ([5], [0], [1])


def test_a_bucket_that_is_merely_likelier_is_not_called_odd() -> None:
    labels = encode(["A"] * 30 + ["B"] * 30)
    proba = np.array([[0.9, 0.1]] * 30 + [[0.1, 0.9]] * 30)
    proba[5] = [0.1, 0.9]  # nine times as probable
    assert not len(odd_placements(OutOfFold(labels, proba, np.zeros((60, 2), int)))[0])


def test_too_little_to_check_is_refused() -> None:
    tracks = clear_library(6)
    with pytest.raises(InputError, match="fewer than two buckets hold 3 tracks"):
        judged(tracks)
    same = clear_library(30).assign(artist="Robyn", title="Be Mine")
    with pytest.raises(InputError, match="all 30 sorted tracks are one song"):
        judged(same)


def test_without_cleanlab_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cleanlab", None)
    with pytest.raises(DjlibError, match="needs cleanlab: pip install"):
        judged(clear_library(60))
