"""What training decides: from what, with which threshold, and whether the model is served."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import djlib.workflows.buckets.before_after as job
from djlib.bucketing.base import BucketAssigner
from djlib.errors import InputError, NotFoundError
from djlib.evaluation.significance import Comparison
from djlib.settings import BucketSettings, Workspace, load_settings
from djlib.tables.io import write_table
from djlib.workflows.buckets.models import bucket_models, choose_threshold, out_of_fold
from djlib.workflows.buckets.train import train_buckets, training_source
from djlib.workflows.promotion import PromotionRequest
from tests.workflows.listening import Listener

WORSE = Comparison(40, 0.8, 0.5, -0.3, -0.4, -0.2, 0, 12, 0.001)
BETTER = Comparison(40, 0.5, 0.8, 0.3, 0.2, 0.4, 12, 0, 0.001)
UNCLEAR = Comparison(40, 0.5, 0.55, 0.05, -0.1, 0.2, 5, 3, 0.7)


def test_a_scan_is_learned_from_before_a_training_file_where_any_of_it_is_sorted(
    tmp_path: Path,
) -> None:
    here = Workspace(tmp_path)
    here.data.mkdir()
    with pytest.raises(NotFoundError, match="nothing to learn from"):
        training_source(here)
    here.training.touch()
    assert training_source(here) == here.training
    unsorted = pd.DataFrame({"track_id": ["1", "2"], "bucket": ["", ""]})
    write_table(unsorted, here.tracks)
    assert training_source(here) == here.training
    write_table(unsorted.assign(bucket=["", "Peak"]), here.tracks)
    assert training_source(here) == here.tracks
    here.training.unlink()
    write_table(unsorted, here.tracks)
    assert training_source(here) == here.tracks


@pytest.mark.parametrize(
    ("found", "promotion", "served"),
    [
        (WORSE, "auto", False),
        (UNCLEAR, "auto", True),
        (BETTER, "never", False),
    ],
)
def test_a_version_is_served_unless_it_is_measurably_worse_or_as_asked(
    learned: Path,
    monkeypatch: pytest.MonkeyPatch,
    found: Comparison,
    promotion: PromotionRequest,
    served: bool,
) -> None:
    here = Workspace(learned)
    monkeypatch.setattr(job, "compare_paired", lambda *_, **__: found)
    report = train_buckets(here, load_settings(learned, {}), talk=Listener(), promotion=promotion)

    assert report.promoted is served
    assert (bucket_models(here).current().id == report.version) is served


def test_before_and_after_stand_on_rows_that_neither_has_seen(
    learned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, seen = Workspace(learned), []
    before = set(bucket_models(here).load().labelled_["track_id"])
    first = job._first

    def note(model: BucketAssigner, tracks: pd.DataFrame) -> list[str]:
        seen.append(set(tracks["track_id"]))
        return first(model, tracks)

    monkeypatch.setattr(job, "_first", note)
    train_buckets(here, load_settings(learned, {}), talk=Listener())
    after = set(bucket_models(here).load().labelled_["track_id"])

    assert len(seen) == 3  # the new model once alone, then both
    assert seen[1] == seen[2]
    assert len(seen[1]) > 10
    assert not seen[1] & (before | after)


def test_a_listener_is_told_of_every_fit(learned: Path) -> None:
    listener = Listener()
    train_buckets(Workspace(learned), load_settings(learned, {}), talk=listener)

    assert listener.steps[1:] == [
        ("Measuring by cross-validation", 5, 5),
        ("Learning from all of them", 1, 1),
    ]


def test_out_of_fold_answers_are_kept_with_the_version(learned: Path) -> None:
    here = Workspace(learned)
    report = train_buckets(here, load_settings(learned, {}), talk=Listener())
    confidence, correct = out_of_fold(here, report.version)

    assert len(confidence) == len(correct) == report.figures["stratified"]["n"]
    assert correct.mean() == pytest.approx(report.figures["stratified"]["accuracy"])


def test_a_threshold_is_the_persons_or_the_one_for_a_precision() -> None:
    confidence, correct = np.linspace(0, 1, 101), np.linspace(0, 1, 101) > 0.3
    asked = choose_threshold(confidence, correct, BucketSettings(threshold=0.7))
    chosen = choose_threshold(confidence, correct, BucketSettings(target_precision=0.9))

    assert (asked.threshold, asked.precision) == (0.7, 1.0)
    assert chosen.precision is not None
    assert chosen.precision >= 0.9
    assert chosen.threshold < 0.4
    with pytest.raises(InputError, match="a target precision needs"):
        choose_threshold(np.empty(0), np.empty(0, bool), BucketSettings(target_precision=0.9))
