"""The heads of the hybrid by name: each votes, whatever the buckets look like."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from typing import Any

import numpy as np
import pytest

from djlib.bucketing.hybrid_heads import HEADS, JointHead, LogisticHead, make_head
from djlib.errors import UsageError
from tests.bucketing.hybrids import small_estimators

RNG = np.random.default_rng(0)
TARGET = np.arange(60) % 3
ONE = np.eye(3, dtype=int)[TARGET]
SEVERAL = ONE | np.eye(3, dtype=int)[np.roll(TARGET, 1)] * (RNG.random((60, 1)) < 0.4)
PLACES = (RNG.normal(size=(60, 6)) + 3 * ONE @ np.eye(3, 6)).astype(np.float32)

each_head = pytest.mark.parametrize("name", HEADS)
each_kind = pytest.mark.parametrize("is_multi", [False, True], ids=["one", "several"])


@pytest.fixture(autouse=True)
def _small() -> Iterator[None]:
    with small_estimators():
        yield


def votes(head: Any, places: np.ndarray = PLACES) -> np.ndarray:
    return np.asarray(head.votes(places @ head.projection))


@each_head
@each_kind
def test_it_learns_and_its_votes_follow_its_scores(name: str, is_multi: bool) -> None:
    truth = SEVERAL if is_multi else ONE
    head = make_head(name, 4, 0).fit(PLACES, truth, is_multi=is_multi)
    found = votes(head)
    assert found.shape == (60, 3)
    assert ((found >= 0) & (found <= 1)).all()
    assert (truth[np.arange(60), found.argmax(axis=1)] > 0).mean() > 0.8
    if not is_multi:
        np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    scores = head.scores(PLACES @ head.projection)
    assert (scores.argmax(axis=1) == found.argmax(axis=1)).all()
    assert head.votes(np.zeros((0, head.projection.shape[1]))).shape == (0, 3)


@each_head
@each_kind
def test_the_same_seed_votes_the_same(name: str, is_multi: bool) -> None:
    truth = SEVERAL if is_multi else ONE
    first, again = (
        votes(make_head(name, 4, 0).fit(PLACES, truth, is_multi=is_multi)) for _ in range(2)
    )
    np.testing.assert_array_equal(first, again)


@each_head
@each_kind
def test_a_bucket_without_a_track_gets_next_to_no_votes(name: str, is_multi: bool) -> None:
    truth = np.insert(SEVERAL if is_multi else ONE, 1, 0, axis=1)
    found = votes(make_head(name, 4, 0).fit(PLACES, truth, is_multi=is_multi))
    assert found.shape == (60, 4)
    assert found[:, 1].max() < 0.05
    assert np.isfinite(found).all()


@each_head
@pytest.mark.parametrize("rare", [0, 1], ids=["all but one", "only one"])
def test_several_buckets_may_hold_nearly_all_or_one(name: str, rare: int) -> None:
    truth = np.column_stack([ONE, np.full(60, 1 - rare)])
    truth[0, 3] = rare
    found = votes(make_head(name, 4, 0).fit(PLACES, truth, is_multi=True))
    assert np.isfinite(found).all()


@each_head
def test_a_track_a_bucket_is_enough(name: str) -> None:
    head = make_head(name, 4, 0).fit(PLACES[:5], np.eye(5, dtype=int), is_multi=False)
    assert np.isfinite(votes(head)).all()


def test_the_vote_of_several_is_their_mean() -> None:
    head = make_head("soft_vote", 4, 0).fit(PLACES, ONE, is_multi=False)
    assert isinstance(head, JointHead)
    alone = [votes(make_head(m, 4, 0).fit(PLACES, ONE, is_multi=False))
             for m in ("logistic", "xgboost", "random_forest")]  # fmt: skip
    np.testing.assert_allclose(votes(head), np.mean(alone, axis=0), atol=1e-6)


def test_projections_of_several_lie_side_by_side_and_are_set_apart_again() -> None:
    head = make_head("stack", 4, 0).fit(PLACES, ONE, is_multi=False)
    before = votes(head)
    assert head.projection.shape == (6, 3 + 4 + 4)
    head.projection = 1.0 * head.projection
    np.testing.assert_array_equal(votes(head), before)
    assert [m.projection.shape[1] for m in head.members] == [3, 4, 4]


def test_a_logistic_head_goes_on_from_coefficients() -> None:
    head = LogisticHead().fit(PLACES, ONE, is_multi=False)
    before = votes(head)
    on = copy(head).partial_fit(PLACES, ONE)
    np.testing.assert_allclose(votes(on), before, atol=0.04)
    np.testing.assert_array_equal(votes(head), before)


@pytest.mark.parametrize("name", ["forest", "", "logistic "])
def test_an_unknown_head_is_refused_and_the_known_are_named(name: str) -> None:
    with pytest.raises(UsageError, match="unknown head .*; known: logistic, mlp"):
        make_head(name, 4, 0)
