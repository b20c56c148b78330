"""How fast each engine embeds, how near it stays to the sentence model, and what that costs.

    python benchmarks/embedding.py FOLDER [--texts 4000]

FOLDER holds one CSV a library, with a `bucket` column, as for crates.py. All engines embed the same
distinct sentences of its tracks on two cores; beside them, in the same run and in turn with them,
`SentenceTransformer.encode` as most people would call it. Then, for every library, a logistic
regression on the vectors alone learns the buckets, on the splits of crates.py. Last, 100,000 rows
are embedded again from the cache. What engines build is kept in the person's cache, not timed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from crates import _drawn
from sklearn.linear_model import LogisticRegression

from djlib import read_table
from djlib.features.embedding.encoder import SentenceEmbedder, cache_folder
from djlib.features.embedding.engines import ENGINES, load_engine
from djlib.features.embedding.model import model_folder
from djlib.features.embedding.sentences import sentences

_TURN = 500
"""Texts an engine embeds before it is another's turn; no text comes twice. Its best turn counts."""
_CACHED_ROWS = 100_000


def main() -> None:
    """Print one table; end with 1 where a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--texts", type=int, default=4000)
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    files = sorted(options.folder.glob("*.csv"))
    libraries = [read_table(file, schema="tracks", problems=[]) for file in files]
    distinct = pd.unique(np.array([s for t in libraries for s in sentences(t)], dtype=object))
    rng = np.random.default_rng(0)
    texts = list(rng.choice(distinct, min(options.texts, len(distinct)), replace=False))
    table = _speed_and_nearness(texts)
    accuracy = pd.DataFrame({engine: _accuracy(engine, libraries) for engine in ENGINES}).T
    table = table.join(accuracy)
    print(table.to_string(float_format="{:,.3f}".format, na_rep=""))
    seconds = _again_from_the_cache()
    print(f"\n{_CACHED_ROWS:,} cached rows again: {seconds:.1f} s")
    broken = _broken(table, seconds)
    print("\n".join(f"broken: {promise}" for promise in broken))
    sys.exit(int(bool(broken)))


def _speed_and_nearness(texts: list[str]) -> pd.DataFrame:
    from sentence_transformers import SentenceTransformer

    folder = model_folder()
    engines = {name: load_engine(name, folder, cache_folder()) for name in ENGINES}
    plain = SentenceTransformer(str(folder), local_files_only=True)
    calls: dict[str, Callable[[list[str]], np.ndarray]] = {
        "SentenceTransformer.encode": lambda some: plain.encode(some, show_progress_bar=False),
        **{name: engine.encode for name, engine in engines.items()},
    }
    for encode in calls.values():
        encode(["warm up"] * 64)
    rates = dict.fromkeys(calls, 0.0)
    parts: dict[str, list[np.ndarray]] = {name: [] for name in calls}
    for start in range(0, len(texts), _TURN):
        turn = texts[start : start + _TURN]
        for name, encode in calls.items():
            started = time.perf_counter()
            parts[name].append(encode(turn))
            rates[name] = max(rates[name], len(turn) / (time.perf_counter() - started))
    vectors = {name: np.concatenate(part) for name, part in parts.items()}
    exact = next(iter(vectors.values()))
    first = next(iter(rates.values()))
    return pd.DataFrame(
        {
            "texts/s": rates,
            "ratio": {name: rate / first for name, rate in rates.items()},
            "cosine": {name: (v * exact).sum(axis=1).mean() for name, v in vectors.items()},
            "similarity": {name: _agreement(v, exact) for name, v in vectors.items()},
        }
    )


def _agreement(vectors: np.ndarray, exact: np.ndarray) -> float:
    """Correlation of the similarities of all pairs of texts with those the model gives."""
    pairs = np.triu_indices(len(exact), 1)
    found, wanted = (vectors @ vectors.T)[pairs], (exact @ exact.T)[pairs]
    return float(np.corrcoef(found, wanted)[0, 1])


def _accuracy(engine: str, libraries: list[pd.DataFrame]) -> dict[str, float]:
    """Mean accuracy by kind of split of a logistic regression on the vectors alone."""
    found: dict[str, list[float]] = {}
    for tracks in libraries:
        vectors = 10 * SentenceEmbedder(engine).transform(tracks)
        buckets = tracks["bucket"].to_numpy(dtype=object)
        for kind, train, test in _drawn(tracks, 1):
            model = LogisticRegression(C=0.1, tol=1e-3, max_iter=1000).fit(
                vectors[train], buckets[train]
            )
            found.setdefault(kind, []).append(model.score(vectors[test], buckets[test]))
    return {kind: float(np.mean(scores)) for kind, scores in found.items()}


def _again_from_the_cache() -> float:
    """Seconds to embed rows that were embedded before, by a process that has loaded no model."""
    texts = [f"artist {row} - title {row}" for row in range(_CACHED_ROWS)]
    with tempfile.TemporaryDirectory() as folder:
        filled = SentenceEmbedder(cache=folder)
        _fill(filled, texts)
        started = time.perf_counter()
        filled.embed(texts)
        return time.perf_counter() - started


def _fill(embedder: SentenceEmbedder, texts: list[str]) -> None:
    """Put drawn vectors into the cache: computing true ones would take minutes."""
    from djlib.features.embedding.cache import EmbeddingCache
    from djlib.features.embedding.engines import engine_file

    drawn = np.random.default_rng(0).normal(size=(len(texts), 384)).astype(np.float32)
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    file = Path(str(embedder.cache)) / engine_file(embedder.engine, model_folder(), "sqlite")
    with EmbeddingCache(file, 384) as cache:
        cache.store(texts, drawn.astype(np.float16))


def _broken(table: pd.DataFrame, seconds: float) -> list[str]:
    onnx, static = table.loc["onnx"], table.loc["static"]
    promises = {
        "onnx is at least 1.6 times as fast": onnx["ratio"] >= 1.6,
        "onnx has a mean cosine of at least 0.99": onnx["cosine"] >= 0.99,
        "static is at least 100 times as fast": static["ratio"] >= 100,
        "static similarities correlate by more than 0.63": static["similarity"] > 0.63,
        "100,000 cached rows take at most 10 seconds": seconds <= 10,
    }
    return [promise for promise, kept in promises.items() if not kept]


if __name__ == "__main__":
    main()
