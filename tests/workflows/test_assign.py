"""Answers that are checked before they replace anything, and what a listener is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from djlib.errors import DjlibError, NotTrainedError
from djlib.evaluation.calibration import measured_at
from djlib.settings import Workspace, load_settings
from djlib.tables.io import read_table
from djlib.tables.plain_json import to_plain
from djlib.tables.schema import PREDICTIONS
from djlib.workflows.buckets.assign import (
    AssignOptions,
    AssignReport,
    checked_predictions,
    propose_buckets,
)
from tests.workflows.listening import Listener


@pytest.fixture
def answers(learned: Path) -> pd.DataFrame:
    here = Workspace(learned)
    propose_buckets(here, load_settings(learned, {}), options=AssignOptions(), talk=Listener())
    return read_table(here.predictions, schema=PREDICTIONS)


def test_answers_in_order_pass(answers: pd.DataFrame) -> None:
    assert checked_predictions(answers, answers) is answers
    assert len(checked_predictions(answers.head(0), answers.head(0))) == 0


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda t: t.drop(columns="reason"), "columns"),
        (lambda t: t[t.columns[::-1]], "columns"),
        (lambda t: t.iloc[1:], "rows that are not the tracks that came in"),
        (lambda t: t.iloc[::-1], "rows that are not the tracks that came in"),
        (lambda t: t.assign(status="fine"), r"statuses \['fine'\]"),
        (lambda t: t.assign(confidence=1.01), "a confidence outside 0 to 1"),
        (lambda t: t.assign(confidence=np.nan), "a confidence outside 0 to 1"),
        (lambda t: t.assign(predicted_bucket=""), "a row without a bucket"),
    ],
)
def test_answers_that_are_no_predictions_are_refused(
    answers: pd.DataFrame, spoil: object, said: str
) -> None:
    spoiled = spoil(answers)  # type: ignore[operator]
    with pytest.raises(DjlibError, match=f"the old file stays: they hold {said}"):
        checked_predictions(spoiled, answers)


def test_progress_counts_every_track(learned: Path) -> None:
    settings, listener = replace(load_settings(learned, {}), batch_rows=50), Listener()
    options = AssignOptions(output=learned / "given.csv")
    propose_buckets(
        Workspace(learned), settings, learned / "library.csv", options=options, talk=listener
    )

    (step,) = [s for s in listener.steps if s[0] == "Assigning buckets"]
    assert step[1:] == (180, 180)


def test_a_report_adds_up_over_batches(answers: pd.DataFrame) -> None:
    confidence, correct = np.array([0.9]), np.array([True])
    whole, parts = (AssignReport("x", "v", measured_at(confidence, correct, 0.5)) for _ in range(2))
    whole.count(answers)
    for start in range(0, len(answers), 7):
        parts.count(answers.iloc[start : start + 7])

    assert to_plain(parts) == to_plain(whole)
    assert sum(whole.confidence) == sum(whole.statuses.values()) == whole.rows == len(answers)
    assert sum(whole.buckets.values()) == len(answers)


def test_a_dry_run_without_a_model_learns_nothing(fresh: Path) -> None:
    (fresh / "mine.csv").write_text("track_id,bucket,bpm\n1,A,120\n2,B,170\n")
    with pytest.raises(NotTrainedError, match="djlib train"):
        propose_buckets(
            Workspace(fresh),
            load_settings(fresh, {}),
            fresh / "mine.csv",
            options=AssignOptions(dry_run=True),
            talk=Listener(),
        )
    assert not (fresh / "models").exists()
