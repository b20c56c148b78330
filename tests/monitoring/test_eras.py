"""Versions that live for a night are judged together, and the right one is gone back to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from djlib.jobs.run_job import run_job
from djlib.monitoring.degradation import Answer, Eras, judged, parted
from djlib.monitoring.finding import Finding
from djlib.settings import Settings, Workspace
from djlib.workflows.core.progress import NullReporter
from tests.jobs.conftest import pretend as pretend
from tests.jobs.doubles import Plain, Pretend


def nights(*hits: int, n: int = 12) -> list[tuple[str, bool]]:
    """Answers to versions "0", "1", ...: so many of `n` accepted."""
    return [(str(night), i < accepted) for night, accepted in enumerate(hits) for i in range(n)]


def names(n: int) -> list[str]:
    return [str(night) for night in range(n)]


def look(answered: list[tuple[str, bool]], served: list[str]) -> Finding:
    eras = parted(served, answered)
    assert eras is not None
    answers = [Answer(version, None, accepted) for version, accepted in answered]
    return judged(eras, answers, taken="stood", honesty="honesty")[0]


def test_nights_of_few_answers_are_put_together() -> None:
    found = look(nights(11, 11, 11, 4, 4, 4), names(6))
    assert (found.verdict, found.worse, found.n_since, found.n_before) == ("moved", True, 36, 36)
    assert (found.judged, found.back_to) == (("5", "4", "3"), "2")


def test_the_last_good_version_is_gone_back_to_however_long_ago() -> None:
    found = look(nights(11, 11, 11, 4, 4, 4, 4), names(7))
    assert (found.back_to, found.worse, found.verdict) == ("2", True, "moved")


def test_a_version_with_answers_of_its_own_is_held_against_the_one_before() -> None:
    answered = nights(80, 50, n=100)
    assert parted(names(2), answered) == Eras(("1",), ("0",))
    assert look(answered, names(2)).back_to == "0"


def test_few_answers_say_nothing() -> None:
    assert parted([], []) is None
    assert parted(["a"], [("a", True)]) == Eras(("a",))
    assert look(nights(11, 2), names(2)).verdict == "too few"
    assert look([], ["a"]).verdict == "too few"


def test_a_version_served_again_is_one_version() -> None:
    found = parted(["0", "1", "0"], nights(40, 40, n=50))
    assert found == Eras(("0",), ("1",))


@pytest.mark.parametrize("n", [12, 100])
def test_where_nothing_changes_no_alarm_comes_of_looking_at_many_ways(n: int) -> None:
    rng = np.random.default_rng(n)
    alarms = []
    for _ in range(150):
        found = look(nights(*rng.binomial(n, 0.8, 10), n=n), names(10))
        alarms.append(found.verdict == "moved" and found.worse)
    assert np.mean(alarms) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 150)


def test_a_new_version_each_night_still_goes_back(tmp_path: Path, pretend: Pretend) -> None:
    here, settings = Workspace(tmp_path), Settings(lock_wait_s=0)
    models, answered = pretend.models(here), []
    went_back = []
    for night in range(1, 9):
        version = models.save(Plain(str(night)), metadata={}).id
        answered += [(version, i < (11 if night < 4 else 4)) for i in range(12)]
        pretend.found = [look(answered, models.served())]
        report = run_job(here, settings, "monitor", talk=NullReporter(), day=f"2026-01-{night:02d}")
        if "went_back" in report.steps[0].detail:
            went_back.append(night)
            break
    assert went_back
    assert went_back[0] <= 7
    assert models.load().name == "3"
    assert models.served() == [v.id for v in reversed(models.versions())][:3]
    assert models.history()[-1].reason.startswith("degraded: stood")
