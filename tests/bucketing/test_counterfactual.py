from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.bucketing.explain import ASKED, Edit, edited, edits_of, smallest_change
from djlib.bucketing.simple_ml import SimpleMLBucketAssigner
from djlib.synthetic.tables import synthetic_library

TRACKS = synthetic_library(200, buckets=4, seed=31, multi=0.5)
FRESH = synthetic_library(25, buckets=4, seed=32)


@pytest.fixture(name="model", scope="module", params=["one", "several"])
def fitted(request: pytest.FixtureRequest) -> SimpleMLBucketAssigner:
    several = [cell.split("|") for cell in TRACKS["buckets"]]
    y = several if request.param == "several" else TRACKS["bucket"].tolist()
    return SimpleMLBucketAssigner(n_estimators=10, random_state=0).fit(TRACKS, y)


def first_choices(model: SimpleMLBucketAssigner, tracks: pd.DataFrame) -> list[str]:
    return [str(b) for b in model.classes_[model.predict_proba(tracks).argmax(axis=1)]]


def single_edits(model: SimpleMLBucketAssigner, track: pd.DataFrame) -> list[tuple[Edit, ...]]:
    fields = [field for field in ASKED if field in model.fields]
    return [(edit,) for field in fields for edit in edits_of(field, track, model.labelled_)]


def by_hand(track: pd.DataFrame, edits: tuple[Edit, ...]) -> pd.DataFrame:
    """The track with the values a person would write, as text."""
    return track.astype(object).assign(**{edit.field: edit.after for edit in edits})


def test_the_change_found_leads_where_it_says(model: SimpleMLBucketAssigner) -> None:
    n_found = 0
    for row in range(len(FRESH)):
        track = FRESH.iloc[[row]]
        found = smallest_change(model, track)
        if found.edits:
            n_found += 1
            changed = by_hand(track, found.edits)
            assert first_choices(model, changed) == [found.bucket] != first_choices(model, track)
            assert model.predict_proba(changed).max() == pytest.approx(found.confidence)
    assert n_found > 15


def test_no_smaller_change_of_one_field_leads_elsewhere(model: SimpleMLBucketAssigner) -> None:
    for row in range(6):
        track = FRESH.iloc[[row]]
        (now,) = first_choices(model, track)
        singles = single_edits(model, track)
        then = first_choices(model, pd.concat([by_hand(track, edits) for edits in singles]))
        flips = [
            edits[0].steps for edits, bucket in zip(singles, then, strict=True) if bucket != now
        ]
        found = smallest_change(model, track)
        if flips:
            assert [edit.steps for edit in found.edits] == [pytest.approx(min(flips))]
        else:
            assert len(found.edits) != 1


def test_two_fields_are_changed_where_one_is_not_enough() -> None:
    rows = [(tempo, genre) for tempo in (90.0, 130.0) for genre in ("House", "Techno")] * 8
    known = pd.DataFrame(rows, columns=["bpm", "genres"])
    both = ["Rare" if row == (130.0, "Techno") else "Plain" for row in rows]
    model = SimpleMLBucketAssigner(30, min_samples_leaf=1, random_state=0).fit(known, both)
    found = smallest_change(model, pd.DataFrame({"bpm": [90.0], "genres": ["House"]}))
    assert found.bucket == "Rare"
    assert {edit.field for edit in found.edits} == {"bpm", "genres"}


def test_a_model_that_cannot_be_moved_says_so() -> None:
    known = pd.DataFrame({"bpm": [120.0] * 20, "key": ["8A"] * 20})
    model = SimpleMLBucketAssigner(5, random_state=0).fit(known, ["A"] * 15 + ["B"] * 5)
    found = smallest_change(model, known.head(1))
    assert (found.edits, found.bucket) == ((), "")
    assert found.asked == ("bpm", "key", "genres")
    assert found.n_tried > 140 + 23


def test_fields_the_model_does_not_read_are_not_asked_about() -> None:
    class Blind(SimpleMLBucketAssigner):
        fields = ("genres",)

    model = Blind(n_estimators=5, random_state=0).fit(TRACKS, TRACKS["bucket"])
    assert smallest_change(model, FRESH.head(1)).asked == ("genres",)


def test_a_track_of_which_nothing_is_known_can_be_told_apart_by_a_value(
    model: SimpleMLBucketAssigner,
) -> None:
    found = smallest_change(model, pd.DataFrame({"track_id": ["x"]}))
    assert found.bucket
    assert all((edit.before, edit.steps) == ("", 3) for edit in found.edits)


@pytest.mark.parametrize(
    ("field", "before", "after", "steps"),
    [
        ("bpm", 100.0, "106", 1.0),
        ("bpm", 87.0, "174", 11.9),
        ("key", "8A", "9A", 1.0),
        ("key", "8A", "8B", 1.0),
        ("key", "1A", "12A", 1.0),
        ("key", "Am", "2A", 6.0),
        ("year", 2010.0, "2000", 2.0),
        ("label", "KDJ", "Warp", 3.0),
        ("genres", "House; Deep House", "house", 1.5),
        ("genres", "House", "", 3.0),
    ],
)
def test_steps_are_those_of_the_field(field: str, before: object, after: str, steps: float) -> None:
    labelled = pd.DataFrame({"genres": ["House"], "year": [2000.0], "label": ["Warp"], "key": [""]})
    labelled = pd.concat([labelled, pd.DataFrame({"year": [2020.0]})], ignore_index=True)
    found = edits_of(field, pd.DataFrame({field: [before]}), labelled)
    (edit,) = [edit for edit in found if edit.after == after]
    assert edit.steps == pytest.approx(steps, abs=0.05)


def test_keys_are_spelled_as_the_library_spells_them() -> None:
    labelled = pd.DataFrame({"key": ["Amin", "Amin", "8A", "C", ""]})
    found = {edit.after for edit in edits_of("key", pd.DataFrame({"key": ["5A"]}), labelled)}
    assert {"Amin", "C", "5B"} <= found
    assert len(found) == 23
    assert "8A" not in found


def test_years_around_are_tried_where_the_model_kept_none() -> None:
    track = pd.DataFrame({"year": [1999.0]})
    found = [int(edit.after) for edit in edits_of("year", track, TRACKS[["track_id"]])]
    assert found == [year for year in range(1979, 2020) if year != 1999]
    assert edits_of("year", pd.DataFrame({"year": [np.nan]}), TRACKS[["track_id"]]) == []


@settings(deadline=None, max_examples=25)
@given(
    st.fixed_dictionaries(
        {
            "bpm": st.none() | st.floats(20, 1000),
            "key": st.text(max_size=6) | st.sampled_from(["8A", "Am", "off", "1m"]),
            "genres": st.text(max_size=30),
            "label": st.text(max_size=80),
            "year": st.none() | st.integers(1900, 2100),
        }
    )
)
def test_edits_of_anything_change_just_their_field(values: dict[str, object]) -> None:
    track = pd.DataFrame([values])
    some = [edit for field in ASKED for edit in edits_of(field, track, TRACKS)[:3]]
    changes: list[tuple[Edit, ...]] = [(edit,) for edit in some]
    rows = edited(track, changes)
    assert len(rows) == len(changes)
    for row, edit in zip(rows.to_dict("records"), some, strict=True):
        after = row[edit.field]
        assert str(after) == edit.after or float(after) == float(edit.after)
        assert edit.before != edit.after
        assert edit.steps >= 0
        others = {"key", "genres", "label"} - {edit.field}
        assert {f: row[f] for f in others} == {f: values[f] for f in others}
    assert np.isfinite([edit.steps for edit in some]).all()
