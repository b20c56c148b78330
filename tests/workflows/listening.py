"""Somebody who remembers what a job told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Listener:
    """Lines said, and the steps taken: name, total and how many units were done."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.steps: list[tuple[str, int | None, int]] = []

    def say(self, line: str) -> None:
        self.lines.append(line)

    @contextmanager
    def step(self, what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
        done = 0

        def progress(n: int) -> None:
            nonlocal done
            done += n

        yield progress
        self.steps.append((what, total, done))
