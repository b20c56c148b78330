"""The head: how likely a point of the taste space is kept, and how sure that is.

Monte-Carlo dropout (Gal & Ghahramani 2016): the head is asked many times, each time without a
fifth of its 32 units; the mean is the answer, the standard deviation the doubt. One mask serves
all listings of a draw, so each draw is one whole network, and all draws are one matrix product.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .encoder import DROPOUT, N_TASTE, drop

_UNITS = 32
DRAWS = 50
_ROWS = 16_384


class Head(nn.Module):
    """Points (n, 64) to the logit of being kept, (n,), through 32 units with dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.units = nn.Linear(N_TASTE, _UNITS)
        self.kept = nn.Linear(_UNITS, 1)

    def forward(self, points: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Logits with gradients; with a generator its dropout is on."""
        units = drop(F.relu(self.units(points)), generator)
        return self.kept(units).squeeze(1)

    @torch.no_grad()
    def moments(
        self, points: np.ndarray, rng: np.random.Generator, draws: int = DRAWS
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of P(keep) over `draws` masks, each (n,) float64."""
        kept = rng.random((draws, _UNITS), dtype=np.float32) >= DROPOUT
        weights = self.kept.weight.numpy()[0] * kept / np.float32(1 - DROPOUT)  # (draws, 32)
        mean, spread = np.empty(len(points)), np.empty(len(points))
        for at in range(0, len(points), _ROWS):
            rows = slice(at, at + _ROWS)
            units = F.relu(self.units(torch.from_numpy(points[rows])))
            logits = units @ torch.from_numpy(weights).T + self.kept.bias  # (rows, draws)
            chance = torch.sigmoid(logits)
            mean[rows] = chance.mean(dim=1).numpy()
            spread[rows] = chance.std(dim=1, correction=0).numpy()
        return mean, spread
