"""What a new model answers differently: confusions fixed and broken, bucket by bucket.

Counted on test songs that neither model has learned from. What the new model remembers of the
corrections themselves is counted apart: it was told those answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Confusion:
    """Tracks of the bucket `truth` for which one model says `said`: `fixed` ones did before and
    are right now, `broken` ones were right before and do now."""

    truth: str
    said: str
    fixed: int
    broken: int


@dataclass(frozen=True)
class BucketChange:
    """The `tracks` of a bucket among the test songs, and how many each model gets right."""

    bucket: str
    tracks: int
    before: int
    after: int


@dataclass(frozen=True)
class Memory:
    """How many of the newly corrected tracks each model gets right. The new one was told the
    answers, so this is no measure of how good it is."""

    corrected: int
    before: int
    after: int


@dataclass(frozen=True)
class Changes:
    """What changed between two models: most frequent confusions first, largest buckets first."""

    confusions: list[Confusion]
    buckets: list[BucketChange]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json` and the version's metadata."""
        return asdict(self)


def is_right(said: Sequence[str], labels: Sequence[Sequence[str]]) -> np.ndarray:
    """Whether each first choice is one of the track's buckets, (n,)."""
    return np.array([one in row for one, row in zip(said, labels, strict=True)], dtype=bool)


def changes(
    before: Sequence[str], after: Sequence[str], labels: Sequence[Sequence[str]]
) -> Changes:
    """Compare the first choices of two models for the same tracks, all (n,).

    >>> found = changes(["Late", "Warm"], ["Warm", "Warm"], [["Warm"], ["Warm"]])
    >>> found.confusions
    [Confusion(truth='Warm', said='Late', fixed=1, broken=0)]
    >>> found.buckets
    [BucketChange(bucket='Warm', tracks=2, before=1, after=2)]
    """
    table = pd.DataFrame(
        {
            "truth": ["|".join(row) for row in labels],
            "was": list(before),
            "is": list(after),
            "before": is_right(before, labels),
            "after": is_right(after, labels),
        }
    )
    return Changes(_confusions(table), _buckets(table))


def _confusions(table: pd.DataFrame) -> list[Confusion]:
    fixed = table[table["after"] & ~table["before"]].groupby(["truth", "was"]).size()
    broken = table[table["before"] & ~table["after"]].groupby(["truth", "is"]).size()
    pairs = sorted({*fixed.index, *broken.index})
    found = [
        Confusion(truth, said, int(fixed.get((truth, said), 0)), int(broken.get((truth, said), 0)))
        for truth, said in pairs
    ]
    return sorted(found, key=lambda c: -(c.fixed + c.broken))


def _buckets(table: pd.DataFrame) -> list[BucketChange]:
    sums = table.groupby("truth")[["before", "after"]].sum()
    sizes = table["truth"].value_counts()
    found = [
        BucketChange(bucket, int(sizes[bucket]), int(row["before"]), int(row["after"]))
        for bucket, row in sums.iterrows()
    ]
    return sorted(found, key=lambda b: -b.tracks)
