"""Reading many records for the first time is seen to go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from djlib.bucketing.hybrid import HybridBucketAssigner
from djlib.features.embedding import encoder as embeddings
from djlib.features.embedding.encoder import SentenceEmbedder
from djlib.workflows.core.progress import read_ahead, reading


class Listening:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int]] = []

    def say(self, line: str) -> None:
        """Ignore the line."""

    @contextmanager
    def step(self, what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
        yield lambda done: self.told.append((what, done))


class Ones:
    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return np.full((len(texts), 384), 384**-0.5, dtype=np.float32)


def test_a_step_counts_the_texts_that_are_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embeddings, "load_engine", lambda *_: Ones())
    talk, embedder = Listening(), SentenceEmbedder(cache=str(tmp_path))
    texts = [f"record {n}" for n in range(300)]
    for _ in range(2):
        with reading(talk, "Choosing listings"):
            embedder.embed(texts)
    assert talk.told == [("Choosing listings", 250), ("Choosing listings", 50)]
    embedder.embed(["afterwards"])
    assert len(talk.told) == 2


def test_tracks_are_read_ahead_of_a_model_that_will_want_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    class Counting(Ones):
        def encode(self, texts: Sequence[str]) -> np.ndarray:
            calls.append(len(texts))
            return super().encode(texts)

    monkeypatch.setattr(embeddings, "load_engine", lambda *_: Counting())
    tracks = pd.DataFrame({"artist": ["Ana", "Bo"], "title": ["One", "Two"]})
    talk = Listening()
    read_ahead(talk, HybridBucketAssigner(engine=None), tracks)
    assert not talk.told
    for _ in range(2):
        read_ahead(talk, HybridBucketAssigner(engine="torch", cache=str(tmp_path)), tracks)
    assert talk.told == [("Reading names and genres", 2)] * 2
    assert calls == [2]
