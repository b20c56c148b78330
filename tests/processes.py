"""Real processes that start in a moment: forked from one that has imported the program already."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import sys
from collections.abc import Callable
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[1]
_FORKED = multiprocessing.get_context("forkserver")
_FORKED.set_forkserver_preload(
    [
        "pytest",
        "cli.main",
        "djlib.bucketing.simple_ml",
        "djlib.jobs.run_job",
        "djlib.workflows.buckets.assign",
        "djlib.workflows.buckets.feedback",
        "djlib.workflows.buckets.train",
        "djlib.workflows.library.scan",
        "djlib.workflows.opportunities.feedback",
        "djlib.workflows.opportunities.scan",
    ]
)


def start(work: Callable[..., object], *args: Any, output: Path | None = None) -> BaseProcess:
    """Have a function of a test module done by a process of its own, started already.

    It has the folder and the variables of this process. What it writes goes to the files `output`
    and `output` with ".err" where one is given, else what it prints is dropped.
    """
    with contextlib.chdir(_ROOT):  # where the server finds what it imports
        forkserver.ensure_running()
    there = (os.getcwd(), dict(os.environ), output, work, args)
    process = _FORKED.Process(target=_work, args=there)
    process.start()
    return process


def start_djlib(*words: str | Path, output: Path | None = None) -> BaseProcess:
    """Have a command run by a process of its own, as `start` does."""
    return start(_djlib, *map(str, words), output=output)


def ended(process: BaseProcess, timeout: float = 120) -> int | None:
    """Wait for a process; gives its exit code, a negative one for the signal that killed it."""
    process.join(timeout)
    assert not process.is_alive(), "it does not end"
    return process.exitcode


def _work(
    folder: str,
    environ: dict[str, str],
    output: Path | None,
    work: Callable[..., object],
    args: tuple[Any, ...],
) -> None:
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(folder)
    _write_to(output or Path(os.devnull), 1)
    if output is not None:
        _write_to(output.with_name(f"{output.name}.err"), 2)
    # The server's own streams may write elsewhere.
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
    work(*args)
    sys.stdout.flush()


def _write_to(path: Path, stream: int) -> None:
    with path.open("wb") as file:
        os.dup2(file.fileno(), stream)


def _djlib(*words: str) -> None:
    from cli.main import main

    sys.argv = ["djlib", *words]
    main()
