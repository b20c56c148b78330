"""Run the demo on invented libraries and check its figures: `make validate`.

Fails where the model no longer learns, where its confidence no longer means anything, or where
the files it promises are not there. The limits are wide: they catch what is broken, not noise.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from djlib.tables.schema import PREDICTIONS

SEEDS = (0, 1, 2)
LEAST_GAIN = 1.5
"""Times as often right as always naming the largest bucket, on artists never seen."""
LARGEST_CALIBRATION_ERROR = 0.12
LEAST_PRECISION = 0.65
"""Of the predictions called sure at the threshold of 0.5."""


def main() -> None:
    """Print a line a library; end with 1 where one fails."""
    print(
        f"{'seed':>4}{'right':>8}{'largest bucket':>16}{'calibration error':>19}{'sure right':>12}"
    )
    failed = []
    for seed in SEEDS:
        with tempfile.TemporaryDirectory() as folder:
            workspace = Path(folder) / "demo"
            report = run_demo(workspace, seed)
            failed += [f"seed {seed}: {fault}" for fault in faults(seed, report, workspace)]
    for fault in failed:
        print(fault, file=sys.stderr)
    sys.exit(int(bool(failed)))


def run_demo(workspace: Path, seed: int) -> dict[str, Any]:
    """What `djlib demo --json` reports."""
    djlib = Path(sys.executable).with_name("djlib")
    command = [str(djlib), "demo", "--json", "--seed", str(seed), "--folder", str(workspace)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def faults(seed: int, report: dict[str, Any], workspace: Path) -> list[str]:
    """What is wrong with a run, in words."""
    trained, assigned = report["train"], report["assign_buckets"]
    figures = trained["figures"]["artist"]
    sizes = trained["buckets"].values()
    largest = max(sizes) / sum(sizes)
    honesty = trained["figures"]["stratified"]["calibration_error"]
    precision = trained["abstention"]["precision"]
    right = figures["accuracy"]
    print(f"{seed:>4}{right:8.3f}{largest:16.3f}{honesty:19.3f}{precision:12.3f}")
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
