"""A pool that was read once, to choose from many times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

SPELLED_UP_TO = 100_000
"""Rows of a pool whose letters are read at once; of a larger one only those shortlisted are
spelled, since letters are most of what a listing takes in memory."""


@dataclass(frozen=True)
class EncodedPool:
    """Listings with their points, as the policy that read them sees them."""

    listings: pd.DataFrame
    points: Any

    def __len__(self) -> int:
        return len(self.listings)

    def distinct(self) -> tuple[pd.DataFrame, Any]:
        """Listings and points without second rows of one id."""
        double = self.listings["listing_id"].duplicated().to_numpy()
        if not double.any():
            return self.listings, self.points
        rows = np.flatnonzero(~double)
        return self.listings.iloc[rows].reset_index(drop=True), points_of(self.points, rows)


def points_of(points: Any, rows: np.ndarray) -> Any:
    """Some rows of points, whichever policy they are of."""
    return points[rows] if isinstance(points, np.ndarray) else points.take(rows)
