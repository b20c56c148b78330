from __future__ import annotations

import json
import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    classification_report,
    confusion_matrix,
    f1_score,
    label_ranking_average_precision_score,
    log_loss,
    top_k_accuracy_score,
)

from djlib.evaluation.metrics import bucket_metrics

CLASSES = ["late", "peak", "sunday", "warm"]


def answers(n: int = 200, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities that are right about half of the time, and the true bucket numbers."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 4, n)
    scores = rng.normal(size=(n, 4)) + 1.2 * np.eye(4)[truth]
    proba = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return proba, truth


@pytest.fixture(name="one")
def one_bucket_figures() -> tuple[dict[str, Any], np.ndarray, np.ndarray]:
    proba, truth = answers()
    return bucket_metrics(proba, np.eye(4)[truth], CLASSES), proba, truth


def test_one_bucket_figures_agree_with_label_based_scores(
    one: tuple[dict[str, Any], np.ndarray, np.ndarray],
) -> None:
    figures, proba, truth = one
    first = proba.argmax(axis=1)
    assert figures["n"] == len(truth)
    assert figures["accuracy"] == pytest.approx(accuracy_score(truth, first))
    assert figures["macro_f1"] == pytest.approx(f1_score(truth, first, average="macro"))
    assert figures["weighted_f1"] == pytest.approx(f1_score(truth, first, average="weighted"))
    assert figures["log_loss"] == pytest.approx(log_loss(truth, proba))
    assert figures["top3_accuracy"] == pytest.approx(top_k_accuracy_score(truth, proba, k=3))


def test_per_bucket_figures_agree_with_the_classification_report(
    one: tuple[dict[str, Any], np.ndarray, np.ndarray],
) -> None:
    figures, proba, truth = one
    report = classification_report(
        truth, proba.argmax(axis=1), target_names=CLASSES, output_dict=True
    )
    for bucket in CLASSES:
        mine, theirs = figures["per_bucket"][bucket], report[bucket]
        assert mine["precision"] == pytest.approx(theirs["precision"])
        assert mine["recall"] == pytest.approx(theirs["recall"])
        assert mine["f1"] == pytest.approx(theirs["f1-score"])
        assert mine["tracks"] == theirs["support"]


def test_the_confusion_matrix_has_truth_in_rows(
    one: tuple[dict[str, Any], np.ndarray, np.ndarray],
) -> None:
    figures, proba, truth = one
    assert figures["confusion"]["buckets"] == CLASSES
    expected = confusion_matrix(truth, proba.argmax(axis=1)).tolist()
    assert figures["confusion"]["rows_true_columns_predicted"] == expected


def test_a_bucket_nobody_has_or_gets_counts_for_nothing() -> None:
    proba, truth = answers()
    without = np.column_stack([proba, np.zeros(len(proba))])
    figures = bucket_metrics(without, np.eye(5)[truth], [*CLASSES, "zz empty"])
    again = bucket_metrics(proba, np.eye(4)[truth], CLASSES)
    assert figures["macro_f1"] == pytest.approx(again["macro_f1"])
    assert figures["per_bucket"]["zz empty"]["tracks"] == 0


def test_a_bucket_that_is_never_given_is_no_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figures = bucket_metrics(np.array([[0.9, 0.1]] * 4), np.eye(2)[[0, 0, 1, 0]], ["a", "b"])
    assert figures["per_bucket"]["b"]["recall"] == 0


def test_a_certain_mistake_costs_much_but_not_everything() -> None:
    figures = bucket_metrics(np.array([[1.0, 0.0]]), np.array([[0, 1]]), ["a", "b"])
    assert 10 < figures["log_loss"] < 20


def test_several_bucket_figures_agree_with_indicator_scores() -> None:
    rng = np.random.default_rng(3)
    truth = (rng.random((150, 4)) < 0.4).astype(int)
    truth[truth.sum(axis=1) == 0, 0] = 1
    proba = np.clip(0.5 * truth + rng.random((150, 4)) * 0.6, 0.01, 0.99)
    given = (proba > 0.5).astype(int)
    figures = bucket_metrics(proba, truth, CLASSES, given=given)
    for average in ("micro", "macro", "weighted"):
        expected = f1_score(truth, given, average=average)
        assert figures[f"{average}_f1"] == pytest.approx(expected)
    expected = label_ranking_average_precision_score(truth, proba)
    assert figures["ranking_precision"] == pytest.approx(expected)
    columns = [log_loss(truth[:, k], proba[:, k], labels=[0, 1]) for k in range(4)]
    assert figures["log_loss"] == pytest.approx(np.mean(columns))
    first = proba.argmax(axis=1)
    assert figures["accuracy"] == pytest.approx(truth[np.arange(150), first].mean())
    assert "confusion" not in figures


def test_figures_are_plain_values(one: tuple[dict[str, Any], np.ndarray, np.ndarray]) -> None:
    assert json.loads(json.dumps(one[0]))["n"] == 200
