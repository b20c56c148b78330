"""What a number of a record says for it, in words: the value, and how it went about there."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .listing_features import number_values
from .listing_points import MISSING, NUMBER_KERNEL, Encoded
from .listing_times import AGE, LISTED
from .strong import StrongPolicy

_ALIKE = 0.5
"""How alike (of 1, a number with itself) the model must hold two values to call them near."""


def number_reason(
    policy: StrongPolicy, listing: pd.DataFrame, point: Encoded, name: str, keeper: np.ndarray
) -> str:
    """Say of one listing, a frame of one row, what its number `name` is and how many answers near
    it were keepers; `keeper` (n,) holds the answers in the order they came."""
    level = int(point.levels[0, policy.features_.columns_.index(name)])
    if level == MISSING:
        return f"that its {name} is not known spoke for it most"
    said = f"its {name} ({_shown(listing, name)}) spoke for it most"
    rows = policy.posterior_.rows
    if len(rows) < len(keeper):  # the model stands on a choice of answers: no count is whole
        return said
    near = _near(policy, name, level)
    return f"{said}: kept {int(keeper[rows][near].sum())} of {int(near.sum())} about there"


def _near(policy: StrongPolicy, name: str, level: int) -> np.ndarray:
    place = policy.features_.columns_.index(name)
    levels = policy.posterior_.landmarks.levels[:, place]
    alike = NUMBER_KERNEL[level, levels] / NUMBER_KERNEL[level, level]
    return np.asarray((alike >= _ALIKE) & (levels != MISSING))


def _shown(listing: pd.DataFrame, name: str) -> str:
    value = float(number_values(listing, [name])[0, 0])
    if name == LISTED:
        return f"{pd.Timestamp(0) + pd.Timedelta(days=value):%Y-%m}"
    return f"{value:.0f} years" if name == AGE else f"{value:.4g}"
