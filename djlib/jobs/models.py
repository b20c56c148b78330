"""The bucket models of a workspace: its registry, and loading the one that is served."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..bucketing.assigner import BucketAssigner
from ..bucketing.catalogue import load_model
from ..bucketing.renames import Rename, current_names
from ..errors import NotFoundError, NotTrainedError
from ..registry import Registry, Version
from ..settings import Workspace
from ..tables.plain_json import json_text
from .corrections import Corrections, renames_so_far

LEARNER = "bucket"
_OUT_OF_FOLD, _FIGURES, _CHANGES = "out_of_fold.csv", "figures.json", "changes.json"


def bucket_models(workspace: Workspace) -> Registry[BucketAssigner]:
    """The registry of bucket models; `models/bucket_model.pkl` is the current one."""
    return Registry(workspace.models, LEARNER, load_model)


def buckets_in_use(workspace: Workspace, so_far: Corrections) -> list[str]:
    """Names the current model knows, as they are now, and those that corrections made since."""
    try:
        version = bucket_models(workspace).current()
        buckets = version.metadata.get("buckets", ())
        known = list(names_since(version, buckets, renames_so_far(workspace)).values())
    except NotTrainedError:
        known = []
    said = [bucket for correction, _ in so_far.values() for bucket in correction.buckets]
    return list(dict.fromkeys([*known, *said]))


def names_since(
    version: Version, buckets: Iterable[str], renames: Sequence[Rename]
) -> dict[str, str]:
    """What each of a version's buckets is called now."""
    logged = int(version.metadata.get("corrections_logged", 0))
    return {bucket: current_names([bucket], renames, since=logged)[0] for bucket in buckets}


def out_of_fold_file(confidence: np.ndarray, correct: np.ndarray) -> dict[str, bytes]:
    """Cross-validated first choices, confidence and rightness (n,), as a file kept with a
    version."""
    pairs = pd.DataFrame({"confidence": confidence.round(6), "correct": correct.astype(int)})
    return {_OUT_OF_FOLD: pairs.to_csv(index=False).encode()}


def out_of_fold(workspace: Workspace, version: str) -> tuple[np.ndarray, np.ndarray]:
    """Confidence and rightness, both (n,), of a version's cross-validated first choices."""
    kept = bucket_models(workspace).attachment(version, _OUT_OF_FOLD)
    pairs = pd.read_csv(io.BytesIO(kept))
    return pairs["confidence"].to_numpy(dtype=float), pairs["correct"].to_numpy(dtype=bool)


def figures_file(figures: Mapping[str, Any]) -> dict[str, bytes]:
    """All cross-validated figures by kind of fold, as a file kept with a version."""
    return {_FIGURES: json_text(figures).encode()}


def figures_of(workspace: Workspace, version: Version) -> dict[str, Any]:
    """The figures a version was measured with; the few of its metadata where it keeps no file."""
    try:
        read: dict[str, Any] = json.loads(bucket_models(workspace).attachment(version.id, _FIGURES))
    except NotFoundError:
        return dict(version.metrics)
    return read


def changes_file(changes: Mapping[str, Any]) -> dict[str, bytes]:
    """What a version answers differently than its parent, as a file kept with it."""
    return {_CHANGES: json_text(changes).encode()}


def changes_of(workspace: Workspace, version: str) -> dict[str, Any] | None:
    """What a version answers differently than its parent; None where it was not compared."""
    try:
        read: dict[str, Any] = json.loads(bucket_models(workspace).attachment(version, _CHANGES))
    except NotFoundError:
        return None
    return read
