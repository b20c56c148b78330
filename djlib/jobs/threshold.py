"""The confidence from which a version calls itself sure: as asked, or as it was trained."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..errors import InputError
from ..evaluation.abstention import Abstention, measured_at, threshold_for_precision
from ..registry import Version
from ..settings import BucketSettings

_THRESHOLD = 0.5


def choose_threshold(
    confidence: np.ndarray, correct: np.ndarray, settings: BucketSettings
) -> Abstention:
    """The person's threshold and what it gives, or the one that keeps their target precision."""
    if settings.target_precision is None:
        threshold = _THRESHOLD if settings.threshold is None else settings.threshold
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
