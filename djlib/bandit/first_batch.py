"""What to ask first, when nothing is known: records that are typical, and unlike each other."""

from __future__ import annotations

import numpy as np

from .listing_points import Encoded

_MOST = 1500
"""Rows of a pool that are looked at; a sample of so many shows what is typical in any pool."""


def typical_and_diverse(points: Encoded, k: int, rng: np.random.Generator) -> np.ndarray:
    """Pick `k` rows that together stand for the pool: each adds most to how well every record is
    represented by its most alike pick. (Facility location, greedily: Nemhauser, Wolsey & Fisher
    1978; typical rows first serve best with few labels: Hacohen et al. 2022.)
    """
    n = len(points)
    looked_at = np.sort(rng.choice(n, _MOST, replace=False)) if n > _MOST else np.arange(n)
    some = points.take(looked_at)
    alike = some.likeness(some)
    served = np.zeros(len(some))
    chosen: list[int] = []
    for _ in range(min(k, len(some))):
        gain = np.maximum(alike - served, 0).sum(axis=1)
        gain[chosen] = -np.inf
        best = int(gain.argmax())
        chosen.append(best)
        served = np.maximum(served, alike[best])
    return looked_at[chosen]
