"""Append-only logs of what people and runs did: one file of JSON lines for each kind.

A kill in the middle of a write can cut off the last line. Readers ignore it; the next writer
ends it and writes a mark below it, so that a cut line is told from one damaged later.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from typing import Any

from ..errors import InputError
from .atomic import naming
from .plain_json import json_text

_MARK = {"cut_off": "the line above"}

log = logging.getLogger(__name__)


def append_events(folder: Path, kind: str, records: Iterable[Mapping[str, Any]]) -> None:
    """Add records to the log of a kind, in one write; on return they are on the disk.

    Each record gets `at`, the time now (UTC, ISO 8601), unless it has one. The folder is made
    if needed.

    >>> import tempfile
    >>> logs = Path(tempfile.mkdtemp())
    >>> append_events(logs, "corrections", [{"track_id": "7", "at": "2024-05-01T12:00:00Z"}])
    >>> read_events(logs, "corrections")
    [{'at': '2024-05-01T12:00:00Z', 'track_id': '7'}]
    """
    now = utc_now()
    lines = [json_text({"at": now} | dict(record)) for record in records]
    if not lines:
        return
    path = _log_file(folder, kind)
    folder.mkdir(parents=True, exist_ok=True)
    if _ends_in_a_cut_line(path):
        lines[:0] = ["", json_text(_MARK)]
    with naming(path), open(path, "ab", buffering=0) as file:
        _write_all(file, ("\n".join(lines) + "\n").encode("utf-8", "surrogatepass"))
        os.fsync(file.fileno())


def read_events(folder: Path, kind: str) -> list[dict[str, Any]]:
    """All records of a kind, oldest first; [] where there is no log yet.

    A last line that was cut off is ignored with a warning. Raises `InputError`, naming the line,
    for one that is damaged otherwise, zeros in its place included.
    """
    path = _log_file(folder, kind)
    if not path.exists():
        return []
    records: list[dict[str, Any]] = []
    lines = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines, start=1):
        record = _parsed(line)
        if record is not None and record != _MARK:
            records.append(record)
        elif record is None and line:
            following = lines[number] if number < len(lines) else None
            # A line that was cut off begins as every line does; zeros over a log do not.
            is_cut = line.startswith(b"{")
            if following is None and is_cut:
                log.warning("%s: line %d was cut off and is ignored", path, number)
            elif not is_cut or following is None or _parsed(following) != _MARK:
                raise InputError(
                    f"{path}: line {number} is damaged; mend or remove it, nothing after it is used"
                )
    return records


def utc_now() -> str:
    """This moment, ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _log_file(folder: Path, kind: str) -> Path:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", kind):
        raise ValueError(f"a kind of event is one lower-case word, not {kind!r}")
    return folder / f"{kind}.jsonl"


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def _ends_in_a_cut_line(path: Path) -> bool:
    if not path.exists() or not path.stat().st_size:
        return False
    with open(path, "rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"


def _write_all(file: FileIO, data: bytes) -> None:
    """One write, but for a disk that takes it in parts."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]
