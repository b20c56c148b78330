"""Seeded invented tables for tests, the demo and benchmarks: libraries, listings, opportunities.

A library is realistic where it matters to a learner: crates overlap, artists and labels lean to
a crate, genres are dirty and often missing, tempi are sometimes half or double, and some labels
are simply wrong. The same seed gives the same rows in every run and process.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ..errors import UsageError
from .listings import synthetic_listings
from .opportunities import synthetic_opportunities
from .tracks import Batch, World

__all__ = [
    "synthetic_library",
    "synthetic_library_batches",
    "synthetic_listings",
    "synthetic_opportunities",
]

BATCH_ROWS = 50_000


def synthetic_library(
    n: int = 600, buckets: int = 8, seed: int = 0, *, labelled: float = 1.0, multi: float = 0.0
) -> pd.DataFrame:
    """Invent a library of `n` tracks in `buckets` crates: all columns of the `tracks` table.

    `labelled` is the share of tracks that have a bucket, `multi` the share of those that sit in
    two or three. Raises `UsageError` for a number that means nothing.

    >>> library = synthetic_library(5, buckets=2, seed=1)
    >>> library["track_id"].tolist(), library["bucket"].isin(["Warm up", "Peak time"]).all()
    (['t000001', 't000002', 't000003', 't000004', 't000005'], np.True_)
    """
    batches = synthetic_library_batches(n, buckets, seed, labelled=labelled, multi=multi)
    return pd.concat(batches, ignore_index=True)


def synthetic_library_batches(
    n: int,
    buckets: int = 8,
    seed: int = 0,
    *,
    labelled: float = 1.0,
    multi: float = 0.0,
    batch_rows: int = BATCH_ROWS,
) -> Iterator[pd.DataFrame]:
    """Invent a library batch by batch, in bounded memory; same arguments, same rows.

    >>> [len(b) for b in synthetic_library_batches(5, batch_rows=2)]
    [2, 2, 1]
    """
    _check(n, buckets, labelled, multi, batch_rows)
    return _batches(n, buckets, seed, labelled, multi, batch_rows)


def _check(n: int, buckets: int, labelled: float, multi: float, batch_rows: int) -> None:
    for name, count in (("n", n), ("buckets", buckets), ("batch_rows", batch_rows)):
        if count < 1:
            raise UsageError(f"{name} must be at least 1, not {count}")
    for name, share in (("labelled", labelled), ("multi", multi)):
        if not 0 <= share <= 1:
            raise UsageError(f"{name} is a share from 0 to 1, not {share}")


def _batches(
    n: int, buckets: int, seed: int, labelled: float, multi: float, batch_rows: int
) -> Iterator[pd.DataFrame]:
    world = World.invent(np.random.default_rng([seed, 0]), buckets, n)
    for number, first in enumerate(range(0, n, batch_rows), start=1):
        batch = Batch(world, np.random.default_rng([seed, number]), min(batch_rows, n - first))
        yield batch.table(first, labelled, multi)
