"""What a new model answers differently, counted against a plain loop."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.bucketing.comparison.changes import BucketChange, Confusion, changes, is_right

BUCKET = st.sampled_from(["Warm", "Late", "Peak"])


def test_fixed_and_broken_are_counted_by_truth_and_by_what_was_said_wrongly() -> None:
    labels = [["Warm"]] * 4 + [["Late"]]
    before = ["Late", "Late", "Warm", "Late", "Late"]
    after = ["Warm", "Warm", "Late", "Peak", "Warm"]
    found = changes(before, after, labels)

    assert found.confusions == [
        Confusion("Warm", "Late", 2, 1),
        Confusion("Late", "Warm", 0, 1),
    ]
    assert found.buckets == [BucketChange("Warm", 4, 1, 2), BucketChange("Late", 1, 1, 0)]


def test_a_track_in_several_buckets_is_right_with_any_of_them() -> None:
    assert is_right(["Warm", "Peak"], [["Late", "Warm"], ["Late", "Warm"]]).tolist() == [
        True,
        False,
    ]
    assert changes(["Peak"], ["Late"], [["Late", "Warm"]]).confusions == [
        Confusion("Late|Warm", "Peak", 1, 0)
    ]


def test_equal_answers_change_nothing() -> None:
    found = changes(["Warm", "Late"], ["Warm", "Late"], [["Warm"], ["Warm"]])

    assert found.confusions == []
    assert found.as_dict()["buckets"] == [{"bucket": "Warm", "tracks": 2, "before": 1, "after": 1}]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(BUCKET, BUCKET, BUCKET), min_size=1, max_size=30))
def test_counts_add_up(rows: list[tuple[str, str, str]]) -> None:
    truth, before, after = zip(*rows, strict=True)
    found = changes(before, after, [[bucket] for bucket in truth])

    fixed = sum(b != t == a for t, b, a in rows)
    broken = sum(a != t == b for t, b, a in rows)
    assert sum(c.fixed for c in found.confusions) == fixed
    assert sum(c.broken for c in found.confusions) == broken
    assert {b.bucket: b.tracks for b in found.buckets} == Counter(truth)
    assert sum(b.after - b.before for b in found.buckets) == fixed - broken
