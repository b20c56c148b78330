"""`kill -9` at any moment: every file is the old one or the new one, and the next command works."""

from __future__ import annotations

import csv
import itertools
import json
import random
import signal
import time
from pathlib import Path

import pandas as pd
import pytest

from cli.main import app
from tests.cli.running import PREDICTIONS, as_json, done, rows, write_rows
from tests.processes import ended, start

pytestmark = pytest.mark.slow

_KILLS = 5


def work_on(seed: int) -> None:
    """Commands in a loop, until somebody ends it."""
    for n in itertools.count(seed):
        for words in (
            "scan library.csv",
            f"train --seed {n}",
            "assign-buckets",
            f"feedback said_{n % 2}.csv --promote",
            "assign-buckets --output other.csv",
        ):
            app(words.split(), standalone_mode=False)


def run_and_kill(seed: int, seconds: float) -> None:
    """Let commands run for some seconds, then kill them."""
    at_work = start(work_on, seed)
    time.sleep(seconds)
    at_work.kill()
    assert ended(at_work) == -signal.SIGKILL


def whole(file: Path) -> list[list[str]]:
    """The rows of a CSV file that must have been written to its end."""
    text = file.read_text("utf-8")
    assert text.endswith("\n")
    table = list(csv.reader(text.splitlines()))
    assert {len(row) for row in table} == {14}
    return table[1:]


def test_a_kill_at_any_moment_leaves_whole_files_and_a_workspace_that_works(learned: Path) -> None:
    done("assign-buckets")
    proposed = rows()
    for number, choice in enumerate(("second_bucket", "third_bucket")):
        said = [{"track_id": r["track_id"], "correct_bucket": r[choice]} for r in proposed[:2]]
        write_rows(Path(f"said_{number}.csv"), said)
    chance = random.Random(11)
    started = time.monotonic()
    done("train")
    one_training = time.monotonic() - started  # slower machines are killed later

    for number in range(_KILLS):
        run_and_kill(number, one_training * chance.uniform(0.1, 3.0))

        for file in (PREDICTIONS, Path("other.csv"), Path("logs/low_confidence.csv")):
            if file.exists():
                assert len(whole(file)) in range(len(proposed) + 1)
        assert len(whole(PREDICTIONS)) in (len(proposed), len(proposed) - 2)
        assert len(pd.read_parquet("data/tracks.parquet")) == 180
        assert {"training"} <= set(json.loads(Path("metrics.json").read_text()))
        assert as_json("assign-buckets")["rows"] == len(rows())
        current = [v["id"] for v in as_json("models", "list") if v["current"]]
        assert {r["model_version"] for r in rows()} == set(current)

    done("models", "verify", "current")
    assert len(as_json("models", "list")) > 2
    done("feedback", "said_0.csv")
    assert as_json("train")["corrections"] == 2
