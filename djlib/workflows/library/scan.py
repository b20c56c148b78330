"""`scan`: a person's library, wherever it is, into one table with their playlists as buckets."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from ...bucketing.labels import are_several, buckets_of
from ...errors import InputError, UsageError
from ...settings import Settings, Workspace
from ...tables.atomic import write_json
from ...tables.io import write_table
from ...tables.plain_json import to_plain
from ...tables.problems import Problem
from ..core.progress import ProgressReporter
from ..core.runs import run
from .gather import ScanOptions, Source, gather_tracks

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


@dataclass(frozen=True)
class ScanReport:
    """What was found: how many tracks, how many already sorted, the buckets with their sizes,
    playlists left out with the reason, and every problem."""

    source: str
    sources: tuple[Source, ...]
    tracks: int
    sorted_tracks: int
    several: int
    buckets: dict[str, int]
    left_out: dict[str, str]
    problems: list[Problem] = field(repr=False)
    written: str | None = None
    unchanged: bool = False

    @classmethod
    def restored(cls, values: Mapping[str, Any]) -> ScanReport:
        """The report that `remember_scan` kept, of a scan since which nothing changed."""
        sources = tuple(Source(**source) for source in values["sources"])
        problems = [Problem(**problem) for problem in values["problems"]]
        known = {**values, "sources": sources, "problems": problems, "unchanged": True}
        return cls(**known)


def scan_library(
    workspace: Workspace,
    settings: Settings,
    sources: Path | Sequence[Path] = (),
    *,
    options: ScanOptions,
    talk: ProgressReporter,
    dry_run: bool = False,
) -> ScanReport:
    """Read `sources` and write `data/tracks.parquet`, or nothing with `dry_run`.

    Without sources those of the last scan are read again, and not even that where none of them
    changed; its options count unless others are given. A pattern in `options` that fits no
    playlist is a problem of its own.
    """
    sources = [sources] if isinstance(sources, Path) else list(sources)
    if not sources:
        last = remembered(workspace)
        sources, kept = list(last.sources), _options(last.options)
        is_default = replace(options, processes=1) == ScanOptions()
        options = kept if is_default else options
        if options == kept and not dry_run and still_holds(workspace, last):
            return ScanReport.restored(last.report)
    with run(workspace, settings, "scan", talk, recorded=not dry_run) as noted:
        options = replace(options, remember=not dry_run)
        ignored = own_folders(workspace)
        states = [state_of(source, ignored=ignored) for source in sources]
        tracks, choice, problems, given = gather_tracks(workspace, sources, options, talk)
        shown = ", ".join(map(str, sources))
        if not len(tracks):
            raise InputError(f"{shown}: no track could be read{_first_reason(problems)}")
        labels = buckets_of(tracks)
        sizes = pd.Series([b for row in labels for b in row], dtype="str").value_counts()
        noted |= {"source": _named(sources), "tracks": len(tracks)}
        if not dry_run:
            write_table(tracks, workspace.tracks)
        report = ScanReport(
            source=shown,
            sources=given,
            tracks=len(tracks),
            sorted_tracks=sum(map(bool, labels)),
            several=sum(len(row) > 1 for row in labels) if are_several(labels) else 0,
            buckets={str(bucket): int(n) for bucket, n in sizes.items()},
            left_out=dict(choice.left_out) if choice else {},
            problems=problems,
            written=None if dry_run else str(workspace.tracks),
        )
        if not dry_run:
            remember_scan(workspace, sources, asdict(options), states, to_plain(report))
        return report


def _options(noted: Mapping[str, Any]) -> ScanOptions:
    """Options as JSON kept them."""
    plain: dict[str, Any] = {
        name: tuple(v) if isinstance(v, list) else v for name, v in noted.items()
    }
    return ScanOptions(**plain)


def _named(sources: Sequence[Path]) -> str:
    return "|".join(str(source.absolute()) for source in sources)


def _first_reason(problems: Sequence[Problem]) -> str:
    return f"; the first of {len(problems)} problems: {problems[0]}" if problems else ""
