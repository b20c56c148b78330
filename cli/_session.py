"""The edge of a command: workspace, settings, log files, who is told what."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from djlib.settings import Settings, Workspace

_LOG_BYTES = 2_000_000


class Session:
    """What a command needs from its surroundings; `talk` goes to stderr, results to stdout."""

    def __init__(
        self,
        workspace: Path | None,
        *,
        as_json: bool = False,
        verbose: bool = False,
        wait: float | None = None,
    ) -> None:
        from djlib.settings import Workspace

        self.workspace: Workspace = Workspace.find(workspace)
        self.as_json = as_json
        self.talk = Stderr()
        self._wait = wait
        self.use()
        _log_to(self.workspace.logs, verbose)

    def use(
        self,
        *,
        seed: int | None = None,
        buckets: Mapping[str, Any] | None = None,
        keepers: Mapping[str, Any] | None = None,
        opportunities: Mapping[str, Any] | None = None,
    ) -> None:
        """Let options of the command count more than the settings."""
        from djlib.settings import load_settings

        flags: dict[str, Any] = {"lock_wait_s": self._wait, "seed": seed, "buckets": buckets or {}}
        flags |= {"keepers": keepers or {}, "opportunities": opportunities or {}}
        self.settings: Settings = load_settings(self.workspace.root, flags=flags)

    def show(self, report: Any, render: Callable[[Any], None] | None = None) -> None:
        """Print a report: JSON for programs, else as `render` draws it, by default the way its
        kind is drawn."""
        if self.as_json:
            print_json(report)
            return
        from .render.reports import draw

        (render or draw)(report)


def print_json(value: Any) -> None:
    """Print a value as JSON; NaN becomes null."""
    from djlib.tables.plain_json import json_text

    typer.echo(json_text(value, indent=2))


def report_failure(error: Exception) -> None:
    """End with one red line that says what, where and what to do."""
    logging.getLogger("djlib").debug("failed", exc_info=error)
    typer.secho(f"djlib: {printable(str(error))}", fg="red", err=True)


def printable(text: str) -> str:
    """A text without signs that steer a terminal: a file or server may have put them there.

    >>> printable("Slow \\x1b[31mdown")
    'Slow  [31mdown'
    """
    return "".join(sign if sign.isprintable() or sign in "\n\t" else " " for sign in text)


class Stderr:
    """Tells a person on stderr: a progress bar on a terminal, a line a step elsewhere."""

    def say(self, line: str) -> None:
        """Print a line."""
        typer.echo(printable(line), err=True)

    @contextmanager
    def step(self, what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
        """Show the progress of one piece of work."""
        if sys.stderr.isatty():
            with _bar(what, total) as progress:
                yield progress
            return
        started, done = time.monotonic(), _Counted()
        yield done
        rate = f", {done.n:,} in {time.monotonic() - started:.1f} s" if done.n > 1 else ""
        self.say(f"{what}: done{rate}")


class _Counted:
    n = 0

    def __call__(self, done: int) -> None:
        self.n += done


@contextmanager
def _bar(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Left

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Left())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.advance(task, done)


def _log_to(folder: Path, verbose: bool) -> None:
    """Warnings to stderr (everything with --verbose), the story of each run to logs/djlib.log."""
    log = logging.getLogger("djlib")
    for handler in list(log.handlers):  # one command, one set of handlers
        log.removeHandler(handler)
        handler.close()
    log.setLevel(logging.DEBUG)
    spoken = logging.StreamHandler(sys.stderr)
    spoken.setLevel(logging.DEBUG if verbose else logging.WARNING)
    spoken.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    log.addHandler(spoken)
    if folder.is_dir() and os.access(folder, os.W_OK):
        from logging.handlers import RotatingFileHandler

        written = RotatingFileHandler(
            folder / "djlib.log", maxBytes=_LOG_BYTES, backupCount=2, encoding="utf-8", delay=True
        )
        written.setLevel(logging.INFO)
        written.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        log.addHandler(written)
