"""The sentence of a track and its vector: what is embedded, how often, and what a user may give."""

from __future__ import annotations

import json
import multiprocessing
import socket
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from djlib.errors import NotFoundError, UsageError
from djlib.features.embedding import encoder as embeddings
from djlib.features.embedding.encoder import SentenceEmbedder, cache_folder
from djlib.features.embedding.sentences import sentences

TRACK = {
    "artist": "Robyn",
    "title": "Be Mine",
    "genres": "Pop; Dance",
    "bpm": 124.02,
    "key": "8A",
}


class Counting:
    """An engine that remembers what it was asked."""

    def __init__(self, dimension: int) -> None:
        self.asked: list[str] = []
        self._dimension = dimension

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.asked += texts
        rng = np.random.default_rng([len(text) for text in texts])
        drawn = rng.normal(size=(len(texts), self._dimension))
        return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Counting:
    engine = Counting(384)
    monkeypatch.setattr(embeddings, "load_engine", lambda *_: engine)
    return engine


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "Robyn - Be Mine, Pop; Dance, BPM 124, key 8A"),
        (
            {"artist": "", "title": "Robyn - Be Mine"},
            "Robyn - Be Mine, Pop; Dance, BPM 124, key 8A",
        ),
        ({"artist": ""}, "Be Mine, Pop; Dance, BPM 124, key 8A"),
        ({"genres": " "}, "Robyn - Be Mine, BPM 124, key 8A"),
        ({"bpm": None, "key": None}, "Robyn - Be Mine, Pop; Dance"),
        ({"bpm": "128,4"}, "Robyn - Be Mine, Pop; Dance, BPM 128, key 8A"),
        ({"title": "Be Mine www.free-mp3.com"}, "Robyn - Be Mine, Pop; Dance, BPM 124, key 8A"),
        (dict.fromkeys(TRACK, ""), ""),
    ],
)
def test_the_sentence_says_what_is_known(changes: dict[str, object], sentence: str) -> None:
    assert sentences(pd.DataFrame([TRACK | changes])) == [sentence]


def test_a_table_without_columns_has_empty_sentences() -> None:
    assert sentences(pd.DataFrame({"track_id": ["1", "2"]})) == ["", ""]


def test_no_text_is_embedded_twice(tmp_path: Path, counting: Counting) -> None:
    embedder = SentenceEmbedder(cache=str(tmp_path))
    texts = [f"text {n % 1500}" for n in range(4000)]
    told: list[int] = []

    first = embedder.embed(texts, told.append)
    again = SentenceEmbedder(cache=str(tmp_path)).embed(texts[::-1])[::-1]

    assert sorted(counting.asked) == sorted(set(texts))
    assert sum(told) == len(texts)
    assert np.array_equal(first, again)


def test_a_run_that_is_stopped_goes_on_where_it_was(tmp_path: Path, counting: Counting) -> None:
    texts = [f"text {n}" for n in range(2500)]

    def stop(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        SentenceEmbedder(cache=str(tmp_path)).embed(texts, stop)
    SentenceEmbedder(cache=str(tmp_path)).embed(texts)

    assert len(counting.asked) == len(texts)


def test_vectors_are_the_same_with_and_without_a_cache(
    tmp_path: Path, counting: Counting, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("no folder")
    kept = SentenceEmbedder(cache=str(tmp_path / "kept")).embed(["a", "b"])
    not_kept = SentenceEmbedder(cache=str(tmp_path / "file" / "in")).embed(["a", "b"])
    assert np.array_equal(kept, not_kept)
    assert "embedding without" in caplog.text


def test_a_damaged_cache_does_not_stop_the_run(tmp_path: Path, counting: Counting) -> None:
    embedder = SentenceEmbedder(cache=str(tmp_path))
    first = embedder.embed(["a", "b"])
    (file,) = tmp_path.glob("*.sqlite")
    file.write_bytes(b"damage" * 5000)

    assert np.array_equal(embedder.embed(["a", "b"]), first)
    assert file.with_name(f"{file.name}.corrupt-1").exists()


def test_a_very_long_text_is_cut_and_halves_of_signs_are_replaced(
    tmp_path: Path, counting: Counting
) -> None:
    SentenceEmbedder(cache=str(tmp_path)).embed(["x" * 20_000, "half \ud83d"])
    assert counting.asked == ["x" * 1000, "half ?"]


def test_nothing_to_embed_gives_no_rows() -> None:
    assert SentenceEmbedder().embed([]).shape == (0, 384)
    assert SentenceEmbedder().transform(pd.DataFrame({"title": []})).shape == (0, 384)


def test_the_estimator_holds_its_parameters_only(tmp_path: Path, counting: Counting) -> None:
    embedder = SentenceEmbedder(cache=str(tmp_path))
    embedder.fit(pd.DataFrame([TRACK])).transform(pd.DataFrame([TRACK]))

    assert vars(embedder) == embedder.get_params()
    assert SentenceEmbedder(**json.loads(json.dumps(clone(embedder).get_params())))
    assert len(embedder.get_feature_names_out()) == 384


def test_a_model_that_is_not_there_is_named() -> None:
    with pytest.raises(NotFoundError, match="no sentence model at './nowhere'"):
        SentenceEmbedder(model="./nowhere").embed(["a"])


def test_an_unknown_engine_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown embedding engine 'steam'"):
        SentenceEmbedder(engine="steam", cache=str(tmp_path)).embed(["a"])


def test_the_cache_is_the_persons_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "djlib" / "embeddings"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "djlib" / "embeddings"


def test_the_installed_model_knows_what_music_is_like_without_the_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network was asked for")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    house, deep, folk = SentenceEmbedder().embed(["tech house", "deep house", "finnish folk"])
    assert house @ deep > house @ folk + 0.1


def _embed(folder: str, model: str, texts: list[str]) -> np.ndarray:
    return SentenceEmbedder("onnx", model, folder).embed(texts)  # starts without torch


def test_two_processes_share_a_cache(tmp_path: Path, tiny_model: Path) -> None:
    texts = [f"night {n}" for n in range(3000)]
    pytest.importorskip("onnxruntime")
    shares = [(str(tmp_path), str(tiny_model), part) for part in (texts[:2000], texts[1000:])]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        first, second = pool.starmap(_embed, shares)

    assert np.abs(first[1000:] - second[:1000]).max() < 0.05  # rounded beside other texts
    assert np.array_equal(_embed(str(tmp_path), str(tiny_model), texts)[:1000], first[:1000])


def test_who_listens_is_told_what_is_new_wherever_it_is_embedded(
    tmp_path: Path, counting: Counting
) -> None:
    embedder, told = SentenceEmbedder(cache=str(tmp_path)), list[int]()
    with embeddings.embedding_told(told.append):
        embedder.embed([f"text {n}" for n in range(600)])
        assert told == [250, 250, 100]
        embedder.embed([f"text {n}" for n in range(700)])
    assert told == [250, 250, 100, 100]
    embedder.embed(["nobody listens"])
    assert len(told) == 4
