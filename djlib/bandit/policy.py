"""What the bandit asks of a policy, and the pool that is encoded once to choose from often."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
import pandas as pd
from pandas.util import hash_pandas_object

from .gaussian_process.kernel import PackedPoints


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


READ_WHOLE_UP_TO = 100_000
"""Rows of a pool that is read whole at once; of a larger one only those shortlisted are."""


@dataclass(frozen=True)
class EncodedPool:
    """Listings with their points, as the policy that read them sees them."""

    listings: pd.DataFrame
    points: Any

    def __len__(self) -> int:
        return len(self.listings)

    @cached_property
    def distinct(self) -> tuple[pd.DataFrame, Any]:
        """Listings and points without second rows of one id."""
        ids = self.listings["listing_id"]
        if _all_differ(ids):
            return self.listings, self.points
        rows = np.flatnonzero(~ids.duplicated())
        listings = self.listings.iloc[rows].reset_index(drop=True)
        if isinstance(self.points, PackedPoints):
            return listings, self.points.keep(rows)
        return listings, points_of(self.points, rows)


def _all_differ(ids: pd.Series) -> bool:
    """Whether no id stands twice, told by a number for each: a table of a million names would be
    the largest thing in memory."""
    starts = range(0, len(ids), PackedPoints.ROWS)
    parts = (ids.iloc[start : start + PackedPoints.ROWS] for start in starts)
    hashed = [hash_pandas_object(part, index=False, categorize=False).to_numpy() for part in parts]
    return len(np.unique(np.concatenate([np.zeros(0, np.uint64), *hashed]))) == len(ids)


def whole_points(policy: Policy, listings: pd.DataFrame, points: Any, rows: np.ndarray) -> Any:
    """The points of some rows with all there is to read of them, which a large pool was read
    without."""
    if isinstance(points, PackedPoints):
        return policy.encode(listings.iloc[rows])
    return points_of(points, rows)


def points_of(points: Any, rows: np.ndarray) -> Any:
    """Some rows of points, whichever policy they are of."""
    return points[rows] if isinstance(points, np.ndarray) else points.take(rows)
