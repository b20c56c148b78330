"""The daily look for calls: feeds scanned once a day, and what broke told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from djlib.jobs.run_job import JobReport, run_job
from djlib.jobs.slots import past_job_runs
from djlib.settings import Workspace, load_settings
from djlib.workflows.core.progress import NullReporter
from djlib.workflows.learner import LEARNERS
from djlib.workflows.opportunities.learner import OPPORTUNITIES
from tests.cli.running import done
from tests.jobs.doubles import Pretend
from tests.monitoring.servers import webhook
from tests.workflows.feeds import broken, feed, scan, sound


@pytest.fixture
def here(fresh: Path, pretend: Pretend) -> Workspace:
    """A workspace whose one feed was scanned twice, and then broke."""
    made = Workspace(fresh)
    with (fresh / "djlib.toml").open("a") as file:
        file.write(f"[opportunities]\nfeeds = [{str(fresh / 'calls.json')!r}]\n")
    for day in range(2):
        scan(made, feed(fresh / "calls.json", sound(day)))
    feed(fresh / "calls.json", broken(7))
    return made


def daily(here: Workspace, day: int, job: str = "daily") -> JobReport:
    settings = load_settings(here.root, {})
    return run_job(here, settings, job, talk=NullReporter(), day=f"2026-01-{day:02d}")  # type: ignore[arg-type]


def test_a_broken_source_is_told_once_and_stands_in_the_history(
    here: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with webhook() as hook:
        monkeypatch.setenv("DJLIB_SECRET_SLACK_WEBHOOK", hook.address)
        for day in (1, 1, 2):
            assert daily(here, day).exit_code == 0
        texts = [taken["text"] for taken in hook.taken]
    assert [text for text in texts if "E looks broken" in text and "--trust" in text] == texts[1:2]
    assert len(texts) == 3  # and a summary each day
    assert all("search: done: 0 new calls of 40 read" in text for text in (texts[0], texts[2]))
    said = [run.said for run in past_job_runs(here, job="search")]
    assert len(said) == 2
    assert all("set aside: E" in line for line in said)


def test_what_is_removed_of_what_was_kept_aside_stands_in_the_summary(
    here: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    toml = here.root / "djlib.toml"
    toml.write_text(f"{toml.read_text()}keep_aside = 1\n")
    with webhook() as hook:
        monkeypatch.setenv("DJLIB_SECRET_SLACK_WEBHOOK", hook.address)
        daily(here, 1)
        (told,) = here.quarantine.iterdir()
        for day in (2, 3):
            feed(here.root / "calls.json", broken(6 + day))
            before = {*here.quarantine.iterdir()}
            daily(here, day)
        (gone,) = before - {*here.quarantine.iterdir()}
        assert gone != told
        last = hook.taken[-1]["text"]
    assert f"removed: {gone.name}" in last
    assert f"removed: {gone.name}" in past_job_runs(here, job="search")[0].said


def test_what_a_scan_found_is_sent_by_deliver(
    here: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    LEARNERS[OPPORTUNITIES.name] = OPPORTUNITIES  # `pretend` puts the table back
    with webhook() as hook:
        monkeypatch.setenv("DJLIB_SECRET_SLACK_WEBHOOK", hook.address)
        done("scan", "calls.json")
        assert hook.taken == []
        hook.status = 503
        assert json.loads(done_or_not("jobs", "deliver", "--json"))["waiting"] == 1
        hook.status = 200
        done("jobs", "deliver")  # waits a minute
        assert hook.taken == []
        done("scan", "calls.json")
        later(here)
        done("jobs", "deliver")
        later(here)
        done("jobs", "deliver")
    assert len(hook.taken) == 1
    assert "E looks broken" in hook.taken[0]["text"]


def done_or_not(*words: str) -> str:
    from tests.cli.running import djlib

    return djlib(*words).stdout


def later(here: Workspace) -> None:
    """Make every message due."""
    from djlib.tables.state import open_state

    with open_state(here.data) as state:
        state.execute("UPDATE outbox SET next_try = 0")


def test_feeds_that_are_all_down_fail_the_search_and_are_told(
    here: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here.root / "calls.json").unlink()
    with webhook() as hook:
        monkeypatch.setenv("DJLIB_SECRET_SLACK_WEBHOOK", hook.address)
        report = daily(here, 1, "search")
        assert (report.exit_code, report.steps[0].outcome) == (1, "failed")
        assert "search failed" in hook.taken[0]["text"]
        feed(here.root / "calls.json", sound(9))
        assert daily(here, 1, "search").steps[0].said.startswith("40 new calls of 40 read")


def test_a_day_without_feeds_has_no_search(tmp_path: Path, pretend: Pretend) -> None:
    here = Workspace(tmp_path)
    assert "search" not in [step.job for step in daily(here, 1).steps]
    alone = daily(here, 1, "search")
    assert alone.exit_code == 1
    assert "list feeds in djlib.toml" in alone.steps[0].said


@pytest.mark.parametrize("is_told", [True, False])
def test_the_daily_summary_can_be_left_out(
    tmp_path: Path, pretend: Pretend, monkeypatch: pytest.MonkeyPatch, is_told: bool
) -> None:
    (tmp_path / "djlib.toml").write_text(f"[alerts]\ndaily_summary = {str(is_told).lower()}\n")
    with webhook() as hook:
        monkeypatch.setenv("DJLIB_SECRET_SLACK_WEBHOOK", hook.address)
        report = daily(Workspace(tmp_path), 1)
    assert report.steps[-1].said == "3 done, 0 not"
    assert len(hook.taken) == is_told
