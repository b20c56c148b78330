"""What the bandit asks of a policy, whatever it learns by."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
import pandas as pd


class Policy(Protocol):
    """Learns which listings are kept. Points are listings as the policy reads them, to be kept by
    whoever asks about the same pool again."""

    def fit(self, listings: pd.DataFrame, keeper: np.ndarray) -> None:
        """Learn all anew from labelled listings and their answers (n,), 1 or 0; n may be 0."""

    def update(self, listings: pd.DataFrame, keeper: np.ndarray, is_new: np.ndarray) -> None:
        """Learn on; given are all labelled rows and which of them (n,) belong to this batch."""

    def encode(self, listings: pd.DataFrame) -> Any:
        """Give listings as points."""

    def moments_of(self, points: Any) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of P(keep) of points, each (n,)."""

    def embed(self, listings: pd.DataFrame) -> np.ndarray:
        """Points of the taste space, (n, 64), of length one."""

    def save(self, folder: Path) -> None:
        """Write the policy into `folder` by parts, none of them a pickle."""

    @classmethod
    def load(cls, folder: Path, labelled: pd.DataFrame) -> Self:
        """Read back what `save` wrote; `labelled` are all rows it learned, with `keeper`."""
