"""Wrong labels put in on purpose, and how many of them `djlib check --labels` finds.

    python benchmarks/labels.py [FOLDER] [--model simple_ml] [--share 0.05] [--seeds 3]

Moves one track in twenty of an invented library, and of every labelled CSV in FOLDER, into another
bucket at random, one bucket a track. `right` is the share of the placements listed that were moved;
what a library had wrong before counts against it. `found` is the share of the moved ones that are
listed; `first 12` how many of the twelve oddest were moved.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from djlib.bucketing.analysis.label_quality import label_quality
from djlib.bucketing.catalogue import make_model
from djlib.bucketing.cross_validation import with_min_support
from djlib.bucketing.training import TrainingSet, assemble
from djlib.synthetic.tables import synthetic_library
from djlib.tables.io import read_table

_FIRST = 12


def main() -> None:
    """Print a line for each library."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--model", default="simple_ml")
    parser.add_argument("--share", type=float, default=0.05)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    libraries = {"invented": synthetic_library(1000, seed=1)}
    for file in sorted(options.folder.glob("*.csv")) if options.folder else []:
        libraries[file.stem] = read_table(file, schema="tracks", problems=[])
    names = ("tracks", "buckets", "agree", "moved", "listed", "right", "found", "first 12")
    print(f"{'':12}" + "".join(f"{name:>9}" for name in names))
    for name, tracks in libraries.items():
        runs = [
            _measured(tracks, options.model, options.share, seed) for seed in range(options.seeds)
        ]
        n, buckets, agree, moved, listed, right, found, first = np.mean(runs, axis=0)
        print(
            f"{name:12}{n:9.0f}{buckets:9.0f}{agree:9.2f}{moved:9.0f}{listed:9.0f}"
            f"{right:9.2f}{found:9.2f}{first:9.1f}",
            flush=True,
        )


def _measured(tracks: pd.DataFrame, model: str, share: float, seed: int) -> tuple[float, ...]:
    training, _ = with_min_support(assemble(tracks, {}, test_share=0.0, several=False), 5)
    wrong, moved = _with_moved(training, share, np.random.default_rng(seed))
    found = label_quality(lambda: make_model(model, seed=seed), wrong, n_folds=5)
    assert len(found.training.tracks) == len(wrong.tracks)
    hits = moved[[place.row for place in found.odd]]
    return (
        len(moved),
        len(found.buckets),
        found.agreement,
        moved.sum(),
        len(hits),
        hits.mean() if len(hits) else np.nan,
        hits.sum() / moved.sum(),
        hits[:_FIRST].sum(),
    )


def _with_moved(
    training: TrainingSet, share: float, rng: np.random.Generator
) -> tuple[TrainingSet, np.ndarray]:
    """The same with about `share` of the tracks in another bucket, and which, (n,)."""
    moved = rng.random(len(training.labels)) < share
    names = sorted(training.sizes)
    labels = [
        [str(rng.choice([b for b in names if b not in row]))] if move else row
        for row, move in zip(training.labels, moved, strict=True)
    ]
    none = np.zeros(len(moved), dtype=bool)
    return TrainingSet(training.tracks, labels, False, none, none), moved


if __name__ == "__main__":
    main()
