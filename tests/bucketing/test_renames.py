"""Renames replayed: chains, ways back, merges, and what a person seems to rename by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.bucketing.corrections import (
    Correction,
    Rename,
    current_names,
    in_force,
    kind_of,
    like_renames,
    rename_event,
    rename_of,
    with_current_names,
)

NAMES = ["Warm", "Late", "Dawn", "Peak"]


def test_a_chain_is_followed_to_its_end_and_a_way_back_to_its_start() -> None:
    chain = (Rename(1, "Warm", "Dawn"), Rename(2, "Dawn", "Early"))
    back = (*chain, Rename(3, "Early", "Dawn"), Rename(4, "Dawn", "Warm"))

    assert current_names(["Warm"], chain) == ("Early",)
    assert current_names(["Warm"], back) == ("Warm",)


def test_names_given_after_a_rename_are_not_renamed_by_it() -> None:
    chain = (Rename(1, "Warm", "Dawn"), Rename(3, "Late", "Warm"))

    assert current_names(["Warm"], chain, since=2) == ("Warm",)
    assert current_names(["Late"], chain, since=2) == ("Warm",)
    assert current_names(["Late"], chain, since=3) == ("Late",)


def test_two_buckets_that_became_one_are_given_once() -> None:
    assert current_names(["Warm", "Late"], (Rename(1, "Warm", "Late", "merge"),)) == ("Late",)


def test_an_undone_merge_never_happened_and_other_renames_stay() -> None:
    merge, other = Rename(1, "Warm", "Late", "merge"), Rename(2, "Peak", "Top")
    undone = in_force([merge, other, Rename(3, "Late", "Warm", "undo")])

    assert undone == (other,)
    assert current_names(["Warm", "Late", "Peak"], undone) == ("Warm", "Late", "Top")


@pytest.mark.parametrize(
    ("renames", "old", "new", "in_use", "kind"),
    [
        ([], "Warm", "Late", ["Warm", "Late"], "merge"),
        ([], "Warm", "Dawn", ["Warm", "Late"], "rename"),
        ([Rename(1, "Warm", "Late", "merge")], "Late", "Warm", ["Late"], "undo"),
        ([Rename(1, "Warm", "Late")], "Late", "Warm", ["Late"], "rename"),
        (
            [Rename(1, "Warm", "Late", "merge"), Rename(2, "Peak", "Warm")],
            "Late", "Warm", ["Late", "Warm"], "merge",
        ),
        (
            [Rename(1, "Warm", "Late", "merge"), Rename(2, "Late", "X"), Rename(3, "X", "Late")],
            "Late", "Warm", ["Late"], "rename",
        ),
    ],
)  # fmt: skip
def test_what_a_rename_means_depends_on_the_buckets_there_are(
    renames: list[Rename], old: str, new: str, in_use: list[str], kind: str
) -> None:
    assert kind_of(old, new, in_use, renames) == kind


Step = tuple[str, str, str]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["say", "rename"]), st.sampled_from(NAMES), st.sampled_from(NAMES)
        ),
        max_size=12,
    )
)
def test_replaying_gives_what_was_seen_at_the_time(steps: list[Step]) -> None:
    """Labels renamed where they stand, one step after the other, against the replay of the log."""
    seen = {name: name for name in NAMES}  # a track a bucket
    renames, said = [], {}
    for number, (what, one, other) in enumerate(steps, start=1):
        if what == "say":
            seen[one] = other
            said[one] = (other, number)
        elif one != other:
            renames.append(Rename(number, one, other))
            seen = {track: other if b == one else b for track, b in seen.items()}

    replayed = {name: current_names([name], renames)[0] for name in NAMES}
    for track, (bucket, number) in said.items():
        replayed[track] = current_names([bucket], renames, since=number)[0]
    assert replayed == seen


def test_labels_of_a_table_follow_and_the_table_itself_stays() -> None:
    tracks = pd.DataFrame({"bucket": ["Warm", "", "Peak"], "buckets": ["Warm|Late", "", "Peak"]})
    before = tracks.copy()
    now = with_current_names(tracks, (Rename(1, "Warm", "Late", "merge"),))

    assert now["bucket"].tolist() == ["Late", "", "Peak"]
    assert now["buckets"].tolist() == ["Late", "", "Peak"]
    assert now.dtypes.tolist() == tracks.dtypes.tolist()
    pd.testing.assert_frame_equal(tracks, before)
    assert with_current_names(tracks[[]], (Rename(1, "a", "b"),)).columns.empty


def corrections(*said: tuple[str, str]) -> list[Correction]:
    return [Correction(str(n), (to,), was) for n, (was, to) in enumerate(said)]


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ([("Warm", "Sunrise")] * 3, {"Warm": "Sunrise"}),
        ([("Warm", "Sunrise")] * 2, {}),
        ([("Warm", "Late")] * 5, {}),
        ([("Warm", "Sunrise")] * 4 + [("Warm", "Late")], {"Warm": "Sunrise"}),
        ([("Warm", "Sunrise")] * 3 + [("Warm", "Late")], {}),
        ([("Warm", "Sunrise")] * 3 + [("Warm", "Warm")] * 9, {"Warm": "Sunrise"}),
        ([("Elsewhere", "Sunrise")] * 3, {}),
    ],
)
def test_most_corrections_of_a_bucket_to_one_new_name_look_like_a_rename(
    said: list[tuple[str, str]], found: dict[str, str]
) -> None:
    assert like_renames(corrections(*said), NAMES) == found


def test_a_rename_comes_back_from_the_log() -> None:
    assert rename_of(rename_event("Warm", "Late", "merge"), 7) == Rename(7, "Warm", "Late", "merge")
    assert rename_of({"track_id": "7"}, 7) is None
