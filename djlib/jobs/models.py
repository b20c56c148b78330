"""The bucket models of a workspace: its registry, and loading the one that is served."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd

from ..bucketing.assigner import BucketAssigner
from ..bucketing.catalogue import load_model
from ..errors import NotTrainedError
from ..registry import Registry
from ..settings import Workspace
from .corrections import Corrections

LEARNER = "bucket"
_OUT_OF_FOLD = "out_of_fold.csv"


def bucket_models(workspace: Workspace) -> Registry[BucketAssigner]:
    """The registry of bucket models; `models/bucket_model.pkl` is the current one."""
    return Registry(workspace.models, LEARNER, load_model)


def buckets_in_use(workspace: Workspace, so_far: Corrections) -> list[str]:
    """Names the current model knows, and those that corrections made since."""
    try:
        known = list(bucket_models(workspace).current().metadata.get("buckets", ()))
    except NotTrainedError:
        known = []
    said = [bucket for correction, _ in so_far.values() for bucket in correction.buckets]
    return list(dict.fromkeys([*known, *said]))


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
