"""Reading many records for the first time takes a minute: a step that shows how far it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..features.embeddings import embedding_told
from .talk import Talk


@contextmanager
def reading(talk: Talk, what: str) -> Iterator[None]:
    """A step whose progress is the number of texts embedded for the first time."""
    with talk.step(what) as progress, embedding_told(progress):
        yield
