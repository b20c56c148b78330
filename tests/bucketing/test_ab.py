"""Two versions side by side: each song has its version, each row its place."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.bucketing.labels import buckets_of
from djlib.bucketing.proposals import Proposer, SideBySide, Terms
from djlib.bucketing.simple_ml import SimpleMLBucketAssigner
from djlib.evaluation.splits import of_second
from djlib.synthetic.tables import synthetic_library

TRACKS = synthetic_library(120, seed=5)


@pytest.fixture(scope="module")
def both() -> tuple[Proposer, Proposer]:
    labelled = np.array([bool(row) for row in buckets_of(TRACKS)])
    known = TRACKS[labelled]
    models = [
        SimpleMLBucketAssigner(5, random_state=seed).fit(known, [b[0] for b in buckets_of(known)])
        for seed in (0, 1)
    ]
    first, second = (
        Proposer(model, Terms(0.5, version, "2026-01-01T00:00:00Z"))
        for model, version in zip(models, ("v1", "v2"), strict=True)
    )
    return first, second


def test_rows_keep_their_order_and_say_who_answered(both: tuple[Proposer, Proposer]) -> None:
    first, second = both
    table = SideBySide(first, second, ("v1", "v2"), 0.5).propose(TRACKS)
    is_second = of_second(TRACKS, "v1", "v2", 0.5)

    assert table["track_id"].tolist() == TRACKS["track_id"].tolist()
    assert (table["model_version"] == np.where(is_second, "v2", "v1")).all()
    assert 0.3 < is_second.mean() < 0.7
    for proposer, chosen in ((first, ~is_second), (second, is_second)):
        own = proposer.propose(TRACKS)[chosen].reset_index(drop=True)
        pd.testing.assert_frame_equal(table[chosen].reset_index(drop=True), own)


@pytest.mark.parametrize("n", [0, 1])
def test_batches_that_one_version_gets_alone(both: tuple[Proposer, Proposer], n: int) -> None:
    table = SideBySide(*both, ("v1", "v2"), 0.5).propose(TRACKS.head(n))
    assert len(table) == n
    assert table.columns.tolist() == both[0].propose(TRACKS).columns.tolist()


@settings(deadline=None, max_examples=30)
@given(st.sampled_from(["v1", "v2", "v10"]), st.floats(0, 1), st.floats(0, 1))
def test_a_song_stays_with_its_version_when_the_share_grows(
    other: str, one: float, two: float
) -> None:
    less, more = sorted((one, two))
    few, many = (of_second(TRACKS, "v0", other, share) for share in (less, more))
    assert not (few & ~many).any()


def test_two_files_of_one_song_have_one_version() -> None:
    twins = TRACKS.assign(track_id=[f"x{n}" for n in range(len(TRACKS))])
    assert (of_second(twins, "a", "b", 0.5) == of_second(TRACKS, "a", "b", 0.5)).all()
