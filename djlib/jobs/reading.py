"""Reading many records for the first time takes a minute: a step that shows how far it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pandas as pd

from ..errors import EmbeddingsMissingError
from ..features.embeddings import SentenceEmbedder, embedding_told
from ..features.sentences import sentences
from .talk import Talk


@contextmanager
def reading(talk: Talk, what: str) -> Iterator[None]:
    """A step whose progress is the number of texts embedded for the first time."""
    with talk.step(what) as progress, embedding_told(progress):
        yield


def read_ahead(talk: Talk, model: Any, tracks: pd.DataFrame) -> None:
    """Embed what a model will want embedded, so that its own work starts from what is known.

    A model without an engine wants nothing; without weights it says so itself, later.
    """
    engine = getattr(model, "engine", None)
    if engine is None:
        return
    with (
        talk.step("Reading names and genres", len(tracks)) as progress,
        suppress(EmbeddingsMissingError),
    ):
        SentenceEmbedder(engine, cache=model.cache).embed(sentences(tracks), progress)
