"""How well buckets are predicted on real libraries: djlib beside the plain forest.

    python benchmarks/crates.py FOLDER [--splits 2] [--models plain_forest,simple_ml]

FOLDER holds one CSV a library: the columns of a tracks table, `bucket` among them. For each,
stratified and artist-disjoint 75/25 splits (at most 4,000 tracks to learn from and 2,000 to test
on); accuracy, share in the top three, macro F1, log-loss, calibration error (ten equal-mass bins)
and seconds to fit and predict. Every model sees the same rows in one run. To add a model, write a
function that gives its buckets and probabilities and add a line to MODELS.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import SimpleImputer
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupShuffleSplit, StratifiedShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from djlib import SimpleMLBucketAssigner, read_table
from djlib.evaluation.calibration import calibration_error

Answer = tuple[np.ndarray, np.ndarray]
_AT_MOST_TRAIN, _AT_MOST_TEST = 4000, 2000
_TINY = 1e-6


def simple_ml(train: pd.DataFrame, y: np.ndarray, test: pd.DataFrame) -> Answer:
    """djlib's first model."""
    model = SimpleMLBucketAssigner(random_state=0).fit(train, y)
    return model.classes_, model.predict_proba(test)


def plain_forest(train: pd.DataFrame, y: np.ndarray, test: pd.DataFrame) -> Answer:
    """A forest as most people would write it: tempo, key and genre, all settings at default."""
    genres = CountVectorizer(token_pattern=r"[^,;/|]+")
    columns = make_column_transformer(
        (SimpleImputer(), ["bpm"]), (OneHotEncoder(handle_unknown="ignore"), ["key"]),
        (genres, "genres"),
    )  # fmt: skip
    model = make_pipeline(columns, RandomForestClassifier(300, random_state=0)).fit(train, y)
    return model.classes_, model.predict_proba(test)


MODELS: dict[str, Callable[[pd.DataFrame, np.ndarray, pd.DataFrame], Answer]] = {
    "plain_forest": plain_forest,
    "simple_ml": simple_ml,
}


def main() -> None:
    """Print a table a library and the means over all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--splits", type=int, default=2)
    parser.add_argument("--models", default=",".join(MODELS))
    options = parser.parse_args()
    warnings.filterwarnings("ignore", "The number of unique classes")
    rows = []
    for file in sorted(options.folder.glob("*.csv")):
        tracks = read_table(file, schema="tracks", problems=[])
        for kind, train, test in _splits(tracks, options.splits):
            for name in options.models.split(","):
                figures = _measured(MODELS[name], tracks.iloc[train], tracks.iloc[test])
                rows.append({"library": file.stem, "split": kind, "model": name, **figures})
    table = pd.DataFrame(rows)
    for groups in (["library", "split", "model"], ["split", "model"]):
        means = table.groupby(groups).mean(numeric_only=True).round(3)
        print(f"\n{means.to_string()}")


def _splits(tracks: pd.DataFrame, n: int) -> list[tuple[str, np.ndarray, np.ndarray]]:
    n_train = min(int(len(tracks) * 0.75), _AT_MOST_TRAIN)
    n_test = min(len(tracks) - n_train, _AT_MOST_TEST)
    drawn = StratifiedShuffleSplit(n, train_size=n_train, test_size=n_test, random_state=0)
    artists = tracks["artist"].where(tracks["artist"] != "", tracks["track_id"]).str.lower()
    apart = GroupShuffleSplit(n, train_size=0.75, random_state=0)
    by_kind = {
        "random": drawn.split(tracks, tracks["bucket"]),
        "artist-disjoint": apart.split(tracks, groups=artists),
    }
    return [
        (kind, train[:_AT_MOST_TRAIN], test[:_AT_MOST_TEST])
        for kind, pairs in by_kind.items()
        for train, test in pairs
    ]


def _measured(
    model: Callable[[pd.DataFrame, np.ndarray, pd.DataFrame], Answer],
    train: pd.DataFrame,
    test: pd.DataFrame,
) -> dict[str, float]:
    started = time.perf_counter()
    classes, proba = model(train.drop(columns="bucket"), train["bucket"].to_numpy(), test)
    seconds = time.perf_counter() - started
    truth = test["bucket"].to_numpy()
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
