"""A handful of corrections, learned in seconds: the model goes on from where it was.

Nothing is cross-validated. Figures, threshold and out-of-fold answers are those of the version
that was measured last; the comparison on the test songs is made as ever.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from ..bucketing.assigner import BucketAssigner
from ..bucketing.measure import Measurement
from ..bucketing.training import TrainingSet
from ..evaluation.splits import song_groups
from ..registry import Version
from ..settings import Workspace
from ..tables.schema import split_buckets
from .in_use import InUse
from .models import figures_of, out_of_fold

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
