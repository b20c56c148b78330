from __future__ import annotations

import logging

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from djlib.bandit.contrastive.losses import (
    MOST_NEGATIVES,
    MOST_POSITIVES,
    STAGES,
    Stage,
    fallbacks,
    mine,
    recall,
    stage_of,
)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def circle(*degrees: float) -> torch.Tensor:
    angles = torch.tensor(degrees).deg2rad()
    return torch.stack([angles.cos(), angles.sin()], dim=1)


@pytest.mark.parametrize(
    ("keeper", "is_new", "reason"),
    [
        ([1, 0, 0], [0, 1, 1], "no keeper in this batch"),
        ([0, 0, 0], [1, 1, 1], "no keeper in this batch"),
        ([1, 0, 0], [1, 1, 1], "only one keeper so far"),
        ([1, 1, 1], [1, 1, 1], "everything was kept so far"),
    ],
)
def test_a_missing_part_is_named_and_logged(
    keeper: list[int], is_new: list[int], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    recalled = recall(np.array(keeper), np.array(is_new), rng())
    found = mine(circle(0, 10, 20), np.arange(3), recalled, "hard")
    assert len(found) == 0
    assert found.reason == f"no triplets: {reason}"
    assert found.reason in caplog.text


def test_keepers_of_the_history_serve_as_positives_and_not_as_anchors() -> None:
    recalled = recall(np.array([1, 1, 0]), np.array([0, 1, 0]), rng())
    assert recalled.anchors.tolist() == [1]
    assert recalled.positives.tolist() == [0, 1]
    assert recalled.negatives.tolist() == [2]


def test_a_long_history_is_drawn_from() -> None:
    keeper = np.arange(5000) % 2
    recalled = recall(keeper, np.arange(5000) >= 4980, rng())
    assert len(recalled.anchors) == 10
    assert len(recalled.positives) == MOST_POSITIVES
    assert len(recalled.negatives) == MOST_NEGATIVES


def test_hard_negatives_lie_nearer_than_the_positive_and_semi_hard_ones_beyond_it() -> None:
    # anchor 0, positive 20, negatives at 10 (hard), 40 (semi-hard), 180 (beyond the margin)
    points, keeper = circle(0, 20, 10, 40, 180), np.array([1, 1, 0, 0, 0])
    recalled = recall(keeper, np.array([1, 0, 0, 0, 0]), rng())
    hard = mine(points, np.arange(5), recalled, "hard")
    semi = mine(points, np.arange(5), recalled, "semihard")
    assert (hard.negatives.tolist(), semi.negatives.tolist()) == ([2], [3])
    assert hard.anchors.tolist() == [0]
    assert hard.positives.tolist() == [1]


def test_easy_negatives_are_the_far_third() -> None:
    points, keeper = circle(0, 20, 5, 10, 60), np.array([1, 1, 0, 0, 0])
    recalled = recall(keeper, np.array([1, 0, 0, 0, 0]), rng())
    assert mine(points, np.arange(5), recalled, "easy").negatives.tolist() == [4]


def test_easier_ones_are_taken_and_said_where_there_is_none_of_a_kind() -> None:
    recalled = recall(np.array([1, 1, 0]), np.array([1, 0, 0]), rng())
    found = mine(circle(0, 20, 40), np.arange(3), recalled, "hard")
    assert found.negatives.tolist() == [2]
    assert found.reason == "no hard negatives: took semihard ones"


def test_nothing_to_teach_is_said() -> None:
    recalled = recall(np.array([1, 1, 0]), np.array([1, 0, 0]), rng())
    found = mine(circle(0, 1, 180), np.arange(3), recalled, "hard")
    assert found.reason == "no triplets: every negative lies beyond the margin"


def test_points_in_another_order_than_the_history_are_found_again() -> None:
    recalled = recall(np.array([0, 1, 1]), np.array([0, 0, 1]), rng())
    rows = np.array([2, 0, 1])
    found = mine(circle(0, 10, 20), rows, recalled, "hard")
    assert rows[[int(found.anchors), int(found.positives), int(found.negatives)]].tolist() == [
        2,
        1,
        0,
    ]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.booleans(), st.booleans(), st.floats(0, 360)), min_size=1, max_size=20),
    st.sampled_from(STAGES),
)
def test_triplets_are_always_what_they_are_called(
    rows: list[tuple[bool, bool, float]], stage: Stage
) -> None:
    keeper, is_new = (np.array([r[at] for r in rows]) for at in (0, 1))
    recalled = recall(keeper, is_new, rng())
    found = mine(circle(*(r[2] for r in rows)), np.arange(len(rows)), recalled, stage)
    for a, p, n in zip(*(part.tolist() for part in found.indices), strict=True):
        assert keeper[a]
        assert is_new[a]
        assert keeper[p]
        assert a != p
        assert not keeper[n]
    assert len(found) or found.reason


def test_negatives_get_harder_as_training_goes_on() -> None:
    order = [STAGES.index(stage_of(epoch, 10)) for epoch in range(10)]
    assert order == sorted(order)
    assert set(order) == {0, 1, 2}
    assert stage_of(0, 1) == "easy"
    assert fallbacks("hard") == ("hard", "semihard", "easy")
