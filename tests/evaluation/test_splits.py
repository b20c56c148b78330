from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.evaluation.splits import FoldKind, artist_groups, folds, kept_aside, song_groups
from djlib.synthetic.tables import synthetic_library


def library(n: int = 300, seed: int = 5) -> tuple[pd.DataFrame, np.ndarray]:
    tracks = synthetic_library(n, buckets=5, seed=seed)
    return tracks, pd.factorize(tracks["bucket"], sort=True)[0]


@pytest.mark.parametrize("kind", ["stratified", "artist"])
def test_each_row_is_tested_once_and_never_learned_from_then(kind: FoldKind) -> None:
    tracks, strata = library()
    tested = []
    for train, test in folds(tracks, strata, kind=kind, n_folds=5):
        assert not set(train) & set(test)
        assert len(train) + len(test) == len(tracks)
        tested += test.tolist()
    assert sorted(tested) == list(range(len(tracks)))


@pytest.mark.parametrize(
    ("kind", "groups_of"), [("stratified", song_groups), ("artist", artist_groups)]
)
def test_no_group_stands_on_both_sides(kind: FoldKind, groups_of: object) -> None:
    tracks, strata = library()
    tracks = pd.concat([tracks, tracks.head(40).assign(track_id="again")], ignore_index=True)
    strata = np.concatenate([strata, strata[:40]])
    groups = groups_of(tracks)  # type: ignore[operator]
    for train, test in folds(tracks, strata, kind=kind, n_folds=4):
        assert not set(groups[train]) & set(groups[test])


def test_stratified_folds_keep_the_share_of_each_bucket() -> None:
    tracks, strata = library(500)
    overall = np.bincount(strata) / len(strata)
    for _, test in folds(tracks, strata, kind="stratified", n_folds=5):
        share = np.bincount(strata[test], minlength=len(overall)) / len(test)
        assert np.abs(share - overall).max() < 0.04


def test_the_same_seed_gives_the_same_folds_and_another_gives_others() -> None:
    tracks, strata = library()

    def tested(seed: int) -> list[list[int]]:
        return [t.tolist() for _, t in folds(tracks, strata, kind="artist", n_folds=3, seed=seed)]

    assert tested(1) == tested(1)
    assert tested(1) != tested(2)


def test_few_tracks_get_fewer_folds() -> None:
    tracks, strata = library(12)
    found = list(folds(tracks.head(6), np.array([0, 0, 0, 1, 1, 1]), kind="stratified", n_folds=10))
    assert len(found) == 3


@pytest.mark.parametrize(
    ("titles", "strata"),
    [(["One", "One", "One"], [0, 0, 1]), (["One", "Two", "Three"], [0, 1, 2]), ([], [])],
    ids=["one song", "no two tracks share a bucket", "no tracks"],
)
def test_what_cannot_be_split_gives_no_folds(titles: list[str], strata: list[int]) -> None:
    tracks = pd.DataFrame(
        {"track_id": map(str, range(len(titles))), "artist": "A", "title": titles}
    )
    assert list(folds(tracks, np.array(strata, int), kind="stratified", n_folds=5)) == []


def test_a_bucket_rarer_than_the_folds_is_no_warning() -> None:
    tracks, _ = library(30)
    strata = np.array([0] * 28 + [1] * 2)
    assert len(list(folds(tracks, strata, kind="stratified", n_folds=5))) == 5


def test_songs_are_known_by_artist_and_title_in_any_writing() -> None:
    tracks = pd.DataFrame(
        {
            "track_id": list("abcde"),
            "artist": ["Robyn", "ROBYN ", "", "Robyn", ""],
            "title": ["Be Mine", "be  mine", "Robyn - Be Mine", "Hang with Me", "Robyn - Be Mine"],
        }
    )
    groups = song_groups(tracks)
    assert groups[0] == groups[1] == groups[2] == groups[4] != groups[3]
    assert len(set(artist_groups(tracks))) == 1


def test_nameless_tracks_stand_alone() -> None:
    tracks = pd.DataFrame({"track_id": ["1", "2"], "artist": [None, np.nan], "title": [None, ""]})
    assert len(set(song_groups(tracks))) == 2
    assert len(set(artist_groups(tracks))) == 2
    assert len(set(song_groups(pd.DataFrame({"bpm": [1, 2, 3]})))) == 3


@given(share=st.floats(0, 0.5), grown=st.integers(1, 200), seed=st.integers(0, 5))
@settings(deadline=None, max_examples=20)
def test_songs_kept_aside_stay_so_when_the_library_grows(
    share: float, grown: int, seed: int
) -> None:
    tracks = synthetic_library(150, seed=seed)
    before = kept_aside(tracks, share)
    more = synthetic_library(grown, seed=seed + 100)
    moved = tracks.assign(track_id="new " + tracks["track_id"], path="elsewhere")
    after = kept_aside(pd.concat([more, moved[::-1]], ignore_index=True), share)
    assert after[grown:][::-1].tolist() == before.tolist()


def test_a_larger_share_keeps_the_songs_of_a_smaller_one() -> None:
    tracks = synthetic_library(400, seed=3)
    few, more = kept_aside(tracks, 0.1), kept_aside(tracks, 0.3)
    assert (more | ~few).all()
    assert 0.05 < few.mean() < 0.15
    assert not kept_aside(tracks, 0.0).any()
