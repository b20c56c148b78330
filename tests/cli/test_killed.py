"""`kill -9` at any moment: every file is the old one or the new one, and the next command works."""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest

from tests.cli.running import PREDICTIONS, as_json, done, rows, write_rows

_KILLS = 5

# Forks a child for each line it reads, so that the libraries are imported only once.
_WORKER = """
import itertools, os, sys
from cli.main import app
import djlib.bucketing.simple_ml
import djlib.workflows.buckets.assign, djlib.workflows.buckets.feedback
import djlib.workflows.library.scan, djlib.workflows.buckets.train

pytestmark = pytest.mark.slow

for line in sys.stdin:
    child = os.fork()
    if not child:
        sys.stdout = sys.stderr = open(os.devnull, "w")
        for n in itertools.count(int(line)):
            for words in (
                "scan library.csv", f"train --seed {n}", "assign-buckets",
                f"feedback said_{n % 2}.csv --promote", "assign-buckets --output other.csv",
            ):
                app(words.split(), standalone_mode=False)
    print(child, flush=True)
    os.waitpid(child, 0)
    print("gone", flush=True)
"""


@contextmanager
def at_work() -> Iterator[Callable[[int, float], None]]:
    """Lets commands run in a loop for some seconds, then kills them."""
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        [sys.executable, "-c", _WORKER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environ,
    ) as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        given, said = worker.stdin, worker.stdout

        def run_and_kill(start: int, seconds: float) -> None:
            given.write(f"{start}\n")
            given.flush()
            child = int(said.readline())
            time.sleep(seconds)
            os.kill(child, signal.SIGKILL)
            assert said.readline() == "gone\n"

        yield run_and_kill
        given.close()


def whole(file: Path) -> list[list[str]]:
    """The rows of a CSV file that must have been written to its end."""
    text = file.read_text("utf-8")
    assert text.endswith("\n")
    table = list(csv.reader(text.splitlines()))
    assert {len(row) for row in table} == {14}
    return table[1:]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes of another kind")
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

    with at_work() as run_and_kill:
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
