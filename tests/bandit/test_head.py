from __future__ import annotations

import numpy as np
import torch

from djlib.bandit.contrastive.encoder import Head
from djlib.bandit.contrastive.policy import ContrastiveNet


def head() -> Head:
    return ContrastiveNet(3, seed=0).head


def points(n: int) -> np.ndarray:
    raw = np.random.default_rng(0).normal(size=(n, 64)).astype(np.float32)
    return np.asarray(raw / np.linalg.norm(raw, axis=1, keepdims=True))


def test_moments_are_those_of_the_masked_networks_one_by_one() -> None:
    net, where = head(), points(7)
    mean, spread = net.moments(where, np.random.default_rng(1), draws=9)
    kept = np.random.default_rng(1).random((9, 32), dtype=np.float32) >= 0.2
    w1, b1, w2, b2 = (p.detach().numpy().astype(float) for p in net.parameters())
    units = np.maximum(where @ w1.T + b1, 0)
    logits = np.stack([(units * mask / 0.8) @ w2[0] + b2[0] for mask in kept])
    chance = 1 / (1 + np.exp(-logits))
    assert np.allclose(mean, chance.mean(axis=0), atol=1e-6)
    assert np.allclose(spread, chance.std(axis=0), atol=1e-6)


def test_moments_repeat_with_the_seed_and_lie_between_0_and_1() -> None:
    net, where = head(), points(500)
    one, other = (net.moments(where, np.random.default_rng(3)) for _ in range(2))
    assert (one[0] == other[0]).all()
    assert (one[1] == other[1]).all()
    assert ((one[0] > 0) & (one[0] < 1)).all()
    assert (one[1] > 0).all()


def test_many_points_in_parts_are_as_each_alone() -> None:
    net, where = head(), points(20_000)
    whole = net.moments(where, np.random.default_rng(3))[0]
    last = net.moments(where[-5:], np.random.default_rng(3))[0]
    assert np.allclose(whole[-5:], last, atol=1e-6)


def test_no_points_have_no_moments() -> None:
    mean, spread = head().moments(points(0), np.random.default_rng(0))
    assert mean.shape == spread.shape == (0,)


def test_training_dropout_draws_from_its_generator() -> None:
    net, where = head(), torch.from_numpy(points(9))
    one, other = (net(where, torch.Generator().manual_seed(5)) for _ in range(2))
    assert torch.equal(one, other)
    assert not torch.equal(one, net(where))
