from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from djlib.bucketing.base import bucket_thresholds, given_out


def table(n: int = 300, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = (rng.random((n, 4)) < [0.5, 0.3, 0.1, 0.02]).astype(int)
    return np.clip(0.35 * truth + rng.random((n, 4)) * 0.6, 0, 1), truth


GRID = np.arange(0.05, 0.91, 0.025)


def best_f1(proba: np.ndarray, truth: np.ndarray, average: str) -> float:
    return max(f1_score(truth, proba >= t, average=average) for t in GRID)


def test_no_threshold_of_the_grid_is_better_for_a_bucket_alone() -> None:
    proba, truth = table()
    for bucket in range(3):
        alone, member = proba[:, [bucket]], truth[:, bucket]
        chosen = bucket_thresholds(alone, truth[:, [bucket]])[0]
        found = f1_score(member, alone[:, 0] >= chosen)
        assert found == pytest.approx(best_f1(alone[:, 0], member, "binary"))


def test_a_bucket_of_few_tracks_takes_what_is_best_for_all_together() -> None:
    proba, truth = table()
    rare = bucket_thresholds(proba, truth)[3]
    assert truth[:, 3].sum() < 10
    found = f1_score(truth, proba >= rare, average="micro")
    assert found == pytest.approx(best_f1(proba, truth, "micro"))


def test_no_bucket_is_given_out_more_freely_than_all_together() -> None:
    proba, truth = table()
    chosen = bucket_thresholds(proba, truth)
    assert (chosen >= chosen[3]).all()
    proba[:, 2] += 0.2 * (proba[:, 2] < 0.7)  # one that asks for more gets more
    assert bucket_thresholds(proba, truth)[2] > chosen[3]


def test_nothing_to_learn_from_still_gives_thresholds() -> None:
    chosen = bucket_thresholds(np.empty((0, 3)), np.empty((0, 3), int))
    assert ((chosen > 0) & (chosen < 1)).all()


@given(seed=st.integers(0, 200), n=st.integers(0, 20))
@settings(deadline=None, max_examples=50)
def test_every_track_gets_its_first_choice_and_all_over_the_threshold(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    proba, thresholds = rng.random((n, 4)), rng.random(4)
    taken = given_out(proba, thresholds)
    assert taken.shape == (n, 4)
    assert taken[np.arange(n), proba.argmax(axis=1)].all()
    over = proba >= thresholds
    assert (taken >= over).all()
    assert (
        taken.sum(axis=1) == np.maximum(over.sum(axis=1), 1) + _first_is_under(over, proba)
    ).all()


def _first_is_under(over: np.ndarray, proba: np.ndarray) -> np.ndarray:
    """1 where others are over their threshold and the first choice is not."""
    first = over[np.arange(len(proba)), proba.argmax(axis=1)]
    return (~first & over.any(axis=1)).astype(int)
