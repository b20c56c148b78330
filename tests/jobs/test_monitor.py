"""What stays worse for two of three days is gone back from, once, and told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import djlib.jobs.monitor as monitor_module
from djlib.jobs.run_job import JobReport, run_job
from djlib.jobs.slots import past_job_runs
from djlib.monitoring.finding import Finding, Seen
from djlib.settings import Settings, Workspace
from djlib.tables.events import read_events
from djlib.tables.state import open_state
from djlib.workflows.core.progress import NullReporter
from djlib.workflows.promotion import POLICY
from tests.jobs.doubles import Plain, Pretend
from tests.monitoring.servers import webhook

WORSE = Finding("acceptance", "let stand", 90, 90, 0.4, "relative change", 0.05, 0.001, "x", True)
MOVED = Finding("input", "tempo", 90, 90, 0.4, "PSI", 0.1, 0.001, "faster")


def two_versions(here: Workspace, pretend: Pretend) -> list[str]:
    models = pretend.models(here)
    return [models.save(Plain(name), metadata={}).id for name in ("old", "new")]


def monitor(here: Workspace, day: int) -> JobReport:
    settings = Settings(lock_wait_s=0)
    return run_job(here, settings, "monitor", talk=NullReporter(), day=f"2026-01-{day:02d}")


def test_a_version_that_got_worse_is_gone_back_from_on_the_second_day(
    tmp_path: Path, pretend: Pretend
) -> None:
    here = Workspace(tmp_path)
    old, new = two_versions(here, pretend)
    pretend.found = [WORSE]
    assert "went_back" not in monitor(here, 1).steps[0].detail
    assert pretend.models(here).current().id == new
    assert monitor(here, 2).steps[0].detail["went_back"] == new
    assert pretend.models(here).load().name == "old"
    assert pretend.models(here).history()[-1].reason == "degraded: let stand: x"
    (fact,) = read_events(here.events, "promotions")
    assert (fact["before"], fact["version"], fact["job"]) == (new, old, "monitor")
    assert monitor(here, 3).steps[0].outcome == "done"  # the old one starts with no days
    assert pretend.models(here).current().id == old


def test_only_what_is_confirmed_worse_and_of_its_own_making_is_gone_back_for() -> None:
    better = replace(WORSE, worse=False)
    miscalibrated = replace(WORSE, kind="calibration")
    strange = replace(WORSE, kind="input")
    for finding in (better, strange, MOVED):
        assert POLICY.should_roll_back([Seen(finding, 2, 3)]) is None
    assert POLICY.should_roll_back([]) is None
    assert POLICY.should_roll_back([Seen(WORSE, 1, 3)]) is None
    both = [Seen(strange, 2, 3), Seen(miscalibrated, 2, 3), Seen(WORSE, 2, 3)]
    assert POLICY.should_roll_back(both) == miscalibrated, "the first of them"


@pytest.mark.parametrize("found", [[MOVED], [Finding("score", "c", 9, 9, 0.9, "", 0.1, 0.0)]])
def test_what_comes_in_is_no_reason_to_go_back(
    tmp_path: Path, pretend: Pretend, found: list[Finding]
) -> None:
    here = Workspace(tmp_path)
    _, new = two_versions(here, pretend)
    pretend.found = found
    for day in range(1, 5):
        monitor(here, day)
    assert pretend.models(here).current().id == new


def test_without_a_version_before_it_is_told_and_kept(
    tmp_path: Path, pretend: Pretend, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Workspace(tmp_path)
    pretend.models(here).save(Plain("only"), metadata={})
    pretend.found = [WORSE]
    with webhook() as hook:
        monkeypatch.setenv("DJLIB_SECRET_SLACK_WEBHOOK", hook.address)
        for day in (1, 2, 2):
            monitor(here, day)
    assert len(hook.taken) == 1
    assert "acceptance of pretend has moved" in hook.taken[0]["text"]
    assert pretend.models(here).load().name == "only"


@pytest.mark.parametrize("when", ["before", "after"])
def test_going_back_that_was_cut_off_is_done_once(
    tmp_path: Path, pretend: Pretend, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    here = Workspace(tmp_path)
    old, new = two_versions(here, pretend)
    pretend.found = [WORSE]
    monitor(here, 1)

    class Cut(BaseException):
        """Nothing catches it, as nothing catches a kill."""

    whole = monitor_module._gone_back

    def cut(*args: object) -> object:
        if when == "after":
            whole(*args)  # type: ignore[arg-type]
        raise Cut

    with monkeypatch.context() as patch:
        patch.setattr(monitor_module, "_gone_back", cut)
        with pytest.raises(Cut):
            monitor(here, 2)
    assert pretend.models(here).current().id == (new if when == "before" else old)
    assert monitor(here, 2).steps[0].detail["went_back"] == new
    assert pretend.models(here).current().id == old
    assert len(pretend.models(here).history()) == 3
    assert [run.outcome for run in past_job_runs(here)] == ["done", "killed", "done"]


def test_a_page_shows_the_days(tmp_path: Path, pretend: Pretend) -> None:
    here = Workspace(tmp_path)
    two_versions(here, pretend)
    pretend.found = [MOVED, Finding("input", "<b>key</b>", 1, 1)]
    for day in (1, 2):
        run_job(here, Settings(), "daily", talk=NullReporter(), day=f"2026-01-0{day}")
    page = (here.logs / "monitor.html").read_text()
    assert "Moved: tempo" in page
    assert "&lt;b&gt;key&lt;/b&gt;" in page
    assert "<svg" in page
    assert "<script" not in page
    with open_state(here.data) as state:
        assert state.execute("SELECT count(*) FROM findings").fetchone()[0] == 4
