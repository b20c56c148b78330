"""False alarms stay under their level at every size, and a shift is found."""

from __future__ import annotations

import numpy as np
import pytest

from djlib.monitoring.drift import name_drift, number_drift, vector_drift
from djlib.monitoring.finding import Finding, together

LEVEL = 0.05
GENRES = np.array(["House", "Techno", "Trance", "Dub", "Soul"])


def alarms(found: list[Finding]) -> float:
    return sum(f.verdict == "moved" for f in found) / len(found)


@pytest.mark.parametrize(("n", "rounds"), [(50, 400), (500, 200), (5_000, 60), (1_000_000, 3)])
@pytest.mark.parametrize("kind", ["numbers", "whole numbers", "names", "vectors"])
def test_the_same_distribution_gives_no_more_alarms_than_it_may(
    kind: str, n: int, rounds: int
) -> None:
    if n == 1_000_000 and kind in ("names", "vectors"):
        n = 200_000
    rng = np.random.default_rng(n)
    found = []
    for _ in range(rounds):
        if kind == "numbers":
            found.append(number_drift("x", rng.lognormal(size=n), rng.lognormal(size=n)))
        elif kind == "whole numbers":
            found.append(number_drift("x", rng.poisson(3, n), rng.poisson(3, n)))
        elif kind == "names":
            mixes = (rng.choice(GENRES, n, p=[0.5, 0.2, 0.2, 0.08, 0.02]) for _ in range(2))
            found.append(name_drift("x", *(list(mix) for mix in mixes)))
        else:
            found.append(vector_drift("x", rng.normal(size=(n, 12)), rng.normal(size=(n, 12))))
    margin = 3 * np.sqrt(LEVEL * (1 - LEVEL) / rounds) if rounds > 3 else 0
    assert alarms(found) <= LEVEL + margin
    assert all(f.p_value is not None for f in found)


@pytest.mark.parametrize("n", [200, 5_000, 100_000])
def test_a_shift_is_found(n: int) -> None:
    rng = np.random.default_rng(1)
    assert number_drift("x", rng.normal(0, 1, n), rng.normal(0.7, 1, n)).verdict == "moved"
    was, now = (list(rng.choice(GENRES[:2], n, p=p)) for p in ([0.8, 0.2], [0.5, 0.5]))
    assert name_drift("x", was, now).verdict == "moved"
    far = rng.normal(0, 1, (n, 12))
    far[:, 0] += 0.7
    assert vector_drift("x", rng.normal(0, 1, (n, 12)), far).verdict == "moved"


def test_a_difference_that_does_not_matter_is_hardly_one_however_many_rows_there_are() -> None:
    rng = np.random.default_rng(2)
    n = 300_000
    assert number_drift("x", rng.normal(0, 1, n), rng.normal(0.03, 1, n)).verdict == "hardly"
    near = rng.normal(0.02, 1, (n, 4))
    assert vector_drift("x", rng.normal(0, 1, (n, 4)), near).verdict == "hardly"


def test_the_size_of_a_shift_does_not_depend_on_how_many_rows_show_it() -> None:
    rng = np.random.default_rng(3)
    sizes = [
        np.mean([
            number_drift("x", rng.normal(0, 1, n), rng.normal(0.5, 1, n)).effect or 0.0
            for _ in range(40)
        ])
        for n in (100, 10_000)
    ]  # fmt: skip
    assert abs(sizes[0] - sizes[1]) < 0.25 * sizes[1]


def test_a_new_name_is_found_and_named() -> None:
    found = name_drift("genre", ["House"] * 200, ["House"] * 120 + ["Gqom"] * 80)
    assert found.verdict == "moved"
    assert found.words == "House 100 % before, 60 % since"


@pytest.mark.parametrize("n", [0, 1, 49])
def test_an_empty_or_small_day_says_nothing(n: int) -> None:
    assert number_drift("x", np.zeros(n), np.ones(500)).verdict == "too few"
    assert number_drift("x", np.full(500, np.nan), np.ones(500)).verdict == "too few"
    assert name_drift("x", ["a"] * 500, ["b"] * n).verdict == "too few"
    assert vector_drift("x", np.zeros((500, 3)), np.ones((n, 3))).verdict == "too few"


def test_constants_are_compared_without_a_warning() -> None:
    assert number_drift("x", np.zeros(90), np.zeros(90)).verdict == "still"
    assert number_drift("x", np.zeros(90), np.ones(90)).verdict == "moved"
    assert name_drift("x", ["a"] * 90, ["a"] * 90).verdict == "still"
    assert vector_drift("x", np.ones((90, 3)), np.ones((90, 3))).verdict == "still"


def test_many_looks_raise_no_more_alarms_than_one() -> None:
    rng = np.random.default_rng(4)
    rounds = [
        together([number_drift("x", rng.normal(size=60), rng.normal(size=60)) for _ in range(20)])
        for _ in range(80)
    ]
    any_alarm = np.mean([any(f.verdict == "moved" for f in found) for found in rounds])
    assert any_alarm <= LEVEL + 3 * np.sqrt(LEVEL * (1 - LEVEL) / 80)
