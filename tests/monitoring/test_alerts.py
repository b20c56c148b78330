"""What commands write down to be told is told once, by those who are there to be told."""

from __future__ import annotations

from pathlib import Path

import pytest

from djlib.monitoring.alerts import LOGGED, send_waiting
from djlib.settings import Settings, Workspace
from djlib.tables.events import append_events
from tests.monitoring.servers import webhook


def log(here: Workspace, cause: str, day: str = "2026-01-01") -> None:
    fact = {"at": f"{day}T03:00:00Z", "cause": cause, "subject": f"{cause} broke", "body": "look"}
    append_events(here.events, LOGGED, [fact])


def deliver(here: Workspace) -> int:
    return send_waiting(here, Settings()).sent


def test_each_is_told_once_a_cause_and_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = Workspace(tmp_path)
    with webhook() as hook:
        monkeypatch.setenv("DJLIB_SECRET_SLACK_WEBHOOK", hook.address)
        for _ in range(2):  # as after a kill between telling and writing down
            log(here, "source E")
        log(here, "source F")
        assert [deliver(here), deliver(here)] == [2, 0]
        log(here, "source E", "2026-01-02")
        assert [deliver(here), deliver(here)] == [1, 0]
    assert "source E broke" in hook.taken[0]["text"]


def test_nobody_is_told_of_what_was_long_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    here = Workspace(tmp_path)
    log(here, "source E")
    for _ in range(2):
        assert deliver(here) == 0
    assert caplog.text.count("nobody is told of: source E broke") == 1
    with webhook() as hook:
        monkeypatch.setenv("DJLIB_SECRET_SLACK_WEBHOOK", hook.address)
        assert deliver(here) == 0
        log(here, "source F")
        assert deliver(here) == 1


def test_a_log_that_was_removed_is_begun_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Workspace(tmp_path)
    with webhook() as hook:
        monkeypatch.setenv("DJLIB_SECRET_SLACK_WEBHOOK", hook.address)
        log(here, "source E")
        log(here, "source F")
        deliver(here)
        (here.events / "alerts.jsonl").unlink()
        log(here, "source G")
        assert deliver(here) == 1


def test_a_damaged_log_is_told_of_and_holds_nothing_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Workspace(tmp_path)
    log(here, "source E")
    file = here.events / "alerts.jsonl"
    file.write_text("not JSON\n" + file.read_text())
    with webhook() as hook:
        monkeypatch.setenv("DJLIB_SECRET_SLACK_WEBHOOK", hook.address)
        assert [deliver(here), deliver(here)] == [1, 0]
    assert "line 1 is damaged" in hook.taken[0]["text"]
