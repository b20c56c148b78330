"""Assigning buckets to a large Parquet table: both models, against the bare forest.

    python benchmarks/assigning.py [--rows 1000000] [--trained-on 3000] [--buckets 16]

Invents a sorted library to learn from and a table to answer for, then runs
`djlib assign-buckets` in a process of its own for each model: reading, features, votes,
calibration, reasons, writing the predictions. Beside them, in the same run, scikit-learn's
`predict_proba` alone, by one process, on 50,000 of the same rows, already turned into numbers.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from djlib.settings import Workspace
from djlib.tables.io import iter_table
from djlib.workflows.buckets.models import bucket_models
from djlib.workflows.library.demo import synthesise

LIMIT_MB = 1536
_BARE_ROWS = 50_000
_MODELS = (("simple_ml", "none"), ("hybrid", "none"), ("hybrid", "static"))


def main() -> None:
    """Print the table; end with 1 where a memory limit is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--trained-on", type=int, default=3_000)
    parser.add_argument("--buckets", type=int, default=16)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        sorted_tracks, unsorted = root / "sorted.parquet", root / "unsorted.parquet"
        synthesise(
            "tracks", sorted_tracks, rows=options.trained_on, buckets=options.buckets, seed=0
        )
        synthesise("tracks", unsorted, rows=options.rows, labelled=0.0, seed=1)
        print(f"{'':34}{'rows/s':>10}{'peak MB':>9}{'ratio':>7}")
        bare, highest = 0.0, 0.0
        for model, engine in _MODELS:
            home = root / f"{model}-{engine}"
            _djlib("train", sorted_tracks, home, "--model", model, "--engine", engine)
            if not bare:
                bare = _bare_rate(Workspace(home), unsorted)
                print(f"{'forest.predict_proba alone':34}{bare:10,.0f}{'':9}{1:7.2f}")
            report, peak = _djlib("assign-buckets", unsorted, home)
            rate, highest = report["rows_per_second"], max(peak, highest)
            name = f"assign-buckets, {model}, {engine}"
            print(f"{name:34}{rate:10,.0f}{peak:9,.0f}{rate / bare:7.2f}", flush=True)
    print(f"{report['rows']:,} rows answered; limit: {LIMIT_MB} MB")
    sys.exit(int(highest > LIMIT_MB))


def _djlib(command: str, file: Path, workspace: Path, *options: str) -> tuple[Any, float]:
    """The report of a command and the memory it took, MB."""
    words = [sys.executable, "-m", "cli", command, str(file), "--workspace", str(workspace)]
    with tempfile.TemporaryFile("w+") as said:
        child = subprocess.Popen([*words, *options, "--json"], stdout=said)
        _, status, used = os.wait4(child.pid, 0)
        if status:
            sys.exit(f"{command} failed")
        said.seek(0)
        return json.load(said), used.ru_maxrss / 2**10


def _bare_rate(workspace: Workspace, table: Path) -> float:
    model = bucket_models(workspace).load()
    rows = next(iter_table(table, schema="tracks", batch_rows=_BARE_ROWS))
    numbers = model.features_.transform(rows)
    started = time.perf_counter()
    model.forest_.predict_proba(numbers)
    return len(rows) / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
