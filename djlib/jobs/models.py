"""The bucket models of a workspace: its registry, and loading the one that is served."""

from __future__ import annotations

from ..bucketing.simple_ml import SimpleMLBucketAssigner
from ..registry import Registry
from ..settings import Workspace

LEARNER = "bucket"
OUT_OF_FOLD = "out_of_fold.csv"
"""In each version: confidence and rightness of its cross-validated first choices."""


def bucket_models(workspace: Workspace) -> Registry[SimpleMLBucketAssigner]:
    """The registry of bucket models; `models/bucket_model.pkl` is the current one."""
    return Registry(workspace.models, LEARNER, SimpleMLBucketAssigner.load)
