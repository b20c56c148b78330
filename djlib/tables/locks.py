"""One run at a time in a workspace, and who it is.

A plain file lock: the system lets go of it when its holder dies, however it dies.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import BusyError
from .atomic import write_json
from .events import utc_now

LOCK_FILE = ".djlib.lock"
HOLDER_FILE = ".djlib.lock.json"


@contextmanager
def workspace_lock(
    folder: Path,
    command: str,
    wait_s: float,
    *,
    waiting: Callable[[str], None] | None = None,
) -> Iterator[None]:
    """Hold the workspace `folder` for `command`; the folder is made if needed.

    Where another run holds it, `waiting` is told who, once, and the lock is tried for `wait_s`
    seconds. Raises `BusyError`, naming that run's process, command and start, if it does not
    let go.

    >>> import tempfile
    >>> with workspace_lock(Path(tempfile.mkdtemp()), "train", wait_s=0):
    ...     pass
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK_FILE)
    _acquire(lock, folder, wait_s, waiting)
    try:
        holder = {"pid": os.getpid(), "command": command, "since": utc_now()}
        write_json(folder / HOLDER_FILE, holder)
        yield
    finally:
        with suppress(OSError):
            (folder / HOLDER_FILE).unlink()
        lock.release()


def _acquire(
    lock: FileLock, folder: Path, wait_s: float, waiting: Callable[[str], None] | None
) -> None:
    try:
        lock.acquire(timeout=0)
        return
    except Timeout:
        if wait_s > 0 and waiting is not None:
            waiting(f"waiting up to {wait_s:g} s: {_holder(folder)} holds {folder}")
    try:
        lock.acquire(timeout=wait_s)
    except Timeout:
        raise BusyError(
            f"{folder} is in use by {_holder(folder)}; waited {wait_s:g} s: try again when it ends"
        ) from None


def _holder(folder: Path) -> str:
    try:
        known = json.loads((folder / HOLDER_FILE).read_text(encoding="utf-8"))
        return f"'{known['command']}' (process {known['pid']}, since {known['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another run that has not said its name yet"
