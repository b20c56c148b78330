"""The sentence of a track as a vector of meaning: SBERT behind one scikit-learn transformer.

Reimers & Gurevych, "Sentence-BERT" (2019); the model is all-MiniLM-L6-v2.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

from .cache import EmbeddingCache
from .engines import REMEMBERED, engine_file, load_engine
from .model import dimension, model_folder
from .sentences import sentences

_LONGEST = 1000
"""Signs of a text that are embedded: the model reads 256 pieces of words and no more."""
_BLOCK = 1000
_AT_ONCE = 250
"""New texts embedded before they are written to the cache: what a killed run loses at most."""

_listener: ContextVar[Callable[[int], None] | None] = ContextVar("listener", default=None)


@contextmanager
def embedding_told(progress: Callable[[int], None]) -> Iterator[None]:
    """Tell `progress` how many texts were embedded for the first time, whoever embeds inside: a
    minute of that lies deep inside a model, which has nobody to tell."""
    token = _listener.set(progress)
    try:
        yield
    finally:
        _listener.reset(token)


class SentenceEmbedder(TransformerMixin, BaseEstimator):
    """Turn tracks into vectors of their sentences, each embedded once on this machine.

    Nothing is learned by `fit`, and the estimator holds its parameters only: the weights are
    loaded on first use, shared within a process, and never become part of a saved model.

    Parameters
    ----------
    engine : what computes: "torch" is the model itself, others are faster and less exact.
    model : a folder with weights, or a name of the hub; None takes the installed package's.
    cache : the folder of remembered vectors; None takes the person's own (`cache_folder`).

    Examples
    --------
    >>> tracks = pd.DataFrame({"artist": ["Robyn"], "title": ["Be Mine"], "bpm": [124.0]})
    >>> sentences(tracks)
    ['Robyn - Be Mine, BPM 124']
    >>> SentenceEmbedder(engine="torch").get_feature_names_out()[:2].tolist()
    ['sbert 0', 'sbert 1']
    """

    def __init__(
        self,
        engine: str = "torch",
        model: str | None = None,
        cache: str | None = None,
    ) -> None:
        self.engine = engine
        self.model = model
        self.cache = cache

    def fit(self, X: pd.DataFrame, y: object = None) -> Self:
        """Learn nothing."""
        return self

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        """Give the vectors of tracks, shape (n tracks, 384), float32, each of length one.

        Raises as `embed`.
        """
        return self.embed(sentences(X))

    def embed(
        self, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> np.ndarray:
        """Give the vectors of `texts`, shape (n, 384), float32, each of length one.

        What was embedded before comes from the cache; the rest is computed in blocks and kept, so
        that a run that is stopped goes on where it was. Vectors are rounded to half precision
        whether they were kept or not, so that a second run gives the same. `progress` is told
        the number of texts newly done. Raises `EmbeddingsMissingError` where the weights or the
        library are not installed, `NotFoundError` for a model that is not there.
        """
        folder = model_folder(self.model)
        place, distinct = pd.factorize(np.array([_readable(t) for t in texts], dtype=object))
        vectors = np.zeros((len(distinct), dimension(folder)), dtype=np.float32)
        times = np.bincount(place, minlength=len(distinct))
        kept = Path(self.cache).expanduser() if self.cache else cache_folder()
        name = engine_file(self.engine, folder, "sqlite")
        file = kept / name if self.engine in REMEMBERED else None
        with EmbeddingCache(file, vectors.shape[1]) as cache:
            for start in range(0, len(distinct), _BLOCK):
                block = slice(start, start + _BLOCK)
                vectors[block] = self._block(list(distinct[block]), folder, kept, cache)
                if progress is not None:
                    progress(int(times[block].sum()))
        return vectors[place]

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        """Give the names of the columns."""
        names = [f"sbert {column}" for column in range(dimension(model_folder(self.model)))]
        return np.asarray(names, dtype=object)

    def _block(
        self, texts: list[str], folder: Path, kept: Path, cache: EmbeddingCache
    ) -> np.ndarray:
        found, vectors = cache.load(texts)
        new = [text for text, known in zip(texts, found, strict=True) if not known]
        if new:
            vectors[~found] = self._new(new, folder, kept, cache)
        return vectors

    def _new(self, texts: list[str], folder: Path, kept: Path, cache: EmbeddingCache) -> np.ndarray:
        engine, listener, parts = load_engine(self.engine, folder, kept), _listener.get(), []
        for start in range(0, len(texts), _AT_ONCE):
            some = texts[start : start + _AT_ONCE]
            computed = engine.encode(some).astype(np.float16)
            cache.store(some, computed)
            parts.append(computed)
            if listener is not None:
                listener(len(some))
        return np.concatenate(parts)


def cache_folder() -> Path:
    """The person's own folder for vectors: `$XDG_CACHE_HOME/djlib`, else `~/.cache/djlib`.

    The one place of the library that reads the environment: a cache belongs to the person, not
    to a workspace, so that no track is embedded again for a second one.
    """
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "djlib" / "embeddings"


def _readable(text: str) -> str:
    """A text no longer than is read, without the halves of signs that no encoding knows."""
    return text[:_LONGEST].encode("utf-8", "replace").decode("utf-8")
