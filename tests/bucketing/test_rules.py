"""Short rules for crates: found where there are some, none where there are none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.bucketing.crate_rules.conditions import Condition, keys_near, names_of, numbers_of
from djlib.bucketing.crate_rules.rules import (
    MOST_ALTERNATIVES,
    MOST_CONDITIONS,
    Fit,
    Rule,
    RuleFinder,
    describe,
)
from djlib.errors import InputError, UsageError
from djlib.evaluation.splits import folds
from djlib.synthetic.tables import synthetic_library


def library(n: int = 400, seed: int = 1) -> pd.DataFrame:
    return synthetic_library(n, buckets=6, seed=seed)


def splits_of(member: np.ndarray, tracks: pd.DataFrame) -> list[tuple[np.ndarray, np.ndarray]]:
    return list(folds(tracks, member.astype(int), kind="stratified", n_folds=4))


@pytest.mark.parametrize(
    ("planted", "words"),
    [
        (Condition("bpm", "between", low=118, high=122), "BPM 118 to 122"),
        (Condition("year", "between", low=2020), "Year from 2020"),
        (Condition("genres", "has", ("techno",)), "Genre has techno"),
        (Condition("key", "is", ("7A", "8A", "9A")), "Key 7A to 9A (Dm, Am, Em)"),
    ],
    ids=lambda value: getattr(value, "field", ""),
)
def test_a_planted_rule_is_found_again(planted: Condition, words: str) -> None:
    tracks = library(800)
    member = planted.met_by(tracks)
    rule = describe(tracks, member)
    assert str(rule) == words
    assert Fit.of(rule.applies_to(tracks), member).precision == 1.0


def test_two_conditions_that_only_tell_together_are_joined() -> None:
    tracks = library(800)
    planted = Rule(
        ((Condition("genres", "has", ("house",)), Condition("bpm", "between", high=120)),)
    )
    member = planted.applies_to(tracks)
    found = describe(tracks, member)
    assert len(found.alternatives) == 1
    assert {c.field for c in found.alternatives[0]} == {"genres", "bpm"}
    assert (found.applies_to(tracks) == member).mean() > 0.99


def test_alternatives_are_found_where_no_one_condition_says_it_all() -> None:
    tracks = library(800)
    slow, fast = Condition("bpm", "between", high=95), Condition("bpm", "between", low=170)
    member = slow.met_by(tracks) | fast.met_by(tracks)
    rule = describe(tracks, member)
    assert len(rule.alternatives) == 2
    assert (rule.applies_to(tracks) == member).mean() > 0.99
    assert str(rule).count(" OR ") == 1


def test_a_crate_of_some_artists_is_described_by_them() -> None:
    tracks = library().assign(artist=[f"Artist {n % 40}" for n in range(400)])
    member = tracks["artist"].isin(["Artist 3", "Artist 17"]).to_numpy()
    assert sorted(describe(tracks, member).alternatives[0][0].values) == ["Artist 17", "Artist 3"]


@pytest.mark.parametrize("seed", range(4))
def test_labels_without_meaning_have_no_rule_that_holds(seed: int) -> None:
    tracks = library(300, seed)
    member = np.random.default_rng(seed).random(300) < 0.2
    found = RuleFinder(tracks).out_of_fold(member, splits_of(member, tracks))
    assert found is not None
    assert not found.beats_chance


def test_figures_on_folds_do_not_flatter() -> None:
    tracks = library(300)
    tracks["artist"] = [f"Artist {n // 3}" for n in range(300)]  # three tracks each
    member = np.zeros(300, dtype=bool)
    member[:12] = True
    finder = RuleFinder(tracks, without=["title"])
    seen = Fit.of(finder.describe(member).applies_to(tracks), member)
    artists = [(np.flatnonzero(n // 3 % 4 != k), np.flatnonzero(n // 3 % 4 == k))
               for n in [np.arange(300)] for k in range(4)]  # fmt: skip
    unseen = finder.out_of_fold(member, artists)
    assert seen.recall == 1.0
    assert unseen is not None
    assert unseen.recall < 0.5


def test_missing_values_meet_no_condition() -> None:
    empty = pd.DataFrame({"track_id": ["1"], "bpm": [np.nan], "genres": [""], "key": ["off"]})
    conditions = [
        Condition("bpm", "between", high=300),
        Condition("year", "between", low=0),
        Condition("genres", "has", ("house",)),
        Condition("key", "is", ("8A",)),
        Condition("artist", "is", ("",)),
    ]
    assert not any(condition.met_by(empty).any() for condition in conditions)


def test_a_library_of_which_nothing_is_known_has_no_rule() -> None:
    tracks = pd.DataFrame({"track_id": [str(n) for n in range(20)]})
    rule = describe(tracks, np.arange(20) < 5)
    assert rule == Rule()
    assert not rule.applies_to(tracks).any()
    assert str(rule) == "no short rule describes it"


@settings(deadline=None, max_examples=20)
@given(
    seed=st.integers(0, 20),
    bucket=st.integers(0, 5),
    noise=st.floats(0, 0.3),
)
def test_what_a_rule_says_is_what_was_counted(seed: int, bucket: int, noise: float) -> None:
    tracks = library(150, seed)
    rng = np.random.default_rng(seed)
    names = sorted(set(tracks["bucket"]))
    in_crate = (tracks["bucket"] == names[bucket % len(names)]).to_numpy()
    member = in_crate ^ (rng.random(150) < noise)
    member[:2] = [True, False]
    finder = RuleFinder(tracks)
    everything = [(np.arange(150), np.arange(150))]
    rule = finder.describe(member)
    assert finder.out_of_fold(member, everything) == Fit.of(rule.applies_to(tracks), member)
    assert len(rule.alternatives) <= MOST_ALTERNATIVES
    assert all(1 <= len(clause) <= MOST_CONDITIONS for clause in rule.alternatives)
    shuffled = rng.permutation(150)
    moved = tracks.iloc[shuffled].reset_index(drop=True)
    assert (rule.applies_to(moved) == rule.applies_to(tracks)[shuffled]).all()


def test_fields_can_be_left_out() -> None:
    tracks = library(300)
    member = (tracks["bucket"] == tracks["bucket"].iloc[0]).to_numpy()
    without = ["bpm", "genres", "title", "year", "duration_s"]
    rule = RuleFinder(tracks, without).describe(member)
    assert not {c.field for clause in rule.alternatives for c in clause} & set(without)
    with pytest.raises(UsageError, match="no rule speaks of 'mood'; the fields are bpm, year"):
        RuleFinder(tracks, ["mood"])


@pytest.mark.parametrize(
    ("member", "says"),
    [
        (np.ones(20, bool), "every track is in the crate"),
        (np.zeros(20, bool), "no track is in the crate"),
        (np.ones(3, bool), "20 tracks but 3"),
    ],
)
def test_a_crate_needs_tracks_in_it_and_beside_it(member: np.ndarray, says: str) -> None:
    with pytest.raises(InputError, match=says):
        describe(library(20), member)


def test_a_column_of_the_table_says_who_is_in_it_too() -> None:
    tracks = library(300)
    member = tracks["bpm"] > 125
    assert describe(tracks, member) == describe(tracks, member.to_numpy())  # type: ignore[arg-type]


def test_chance_is_beaten_only_surely() -> None:
    assert Fit(n=1000, size=100, named=50, right=40).beats_chance
    assert not Fit(n=1000, size=100, named=4, right=1).beats_chance
    assert not Fit(n=1000, size=100, named=0, right=0).beats_chance
    assert not Fit(n=1000, size=900, named=100, right=90).beats_chance


def test_numbers_are_compared_as_they_are_shown() -> None:
    tracks = pd.DataFrame({"bpm": ["125.99", "126,4", "126.6"], "duration_s": [344, 346, None]})
    assert numbers_of(tracks, "bpm").tolist() == [126, 126, 127]
    assert numbers_of(tracks, "duration_s")[:2].tolist() == [330, 360]
    assert str(Condition("duration_s", "between", low=330)) == "length from 5:30"


def test_names_are_those_a_person_would_read() -> None:
    tracks = pd.DataFrame(
        {"artist": ["", "Robyn feat. X"], "title": ["Robyn - Be Mine", "With You - Live"]}
        | {"genres": ["Tech House; DnB", ""]}
    )
    assert names_of(tracks, "artist", "is") == [("robyn",), ("robyn",)]
    assert names_of(tracks, "title", "has")[0] == ("mine",)
    assert names_of(tracks, "genres", "is") == [("tech house", "drum & bass"), ()]
    assert names_of(tracks, "genres", "has") == [("tech", "house", "drum", "bass"), ()]


def test_near_keys_stand_side_by_side() -> None:
    sets = keys_near()
    assert len(sets) == len(set(sets))
    assert ("12A", "1A") in sets
    assert str(Condition("key", "is", ("8A", "8B"))) == "key 8A (Am) or 8B (C)"
    assert str(Condition("key", "is", sets[60])) == "key is minor"
