from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from djlib.bucketing.corrections import Correction
from djlib.bucketing.training import TrainingSet, assemble
from djlib.errors import InputError
from djlib.evaluation.splits import kept_aside, song_groups
from djlib.synthetic.tables import synthetic_library

SHARE = 0.3
Corrections = dict[str, tuple[Correction, dict[str, Any]]]


def corrected(tracks: pd.DataFrame, **buckets: str) -> Corrections:
    """Corrections of tracks in the table, each with its track's own columns as the log has them."""
    rows = tracks.drop(columns=["bucket", "buckets"]).set_index("track_id", drop=False)
    return {
        track_id: (Correction(track_id, tuple(said.split("|"))), rows.loc[track_id].to_dict())
        for track_id, said in buckets.items()
    }


def aside_ids(training: TrainingSet) -> set[str]:
    return set(training.kept_aside.tracks["track_id"])


def test_only_labelled_rows_are_gathered_and_each_is_learned_or_kept_aside() -> None:
    tracks = synthetic_library(200, seed=1, labelled=0.5)
    training = assemble(tracks, {}, test_share=SHARE)
    assert len(training.tracks) == (tracks["bucket"] != "").sum() > 0
    assert [row[0] for row in training.labels] == training.tracks["bucket"].tolist()
    learned, aside = set(training.learned.tracks["track_id"]), aside_ids(training)
    assert learned | aside == set(training.tracks["track_id"])
    assert not learned & aside
    assert len(training.learned.y) == len(training.learned.tracks)


def test_nothing_labelled_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(InputError, match="none of 20 tracks has a bucket; fill the column"):
        assemble(synthetic_library(20, labelled=0.0), {}, test_share=SHARE)
    with pytest.raises(InputError, match="none of 0 tracks"):
        assemble(synthetic_library(20).head(0), {}, test_share=SHARE)


def test_test_rows_stay_test_rows_when_the_library_grows() -> None:
    tracks = synthetic_library(300, seed=2)
    more = synthetic_library(200, seed=99).assign(track_id=lambda t: "new " + t["track_id"])
    before = aside_ids(assemble(tracks, {}, test_share=SHARE))
    grown = assemble(pd.concat([more, tracks[::-1]], ignore_index=True), {}, test_share=SHARE)
    sizes = tracks["bucket"].value_counts()
    assert len(before) > 50
    assert sizes.min() >= 5
    assert {i for i in aside_ids(grown) if not i.startswith("new ")} == before


def test_a_share_of_nothing_keeps_nothing_aside() -> None:
    assert not assemble(synthetic_library(100), {}, test_share=0.0).aside.any()


def test_small_buckets_are_learned_from_whole() -> None:
    tracks = synthetic_library(300, seed=3)
    tracks.loc[:3, ["bucket", "buckets"]] = "Tiny"
    training = assemble(tracks, {}, test_share=0.5)
    assert training.sizes["Tiny"] == 4
    assert training.learned.sizes["Tiny"] == 4
    assert training.kept_aside.sizes["Peak time"] > 0


def test_a_correction_replaces_the_label() -> None:
    tracks = synthetic_library(100, seed=4)
    training = assemble(tracks, corrected(tracks, t000007="Zydeco"), test_share=SHARE)
    assert training.labels[6] == ["Zydeco"]
    assert training.corrected.tolist() == [i == 6 for i in range(100)]


def test_corrected_songs_are_learned_from_and_never_tested_on() -> None:
    tracks = synthetic_library(300, seed=5)
    once_aside = sorted(aside_ids(assemble(tracks, {}, test_share=SHARE)))[:20]
    said = dict.fromkeys(once_aside, "Peak time")
    training = assemble(tracks, corrected(tracks, **said), test_share=SHARE)
    assert set(once_aside) <= set(training.learned.tracks["track_id"])
    assert not set(once_aside) & aside_ids(training)


def test_another_file_of_a_corrected_song_is_no_test_row_either() -> None:
    tracks = synthetic_library(200, seed=6)
    twins = tracks.assign(track_id="copy " + tracks["track_id"])
    both = pd.concat([tracks, twins], ignore_index=True)
    said = dict.fromkeys(tracks["track_id"].head(60), "Peak time")
    training = assemble(both, corrected(both, **said), test_share=SHARE)
    songs = song_groups(training.tracks)
    assert training.aside.any()
    assert not set(songs[training.aside]) & set(songs[training.corrected])


def test_no_song_is_learned_from_and_tested_on() -> None:
    tracks = synthetic_library(100, seed=6)
    twins = tracks.assign(track_id="copy " + tracks["track_id"], bucket="Tiny", buckets="Tiny")
    twins = twins[kept_aside(twins, SHARE)].head(3)  # would-be test songs in a bucket too small
    training = assemble(pd.concat([tracks, twins], ignore_index=True), {}, test_share=SHARE)
    songs = song_groups(training.tracks)
    assert len(twins) == 3
    assert training.aside.any()
    assert not set(songs[training.aside]) & set(songs[~training.aside])


def test_a_corrected_track_that_left_the_library_is_still_learned_from() -> None:
    tracks = synthetic_library(100, seed=7)
    corrections = corrected(tracks, t000003="Zydeco", t000050="Peak time")
    corrections["t000003"][1]["bpm"] = None  # as the log has a missing number
    left = tracks[tracks["track_id"] != "t000003"]
    training = assemble(left, corrections, test_share=SHARE)
    gone = training.tracks["track_id"] == "t000003"
    assert gone.sum() == 1
    assert np.asarray(training.labels, dtype=object)[gone].tolist() == [["Zydeco"]]
    assert training.tracks.loc[gone, "artist"].tolist() == [tracks.loc[2, "artist"]]
    assert training.tracks["bpm"].dtype == tracks["bpm"].dtype
    assert training.tracks["bucket"].notna().all()


def test_corrections_alone_can_be_learned_from() -> None:
    tracks = synthetic_library(20, seed=8)
    corrections = corrected(tracks, t000001="A", t000002="B")
    training = assemble(tracks.head(0)[["track_id"]], corrections, test_share=SHARE)
    assert training.y == ["A", "B"]
    bare: Corrections = {"x": (Correction("x", ("A",)), {"track_id": "x"})}
    assert assemble(tracks.head(0), bare, test_share=SHARE).y == ["A"]


def test_corrections_of_many_tracks_are_all_laid_over() -> None:
    tracks = pd.DataFrame({"track_id": [f"t{i}" for i in range(2000)], "bucket": "A"})
    said = {i: (Correction(i, ("B",)), {"track_id": i}) for i in tracks["track_id"].head(500)}
    assert assemble(tracks, said, test_share=0.0).sizes == {"A": 1500, "B": 500}


def test_several_buckets_are_seen_in_the_labels() -> None:
    several = assemble(synthetic_library(200, multi=0.6, seed=9), {}, test_share=SHARE)
    one = assemble(synthetic_library(200, multi=0.03, seed=9), {}, test_share=SHARE)
    assert (several.is_multi, one.is_multi) == (True, False)
    assert isinstance(several.y[0], list)
    assert isinstance(one.y[0], str)


@pytest.mark.parametrize("asked", [True, False])
def test_whoever_asks_for_one_or_several_gets_it(asked: bool) -> None:
    tracks = synthetic_library(200, multi=0.6 * (not asked), seed=10)
    training = assemble(tracks, {}, test_share=SHARE, several=asked)
    assert training.is_multi is asked
    assert all(isinstance(y, list) is asked for y in training.y)
    if not asked:
        assert training.y == tracks["bucket"].tolist()


def test_one_bucket_a_track_takes_the_first_of_a_corrections_several() -> None:
    tracks = synthetic_library(50, seed=11)
    training = assemble(
        tracks, corrected(tracks, t000001="Zydeco|Polka"), test_share=0, several=False
    )
    assert training.y[0] == "Zydeco"
    assert "Polka" not in training.sizes


def test_the_callers_table_is_not_changed() -> None:
    tracks = synthetic_library(60, seed=12)
    before = tracks.copy(deep=True)
    assemble(tracks, corrected(tracks, t000001="Zydeco"), test_share=SHARE)
    pd.testing.assert_frame_equal(tracks, before)
