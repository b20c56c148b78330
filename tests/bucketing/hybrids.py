"""Hybrid models on a small invented library, each fitted once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd
import pytest

from djlib.bucketing import hybrid_heads
from djlib.bucketing.calibration import out_of_fold
from djlib.bucketing.hybrid import HybridBucketAssigner
from djlib.synthetic.tables import synthetic_library

TRACKS = synthetic_library(90, buckets=4, seed=31, multi=0.5)
FRESH = synthetic_library(30, buckets=4, seed=32)
LABELS = {
    "one": TRACKS["bucket"].tolist(),
    "several": [cell.split("|") for cell in TRACKS["buckets"]],
}
_FITTED: dict[tuple[Any, ...], HybridBucketAssigner] = {}
_SIZES = {"n_estimators": 3, "max_iter": 20}


def hybrid(head: str = "logistic", **settings: Any) -> HybridBucketAssigner:
    """A hybrid of few components that embeds nothing."""
    return HybridBucketAssigner(
        **{"head": head, "engine": None, "n_components": 8, "random_state": 0} | settings
    )


def fitted(
    head: str, kind: str, tracks: pd.DataFrame | None = None, y: list[Any] | None = None
) -> HybridBucketAssigner:
    """The model of that head and kind of labels; nobody may change it."""
    key = (head, kind, id(tracks))
    if key not in _FITTED:
        learned = TRACKS if tracks is None else tracks
        with small_estimators():
            _FITTED[key] = hybrid(head).fit(learned, LABELS[kind] if y is None else y)
    return _FITTED[key]


@contextmanager
def small_estimators() -> Iterator[None]:
    """Let the estimators of heads learn in a moment, out of few folds."""
    made = hybrid_heads.make_estimator

    def small(name: str, seed: int | None, *, smallest: int) -> Any:
        estimator = made(name, seed, smallest=smallest)
        known = estimator.get_params()
        return estimator.set_params(**{k: v for k, v in _SIZES.items() if k in known})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hybrid_heads, "make_estimator", small)
        patch.setattr(out_of_fold, "N_FOLDS", 2)
        yield
