"""Triplets, curriculum, and the loss: 0.4 triplet + 0.5 cross-entropy + 0.1 overconfidence."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.losses import TripletMarginLoss
from pytorch_metric_learning.miners import TripletMarginMiner
from pytorch_metric_learning.reducers import MeanReducer
from torch import Tensor
from torch.nn import functional as F

Stage = Literal["easy", "semihard", "hard"]
"""Which negatives are asked for: the far third; farther than the positive but within the margin;
nearer than the positive."""

STAGES: tuple[Stage, ...] = ("easy", "semihard", "hard")


def stage_of(epoch: int, epochs: int) -> Stage:
    """Easy in the first third of the epochs, semi-hard in the second, hard in the last.

    >>> [stage_of(epoch, 10) for epoch in range(10)].count("hard"), stage_of(0, 10)
    (3, 'easy')
    """
    return STAGES[min(len(STAGES) * epoch // max(epochs, 1), len(STAGES) - 1)]


def fallbacks(stage: Stage) -> tuple[Stage, ...]:
    """The stage and the easier ones after it: what to take where none of the wished kind is.

    >>> fallbacks("semihard")
    ('semihard', 'easy')
    """
    return STAGES[: STAGES.index(stage) + 1][::-1]


_log = logging.getLogger(__name__)

MARGIN = 1.0
MOST_POSITIVES, MOST_NEGATIVES = 32, 128
"""Rows of the memory that one step looks at, drawn anew for each."""

_KINDS = {"easy": "all", "semihard": "semihard", "hard": "hard"}
"""How the miner calls them; its own "easy" ones lie beyond the margin and teach nothing."""
_DISTANCE = LpDistance(normalize_embeddings=False)
_MINERS = {
    stage: TripletMarginMiner(margin=MARGIN, type_of_triplets=kind, distance=_DISTANCE)
    for stage, kind in _KINDS.items()
}


@dataclass(frozen=True)
class Triplets:
    """Rows of anchors, positives and negatives; `reason` says why there are none, or other than
    wished, "" where nothing is to be said."""

    anchors: Tensor
    positives: Tensor
    negatives: Tensor
    reason: str = field(default="")

    def __len__(self) -> int:
        return len(self.anchors)

    @property
    def indices(self) -> tuple[Tensor, Tensor, Tensor]:
        """As losses take them."""
        return self.anchors, self.positives, self.negatives


@dataclass(frozen=True)
class Recalled:
    """Rows of the history one step needs: the keepers of the batch, and a draw of the others."""

    anchors: np.ndarray
    positives: np.ndarray
    negatives: np.ndarray
    reason: str = ""


def recall(keeper: np.ndarray, is_new: np.ndarray, rng: np.random.Generator) -> Recalled:
    """Draw from all labels so far: anchors, then what they are compared with.

    Anchors and positives overlap where the batch holds several keepers. Where a part is missing
    `reason` names it, and there are no triplets.

    >>> new = np.array([False, True, True])
    >>> recall(np.array([1, 0, 0]), new, np.random.default_rng(0)).reason
    'no triplets: no keeper in this batch'
    """
    kept, new = keeper.astype(bool), is_new.astype(bool)
    anchors, positives, negatives = (np.flatnonzero(m) for m in (kept & new, kept, ~kept))
    reason = ""
    if not len(anchors):
        reason = "no triplets: no keeper in this batch"
    elif len(positives) < 2:
        reason = "no triplets: only one keeper so far"
    elif not len(negatives):
        reason = "no triplets: everything was kept so far"
    some = (
        _some(positives, MOST_POSITIVES, rng),
        _some(negatives, MOST_NEGATIVES, rng),
    )
    return Recalled(anchors, *some, reason)


def mine(points: Tensor, rows: np.ndarray, recalled: Recalled, stage: Stage) -> Triplets:
    """Triplets of a stage among `points`, which are the history's `rows`; easier ones where the
    stage has none."""
    if recalled.reason:
        return _none(recalled.reason)
    place = {int(row): at for at, row in enumerate(rows)}
    parts = (recalled.anchors, recalled.positives, recalled.negatives)
    anchors, positives, negatives = (
        torch.tensor([place[int(row)] for row in part], dtype=torch.long) for part in parts
    )
    for wished in fallbacks(stage):
        found = _of_stage(points.detach(), anchors, positives, negatives, wished)
        if len(found):
            reason = "" if wished == stage else f"no {stage} negatives: took {wished} ones"
            return Triplets(*found.indices, reason)
    return _none("no triplets: every negative lies beyond the margin")


def _of_stage(
    points: Tensor, anchors: Tensor, positives: Tensor, negatives: Tensor, stage: Stage
) -> Triplets:
    if stage == "easy":
        negatives = _farthest(points, anchors, negatives)
    others = torch.cat([positives, negatives])
    is_kept = torch.cat([torch.ones_like(positives), torch.zeros_like(negatives)])
    found = _MINERS[stage](
        points[anchors], torch.ones_like(anchors), ref_emb=points[others], ref_labels=is_kept
    )
    a, p, n = anchors[found[0]], others[found[1]], others[found[2]]
    other = a != p  # the miner cannot know that an anchor stands among the positives too
    return Triplets(a[other], p[other], n[other])


def _farthest(points: Tensor, anchors: Tensor, negatives: Tensor) -> Tensor:
    """The third of the negatives that lies farthest from the anchors, at least one."""
    far = torch.cdist(points[negatives], points[anchors]).mean(dim=1)
    order = torch.argsort(far, descending=True, stable=True)
    return negatives[order[: max(1, len(negatives) // 3)]]


def _some(rows: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    return rows if len(rows) <= most else np.sort(rng.choice(rows, most, replace=False))


def _none(reason: str) -> Triplets:
    _log.info("%s", reason)
    empty = torch.zeros(0, dtype=torch.long)
    return Triplets(empty, empty, empty, reason)


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
