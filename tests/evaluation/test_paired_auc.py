"""Two rankings of the same rows."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from djlib.evaluation.significance import compare_auc


def test_the_areas_are_those_of_scikit_learn_ties_included() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random(300) < 0.3
    was, now = rng.integers(0, 5, 300) / 5, truth + rng.normal(0, 1, 300)
    found = compare_auc(was, now, truth)
    assert found.before == pytest.approx(roc_auc_score(truth, was))
    assert found.after == pytest.approx(roc_auc_score(truth, now))
    assert found.low < found.difference < found.high
    assert found.verdict == "better"
    assert compare_auc(now, was, truth).verdict == "worse"


def test_the_same_scores_differ_by_nothing() -> None:
    truth = np.arange(60) % 3 == 0
    scores = np.random.default_rng(1).random(60)
    found = compare_auc(scores, scores, truth)
    assert (found.difference, found.low, found.high, found.verdict) == (0, 0, 0, "cannot tell")


def test_a_difference_by_chance_is_seldom_a_verdict() -> None:
    rng = np.random.default_rng(2)
    told = 0
    for seed in range(40):
        truth = rng.random(80) < 0.4
        was, now = (truth + rng.normal(0, 1.5, 80) for _ in range(2))
        told += compare_auc(was, now, truth, seed=seed).verdict != "cannot tell"
    assert told <= 6  # 5 % of 40 and three standard deviations
