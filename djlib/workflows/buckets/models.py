"""The bucket models of a workspace: registry, served version, confidence threshold."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ...bucketing.base import BucketAssigner
from ...bucketing.catalogue import load_model
from ...bucketing.corrections import Rename, current_names
from ...errors import InputError, ModelError, NotFoundError, NotTrainedError
from ...evaluation.calibration import NEVER_SURE, Abstention, measured_at, threshold_for_precision
from ...registry import Registry, Version
from ...settings import DEFAULT_THRESHOLD, BucketSettings, Workspace
from ...tables.plain_json import json_text
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


@dataclass(frozen=True)
class InUse:
    """A version and its model; where there is none, or it cannot be loaded, `why` says so."""

    version: Version | None
    model: BucketAssigner | None
    why: str = ""

    @property
    def id(self) -> str | None:
        """The version's id."""
        return self.version.id if self.version else None


def in_use(workspace: Workspace) -> InUse:
    """The version in use with its model."""
    models = bucket_models(workspace)
    try:
        version = models.current()
    except NotTrainedError:
        return InUse(None, None, "this is the first model")
    try:
        return InUse(version, models.load(version.id))
    except ModelError as error:
        return InUse(version, None, f"the model in use cannot be loaded: {error}")


def choose_threshold(
    confidence: np.ndarray, correct: np.ndarray, settings: BucketSettings
) -> Abstention:
    """The person's threshold and what it gives, or the one that keeps their target precision."""
    if settings.target_precision is None and not len(confidence):
        return Abstention(NEVER_SURE, None, 0.0)  # nothing is sure where nothing was measured
    if settings.target_precision is None:
        threshold = DEFAULT_THRESHOLD if settings.threshold is None else settings.threshold
        return measured_at(confidence, correct, threshold)
    if not len(confidence):
        raise InputError(
            "a target precision needs cross-validated predictions, and the buckets are too small "
            "to measure; label more tracks or set a threshold"
        )
    return threshold_for_precision(confidence, correct, settings.target_precision)


def as_trained(asked: BucketSettings, version: Version) -> BucketSettings:
    """Keep to the threshold or target precision a version was trained with, unless another one
    is asked for."""
    if asked.threshold is not None or asked.target_precision is not None:
        return asked
    kept = version.metadata["abstention"]
    if kept["target"] is not None:
        return replace(asked, target_precision=kept["target"])
    return replace(asked, threshold=kept["threshold"])
