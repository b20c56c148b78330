from __future__ import annotations

import numpy as np
import pytest

from djlib.bucketing.comparison.paired_tests import (
    Effect,
    PairedComparison,
    RowsOfFolds,
    adjusted,
    paired_comparison,
)

N = 60
FOLDS = [np.array_split(np.arange(N), 3)]


def rows(hits: np.ndarray) -> RowsOfFolds:
    """Scores of one repeat in three folds, from which rows are right."""
    right = hits.astype(float)
    return RowsOfFolds(np.stack([right, right, 1 - right], axis=1)[None], FOLDS)


def test_it_agrees_with_counting_by_hand() -> None:
    one, other = np.arange(N) < 40, np.arange(N) % 2 == 0
    found = paired_comparison("one", rows(one), "other", rows(other), np.arange(N))
    assert found.accuracy.difference == pytest.approx(10 / 60)
    assert (found.fixed, found.broken) == (20, 10)
    assert found.log_loss.difference == pytest.approx(-10 / 60)


def test_the_share_tested_is_of_the_rows_learned_from() -> None:
    assert rows(np.ones(N, bool)).test_share == pytest.approx(20 / 40)
    np.testing.assert_allclose(rows(np.arange(N) < 30).of_folds, [1, 0.5, 0])


def test_rows_without_an_answer_do_not_count() -> None:
    scores = rows(np.ones(N, bool)).scores.copy()
    scores[:, :20] = np.nan
    part = RowsOfFolds(scores, [FOLDS[0][1:]])
    found = paired_comparison("one", part, "one", part, np.arange(N))
    assert found.accuracy.difference == 0
    assert found.p_rows == 1


def with_p(p_rows: float, low: float = 0.01, p_folds: float | None = None) -> PairedComparison:
    effect = Effect(0.1, low, 0.2)
    return PairedComparison("one", "other", effect, effect, effect, 9, 1, p_rows, p_folds)


def test_better_needs_the_interval_and_the_test() -> None:
    strong, weak, wide = adjusted([with_p(0.001), with_p(0.04), with_p(0.001, low=-0.01)])
    assert strong.verdict == "better"
    assert weak.p_rows_adjusted == pytest.approx(0.04)
    assert weak.verdict == "better"
    assert wide.verdict == "cannot tell"
    assert [d.verdict for d in adjusted([with_p(0.04)] * 3)] == ["cannot tell"] * 3


def test_the_folds_are_a_second_opinion() -> None:
    sure, unsure, without = adjusted(
        [with_p(0.001, p_folds=0.01), with_p(0.001, p_folds=0.2), with_p(0.001)]
    )
    assert (sure.p_folds_adjusted, unsure.p_folds_adjusted) == (0.02, 0.2)
    assert [d.is_confirmed for d in (sure, unsure, without)] == [True, False, False]
    assert without.as_dict()["confirmed_by_folds"] is False


def test_a_worse_model_is_called_worse() -> None:
    effect = Effect(-0.1, -0.2, -0.01)
    found = PairedComparison("one", "other", effect, effect, effect, 1, 20, 0.001, None, 0.001)
    assert found.verdict == "worse"
