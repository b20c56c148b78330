"""One run at a time: who waits, who is named, and that the dead hold nothing."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from djlib.errors import BusyError
from djlib.tables.locks import HOLDER_FILE, workspace_lock

_HOLDER = """
import sys, time
from pathlib import Path
from djlib.tables.locks import workspace_lock
with workspace_lock(Path(sys.argv[1]), "train --quick", 0):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


@contextmanager
def _other_run(folder: Path, seconds: float) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", _HOLDER, str(folder), str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        try:
            yield other
        finally:
            other.kill()


def test_a_second_run_waits_then_says_who_holds_the_workspace(tmp_path: Path) -> None:
    told: list[str] = []

    with (
        _other_run(tmp_path, 60) as other,
        pytest.raises(BusyError, match=rf"'train --quick' \(process {other.pid}, since 20.*Z\)"),
        workspace_lock(tmp_path, "assign", 0.2, waiting=told.append),
    ):
        pass

    assert len(told) == 1
    assert f"process {other.pid}" in told[0]


def test_a_run_that_does_not_wait_fails_at_once_and_without_talk(tmp_path: Path) -> None:
    told: list[str] = []

    with _other_run(tmp_path, 60):
        started = time.monotonic()
        with pytest.raises(BusyError), workspace_lock(tmp_path, "x", 0, waiting=told.append):
            pass

    assert time.monotonic() - started < 2
    assert told == []


def test_a_run_that_waits_long_enough_gets_its_turn(tmp_path: Path) -> None:
    with _other_run(tmp_path, 0.3), workspace_lock(tmp_path, "assign", 30):
        assert '"assign"' in (tmp_path / HOLDER_FILE).read_text()


def test_a_killed_holder_blocks_nobody(tmp_path: Path) -> None:
    with _other_run(tmp_path, 60) as other:
        other.kill()
        other.wait()
        assert (tmp_path / HOLDER_FILE).exists()

        with workspace_lock(tmp_path, "assign", 0):
            assert '"assign"' in (tmp_path / HOLDER_FILE).read_text()


def test_an_error_lets_go_of_the_lock(tmp_path: Path) -> None:
    with pytest.raises(KeyError), workspace_lock(tmp_path / "new", "x", 0):
        raise KeyError

    with workspace_lock(tmp_path / "new", "y", 0):
        pass
    assert not (tmp_path / "new" / HOLDER_FILE).exists()


@pytest.mark.parametrize("text", [None, "", "{}", "[1]"])
def test_a_holder_without_a_name_is_still_refused(tmp_path: Path, text: str | None) -> None:
    with workspace_lock(tmp_path, "x", 0):
        if text is None:
            (tmp_path / HOLDER_FILE).unlink()
        else:
            (tmp_path / HOLDER_FILE).write_text(text)
        with (
            pytest.raises(BusyError, match="another run that has not said its name"),
            workspace_lock(tmp_path, "y", 0),
        ):
            pass
