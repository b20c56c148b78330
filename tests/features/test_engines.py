"""Every engine answers as the sentence model does, nearly, and builds anew what was damaged."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import numpy as np
import pytest

from djlib.errors import EmbeddingsMissingError, UsageError
from djlib.features.embedding import engines
from djlib.features.embedding import static as static_distillation
from djlib.features.embedding.engines import ENGINES, embeddings_available, load_engine
from djlib.features.embedding.model import dimension, fingerprint, model_folder
from djlib.features.embedding.onnx import sentence_graph
from djlib.features.embedding.sentences import sentences
from djlib.features.embedding.static import WordPieces, invented_sentences
from djlib.synthetic.tables import synthetic_library
from tests.features.tiny_model import DIMENSION, write_tiny_model

TEXTS = [*sentences(synthetic_library(60, seed=5)), "", "love", "x" * 3000, "Ünïcödé 夜 ♥"]


@pytest.fixture(autouse=True)
def _little_to_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(static_distillation, "_TRACKS", 300)
    monkeypatch.setattr(static_distillation, "_BATCH", 30)
    load_engine.cache_clear()


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("built")


def cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a * b).sum(axis=1)


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_gives_one_vector_of_length_one_a_text(
    engine: str, tiny_model: Path, kept: Path
) -> None:
    vectors = load_engine(engine, tiny_model, kept).encode(TEXTS)

    assert vectors.shape == (len(TEXTS), DIMENSION)
    assert vectors.dtype == np.float32
    lengths = np.linalg.norm(vectors, axis=1)
    assert np.delete(lengths, TEXTS.index("")) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_answer_to_a_text_does_not_hang_on_its_place(
    engine: str, tiny_model: Path, kept: Path
) -> None:
    encode = load_engine(engine, tiny_model, kept).encode
    vectors, turned = encode(TEXTS[:60]), encode(TEXTS[:60][::-1])[::-1]
    assert cosines(vectors, turned).min() > 0.99


def test_the_graph_is_the_model(tiny_model: Path, kept: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    from djlib.features.embedding.onnx import OnnxEngine

    engine = OnnxEngine(tiny_model, kept / "exact")
    engine._session = onnxruntime.InferenceSession(
        sentence_graph(tiny_model, None).SerializeToString()
    )
    exact = load_engine("torch", tiny_model, kept).encode(TEXTS)
    assert np.abs(engine.encode(TEXTS) - exact).max() < 2e-3  # GELU by tanh


def test_eight_bits_are_nearly_the_model(tiny_model: Path, kept: Path) -> None:
    pytest.importorskip("onnxruntime")
    exact = load_engine("torch", tiny_model, kept).encode(TEXTS)
    near = load_engine("onnx", tiny_model, kept).encode(TEXTS)
    assert cosines(exact, near).mean() > 0.99


def test_the_static_engine_learned_to_agree(tiny_model: Path, kept: Path) -> None:
    texts = invented_sentences(WordPieces(tiny_model / "vocab.txt").names, 200, seed=9)
    exact = load_engine("torch", tiny_model, kept).encode(texts)
    near = load_engine("static", tiny_model, kept).encode(texts)
    assert cosines(exact, near).mean() > cosines(exact, np.roll(near, 1, axis=0)).mean() + 0.02


@pytest.mark.parametrize("engine", ["onnx", "static"])
def test_what_was_built_is_kept_and_built_anew_where_damaged(
    engine: str, tiny_model: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = load_engine(engine, tiny_model, tmp_path).encode(TEXTS)
    (built,) = tmp_path.glob(f"{engine}-*.built")
    whole = built.read_bytes()
    built.write_bytes(whole[:-100] + bytes(100))
    load_engine.cache_clear()

    again = load_engine(engine, tiny_model, tmp_path).encode(TEXTS)

    assert [r.levelno for r in caplog.records if "damaged" in r.message] == [logging.WARNING]
    assert cosines(first, again)[:60].min() > 0.99
    assert len(built.read_bytes()) == len(whole)


def test_the_onnx_engine_refuses_a_model_it_would_compute_wrongly(tmp_path: Path) -> None:
    other = write_tiny_model(tmp_path / "other", pooling="max")
    with pytest.raises(UsageError, match="mean pooling"):
        sentence_graph(other, None)


def test_an_engine_is_loaded_once(tiny_model: Path, kept: Path) -> None:
    assert load_engine("torch", tiny_model, kept) is load_engine("torch", tiny_model, kept)


def test_an_engine_that_nobody_knows_is_a_usage_error(tiny_model: Path, kept: Path) -> None:
    with pytest.raises(UsageError, match="known: torch, onnx, static"):
        load_engine("steam", tiny_model, kept)


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_missing_is_named_with_what_to_install(
    engine: str, tiny_model: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines.importlib.util, "find_spec", lambda name: None)

    reason = embeddings_available(engine)

    assert reason is not None
    assert "not installed: pip install" in reason
    with pytest.raises(EmbeddingsMissingError, match="pip install"):
        load_engine(engine, tiny_model, kept)


def test_what_a_model_is_can_be_read_without_loading_it(tiny_model: Path, tmp_path: Path) -> None:
    copy = write_tiny_model(tmp_path / "copy")
    assert dimension(tiny_model) == DIMENSION
    assert fingerprint(copy) == fingerprint(tiny_model)
    (copy / "config.json").write_text((copy / "config.json").read_text() + " ")
    fingerprint.cache_clear()
    assert fingerprint(copy) != fingerprint(tiny_model)


def test_the_installed_model_is_found_and_its_vectors_have_384_numbers() -> None:
    assert dimension(model_folder()) == 384
    assert embeddings_available() is None


@pytest.mark.parametrize("engine", ENGINES)
def test_damaged_weights_are_as_good_as_missing_ones(
    engine: str, tiny_model: Path, tmp_path: Path
) -> None:
    shutil.copytree(tiny_model, tmp_path / "copy")
    weights = tmp_path / "copy" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(EmbeddingsMissingError, match="damaged .*: pip install --force-reinstall"):
        load_engine(engine, tmp_path / "copy", tmp_path)
