"""How a workflow reports its progress, without knowing who listens."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TYPE_CHECKING, Any, Protocol

from ...errors import EmbeddingsMissingError

if TYPE_CHECKING:
    import pandas as pd

Progress = Callable[[int], None]


class ProgressReporter(Protocol):
    """Somebody who listens: `say` takes a line, `step` a piece of work and gives its progress.

    `total` is how many units the work has, None where nobody knows; the progress is called with
    the number of units newly done.
    """

    def say(self, line: str) -> None: ...

    def step(self, what: str, total: int | None = None) -> AbstractContextManager[Progress]: ...


class NullReporter:
    """Nobody listens."""

    def say(self, line: str) -> None:
        """Ignore the line."""

    @contextmanager
    def step(self, what: str, total: int | None = None) -> Iterator[Progress]:
        """Ignore the progress."""
        yield lambda done: None


def give_back() -> None:
    """Let the C library return what it keeps for later, where it can: after a large table was read
    that is a quarter of all memory. Elsewhere than on Linux nothing happens.

    >>> give_back()
    """
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


@contextmanager
def reading(talk: ProgressReporter, what: str) -> Iterator[None]:
    """A step whose progress is the number of texts embedded for the first time."""
    from ...features.embedding.encoder import embedding_told

    with talk.step(what) as progress, embedding_told(progress):
        yield


def read_ahead(talk: ProgressReporter, model: Any, tracks: pd.DataFrame) -> None:
    """Embed what a model will want embedded, so that its own work starts from what is known.

    A model without an engine wants nothing; without weights it says so itself, later.
    """
    engine = getattr(model, "engine", None)
    if engine is None:
        return
    from ...features.embedding.encoder import SentenceEmbedder
    from ...features.embedding.sentences import sentences

    with (
        talk.step("Reading names and genres", len(tracks)) as progress,
        suppress(EmbeddingsMissingError),
    ):
        SentenceEmbedder(engine, cache=model.cache).embed(sentences(tracks), progress)
