"""Before and after: the version in use and a new model on the same test songs.

Only songs that neither has learned from count; a song that was corrected has left them, for both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..bucketing.assigner import BucketAssigner
from ..bucketing.changes import Changes, Memory, changes, is_right
from ..bucketing.renames import Rename
from ..bucketing.training import TrainingSet
from ..evaluation.comparison import Comparison, compare_paired
from ..evaluation.proportions import Share, share_of
from ..evaluation.splits import artist_groups, song_groups
from ..features.dates import day_numbers
from ..tables.schema import split_buckets
from .in_use import InUse
from .models import names_since

_NEWEST = 1 / 3
_FEWEST_RECENT = 30


@dataclass(frozen=True)
class BeforeAfter:
    """How the new model does on the test songs (`audit`, None where there are none), and beside
    the version in use; `comparison` and `changes` are None where there is nothing to compare
    with, and `not_compared` says why. `memory` is of the corrections newly learned. `recent` is
    `comparison` on the third of the songs that was added last, None where those are too few."""

    audit: Share | None
    comparison: Comparison | None
    not_compared: str
    changes: Changes | None
    memory: Memory | None
    recent: Comparison | None = None


def before_after(
    served: InUse,
    model: BucketAssigner,
    training: TrainingSet,
    renames: Sequence[Rename],
    *,
    seed: int,
) -> BeforeAfter:
    """Let both models answer for the test songs; names of buckets are those of today."""
    rows = training.kept_aside
    audit = _audit(model, rows)
    if served.version is None or served.model is None:
        return BeforeAfter(audit, None, served.why, None, None)
    before = _Renamed(served.model, names_since(served.version, served.model.classes_, renames))
    memory = _memory(before, model, training)
    rows = _unseen(served.model, rows)
    if not len(rows.tracks):
        why = "no test tracks that neither model has learned from"
        return BeforeAfter(audit, None, why, None, memory)
    was, now = before.first(rows.tracks), _first(model, rows.tracks)
    right = is_right(was, rows.labels), is_right(now, rows.labels)
    groups = artist_groups(rows.tracks)
    compared = compare_paired(*right, groups, seed=seed)
    late = _newest(rows.tracks)
    recent = (
        compare_paired(right[0][late], right[1][late], groups[late], seed=seed)
        if late.sum() >= _FEWEST_RECENT
        else None
    )
    return BeforeAfter(audit, compared, "", changes(was, now, rows.labels), memory, recent)


class _Renamed:
    """A model whose buckets may have been renamed since."""

    def __init__(self, model: BucketAssigner, names: dict[str, str]) -> None:
        self._model, self._names = model, names

    def first(self, tracks: pd.DataFrame) -> list[str]:
        """First choices, as those buckets are called now."""
        return [self._names[bucket] for bucket in _first(self._model, tracks)]

    def learned(self) -> dict[str, frozenset[str]]:
        """Buckets of the tracks it learned from, as they are called now."""
        table = self._model.labelled_
        return {
            track_id: frozenset(self._names[b] for b in split_buckets(cell))
            for track_id, cell in zip(table["track_id"], table["buckets"], strict=True)
        }


def _first(model: BucketAssigner, tracks: pd.DataFrame) -> list[str]:
    choice = model.predict_proba(tracks).argmax(axis=1)
    return [str(bucket) for bucket in model.classes_[choice]]


def _newest(tracks: pd.DataFrame) -> np.ndarray:
    """Which tracks are of the last third by the day they were added; none where no day is known."""
    days = day_numbers(tracks)
    known = days[np.isfinite(days)]
    return days > np.quantile(known, 1 - _NEWEST) if len(known) else np.zeros(len(days), bool)


def _audit(model: BucketAssigner, rows: TrainingSet) -> Share | None:
    if not len(rows.tracks):
        return None
    right = is_right(_first(model, rows.tracks), rows.labels)
    return share_of(int(right.sum()), len(right))


def _unseen(before: BucketAssigner, rows: TrainingSet) -> TrainingSet:
    seen = np.isin(song_groups(rows.tracks), song_groups(before.labelled_))
    return rows.rows(~seen)


def _memory(before: _Renamed, model: BucketAssigner, training: TrainingSet) -> Memory | None:
    """How both answer for the corrected tracks that the one before had not learned so."""
    known = before.learned()
    pairs = zip(training.tracks["track_id"], training.labels, strict=True)
    is_known = np.array([known.get(track_id) == frozenset(row) for track_id, row in pairs], bool)
    rows = training.rows(training.corrected & ~is_known)
    if not len(rows.tracks):
        return None
    was, now = before.first(rows.tracks), _first(model, rows.tracks)
    right = (int(is_right(said, rows.labels).sum()) for said in (was, now))
    return Memory(len(rows.tracks), *right)
