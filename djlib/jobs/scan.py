"""`scan`: a person's library, wherever it is, into one table with their playlists as buckets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from ..bucketing.labels import are_several, buckets_of
from ..bucketing.renames import with_current_names
from ..errors import InputError
from ..formats.library import read_library
from ..formats.playlists import Choice, attach_buckets, choose_buckets
from ..settings import Settings, Workspace
from ..tables.io import read_table, write_table
from ..tables.problems import Problem
from ..tables.schema import TRACKS
from .corrections import renames_so_far
from .runs import run
from .talk import Talk

TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".parquet", ".csv.gz", ".tsv.gz", ".txt.gz")


@dataclass(frozen=True)
class ScanOptions:
    """What a person may ask of a scan: globs over playlist names to count or not to count as
    buckets, all playlists as they are, folder names as buckets, processes for reading tags, and
    whether the next scan may rely on the tags read now."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    everything: bool = False
    folders_as_buckets: bool = False
    processes: int = 1
    remember: bool = True


@dataclass(frozen=True)
class ScanReport:
    """What was found: how many tracks, how many already sorted, the buckets with their sizes,
    playlists left out with the reason, and every problem."""

    source: str
    tracks: int
    sorted_tracks: int
    several: int
    buckets: dict[str, int]
    left_out: dict[str, str]
    problems: list[Problem] = field(repr=False)
    written: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {**self.__dict__, "problems": [p.as_dict() for p in self.problems]}


def scan(
    workspace: Workspace,
    settings: Settings,
    source: Path,
    *,
    options: ScanOptions,
    talk: Talk,
    dry_run: bool = False,
) -> ScanReport:
    """Read `source` and write `data/tracks.parquet`, or nothing with `dry_run`.

    A pattern in `options` that fits no playlist is a problem of its own.
    """
    with run(workspace, settings, "scan", talk, recorded=not dry_run) as noted:
        options = replace(options, remember=not dry_run)
        tracks, choice, problems = _as_they_are(workspace, source, options, talk)
        if not len(tracks):
            raise InputError(f"{source}: no track could be read{_first_reason(problems)}")
        labels = buckets_of(tracks)
        sizes = pd.Series([b for row in labels for b in row], dtype="str").value_counts()
        noted |= {"source": str(source.absolute()), "tracks": len(tracks)}
        if not dry_run:
            write_table(tracks, workspace.tracks)
        return ScanReport(
            source=str(source),
            tracks=len(tracks),
            sorted_tracks=sum(map(bool, labels)),
            several=sum(len(row) > 1 for row in labels) if are_several(labels) else 0,
            buckets={str(bucket): int(n) for bucket, n in sizes.items()},
            left_out=dict(choice.left_out) if choice else {},
            problems=problems,
            written=None if dry_run else str(workspace.tracks),
        )


def read_tracks(
    workspace: Workspace, source: Path, options: ScanOptions, talk: Talk
) -> tuple[pd.DataFrame, Choice | None, list[Problem]]:
    """Tracks of a table, a DJ library or a folder, with buckets as they are called now; what
    became of its playlists (None for a table); and the problems met."""
    tracks, choice, problems = _as_they_are(workspace, source, options, talk)
    return with_current_names(tracks, renames_so_far(workspace)), choice, problems


def _as_they_are(
    workspace: Workspace, source: Path, options: ScanOptions, talk: Talk
) -> tuple[pd.DataFrame, Choice | None, list[Problem]]:
    """The same with buckets as the source calls them: what a scan keeps, since every rename is
    replayed over it each time."""
    problems: list[Problem] = []
    if is_table(source):
        with talk.step(f"Reading {source.name}"):
            table = read_table(source, schema=TRACKS, problems=problems)
        _refuse_answers(source, table)
        return table, None, [*_fitting_nothing((*options.include, *options.exclude)), *problems]
    with talk.step(f"Reading {source.name or source}") as progress:
        library = read_library(
            source,
            jobs=options.processes,
            cache=workspace.data / "scan_cache.sqlite" if options.remember else None,
            folder_names_as_playlists=options.folders_as_buckets,
            progress=progress,
        )
    choice = choose_buckets(
        library.tracks,
        library.playlists,
        include=options.include,
        exclude=options.exclude,
        everything=options.everything,
    )
    problems = [*_fitting_nothing(choice.unmatched), *library.problems]
    return attach_buckets(library.tracks, choice.kept), choice, problems


def _refuse_answers(source: Path, table: pd.DataFrame) -> None:
    """A file of predictions has track ids too, but scanning it would replace the library."""
    answers = {"predicted_bucket", "correct_bucket"}.intersection(table.columns)
    if answers and "bucket" not in table:
        raise InputError(
            f"{source}: its column {min(answers)!r} says it holds predictions or corrections, "
            f"no library; 'djlib feedback {source}' takes corrections"
        )


def _fitting_nothing(patterns: Sequence[str]) -> list[Problem]:
    return [Problem(None, "pattern", p, "no playlist is called so", "note") for p in patterns]


def is_table(source: Path) -> bool:
    """Whether a path names a table rather than a library: by its suffix."""
    return source.name.lower().endswith(TABLE_SUFFIXES) and not source.is_dir()


def _first_reason(problems: Sequence[Problem]) -> str:
    return f"; the first of {len(problems)} problems: {problems[0]}" if problems else ""
