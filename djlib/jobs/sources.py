"""What was scanned last: which files and folders, how, and in which state they were.

The state of a source is the size and time of change of every file of it; a file whose time alone
changed is compared by its content. Where nothing changed, the report of the last scan still holds.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..settings import Workspace
from ..tables.atomic import write_json

_BESIDE = ("-wal", "-journal")
"""What a database in use has beside it."""

_BLOCK = 1 << 20


@dataclass(frozen=True)
class State:
    """How a source looks: a digest of sizes and times, and one of the content of a single file."""

    digest: str
    content: str = ""


def state_of(
    source: Path, before: State | None = None, ignored: frozenset[str] = frozenset()
) -> State:
    """The state of a file or folder; content is read only where the digest is not that `before`.

    What is gone has a state too. `ignored` are folders that djlib itself writes to.
    """
    digest = hashlib.blake2b(digest_size=16)
    for line in _lines(source, ignored):
        digest.update(line.encode("utf-8", "surrogateescape"))
    found = digest.hexdigest()
    if before is not None and before.digest == found:
        return before
    return State(found, _content(source) if source.is_file() else "")


def same(before: State | None, now: State) -> bool:
    """Whether nothing changed: neither sizes and times, nor the content of a file."""
    if before is None:
        return False
    return before.digest == now.digest or (bool(now.content) and before.content == now.content)


def _lines(source: Path, ignored: frozenset[str]) -> Iterator[str]:
    """A line for each file: name, size, time of change."""
    if not source.is_dir():
        files = (source, *(source.with_name(source.name + end) for end in _BESIDE))
        yield from (_line(str(file)) for file in files)
        return
    for folder, folders, files_here in os.walk(source.absolute()):
        inside = (name for name in folders if not name.startswith("."))
        folders[:] = sorted(n for n in inside if os.path.join(folder, n) not in ignored)
        for name in sorted(files_here):
            if not name.startswith("."):
                yield _line(os.path.join(folder, name))


def _line(file: str) -> str:
    try:
        state = os.stat(file)
    except OSError:
        return f"{file}\tgone\n"
    return f"{file}\t{state.st_size}\t{state.st_mtime_ns}\n"


def _content(file: Path) -> str:
    digest = hashlib.blake2b(digest_size=16)
    files = (file, *(file.with_name(file.name + end) for end in _BESIDE))
    try:
        for part in (part for part in files if part.is_file()):
            with part.open("rb") as handle:
                while block := handle.read(_BLOCK):
                    digest.update(block)
    except OSError:
        return ""
    return digest.hexdigest()


@dataclass(frozen=True)
class LastScan:
    """Sources, options and states of the last scan, and what it reported."""

    sources: tuple[Path, ...]
    options: dict[str, Any]
    states: tuple[State, ...]
    report: dict[str, Any]


def still_holds(workspace: Workspace, last: LastScan) -> bool:
    """Whether every source is as it was, and what was written is there."""
    pairs = zip(last.sources, last.states, strict=True)
    ignored = own_folders(workspace)
    unchanged = (same(state, state_of(source, state, ignored)) for source, state in pairs)
    return workspace.tracks.is_file() and all(unchanged)


def own_folders(workspace: Workspace) -> frozenset[str]:
    """Folders whose changes are djlib's own."""
    folders = (workspace.data, workspace.models, workspace.logs)
    return frozenset(os.path.abspath(folder) for folder in folders)


def last_scan(workspace: Workspace) -> LastScan | None:
    """What is remembered; None where nothing is, or what stands there cannot be understood."""
    try:
        noted = json.loads(_file(workspace).read_text(encoding="utf-8"))
        return LastScan(
            tuple(Path(source["path"]) for source in noted["sources"]),
            dict(noted["options"]),
            tuple(State(source["digest"], source["content"]) for source in noted["sources"]),
            dict(noted["report"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remember_scan(
    workspace: Workspace,
    sources: Sequence[Path],
    options: dict[str, Any],
    states: Sequence[State],
    report: dict[str, Any],
) -> None:
    """Keep what was scanned, for a scan without arguments and for `--watch`."""
    pairs = zip(sources, states, strict=True)
    noted = [{"path": str(source.absolute()), **asdict(state)} for source, state in pairs]
    write_json(_file(workspace), {"sources": noted, "options": options, "report": report})


def remembered(workspace: Workspace) -> LastScan:
    """The last scan; raises `UsageError` where there is none."""
    found = last_scan(workspace)
    if found is None:
        raise UsageError(
            "nothing was scanned here yet: name a file or folder, e.g. djlib scan rekordbox.xml"
        )
    return found


def _file(workspace: Workspace) -> Path:
    return workspace.data / "scan_sources.json"
