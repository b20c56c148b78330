"""A challenger is served only when it is not worse, and a large drop is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from djlib.jobs.run_job import run_job
from djlib.settings import Settings, Workspace
from djlib.tables.events import read_events
from djlib.workflows.core.progress import NullReporter
from djlib.workflows.promotion import POLICY, PromotionPolicy, PromotionRequest
from tests.jobs.doubles import Pretend


def compared(before: float, after: float, verdict: str) -> dict[str, Any]:
    difference = after - before
    return {"before": before, "after": after, "difference": difference, "verdict": verdict}


@pytest.mark.parametrize(
    ("before", "after", "verdict", "promote", "alert"),
    [
        (0.80, 0.7592, "worse", False, True),  # -5.1 %
        (0.80, 0.7600, "worse", False, False),  # -5.0 %: not more than that
        (0.80, 0.7608, "worse", False, False),  # -4.9 %
        (0.80, 0.5, "cannot tell", True, False),  # not confirmed
        (0.80, 0.9, "better", True, False),
        (0.0, 0.0, "cannot tell", True, False),
    ],
)
def test_a_drop_is_confirmed_relative_and_more_than_five_percent(
    before: float, after: float, verdict: str, promote: bool, alert: bool
) -> None:
    decision = POLICY.decide({"songs": compared(before, after, verdict)})
    assert (decision.promote, decision.alert) == (promote, alert)


def test_worse_on_the_newest_alone_is_worse() -> None:
    found = {"songs": compared(0.7, 0.8, "better"), "newest": compared(0.8, 0.6, "worse")}
    assert not POLICY.decide(found).promote


@pytest.mark.parametrize(
    ("verdict", "requested", "promote"),
    [
        (None, "auto", True),  # the first model, and learners that learn each answer at once
        (None, "always", True),
        (None, "never", False),
        ("worse", "auto", False),
        ("worse", "always", True),
        ("worse", "never", False),
        ("cannot tell", "auto", True),
        ("cannot tell", "always", True),
        ("cannot tell", "never", False),
        ("better", "auto", True),
        ("better", "never", False),
    ],
)
def test_what_is_asked_for_goes_before_what_was_measured(
    verdict: str | None, requested: PromotionRequest, promote: bool
) -> None:
    comparisons = {"songs": compared(0.8, 0.6, verdict)} if verdict else {}
    decision = POLICY.decide(comparisons, requested)
    assert decision.promote is promote
    assert decision.reason
    assert not decision.alert or (verdict, requested) == ("worse", "auto")


def test_the_worst_drop_is_told_and_how_much_matters_can_be_set() -> None:
    found = {"songs": compared(0.8, 0.7, "worse"), "newest": compared(0.5, 0.4, "worse")}
    assert POLICY.decide(found).reason.startswith("worse on newest: 50.0 % before, 40.0 % now")
    assert not PromotionPolicy(alert_drop=0.2).decide(found).alert


def test_a_worse_challenger_is_kept_unserved_and_in_the_audit_log(
    tmp_path: Path, pretend: Pretend
) -> None:
    here = Workspace(tmp_path)
    run_job(here, Settings(), "retrain", talk=NullReporter(), day="2026-01-01")
    served = pretend.models(here).current().id
    pretend.comparisons = {"songs": compared(0.8, 0.6, "worse")}
    report = run_job(here, Settings(), "retrain", talk=NullReporter(), day="2026-01-02")
    assert pretend.models(here).current().id == served
    assert report.steps[0].detail["alert"]
    logged = read_events(here.events, "promotions")
    assert [fact["promote"] for fact in logged] == [True, False]
    assert logged[1]["before"] == served
