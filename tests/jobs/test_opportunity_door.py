"""Opportunities through the door of the others: learned, compared, watched, tuned."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from djlib.jobs.run_job import StepDone, run_job
from djlib.settings import Settings, Workspace
from djlib.tables.events import append_events, read_events
from djlib.tables.io import write_table
from djlib.workflows.core.event_log import take_back
from djlib.workflows.core.progress import NullReporter
from djlib.workflows.learner import chosen
from djlib.workflows.opportunities.engagement import IMPRESSIONS, stamp
from djlib.workflows.opportunities.feedback import opportunity_feedback
from djlib.workflows.opportunities.models import (
    Learnable,
    learn_ratings,
    opportunity_models,
)
from djlib.workflows.opportunities.ratings import log_ratings, ratings_so_far
from djlib.workflows.opportunities.retuning import RETUNINGS
from djlib.workflows.opportunities.watch import rated, watch_opportunities
from tests.opportunities.tastes import likes
from tests.workflows.calls_rated import calls_of, rating_file, scanned


@pytest.fixture
def place(fresh: Path) -> tuple[Workspace, Settings]:
    """Sixty ratings learned."""
    here, settings = scanned(fresh)
    opportunity_feedback(here, settings, rating_file(here, range(60)), talk=NullReporter())
    return here, settings


def retrain(place: tuple[Workspace, Settings], day: str) -> StepDone:
    report = run_job(*place, "retrain", talk=NullReporter(), day=day)
    return next(step for step in report.steps if step.learner == "opportunity")


def rate_more(place: tuple[Workspace, Settings], rows: range, topic: str = "sound") -> None:
    """Ratings into the log, not learned yet."""
    here = place[0]
    calls = calls_of(here).iloc[list(rows)]
    from djlib.workflows.opportunities.ratings import Rating

    now = stamp(datetime.now(UTC))
    told = zip(calls.to_dict("records"), likes(calls, topic), strict=True)
    ratings = [
        Rating("mara", call["opportunity_id"], float(liked), str(liked), now, call)
        for call, liked in told
    ]
    log_ratings(here, ratings, "test")


def test_it_is_there_from_the_first_rating_on(fresh: Path) -> None:
    here, settings = scanned(fresh)
    assert [learner.name for learner in chosen(here, ())] == []
    opportunity_feedback(here, settings, rating_file(here, [0, 1]), talk=NullReporter())
    assert [learner.name for learner in chosen(here, ())] == ["opportunity"]


def test_a_night_without_ratings_changes_nothing(place: tuple[Workspace, Settings]) -> None:
    before = opportunity_models(place[0]).current().id
    assert retrain(place, "2026-01-01").said == f"nothing new since version {before}"
    assert len(opportunity_models(place[0]).versions()) == 1


def test_new_ratings_are_learned_and_compared(place: tuple[Workspace, Settings]) -> None:
    models = opportunity_models(place[0])
    first = models.current().id
    rate_more(place, range(60, 190))
    step = retrain(place, "2026-01-01")
    assert models.current().parent == first
    compared = step.detail["comparisons"]["the newest ratings"]
    assert compared["n"] == 130
    assert compared["before"] > 0.9
    assert step.detail["promote"] is True
    assert "nothing new" in retrain(place, "2026-01-02").said


def test_a_worse_challenger_is_not_served(
    place: tuple[Workspace, Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    models = opportunity_models(place[0])
    first = models.current().id
    rate_more(place, range(60, 160))
    scores = Learnable.scores
    served: list[object] = []

    def upside_down(self: Learnable, model: object, rows: np.ndarray) -> np.ndarray:
        found = scores(self, model, rows)  # type: ignore[arg-type]
        served.append(model)
        return found if len(served) == 1 else -found  # the second one is the challenger's

    monkeypatch.setattr(Learnable, "scores", upside_down)
    monkeypatch.setattr("djlib.workflows.opportunities.models.time_split", lambda *_: None)
    step = retrain(place, "2026-01-01")
    assert models.current().id == first
    assert step.detail["promote"] is False
    assert step.detail["alert"] is True
    assert "worse on the newest ratings" in step.said


def test_what_a_killed_run_left_is_judged_not_made_again(
    place: tuple[Workspace, Settings],
) -> None:
    here, settings = place
    rate_more(place, range(60, 190))
    ratings = ratings_so_far(here)
    left = learn_ratings(here, settings, ratings, NullReporter(), promotion="never")
    assert retrain(place, "2026-01-01").detail["version"] == left.id
    models = opportunity_models(here)
    assert len(models.versions()) == 2
    assert models.current().id == left.id


def test_a_fall_of_click_through_tunes_and_learns_anew(
    place: tuple[Workspace, Settings],
) -> None:
    here, _ = place
    now = datetime.now(UTC)
    for days, taken in ((30.0, 90), (5.0, 3)):
        names = [f"{days}-{i}" for i in range(300)]
        at = stamp(now - timedelta(days=days))
        items = [{"opportunity_id": name, "source": "S", "chance": 0.5} for name in names]
        append_events(here.events, IMPRESSIONS, [{"at": at, "user_id": "mara", "items": items}])
        clicks = [
            {"at": at, "user_id": "mara", "opportunity_id": name, "source": "S"}
            for name in names[:taken]
        ]
        append_events(here.events, "clicks", clicks)
    append_events(here.events, RETUNINGS, [])
    said = retrain(place, "2026-01-01").said
    logged = read_events(here.events, RETUNINGS)
    assert len(logged) == 1
    assert "too few ratings" in logged[0]["reason"]
    assert "nothing new" in said  # nothing was found better, so nothing is made anew
    runs = read_events(here.events, "runs")
    assert [run["retuned"] for run in runs if "retuned" in run] == [logged[0]["reason"]]


def test_another_half_life_is_another_model(place: tuple[Workspace, Settings]) -> None:
    here, _ = place
    first = opportunity_models(here).current()
    append_events(here.events, RETUNINGS, [{"at": "2026-01-01T00:00:00Z", "now": 30.0}])
    retrain(place, "2026-01-01")
    second = opportunity_models(here).current()
    assert second.parent == first.id
    assert second.metadata["half_life_days"] == 30.0
    assert "nothing new" in retrain(place, "2026-01-02").said


def test_what_is_watched(place: tuple[Workspace, Settings]) -> None:
    here, settings = place
    version = opportunity_models(here).current().id
    calls = calls_of(here)
    at = stamp(datetime.now(UTC) - timedelta(days=3))
    items = [
        {"opportunity_id": name, "source": "S", "chance": 0.9}
        for name in calls["opportunity_id"][100:160]
    ]
    event = {"at": at, "user_id": "mara", "version": version, "items": items}
    append_events(here.events, IMPRESSIONS, [event])
    rate_more(place, range(100, 160), topic="nothing is like this")
    several = np.where(np.arange(len(calls)) < 150, "2026-08-01T03:00:00Z", "2026-08-02T03:00:00Z")
    write_table(calls.assign(first_seen=several), here.opportunities)
    found = {f.what: f for f in watch_opportunities(here, settings, NullReporter())}
    assert {"source", "tag", "length of texts", "chance", "recommended calls taken"} <= set(found)
    honesty = found["chance against ratings"]
    assert (honesty.verdict, honesty.n_since) == ("moved", 60)
    assert found["length of texts"].verdict == "still"
    assert found["length of texts"].n_since == len(calls) - 150


def test_the_calls_of_one_scan_are_not_held_against_each_other(
    place: tuple[Workspace, Settings],
) -> None:
    here, settings = place
    calls = calls_of(here).assign(first_seen="2026-08-01T03:00:00Z")
    half = len(calls) // 2  # as two files lie that were scanned together
    odd = np.where(np.arange(len(calls)) < half, "A", "B")
    write_table(calls.assign(source=odd), here.opportunities)
    found = {f.what: f for f in watch_opportunities(here, settings, NullReporter())}
    assert found["source"].verdict == "too few"
    later = calls.assign(source="B", first_seen="2026-09-01T03:00:00Z")
    later["opportunity_id"] += "x"
    write_table(pd.concat([calls.assign(source="A"), later]), here.opportunities)
    found = {f.what: f for f in watch_opportunities(here, settings, NullReporter())}
    assert found["source"].verdict == "moved"


def test_versions_of_a_night_are_judged_together_and_gone_back_from(
    place: tuple[Workspace, Settings],
) -> None:
    here, settings = place
    models, now = opportunity_models(here), datetime.now(UTC)
    nights = [models.current().id]
    nights += [
        learn_ratings(here, settings, ratings_so_far(here), NullReporter()).id for _ in range(5)
    ]
    for night, version in enumerate(nights):
        at = stamp(now - timedelta(days=20 - night))
        names = [f"{night}-{i}" for i in range(16)]
        items = [{"opportunity_id": name, "source": "S", "chance": 0.6} for name in names]
        event = {"at": at, "user_id": "mara", "version": version, "items": items}
        append_events(here.events, IMPRESSIONS, [event])
        taken = names[: 12 if night < 3 else 3]
        clicks = [{"at": at, "user_id": "mara", "opportunity_id": n, "source": "S"} for n in taken]
        append_events(here.events, "clicks", clicks)
    found = {f.what: f for f in watch_opportunities(here, settings, NullReporter())}
    stood = found["recommended calls taken"]
    assert (stood.verdict, stood.worse) == ("moved", True)
    assert (stood.judged, stood.back_to) == (tuple(reversed(nights[3:])), nights[2])
    for day in ("2026-01-01", "2026-01-02"):
        report = run_job(here, settings, "monitor", talk=NullReporter(), day=day)
    assert report.steps[0].detail["went_back"] == nights[5]
    assert models.current().id == nights[2]


def test_a_version_one_went_back_from_is_not_made_again(
    place: tuple[Workspace, Settings],
) -> None:
    models = opportunity_models(place[0])
    first = models.current().id
    rate_more(place, range(60, 190))
    second = retrain(place, "2026-01-01").detail["version"]
    models.rollback("test")
    said = retrain(place, "2026-01-02").said
    assert said == f"nothing new since version {second}, gone back from"
    assert models.current().id == first
    rate_more(place, range(190, 200))
    assert models.get(retrain(place, "2026-01-03").detail["version"]).parent == first


def test_what_is_taken_back_is_learned_though_that_was_served_before(
    place: tuple[Workspace, Settings],
) -> None:
    here, _ = place
    first = opportunity_models(here).current()
    rate_more(place, range(60, 190))
    retrain(place, "2026-01-01")
    take_back(here, "ratings", ratings_so_far(here).feedbacks[-1])  # and cut off there
    third = opportunity_models(here).get(retrain(place, "2026-01-02").detail["version"])
    assert third.metadata["data_fingerprint"] == first.metadata["data_fingerprint"]
    assert opportunity_models(here).current().id == third.id


def test_ratings_before_a_call_was_shown_say_nothing_of_the_list(
    place: tuple[Workspace, Settings],
) -> None:
    from djlib.workflows.opportunities.engagement import shown_so_far

    here, _ = place
    later = stamp(datetime.now(UTC) + timedelta(days=1))
    items = [
        {"opportunity_id": name, "source": "S", "chance": 0.9}
        for name in calls_of(here)["opportunity_id"][:10]
    ]
    append_events(here.events, IMPRESSIONS, [{"at": later, "user_id": "mara", "items": items}])
    ratings = ratings_so_far(here)
    assert rated(shown_so_far(here, ratings), ratings) == []


def test_without_a_model_nothing_is_watched(fresh: Path) -> None:
    assert watch_opportunities(*scanned(fresh), NullReporter()) == []


def test_a_day_is_done(place: tuple[Workspace, Settings]) -> None:
    report = run_job(*place, "daily", talk=NullReporter(), day="2026-01-01")
    assert {step.outcome for step in report.steps} == {"done"}
    assert report.exit_code == 0
    assert (place[0].logs / "monitor.html").read_text().count("Opportunity") >= 1
