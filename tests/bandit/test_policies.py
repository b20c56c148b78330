"""Every policy keeps one contract; the bandit asks for nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from djlib import ContrastiveBandit
from djlib.bandit.acquisition import EXPLORATION_PROFILES
from djlib.bandit.bandit import POLICY_FACTORIES
from djlib.bandit.policy import Policy

from .tastes import shop
from .uniform import MODES, register_uniform


@pytest.fixture(params=MODES)
def policy(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Policy:
    register_uniform(monkeypatch)
    return POLICY_FACTORIES[request.param](ContrastiveBandit(engine="none", random_state=0))


def labelled(n: int) -> tuple[pd.DataFrame, np.ndarray]:
    listings = shop(n)
    return listings.drop(columns="keeper"), listings["keeper"].to_numpy()


def test_fit_and_update_change_the_policy_and_return_it(policy: Policy) -> None:
    listings, keeper = labelled(60)
    before = listings.copy()
    assert policy.fit(listings.head(40), keeper[:40]) is policy
    first = policy.predict(policy.encode(listings))[0]
    assert policy.update(listings, keeper, np.arange(60) >= 40) is policy
    assert (policy.predict(policy.encode(listings))[0] != first).any()
    assert policy.look_at(listings) is policy
    pd.testing.assert_frame_equal(listings, before)


@pytest.mark.parametrize("n", [0, 30])
def test_predictions_are_probabilities_and_embeddings_have_length_one(
    policy: Policy, n: int
) -> None:
    policy.fit(*labelled(n))
    listings, _ = labelled(25)
    mean, uncertainty = policy.predict(policy.encode(listings))
    assert mean.shape == uncertainty.shape == (25,)
    assert ((mean >= 0) & (mean <= 1) & (uncertainty >= 0)).all()
    embedding = policy.embed(listings)
    assert embedding.shape == (25, 64)
    np.testing.assert_allclose(np.linalg.norm(embedding, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("k", [1, 10, 40])
@pytest.mark.parametrize("profile", ["balanced", "novel"])
def test_selected_rows_are_distinct_and_have_propensities_and_reasons(
    policy: Policy, k: int, profile: str
) -> None:
    policy.fit(*labelled(30))
    pool = policy.encode_pool(shop(40, seed=1).drop(columns="keeper")).distinct
    picks = policy.select(
        pool, k, profile=EXPLORATION_PROFILES[profile], batch_number=2,
        rng=np.random.default_rng(0),
    )  # fmt: skip
    assert len(set(picks.rows.tolist())) == len(picks.rows) == len(picks.strategies) == k
    assert ((picks.propensity > 0) & (picks.propensity <= 1)).all()
    assert 0 <= picks.exploration_rate <= 1
    reasons = policy.explain(
        pool.listings.iloc[picks.rows], pool.points_of(picks.rows), picks.strategies
    )
    assert len(reasons) == k
    assert isinstance(policy.health(), dict)


def test_a_saved_policy_predicts_the_same(policy: Policy, tmp_path: Path) -> None:
    listings, keeper = labelled(40)
    policy.fit(listings, keeper).save(tmp_path / "policy")
    again = type(policy).load(tmp_path / "policy", listings.assign(keeper=keeper))
    for one, other in zip(
        policy.predict(policy.encode(listings)), again.predict(again.encode(listings)), strict=True
    ):
        np.testing.assert_allclose(one, other, atol=1e-9)
