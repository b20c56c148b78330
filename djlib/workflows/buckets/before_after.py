"""Before and after: the served version against a new one, and a few corrections learned fast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from ...bucketing.base import BucketAssigner
from ...bucketing.comparison.changes import Changes, Memory, changes, is_right
from ...bucketing.corrections import Rename
from ...bucketing.cross_validation import Measurement
from ...bucketing.training import TrainingSet
from ...evaluation.proportions import Share, share_of
from ...evaluation.significance import Comparison, compare_paired
from ...evaluation.splits import artist_groups, song_groups
from ...features.dates import day_numbers
from ...registry import Version
from ...settings import Workspace
from ...tables.schema import split_buckets
from .models import InUse, figures_of, names_since, out_of_fold

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


Pace = Literal["auto", "fast", "full"]
"""auto: fast for a handful of changed labels, until they are too many to go unmeasured."""

_HANDFUL, _SHARE = 20, 0.02
_NOT_THE_KIND = {"random_state", "n_jobs", "cache"}
"""Parameters that may differ while the model stays of one kind."""


def why_full(served: InUse, training: TrainingSet, fresh: BucketAssigner, pace: Pace) -> str:
    """Why the fast path cannot be taken, "" where it can. `fresh` is the model that a full
    training would make."""
    if served.model is None or served.version is None:
        return served.why
    unlike = _unlike(served.model, training.learned, fresh)
    if unlike or pace == "fast":
        return unlike
    if pace == "full":
        return "it was asked for"
    changed = changed_labels(served, training)
    most = max(_HANDFUL, int(_SHARE * len(training.learned.tracks)))
    if changed > most:
        return f"{changed:,} labels changed since it was last measured, more than {most:,}"
    return ""


def _unlike(model: BucketAssigner, learned: TrainingSet, fresh: BucketAssigner) -> str:
    if type(model) is not type(fresh) or _kind(model) != _kind(fresh):
        return "the settings ask for another model than the one in use"
    if model.is_multi_ != learned.is_multi:
        return "tracks sit in several buckets now" if learned.is_multi else "one bucket a track now"
    known, now = set(model.classes_.tolist()), set(learned.sizes)
    if now - known:
        return f"there is a new bucket: {', '.join(sorted(now - known))}"
    if known - now:
        return f"a bucket is gone: {', '.join(sorted(known - now))}"
    return ""


def _kind(model: BucketAssigner) -> dict[str, str]:
    parameters = model.get_params().items()
    return {name: repr(value) for name, value in parameters if name not in _NOT_THE_KIND}


def changed_labels(served: InUse, training: TrainingSet) -> int:
    """How many labels are new, gone or others since the figures in use were measured."""
    if served.model is None or served.version is None:
        return 0
    known = served.model.labelled_
    was = {
        t: frozenset(split_buckets(b))
        for t, b in zip(known["track_id"], known["buckets"], strict=True)
    }
    learned = never_unlearned(training, served.model).learned
    now = {
        t: frozenset(row) for t, row in zip(learned.tracks["track_id"], learned.labels, strict=True)
    }
    changed = sum(was.get(track_id) != row for track_id, row in now.items())
    return changed + len(was.keys() - now.keys()) + changed_before(served.version)


def changed_before(version: Version) -> int:
    """Labels that fast updates changed since the version's figures were measured."""
    return int(version.metadata.get("changed_labels", 0))


def never_unlearned(training: TrainingSet, model: BucketAssigner) -> TrainingSet:
    """Keep learning from songs the model has learned from: a model that goes on from where it
    was cannot forget one that has become a test song since."""
    seen = np.isin(song_groups(training.tracks), song_groups(model.labelled_))
    return replace(training, aside=training.aside & ~seen)


def as_measured(workspace: Workspace, version: Version) -> tuple[Measurement, str]:
    """The measurement a version carries, and the id of the version it was made on."""
    confidence, correct = out_of_fold(workspace, version.id)
    carried = Measurement(
        figures_of(workspace, version), confidence, correct, dict(version.metadata["too_small"])
    )
    return carried, str(version.metadata.get("measured_by") or version.id)
