from __future__ import annotations

import numpy as np
import pandas as pd
import torch

from djlib.bandit.contrastive.encoder import N_EMBEDDING, drop
from djlib.bandit.contrastive.inputs import ListingInputs
from djlib.bandit.contrastive.policy import ContrastiveNet

from .shops import shop


def network(listings: pd.DataFrame, seed: int = 0) -> tuple[ContrastiveNet, ListingInputs]:
    inputs = ListingInputs().learn(listings)
    return ContrastiveNet(inputs.width, seed), inputs


def test_points_have_length_one_and_64_dimensions() -> None:
    listings = shop(40)
    net, inputs = network(listings)
    points = net.encoder.encode(inputs.read(listings))
    assert points.shape == (40, N_EMBEDDING)
    assert np.allclose(np.linalg.norm(points, axis=1), 1, atol=1e-6)


def test_the_layers_are_128_64_and_32() -> None:
    net, _ = network(shop(3))
    assert net.encoder.hidden.out_features == 128
    assert net.encoder.taste.out_features == 64
    assert net.head.units.out_features == 32
    assert {c.kernel_size for c in net.encoder.names.convolutions} == {(3,), (5,)}


def test_the_cached_way_is_the_way_with_gradients() -> None:
    listings = shop(40)
    net, inputs = network(listings)
    read = inputs.read(listings)
    straight = net.encoder(read).detach().numpy()
    net.encoder.encode(inputs.read(shop(10, seed=5)))
    for _ in range(2):  # read anew, then from memory
        assert np.allclose(net.encoder.encode(read), straight, atol=1e-6)


def test_the_order_of_the_pool_changes_no_point() -> None:
    listings = shop(40)
    net, inputs = network(listings)
    one = net.encoder.encode(inputs.read(listings))
    other = net.encoder.encode(inputs.read(listings[::-1]))[::-1]
    assert np.allclose(one, other, atol=1e-6)


def test_padding_of_genres_has_no_say() -> None:
    net, _ = network(shop(3))
    tokens = torch.tensor([[3, 4, 0, 0, 0, 0, 0, 0]])
    before = net.encoder.genres(tokens)
    with torch.no_grad():
        net.encoder.genres.genres.weight[0] += 100
    assert torch.equal(before, net.encoder.genres(tokens))


def test_every_weight_learns() -> None:
    listings = shop(40)
    net, inputs = network(listings)
    points = net.encoder(inputs.read(listings))
    (net.head(points) ** 2).sum().backward()
    assert [n for n, p in net.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_the_start_depends_on_the_seed_alone_and_leaves_the_global_one() -> None:
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    one, other, third = (ContrastiveNet(5, seed).weights() for seed in (3, 3, 4))
    assert torch.rand(1) == expected
    assert all((one[name] == other[name]).all() for name in one)
    assert any((one[name] != third[name]).any() for name in one)


def test_dropout_keeps_the_mean_and_is_off_without_a_generator() -> None:
    ones = torch.ones(100_000)
    dropped = drop(ones, torch.Generator().manual_seed(0))
    assert abs(float(dropped.mean()) - 1) < 0.01
    assert abs(float((dropped == 0).float().mean()) - 0.2) < 0.01
    assert drop(ones, None) is ones
