"""Worse with people, or too sure: with effect, floor and persistence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from djlib.monitoring.degradation import Answer, acceptance_change, overconfidence
from djlib.monitoring.finding import Finding, Verdict, remember, seen
from djlib.tables.state import open_state, transaction


def answers(version: str, accepted: int, n: int, confidence: float = 0.8) -> list[Answer]:
    return [Answer(version, confidence, i < accepted) for i in range(n)]


@pytest.mark.parametrize(
    ("before", "since", "verdict", "worse"),
    [
        ((80, 100), (50, 100), "moved", True),
        ((50, 100), (80, 100), "moved", False),
        ((80, 100), (78, 100), "still", True),
        ((8000, 10000), (7800, 10000), "hardly", True),
        ((29, 29), (0, 100), "too few", False),
        ((30, 30), (0, 5), "too few", False),
    ],
)
def test_acceptance_falls_only_where_it_is_sure_and_matters(
    before: tuple[int, int], since: tuple[int, int], verdict: Verdict, worse: bool
) -> None:
    of = answers("1", *before) + answers("2", *since)
    found = acceptance_change("stood", of, "2", "1")
    assert (found.verdict, found.worse) == (verdict, worse)


def test_an_honest_model_is_seldom_called_too_sure() -> None:
    rng = np.random.default_rng(0)
    found = []
    for _ in range(400):
        sure = rng.uniform(0.5, 1, 60)
        of = [Answer("2", float(c), bool(rng.random() < c)) for c in sure]
        found.append(overconfidence("honesty", of, "2").verdict == "moved")
    assert np.mean(found) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)


def test_answers_without_a_confidence_and_of_others_do_not_count() -> None:
    of = [Answer("2", None, True)] * 50 + answers("1", 0, 50)
    assert overconfidence("honesty", of, "2").verdict == "too few"


def test_only_a_version_before_that_was_less_sure_makes_it_worse() -> None:
    sure = answers("2", 50, 100, 0.9)
    assert not overconfidence("honesty", sure, "2", "1").worse
    assert overconfidence("honesty", sure + answers("1", 80, 100, 0.8), "2", "1").worse
    assert not overconfidence("honesty", sure + answers("1", 40, 100, 0.9), "2", "1").worse


def finding(verdict: str) -> Finding:
    p_value = {"moved": 0.001, "still": 0.9, "too few": None}[verdict]
    return Finding("acceptance", "stood", 50, 50, 0.5, "x", 0.1, p_value, worse=True)


@pytest.mark.parametrize(
    ("days", "confirmed"),
    [
        (["moved"], False),
        (["moved", "moved"], True),
        (["moved", "still", "moved"], True),
        (["moved", "still", "still", "moved"], False),
        (["moved", "moved", "still"], False),
        (["moved", "too few", "too few", "moved"], True),
    ],
)
def test_two_of_three_days_confirm(tmp_path: Path, days: list[str], confirmed: bool) -> None:
    with open_state(tmp_path) as state:
        for number, verdict in enumerate(days, start=1):
            for _ in range(2):  # looking twice a day counts once
                found = seen(state, f"2026-01-{number:02d}", "bucket", "v", [finding(verdict)])
                with transaction(state):
                    remember(state, f"2026-01-{number:02d}", "bucket", "v", [finding(verdict)])
        assert [s.is_confirmed for s in found] == [confirmed]
        assert not seen(state, "2026-02-01", "bucket", "other", [finding("moved")])[0].is_confirmed
