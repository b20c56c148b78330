"""How a job tells somebody what it is doing, without knowing who listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

Progress = Callable[[int], None]


class Talk(Protocol):
    """Somebody who listens: `say` takes a line, `step` a piece of work and gives its progress.

    `total` is how many units the work has, None where nobody knows; the progress is called with
    the number of units newly done.
    """

    def say(self, line: str) -> None: ...

    def step(self, what: str, total: int | None = None) -> AbstractContextManager[Progress]: ...


class Silent:
    """Nobody listens."""

    def say(self, line: str) -> None:
        """Ignore the line."""

    @contextmanager
    def step(self, what: str, total: int | None = None) -> Iterator[Progress]:
        """Ignore the progress."""
        yield lambda done: None
