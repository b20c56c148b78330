"""The commands that run, list and schedule what needs nobody."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.running import done, refused


def test_daily_does_everything_once_and_history_tells(learned: Path) -> None:
    first = json.loads(done("jobs", "run", "daily", "--json").stdout)
    assert [(s["job"], s["outcome"]) for s in first["steps"]] == [
        ("retrain", "done"),
        ("monitor", "done"),
        ("report", "done"),
        ("daily", "done"),
    ]
    assert (learned / "logs" / "monitor.html").read_text().startswith("<!doctype html>")
    assert "finished: done already at" in done("jobs", "run", "daily").stdout
    told = json.loads(done("jobs", "history", "--json").stdout)
    assert [run["job"] for run in told] == ["daily", "report", "monitor", "retrain"]
    assert "nothing new since version" in done("jobs", "history", "--job", "retrain").stdout


def test_an_empty_workspace_is_told_what_to_do(fresh: Path) -> None:
    assert "djlib scan" in done("jobs", "run", "retrain").stdout
    assert "No job has run yet" in done("jobs", "history").stdout
    assert "No model yet" in done("monitor").stdout


def test_lines_are_printed_and_nothing_is_installed(fresh: Path) -> None:
    line = done("jobs", "cron", "--at", "4:05").stdout
    assert line.startswith("5 4 * * *  ")
    assert f"-w {fresh}" in line
    assert "OnCalendar=*-*-* 03:00:00" in done("jobs", "systemd").stdout
    assert "run retrain" in json.loads(done("jobs", "cron", "retrain", "--json").stdout)["lines"][0]


def test_what_means_nothing_is_refused(fresh: Path) -> None:
    assert "unknown learner" in refused("jobs", "run", "retrain", "--learner", "x", code=2)
    assert "is no day" in refused("jobs", "run", "retrain", "--slot", "soon", code=2)
    assert "no way to tell anybody" in refused("jobs", "alert-test", code=2)
    assert "name it .html" in refused("monitor", "--report", "x.png", code=2)


def test_monitor_prints_and_writes_a_page(learned: Path) -> None:
    found = json.loads(done("monitor", "--json", "--report", "changes.html").stdout)
    kinds = {one["kind"] for watched in found["watched"] for one in watched["seen"]}
    assert {"acceptance", "calibration"} <= kinds
    assert "<svg" in (learned / "changes.html").read_text()
    assert not (learned / "logs" / "monitor.html").exists()
    assert "acceptance" in done("monitor").stdout
