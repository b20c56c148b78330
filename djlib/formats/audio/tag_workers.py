"""Reading tags in several processes.

A worker is this interpreter running `audio_tags.py`. It starts in a few hundredths of a second and
ends when its input closes, also when the parent was killed. A pool of `multiprocessing` would
import the caller's main script in every worker, which takes longer than reading a thousand files.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from subprocess import PIPE

from . import audio_tags
from .audio_tags import Tags, read_many

logger = logging.getLogger(__name__)

_Worker = subprocess.Popen[str]
_COMMAND = [sys.executable, "-P", audio_tags.__file__]


def read_in_processes(
    chunks: Sequence[Sequence[str]], n_workers: int
) -> Generator[list[Tags], None, None]:
    """The tags of each chunk of paths, in order. What no worker can do is done here."""
    idle: SimpleQueue[_Worker] = SimpleQueue()

    def read(paths: Sequence[str]) -> list[Tags]:
        worker = idle.get()
        try:
            return _ask(worker, paths)
        finally:
            idle.put(worker)

    workers: list[_Worker] = []
    try:
        for _ in range(n_workers):
            workers.append(subprocess.Popen(_COMMAND, stdin=PIPE, stdout=PIPE, text=True))
            idle.put(workers[-1])
        with ThreadPoolExecutor(n_workers) as threads:
            yield from threads.map(read, chunks)
    finally:
        for worker in workers:
            worker.kill()  # it holds nothing: files are only read
            worker.communicate()


def _ask(worker: _Worker, paths: Sequence[str]) -> list[Tags]:
    assert worker.stdin is not None
    assert worker.stdout is not None
    try:
        worker.stdin.write(json.dumps(paths) + "\n")
        worker.stdin.flush()
        return [(text, reason) for text, reason in json.loads(worker.stdout.readline())]
    except (OSError, ValueError) as error:
        logger.warning("a process that reads tags died (%s); reading in this one", error)
        return read_many(paths)
