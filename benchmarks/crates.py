"""How well buckets are predicted on real libraries: djlib beside what else could do the work.

    python benchmarks/crates.py FOLDER [--splits 2] [--models hybrid,tfidf_logistic] [--only NAME]
    python benchmarks/crates.py FOLDER --blank genres      without one of the columns
    python benchmarks/crates.py FOLDER --curve             from 50 labels up, random splits
    python benchmarks/crates.py FOLDER --forward           learn the past, answer for the later

FOLDER holds one CSV a library: the columns of a tracks table, `bucket` among them. For each,
stratified and artist-disjoint 75/25 splits (at most 4,000 tracks to learn from and 2,000 to test
on); accuracy, share in the top three, macro F1, log-loss, calibration error (ten equal-mass bins)
and seconds to fit and predict. Every model sees the same rows in one run; sentence embeddings are
made before the clock starts.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from crate_models import MODELS, PEERS, SMALL
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupShuffleSplit, StratifiedShuffleSplit

from djlib import read_table
from djlib.evaluation.calibration import calibration_error
from djlib.features.dates import days_added
from djlib.features.embedding.encoder import SentenceEmbedder

Split = tuple[str, np.ndarray, np.ndarray]

_AT_MOST_TRAIN, _AT_MOST_TEST = 4000, 2000
_CURVE = (50, 100, 200, 400, 800, 1600)
_TINY = 1e-6
_LABELS = ["bucket", "buckets"]


def main() -> None:
    """Print a table a library and the means over all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--splits", type=int, default=2)
    parser.add_argument("--models", default=",".join(PEERS))
    parser.add_argument("--only", help="libraries by name, joined by commas")
    parser.add_argument("--blank", help="a column that no model gets to see")
    parser.add_argument("--curve", action="store_true", help="from few labels to all")
    parser.add_argument("--forward", action="store_true", help="split by the date added")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    rows = []
    for file in sorted(options.folder.glob("*.csv")):
        if options.only and file.stem not in options.only.split(","):
            continue
        tracks = read_table(file, schema="tracks", problems=[])
        if options.blank:
            tracks[options.blank] = np.nan if tracks[options.blank].dtype.kind == "f" else ""
        SentenceEmbedder().transform(tracks)
        for kind, train, test in _splits(tracks, options):
            for name in options.models.split(","):
                if len(tracks) <= SMALL.get(name, len(tracks)):
                    figures = _measured(name, tracks.iloc[train], tracks.iloc[test])
                    rows.append({"library": file.stem, "split": kind, "model": name, **figures})
                    _say(rows[-1])
        of_this = [row for row in rows if row["library"] == file.stem]
        if of_this:
            _show(pd.DataFrame(of_this), ["library", "split", "model"])
    _show(pd.DataFrame(rows).groupby(["library", "split", "model"]).mean(), ["split", "model"])


def _show(rows: pd.DataFrame, groups: list[str]) -> None:
    means = rows.groupby(groups).mean(numeric_only=True)
    means["libraries"] = rows.reset_index().groupby(groups)["library"].nunique()
    print(f"\n{means.round(3).sort_values([groups[-2], 'accuracy']).to_string()}", flush=True)


def _say(row: dict[str, object]) -> None:
    """Progress, on stderr."""
    shown = (f"{v:.3f}" if isinstance(v, float) else str(v) for v in row.values())
    print(" ".join(shown), file=sys.stderr, flush=True)


def _splits(tracks: pd.DataFrame, options: argparse.Namespace) -> Iterator[Split]:
    if options.forward:
        yield from _forward(tracks)
        return
    for kind, train, test in _drawn(tracks, options.splits):
        if not options.curve:
            yield kind, train, test
            continue
        if kind != "random":
            continue  # the first rows of the others are no random draw
        for n in (*_CURVE, _AT_MOST_TRAIN):
            if n <= len(train) or n == _AT_MOST_TRAIN:
                yield f"{kind} {n:5d}", train[:n], test


def _drawn(tracks: pd.DataFrame, n: int) -> Iterator[Split]:
    n_train = min(int(len(tracks) * 0.75), _AT_MOST_TRAIN)
    n_test = min(len(tracks) - n_train, _AT_MOST_TEST)
    drawn = StratifiedShuffleSplit(n, train_size=n_train, test_size=n_test, random_state=0)
    artists = tracks["artist"].where(tracks["artist"] != "", tracks["track_id"]).str.lower()
    apart = GroupShuffleSplit(n, train_size=0.75, random_state=0)
    by_kind = {
        "random": drawn.split(tracks, tracks["bucket"]),
        "artist-disjoint": apart.split(tracks, groups=artists),
    }
    for kind, pairs in by_kind.items():
        for train, test in pairs:
            yield kind, train[:_AT_MOST_TRAIN], test[:_AT_MOST_TEST]


def _forward(tracks: pd.DataFrame) -> Iterator[Split]:
    """The first three quarters by date added, then the rest, on days of their own; only tracks
    whose bucket was there before."""
    days = days_added(tracks["date_added"])
    known = np.flatnonzero(np.isfinite(days))
    if len(np.unique(days[known])) < 4:
        return
    border = np.quantile(days[known], 0.75)
    train, test = known[days[known] <= border], known[days[known] > border]
    buckets = set(tracks["bucket"].iloc[train])
    test = test[tracks["bucket"].iloc[test].isin(buckets).to_numpy()]
    if len(buckets) > 1 and len(test) >= 30:
        yield "forward", train[-_AT_MOST_TRAIN:], test[:_AT_MOST_TEST]


def _measured(name: str, train: pd.DataFrame, test: pd.DataFrame) -> dict[str, float]:
    started = time.perf_counter()
    y = train["bucket"].to_numpy(dtype=object)
    try:
        classes, proba = MODELS[name](train.drop(columns=_LABELS), y, test.drop(columns=_LABELS))
    except Exception as error:  # a peer that cannot do it is a line, not the end
        print(f"{name} failed: {error!r}"[:200], flush=True)
        return {}
    seconds = time.perf_counter() - started
    classes = np.asarray(classes).ravel()
    truth = test["bucket"].to_numpy(dtype=object)
    order = np.argsort(-proba, axis=1)
    first, top3 = classes[order[:, 0]], classes[order[:, :3]]
    right = np.where(classes == truth[:, None], proba, 0).sum(axis=1)  # 0: a bucket never seen
    hit = first == truth
    return {
        "accuracy": hit.mean(),
        "top3": (top3 == truth[:, None]).any(axis=1).mean(),
        "macro_f1": f1_score(truth, first, average="macro"),
        "log_loss": -np.log(np.clip(right, _TINY, 1)).mean(),
        "calibration_error": calibration_error(proba.max(axis=1), hit),
        "seconds": seconds,
    }


if __name__ == "__main__":
    main()
