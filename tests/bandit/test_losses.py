from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from djlib.bandit.contrastive.losses import Triplets, overconfidence, total_loss, triplet_loss


def triplets(*rows: tuple[int, int, int]) -> Triplets:
    columns = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return Triplets(*(torch.from_numpy(columns[:, at].copy()) for at in range(3)))


def corner() -> Tensor:
    """Points at 0, 90, 180 and 45 degrees."""
    angles = torch.tensor([0.0, 90.0, 180.0, 45.0], dtype=torch.float64).deg2rad()
    return torch.stack([angles.cos(), angles.sin()], dim=1)


def test_triplet_loss_by_hand() -> None:
    # (0, 90, 180 degrees): 2 sin 45 - 2 sin 90 + 1; (0, 45, 180): below zero, so zero
    first = 2 * math.sin(math.radians(45)) - 2 + 1
    second = 2 * math.sin(math.radians(22.5)) - 2 + 1
    assert second < 0
    found = float(triplet_loss(corner(), triplets((0, 1, 2), (0, 3, 2))))
    assert found == pytest.approx(first / 2)


def test_a_positive_nearer_by_more_than_the_margin_costs_nothing() -> None:
    points = torch.tensor([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]])
    assert float(triplet_loss(points, triplets((0, 1, 2)))) == 0


def test_without_triplets_there_is_nothing_to_lose_but_a_gradient_to_take() -> None:
    points = corner().requires_grad_()
    loss = triplet_loss(points, triplets())
    loss.backward()
    assert float(loss.detach()) == 0
    assert points.grad is not None
    assert not points.grad.any()


def test_overconfidence_by_hand() -> None:
    p = 0.9
    entropy = -(p * math.log2(p) + (1 - p) * math.log2(1 - p))
    logit = torch.tensor([math.log(p / (1 - p)), 0.0], dtype=torch.float64)
    assert float(overconfidence(logit)) == pytest.approx((1 - entropy) / 2)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_overconfidence_pushes_towards_the_middle(sign: float) -> None:
    logit = torch.tensor([2.0 * sign], requires_grad=True)
    overconfidence(logit).backward()
    assert logit.grad is not None
    assert float(logit.grad) * sign > 0


def test_certain_answers_have_finite_loss_and_gradient() -> None:
    logits = torch.tensor([1e4, -1e4], requires_grad=True)
    overconfidence(logits).backward()
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


def test_the_total_is_0_4_0_5_and_0_1_of_its_parts() -> None:
    logits = torch.tensor([math.log(3.0), 0.0], dtype=torch.float64)  # P(keep) 0.75 and 0.5
    keeper = torch.tensor([1.0, 0.0], dtype=torch.float64)
    cross_entropy = -(math.log(0.75) + math.log(0.5)) / 2
    entropy = -(0.75 * math.log2(0.75) + 0.25 * math.log2(0.25))
    triplet = math.sqrt(2) - 1
    expected = 0.4 * triplet + 0.5 * cross_entropy + 0.1 * (1 - entropy) / 2
    found = total_loss(corner(), triplets((0, 1, 2)), logits, keeper)
    assert float(found) == pytest.approx(expected)


def test_gradients_of_each_part_are_those_of_finite_differences() -> None:
    points = corner().requires_grad_()
    logits = torch.tensor([0.3, -1.2, 2.0], dtype=torch.float64, requires_grad=True)
    keeper = torch.tensor([1.0, 0.0, 1.0], dtype=torch.float64)
    some = triplets((0, 1, 2), (3, 0, 1))
    assert torch.autograd.gradcheck(lambda p: triplet_loss(p, some), (points,))
    assert torch.autograd.gradcheck(overconfidence, (logits,))
    assert torch.autograd.gradcheck(lambda p, z: total_loss(p, some, z, keeper), (points, logits))
