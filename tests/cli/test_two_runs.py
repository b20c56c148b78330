"""Two runs at once: one waits, then says who holds the workspace."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cli.running import as_json, djlib, done, files, rows
from tests.processes import ended, start_djlib

_HOLDER = """
import sys, time
from pathlib import Path
from djlib.tables.locks import workspace_lock
with workspace_lock(Path(), "train", 0):
    print("held", flush=True)
    time.sleep(float(sys.argv[1]))
"""


@contextmanager
def another_run(seconds: float) -> Iterator[int]:
    """Another process holds this workspace for some seconds; gives its id."""
    command = [sys.executable, "-c", _HOLDER, str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        try:
            yield other.pid
        finally:
            other.kill()


def test_a_run_that_may_not_wait_says_who_holds_the_workspace(learned: Path) -> None:
    before = files()
    with another_run(60) as pid:
        started = time.monotonic()
        for words in ("train", "assign-buckets", "scan library.csv", "export --to m3u8"):
            result = djlib(*words.split(), "--wait", "0")

            assert result.exit_code == 75
            assert result.stdout == ""
            said = result.stderr.strip()
            assert re.fullmatch(
                rf"djlib: {learned} is in use by 'train' \(process {pid}, since 20\S+Z\); "
                "waited 0 s: try again when it ends",
                said,
            )
        assert time.monotonic() - started < 5
    after = {name: content for name, content in files().items() if "lock" not in name}
    assert after == before


def test_a_run_waits_as_long_as_settings_say_and_tells(learned: Path) -> None:
    with another_run(60) as pid:
        result = djlib("train")

    assert result.exit_code == 75
    assert f"waiting up to 0.2 s: 'train' (process {pid}" in result.stderr


def test_a_run_goes_on_when_the_other_ends(learned: Path) -> None:
    with another_run(0.5):
        said = done("assign-buckets", "--wait", "30")

    assert "waiting up to 30 s" in said.stderr
    assert rows()


def test_what_only_looks_does_not_wait(learned: Path) -> None:
    with another_run(60):
        done("models", "list")
        done("doctor")
        done("check", "library.csv")


def test_a_killed_run_holds_nothing(learned: Path) -> None:
    with another_run(60) as pid:
        os.kill(pid, 9)
        time.sleep(0.05)
        assert done("assign-buckets", "--wait", "2").exit_code == 0


def test_runs_that_start_together_all_do_their_work(learned: Path) -> None:
    started = [start_djlib(command, "--wait", "60") for command in ("train", "assign-buckets")]
    assert [ended(run) for run in started] == [0, 0]

    assert len(as_json("models", "list")) == 2
    assert [v["problems"] for v in as_json("models", "verify")] == [[], []]
    assert len(rows()) == as_json("assign-buckets")["rows"]
