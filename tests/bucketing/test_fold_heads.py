"""Heads of folds learn side by side, and answer as they would one by one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.model_selection import KFold

from djlib.bucketing import hybrid_heads as fold_heads
from djlib.bucketing.calibration.out_of_fold import Fold
from djlib.bucketing.hybrid_heads import FoldHeads, LogisticHead
from djlib.bucketing.labels import encode, with_names

from .hybrids import TRACKS, hybrid

BUCKETS = TRACKS["bucket"].tolist()
FOLDS = [Fold(train, test) for train, test in KFold(3).split(TRACKS)]


def asking(**changes: Any) -> FoldHeads:
    """Logistic heads on the tracks of a small library, nothing about their days."""
    model, labels = hybrid(use_dates=False), encode(BUCKETS)
    model._describe(TRACKS, labels)
    model._learn_columns(TRACKS)
    components = model._learn_components(TRACKS)
    later = 0 * components.rows[: len(TRACKS)]
    truth = with_names(labels.truth)

    def fit(scores: np.ndarray, known: np.ndarray) -> LogisticHead:
        return LogisticHead().fit(scores, known, is_multi=False)

    return replace(
        FoldHeads(model.columns_, components, later, truth, fit, at_once=True), **changes
    )


def test_side_by_side_or_one_by_one_the_answers_are_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(joblib, "cpu_count", lambda: 3)
    both = [asking(at_once=at_once)(FOLDS) for at_once in (True, False)]
    for at_once, alone, fold in zip(*both, FOLDS, strict=True):
        np.testing.assert_array_equal(at_once, alone)
        assert at_once.shape == (len(fold.test), 4)
        right = at_once.argmax(axis=1) == asking().truth[fold.test].argmax(axis=1)
        assert right.mean() > 0.5


@pytest.mark.parametrize(
    ("large", "at_once", "most"), [(False, True, 4), (True, True, 2), (False, False, 1)]
)
def test_no_more_learn_at_once_than_memory_and_heads_allow(
    monkeypatch: pytest.MonkeyPatch, large: bool, at_once: bool, most: int
) -> None:
    monkeypatch.setattr(fold_heads, "is_large", lambda n: large)
    assert asking(at_once=at_once)._most() == most


def test_a_later_track_is_shown_as_one() -> None:
    ask = asking()
    test = FOLDS[0].test
    now, later = ask([FOLDS[0], replace(FOLDS[0], is_temporal=True)])
    assert not np.allclose(now, later)
    assert np.ptp(later, axis=0).max() < 1e-6, "rows of nothing are all alike"
    assert len(later) == len(test)


def test_what_goes_wrong_in_a_fold_is_told() -> None:
    def fit(scores: np.ndarray, known: np.ndarray) -> LogisticHead:
        raise MemoryError("too many tracks")

    with pytest.raises(MemoryError, match="too many tracks"):
        asking(fit=fit)(FOLDS)


def test_nothing_asked_is_nothing_answered() -> None:
    assert asking()([]) == []
