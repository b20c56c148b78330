"""What training makes small: 0.4 triplet + 0.5 binary cross-entropy + 0.1 overconfidence.

- triplet (Schroff et al. 2015): a kept record lies nearer to another kept one than to one that
  was not, by at least the margin of 1, in Euclidean distance; the mean over the triplets;
- binary cross-entropy of the labels;
- overconfidence: one less the entropy of each answer in bits, averaged: 0 where all answers are
  0.5, 1 where all are 0 or 1 (the confidence penalty of Pereyra et al. 2017).
"""

from __future__ import annotations

import math

import torch
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.losses import TripletMarginLoss
from pytorch_metric_learning.reducers import MeanReducer
from torch import Tensor
from torch.nn import functional as F

from .triplets import MARGIN, Triplets

TRIPLET, CROSS_ENTROPY, OVERCONFIDENCE = 0.4, 0.5, 0.1
"""What each part counts."""

_TRIPLET = TripletMarginLoss(
    margin=MARGIN, distance=LpDistance(normalize_embeddings=False), reducer=MeanReducer()
)


def triplet_loss(points: Tensor, triplets: Triplets) -> Tensor:
    """Mean of max(0, d(anchor, positive) - d(anchor, negative) + 1); zero without triplets.

    >>> points = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    >>> one = Triplets(torch.tensor([0]), torch.tensor([1]), torch.tensor([2]))
    >>> round(float(triplet_loss(points, one)), 4)  # 1.4142 - 2 + 1
    0.4142
    """
    if not len(triplets):
        return points.sum() * 0.0
    labels = torch.zeros(len(points), dtype=torch.long)  # the triplets say it all
    return _TRIPLET(points, labels, triplets.indices)


def overconfidence(logits: Tensor) -> Tensor:
    """Mean of one less the entropy in bits: 0 where all is open, 1 where all is certain.

    >>> float(overconfidence(torch.tensor([0.0]))), float(overconfidence(torch.tensor([99.0])))
    (0.0, 1.0)
    """
    chance = torch.sigmoid(logits)
    nats = -(chance * F.logsigmoid(logits) + (1 - chance) * F.logsigmoid(-logits))
    return (1 - nats / math.log(2)).mean()


def total_loss(points: Tensor, triplets: Triplets, logits: Tensor, keeper: Tensor) -> Tensor:
    """The three parts in their proportions: `points` of all rows, `logits` of the batch."""
    entropy = F.binary_cross_entropy_with_logits(logits, keeper)
    return (
        TRIPLET * triplet_loss(points, triplets)
        + CROSS_ENTROPY * entropy
        + OVERCONFIDENCE * overconfidence(logits)
    )
