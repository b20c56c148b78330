"""A large pool packed: the same listings in less memory, chosen from as from a small one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from djlib import ContrastiveBandit
from djlib.bandit.gaussian_process.kernel import WIDTH, Encoded, PackedPoints
from djlib.bandit.gaussian_process.policy import GaussianProcessPolicy
from djlib.bandit.policy import EncodedPool, Policy
from djlib.features.embedding.encoder import SentenceEmbedder

from .tastes import shop


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PackedPoints, "ROWS", 70)


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch, small_slices: None) -> None:
    """A hundred listings are many, and all that are packed are weighed."""
    monkeypatch.setattr("djlib.bandit.gaussian_process.policy.READ_WHOLE_UP_TO", 100)


def taught(engine: str = "none") -> ContrastiveBandit:
    return ContrastiveBandit(engine=engine, random_state=0).fit(shop(60, seed=5))


def pool(n: int = 500) -> pd.DataFrame:
    return shop(n).drop(columns="keeper")


def packed_pool(policy: Policy) -> PackedPoints:
    assert isinstance(policy, GaussianProcessPolicy)
    return policy.features_.pack(pool())


@pytest.mark.parametrize("rows", [[], [3], [499, 0, 70, 69, 70], list(range(500))])
def test_rows_come_back_in_the_order_asked_for(rows: list[int], small_slices: None) -> None:
    policy = taught().policy_
    whole, packed = policy.encode(pool()), packed_pool(policy)
    asked, some = np.array(rows, dtype=int), packed.take(np.array(rows, dtype=int))
    expected = whole.words[asked]
    expected.data[expected.indices // WIDTH == 2] = 0  # letters
    assert abs(some.words - expected).max() < 1e-3 if rows else not some.words.nnz
    np.testing.assert_array_equal(some.levels, whole.levels[asked])


def test_slices_are_all_rows_once(small_slices: None) -> None:
    packed = packed_pool(taught().policy_)
    for most in (30, 70, 1000):
        levels = np.concatenate([some.levels for some in packed.slices(most)])
        np.testing.assert_array_equal(levels, packed.take(np.arange(500)).levels)


def test_reading_in_slices_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = taught().policy_
    at_once: Encoded = policy.encode(pool())
    monkeypatch.setattr(PackedPoints, "ROWS", 70)
    in_slices: Encoded = policy.encode(pool())
    assert (at_once.words != in_slices.words).nnz == 0
    np.testing.assert_array_equal(at_once.levels, in_slices.levels)


def test_of_a_large_pool_those_are_picked_that_would_be_of_a_small_one(
    monkeypatch: pytest.MonkeyPatch, small_slices: None
) -> None:
    small = taught().select(pool(), k=20)
    monkeypatch.setattr("djlib.bandit.gaussian_process.policy.READ_WHOLE_UP_TO", 100)
    large = taught().select(pool(), k=20)
    best = small["selection_strategy"] == "exploit"
    assert set(small["listing_id"][best]) <= set(large["listing_id"])
    known = small.set_index("listing_id")["mean"]
    said = large.set_index("listing_id")["mean"]
    both = known.index.intersection(said.index)
    np.testing.assert_allclose(said[both], known[both])


def test_nothing_is_known_of_a_large_pool(large: None) -> None:
    picked = ContrastiveBandit(engine="none", random_state=0).fit(shop(0)).select(pool(), k=20)
    assert picked["listing_id"].is_unique
    assert len(picked) == 20


def test_an_id_that_stands_twice_is_asked_about_once(large: None) -> None:
    twice = pd.concat([pool(150), pool(150)], ignore_index=True)
    model = taught()
    read = model.encode(twice)
    assert isinstance(read.points, PackedPoints)
    assert len(model.moments(read)[0]) == 300
    assert (len(read.distinct.listings), len(read.distinct.points)) == (150, 150)
    assert model.select(read, k=150)["listing_id"].is_unique


def test_ids_that_are_missing_are_one_id() -> None:
    read = EncodedPool(pd.DataFrame({"listing_id": ["a", None, "b", None]}), np.zeros((4, 2)))
    assert read.distinct.listings["listing_id"].fillna("").tolist() == ["a", "", "b"]


def test_sentences_are_read_of_the_most_promising_only(
    monkeypatch: pytest.MonkeyPatch, large: None
) -> None:
    read: list[int] = []

    def embed(self: object, texts: list[str], progress: Callable[[int], None] | None = None):  # type: ignore[no-untyped-def]  # noqa: ANN202
        read.append(len(texts))
        rng = np.random.default_rng(0)
        return rng.normal(size=(len(texts), 384)).astype(np.float32)

    monkeypatch.setattr(SentenceEmbedder, "embed", embed)
    monkeypatch.setattr(
        "djlib.bandit.gaussian_process.features.embeddings_available", lambda _: None
    )
    monkeypatch.setattr("djlib.bandit.gaussian_process.policy.MANY", 80)
    model = taught("torch")
    model.look_at(pool(3000))
    read.clear()
    points = model.encode(pool(3000))
    assert not read
    model.select(points, k=10)
    assert 0 < sum(read) < 300


def test_it_is_told_how_many_were_read(large: None) -> None:
    for n in (90, 500):
        told: list[int] = []
        taught().encode(pool(n), told.append)
        assert sum(told) == n
