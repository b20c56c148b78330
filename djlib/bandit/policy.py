"""The contract of a bandit policy, and the pool that is encoded once to select from often."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from pandas.util import hash_pandas_object

from ..errors import UsageError
from .acquisition import ExplorationProfile, Picks

Progress = Callable[[int], None]


class Policy(ABC):
    """Learns which listings are kept, and selects the ones to ask about.

    `encode` turns listings into the policy's own points: anything with a length whose rows
    `points[rows]` gives. They can be kept by whoever asks about the same pool again. A subclass
    gives the abstract methods; the others have a default.
    """

    @abstractmethod
    def fit(self, listings: pd.DataFrame, keeper: np.ndarray) -> Self:
        """Learn all anew from labelled listings and their labels (n,), 1 or 0; n may be 0."""

    @abstractmethod
    def update(self, listings: pd.DataFrame, keeper: np.ndarray, is_new: np.ndarray) -> Self:
        """Learn on; given are all labelled rows and which of them (n,) belong to this batch."""

    @abstractmethod
    def encode(self, listings: pd.DataFrame, progress: Progress | None = None) -> Any:
        """Give listings as points; `progress` takes how many more were read."""

    @abstractmethod
    def predict(self, points: Any) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of P(keep) of points, each (n,)."""

    @abstractmethod
    def select(
        self,
        pool: EncodedPool,
        k: int,
        *,
        profile: ExplorationProfile,
        batch_number: int,
        rng: np.random.Generator,
    ) -> Picks:
        """Pick `k` rows of a pool without doubles (all, where there are fewer)."""

    @abstractmethod
    def explain(
        self, listings: pd.DataFrame, points: Any, strategies: Sequence[str]
    ) -> list[list[str]]:
        """Reasons for each row, the weightiest first; `strategies` says which rule picked it."""

    @abstractmethod
    def embed(self, listings: pd.DataFrame) -> np.ndarray:
        """Embeddings of listings, (n, 64), of length one."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write the policy into `folder` by parts, none of them a pickle."""

    @classmethod
    @abstractmethod
    def load(cls, folder: Path, labelled: pd.DataFrame) -> Self:
        """Read back what `save` wrote; `labelled` are all rows it learned, with `keeper`. Raises
        `ModelError` where a file is damaged."""

    def look_at(self, pool: pd.DataFrame) -> Self:
        """Learn from an unlabelled pool what is usual in it; by default nothing."""
        return self

    def encode_pool(self, pool: pd.DataFrame, progress: Progress | None = None) -> EncodedPool:
        """Give a pool as points, to select from it many times; by default read whole."""
        return EncodedPool(pool, self.encode(pool, progress))

    def contributions(self, points: Any) -> pd.DataFrame:
        """What each part of a listing adds to its expected label. Raises `UsageError` where a
        policy is no sum of parts, which is the default."""
        raise UsageError("only the strong mode can take its answers apart")

    def health(self) -> dict[str, str]:
        """What was wrong with the last training or selection, by name; by default nothing."""
        return {}


@dataclass(frozen=True)
class EncodedPool:
    """Listings with their points, as the policy that encoded them sees them.

    A large pool may be encoded in outline; `read_whole` then gives the points of a few listings
    with everything there is to read of them, None: the points are that already.
    """

    listings: pd.DataFrame
    points: Any
    read_whole: Callable[[pd.DataFrame], Any] | None = None

    def __len__(self) -> int:
        return len(self.listings)

    def points_of(self, rows: np.ndarray) -> Any:
        """The points of a few rows, read whole."""
        if self.read_whole is not None:
            return self.read_whole(self.listings.iloc[rows])
        return self.points[rows]

    @cached_property
    def distinct(self) -> EncodedPool:
        """The pool without second rows of one id."""
        ids = self.listings["listing_id"]
        if _all_differ(ids):
            return self
        rows = np.flatnonzero(~ids.duplicated())
        listings = self.listings.iloc[rows].reset_index(drop=True)
        return EncodedPool(listings, self.points[rows], self.read_whole)


_ROWS_AT_ONCE = 20_000


def _all_differ(ids: pd.Series) -> bool:
    """Whether no id stands twice, told by a number for each: a table of a million names would be
    the largest thing in memory."""
    starts = range(0, len(ids), _ROWS_AT_ONCE)
    parts = (ids.iloc[start : start + _ROWS_AT_ONCE] for start in starts)
    hashed = [hash_pandas_object(part, index=False, categorize=False).to_numpy() for part in parts]
    return len(np.unique(np.concatenate([np.zeros(0, np.uint64), *hashed]))) == len(ids)
