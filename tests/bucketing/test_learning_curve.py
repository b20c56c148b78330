from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from djlib.bucketing.baselines import GenreAssigner, MajorityAssigner
from djlib.bucketing.comparison.learning_curve import (
    _in_order,
    curve_fits,
    curve_sizes,
    learning_curve,
)
from djlib.bucketing.comparison.model_comparison import Candidate
from djlib.bucketing.labels import encode
from djlib.bucketing.training import TrainingSet, assemble
from djlib.synthetic.tables import synthetic_library

GENRE = Candidate("genre", lambda seed: GenreAssigner(seed))
MAJORITY = Candidate("majority", lambda seed: MajorityAssigner(seed))


def training(n: int = 300, **knobs: Any) -> TrainingSet:
    return assemble(synthetic_library(n, buckets=4, seed=51, **knobs), {}, test_share=0.0)


@pytest.mark.parametrize("multi", [0.0, 0.5])
def test_more_labels_help_a_model_that_learns(multi: float) -> None:
    points = learning_curve([GENRE, MAJORITY], training(multi=multi))
    genre = [p for p in points if p.name == "genre"]
    assert [p.labels for p in genre][:-1] == [50, 100]
    assert 230 < genre[-1].labels <= 240
    assert genre[-1].log_loss < genre[0].log_loss
    assert genre[-1].accuracy > points[-1].accuracy


def test_sizes_double_from_fifty_to_all() -> None:
    assert curve_sizes(1000) == [50, 100, 200, 400, 1000]
    assert curve_sizes(55) == [55]


def test_one_label_of_each_bucket_comes_first_and_none_is_lost() -> None:
    songs = training(80)
    labels = encode(songs.y)
    order = _in_order(np.arange(80), labels, 0)
    assert sorted(order) == list(range(80))
    assert set(labels.first[order[:4]]) == {0, 1, 2, 3}


def test_a_model_that_fails_has_no_point() -> None:
    def broken(seed: int) -> GenreAssigner:
        raise RuntimeError("no")

    points = learning_curve([Candidate("broken", broken), MAJORITY], training(60))
    assert {p.name for p in points} == {"majority"}


def test_what_cannot_be_split_has_no_curve() -> None:
    names = ["A", "B"]
    tracks = synthetic_library(2, seed=52).assign(bucket=names, buckets=names)
    assert learning_curve([MAJORITY], assemble(tracks, {}, test_share=0.0)) == []


def test_progress_is_told_of_each_fit() -> None:
    fits: list[int] = []
    learning_curve([MAJORITY, GENRE], training(300), progress=fits.append)
    assert sum(fits) == curve_fits(300, 2)
