from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from djlib.errors import InputError
from djlib.evaluation.off_policy import (
    LEAST_ESS,
    OffPolicyReport,
    effective_sample_size,
    evaluate_off_policy,
)

pytestmark = pytest.mark.slow

REWARDS = np.array([0.1, 0.3, 0.7])
LOGGING = np.array([0.6, 0.3, 0.1])
TARGET = np.array([0.1, 0.3, 0.6])
TRUTH = float(TARGET @ REWARDS)


@pytest.fixture(autouse=True)
def _few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("djlib.evaluation.off_policy._RESAMPLES", 400)


def log(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Arms as the logging policy chooses them, and 0/1 rewards."""
    rng = np.random.default_rng(seed)
    arm = rng.choice(3, n, p=LOGGING)
    return arm, (rng.random(n) < REWARDS[arm]).astype(float)


@cache
def estimated(n: int, seed: int, *, off: float = 0.0, clip: float = 20) -> OffPolicyReport:
    """With a model of the reward that is wrong by `off`."""
    arm, reward = log(n, seed)
    said = np.clip(REWARDS + off, 0, 1)
    model = (said[arm], np.full(n, float(TARGET @ said)))
    return evaluate_off_policy(reward, LOGGING[arm], TARGET[arm], model=model, clip=clip)


@pytest.mark.parametrize("name", ["ips", "snips", "dr"])
def test_over_many_logs_the_truth_comes_out(name: str) -> None:
    values = [getattr(estimated(600, seed), name).value for seed in range(80)]
    error = np.std(values) / np.sqrt(len(values))
    assert abs(np.mean(values) - TRUTH) < 3.5 * error
    assert error < 0.02


def test_a_wrong_model_of_the_reward_does_not_mislead_dr() -> None:
    values = [estimated(600, seed, off=0.25).dr.value for seed in range(80)]
    assert abs(np.mean(values) - TRUTH) < 3.5 * np.std(values) / np.sqrt(len(values))


def test_a_good_model_makes_dr_steadier() -> None:
    reports = [estimated(600, seed) for seed in range(40)]
    spread = {name: np.std([getattr(r, name).value for r in reports]) for name in ("ips", "dr")}
    assert spread["dr"] < 0.8 * spread["ips"]


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    reports = [estimated(600, seed) for seed in range(80)]
    for name in ("ips", "snips", "dr"):
        held = [getattr(r, name).low <= TRUTH <= getattr(r, name).high for r in reports]
        assert np.mean(held) >= 0.85


def test_by_hand() -> None:
    reward = np.tile([1.0, 0.0, 1.0, 0.0], 25)
    logged, target = np.full(100, 0.5), np.tile([0.75, 0.25, 0.25, 0.75], 25)
    model = (np.full(100, 0.5), np.full(100, 0.6))
    found = evaluate_off_policy(reward, logged, target, model=model)
    # weights 1.5, 0.5, 0.5, 1.5: rewards weigh 2 of 4
    assert found.ips.value == pytest.approx(0.5)
    assert found.snips.value == pytest.approx(0.5)
    # 0.6 + mean of 1.5 * 0.5, 0.5 * -0.5, 0.5 * 0.5, 1.5 * -0.5 = 0.6 + 0
    assert found.dr.value == pytest.approx(0.6)
    assert found.ess == pytest.approx(100 * 16 / (4 * 5))
    assert (found.n, found.matches, found.logged) == (100, 100, 0.5)


def test_clipping_is_counted_and_lowers_ips() -> None:
    free, cut = estimated(600, 3, clip=1e9), estimated(600, 3, clip=2)
    assert free.clipped == 0
    assert cut.clipped > 0
    assert cut.ips.value < free.ips.value


def test_too_little_is_refused_and_said() -> None:
    weight = np.zeros(1000)
    weight[:30] = 1
    found = evaluate_off_policy(np.ones(1000), np.ones(1000), weight)
    assert found.matches == 30
    assert found.ess == pytest.approx(30)
    assert found.ess < LEAST_ESS
    assert found.ips is found.snips is found.dr is None
    assert "30" in found.refused


def test_an_empty_log_is_refused() -> None:
    assert evaluate_off_policy(np.zeros(0), np.zeros(0), np.zeros(0)).refused


@pytest.mark.parametrize(
    ("logged", "target", "words"),
    [
        ([0.0, 0.5], [0.5, 0.5], "propensity 0 in 1 lines"),
        ([np.nan, 0.5], [0.5, 0.5], "propensity nan"),
        ([0.5, 0.5], [1.5, 0.5], "1.5"),
        ([0.5], [0.5, 0.5], "2, 1 and 2"),
    ],
)
def test_what_is_no_log_is_said(logged: list[float], target: list[float], words: str) -> None:
    with pytest.raises(InputError, match=words):
        evaluate_off_policy(np.ones(2), np.array(logged), np.array(target))


def test_intervals_widen_when_batches_stand_together() -> None:
    arm, reward = log(600, 0)
    groups = np.repeat(np.arange(30), 20)
    reward = np.sort(reward)  # batches that are all alike
    alone = evaluate_off_policy(reward, LOGGING[arm], LOGGING[arm])
    together = evaluate_off_policy(reward, LOGGING[arm], LOGGING[arm], groups=groups)
    assert together.ips.high - together.ips.low > 2 * (alone.ips.high - alone.ips.low)


def test_nothing_weighs_nothing() -> None:
    assert effective_sample_size(np.zeros(3)) == 0
