"""`scan`: a person's library, wherever it is, into one table with their playlists as buckets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from ..bucketing.labels import are_several, buckets_of
from ..bucketing.renames import with_current_names
from ..errors import InputError
from ..features.title_facts import fill_from_titles
from ..formats.options import ReadOptions
from ..formats.playlists import Choice, attach_buckets, choose_buckets
from ..settings import Settings, Workspace
from ..tables.io import write_table
from ..tables.problems import Problem
from ..tables.schema import BUCKET_SEPARATOR
from .corrections import renames_so_far
from .gather import Source, gather
from .runs import run
from .sources import own_folders, remember_scan, remembered, state_of, still_holds
from .talk import Talk


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
    sources: tuple[Source, ...]
    tracks: int
    sorted_tracks: int
    several: int
    buckets: dict[str, int]
    left_out: dict[str, str]
    problems: list[Problem] = field(repr=False)
    written: str | None = None
    unchanged: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {
            **self.__dict__,
            "sources": [s.as_dict() for s in self.sources],
            "problems": [p.as_dict() for p in self.problems],
        }

    @classmethod
    def restored(cls, values: Mapping[str, Any]) -> ScanReport:
        """The report that `as_dict` gave, of a scan since which nothing changed."""
        sources = tuple(Source(**source) for source in values["sources"])
        problems = [Problem(**problem) for problem in values["problems"]]
        known = {**values, "sources": sources, "problems": problems, "unchanged": True}
        return cls(**known)


def scan(
    workspace: Workspace,
    settings: Settings,
    sources: Path | Sequence[Path] = (),
    *,
    options: ScanOptions,
    talk: Talk,
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
        tracks, choice, problems, given = _as_they_are(workspace, sources, options, talk)
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
            remember_scan(workspace, sources, asdict(options), states, report.as_dict())
        return report


def _options(noted: Mapping[str, Any]) -> ScanOptions:
    """Options as JSON kept them."""
    plain: dict[str, Any] = {
        name: tuple(v) if isinstance(v, list) else v for name, v in noted.items()
    }
    return ScanOptions(**plain)


def read_tracks(
    workspace: Workspace, source: Path, options: ScanOptions, talk: Talk
) -> tuple[pd.DataFrame, Choice | None, list[Problem]]:
    """Tracks of a table, a DJ library or a folder, with buckets as they are called now; what
    became of its playlists (None for a table); and the problems met."""
    tracks, choice, problems, _ = _as_they_are(workspace, [source], options, talk)
    return with_current_names(tracks, renames_so_far(workspace)), choice, problems


def _as_they_are(
    workspace: Workspace, sources: Sequence[Path], options: ScanOptions, talk: Talk
) -> tuple[pd.DataFrame, Choice | None, list[Problem], tuple[Source, ...]]:
    """The same with buckets as the sources call them: what a scan keeps, since every rename is
    replayed over it each time."""
    cache = workspace.data / "scan_cache.sqlite" if options.remember else None
    how = ReadOptions(options.processes, cache, options.folders_as_buckets)
    found = gather(sources, how, talk)
    library = found.library
    if found.is_table:
        unfitting = _fitting_nothing((*options.include, *options.exclude))
        return library.tracks, None, [*unfitting, *library.problems], found.sources
    tracks, n_filled = fill_from_titles(library.tracks)
    choice = choose_buckets(
        tracks,
        library.playlists,
        include=options.include,
        exclude=options.exclude,
        everything=options.everything,
    )
    problems = [*_fitting_nothing(choice.unmatched), *_filled(n_filled), *library.problems]
    return _with_buckets(tracks, choice), choice, problems, found.sources


def _filled(n_tracks: int) -> list[Problem]:
    reason = f"tempo or key of {n_tracks} tracks was missing and stands in their titles"
    return [Problem(None, "", "", reason, "repaired")] if n_tracks else []


def _with_buckets(tracks: pd.DataFrame, choice: Choice) -> pd.DataFrame:
    """Buckets from playlists, after those that a table among the sources states."""
    stated = buckets_of(tracks)
    attached = attach_buckets(tracks, choice.kept)
    if not any(stated):
        return attached
    lists = zip(stated, buckets_of(attached), strict=True)
    all_of_each = [list(dict.fromkeys([*own, *theirs])) for own, theirs in lists]
    first = [row[0] if row else "" for row in all_of_each]
    joined = [BUCKET_SEPARATOR.join(row) for row in all_of_each]
    return attached.assign(
        bucket=pd.Series(first, dtype="str"), buckets=pd.Series(joined, dtype="str")
    )


def _fitting_nothing(patterns: Sequence[str]) -> list[Problem]:
    return [Problem(None, "pattern", p, "no playlist is called so", "note") for p in patterns]


def _named(sources: Sequence[Path]) -> str:
    return "|".join(str(source.absolute()) for source in sources)


def _first_reason(problems: Sequence[Problem]) -> str:
    return f"; the first of {len(problems)} problems: {problems[0]}" if problems else ""
