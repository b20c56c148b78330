"""The Bayesian last layer agrees with the textbook, however it is carried out."""

from __future__ import annotations

import numpy as np
import pytest

from djlib.bandit.gaussian_process import posterior as module
from djlib.bandit.gaussian_process.features import ListingFeatures
from djlib.bandit.gaussian_process.kernel import Encoded
from djlib.bandit.gaussian_process.posterior import NOISE, Posterior

from .tastes import shop


@pytest.fixture(scope="module")
def points() -> Encoded:
    listings = shop(80)
    return ListingFeatures("none").fit(listings).encode(listings)


@pytest.fixture(scope="module")
def keeper() -> np.ndarray:
    return shop(80)["keeper"].to_numpy()


def textbook(points: Encoded, keeper: np.ndarray, new: Encoded) -> tuple[np.ndarray, np.ndarray]:
    """Gaussian-process regression as Rasmussen & Williams write it (2.25, 2.26)."""
    share = np.array([(keeper == 0).mean(), (keeper == 1).mean()])[keeper]
    covariance = points.kernel(points) + np.diag(NOISE * 2 * share)
    across = new.kernel(points)
    mean = across @ np.linalg.solve(covariance, np.where(keeper == 1, 1.0, -1.0))
    own = new.kernel_diag() - np.einsum("ij,ji->i", across, np.linalg.solve(covariance, across.T))
    return mean, np.sqrt(own)


def test_mean_and_spread_are_those_of_the_gaussian_process(
    points: Encoded, keeper: np.ndarray
) -> None:
    rows = np.arange(50)
    made = Posterior.learn(points.take(rows), keeper[rows])
    mean, spread = textbook(points.take(rows), keeper[rows], points)
    np.testing.assert_allclose(made.mean(points), mean, atol=2e-4)
    np.testing.assert_allclose(made.spread(points), spread, atol=2e-3)


def test_rows_left_out_are_judged_as_if_they_had_never_been_seen(
    points: Encoded, keeper: np.ndarray
) -> None:
    rows = np.arange(40)
    expected, said = Posterior.learn(points.take(rows), keeper[rows]).left_out()
    assert said.tolist() == keeper[rows].tolist()
    share = np.array([(keeper[rows] == 0).mean(), (keeper[rows] == 1).mean()])[keeper[rows]]
    covariance = points.take(rows).kernel(points.take(rows)) + np.diag(NOISE * 2 * share)
    answers = np.where(keeper[rows] == 1, 1.0, -1.0)
    for row in (0, 7, 39):
        others = np.delete(rows, row)
        weights = np.linalg.solve(covariance[np.ix_(others, others)], answers[others])
        alone = covariance[row, others] @ weights
        assert expected[row] == pytest.approx(alone, abs=2e-3)


def test_labels_added_later_count_as_those_from_the_start(
    points: Encoded, keeper: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_LANDMARKS", 80)
    whole = Posterior.learn(points, keeper)
    grown = Posterior.learn(points, keeper)
    grown.add(points.take(np.arange(10)), keeper[:10])
    twice = Posterior.learn(points, keeper)
    twice.add(points.take(np.arange(10)), keeper[:10])
    np.testing.assert_allclose(grown.mean(points), twice.mean(points))
    assert not np.allclose(grown.mean(points), whole.mean(points))
    assert grown.n == 90


def test_few_landmarks_come_close_to_all(
    points: Encoded, keeper: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = Posterior.learn(points, keeper).mean(points)
    monkeypatch.setattr(module, "MOST_LANDMARKS", 60)
    assert np.corrcoef(Posterior.learn(points, keeper).mean(points), exact)[0, 1] > 0.97


def test_minds_are_drawn_around_the_mean_as_far_as_it_is_unsure(
    points: Encoded, keeper: np.ndarray
) -> None:
    made = Posterior.learn(points.take(np.arange(30)), keeper[:30])
    drawn = made.draws(points, 4000, np.random.default_rng(0))
    np.testing.assert_allclose(drawn.mean(axis=1), made.mean(points), atol=0.2)
    np.testing.assert_allclose(drawn.std(axis=1), made.spread(points), rtol=0.08)


def test_nothing_known_is_an_answer(points: Encoded) -> None:
    made = Posterior.learn(points.take(np.arange(0)), np.zeros(0, dtype=int))
    assert made.mean(points).tolist() == [0.0] * 80
    np.testing.assert_allclose(made.spread(points), np.sqrt(points.kernel_diag()))
    assert made.left_out()[0].shape == (0,)


def test_parts_of_a_score_add_up(points: Encoded, keeper: np.ndarray) -> None:
    made = Posterior.learn(points, keeper)
    parts = made.functional.parts(points)
    np.testing.assert_allclose(parts.sum(axis=1), made.mean(points), atol=1e-5)
