"""Run the demo on invented libraries and check its figures: `make validate`.

Fails where the model no longer learns, where its confidence no longer means anything, or where
the files it promises are not there. The limits are wide: they catch what is broken, not noise.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
from itertools import product
from pathlib import Path
from typing import Any

from djlib.tables.schema import PREDICTIONS

MODELS = ("hybrid", "simple_ml")
SEEDS = (0, 1, 2)
LEAST_GAIN = 2.0
"""Times as often right as always naming the largest bucket, on artists never seen."""
LARGEST_CALIBRATION_ERROR = 0.12
LEAST_PRECISION = 0.65
"""Of the predictions called sure at the threshold of 0.5."""


def main() -> None:
    """Print a line a model and library; end with 1 where one fails."""
    print(f"{'model':10}{'seed':>4}{'right':>8}{'largest':>9}{'calibration':>13}{'sure right':>12}")
    failed = []
    for model, seed in product(MODELS, SEEDS):
        with tempfile.TemporaryDirectory() as folder:
            workspace = Path(folder) / "demo"
            print(f"{model:10}{seed:>4}", end="", flush=True)
            report = run_demo(workspace, model, seed)
            failed += [f"{model}, seed {seed}: {fault}" for fault in faults(report, workspace)]
    for fault in failed:
        print(fault, file=sys.stderr)
    sys.exit(int(bool(failed)))


def run_demo(workspace: Path, model: str, seed: int) -> dict[str, Any]:
    """What `djlib demo --json` reports with that model."""
    djlib = Path(sys.executable).with_name("djlib")
    command = [str(djlib), "demo", "--json", "--seed", str(seed), "--folder", str(workspace)]
    done = subprocess.run(
        command,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"DJLIB_BUCKETS_MODEL": model},
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def faults(report: dict[str, Any], workspace: Path) -> list[str]:
    """What is wrong with a run, in words."""
    trained, assigned = report["train"], report["assign_buckets"]
    figures = trained["figures"]["artist"]
    sizes = trained["buckets"].values()
    largest = max(sizes) / sum(sizes)
    honesty = trained["figures"]["stratified"]["calibration_error"]
    precision = trained["abstention"]["precision"]
    right = figures["accuracy"]
    print(f"{right:8.3f}{largest:9.3f}{honesty:13.3f}{precision:12.3f}")
    with (workspace / "data" / "bucket_predictions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    gain = right / largest
    checks = {
        f"right {gain:.2f} times as often as the largest bucket": gain >= LEAST_GAIN,
        f"calibration error {honesty:.3f}": honesty <= LARGEST_CALIBRATION_ERROR,
        f"sure ones right {precision:.2f}": precision >= LEAST_PRECISION,
        "predictions without their columns": bool(rows) and list(rows[0]) == PREDICTIONS.names,
        f"{len(rows)} rows for {assigned['rows']} tracks": len(rows) == assigned["rows"] > 0,
        "no current model": (workspace / "models" / "bucket_model.pkl").is_file(),
    }
    return [fault for fault, holds in checks.items() if not holds]


if __name__ == "__main__":
    main()
