"""Everything a person names, read and made one library: files, folders, tables in any mix.

A folder gives the libraries that DJ programs keep in it and the audio files under it. What cannot
be read is a problem where there is something else to read, and the end where there is not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from ...bucketing.labels import buckets_of
from ...errors import DjlibError, NotFoundError
from ...features.text import split_artist_title
from ...features.title_facts import fill_from_titles
from ...formats.collection import Library
from ...formats.format import format_named
from ...formats.library import holds_audio, is_one_library, libraries_in, read_library
from ...formats.merging import merge
from ...formats.options import ReadOptions
from ...formats.playlists import Choice, attach_buckets, choose_buckets
from ...settings import Workspace
from ...tables.io import is_table, read_library_table
from ...tables.problems import Problem
from ...tables.schema import BUCKET_SEPARATOR
from ..core.progress import ProgressReporter

_TABLE = "table"


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
class Source:
    """What one file or folder gave: its kind, tracks, playlists and problems."""

    path: str
    kind: str
    tracks: int
    playlists: int
    problems: int


@dataclass(frozen=True)
class Gathered:
    """One library of all sources, what each gave, and whether it is one table as it was."""

    library: Library
    sources: tuple[Source, ...]
    is_table: bool


def gather(paths: Sequence[Path], options: ReadOptions, talk: ProgressReporter) -> Gathered:
    """Read every path and make one library of them.

    Raises the first error where nothing could be read.
    """
    failed: list[tuple[Path, DjlibError]] = []
    read: list[tuple[Path, Library, bool]] = []
    for path in paths:
        try:
            read += _read(path, options, talk, failed)
        except DjlibError as error:
            failed.append((path, error))
    if not read:
        raise failed[0][1]
    libraries = [library for _, library, _ in read]
    files = [are_files for *_, are_files in read]
    merged = merge(libraries, files, _names(read), split_artist_title)
    unread = [Problem(None, "source", str(path), str(error)) for path, error in failed]
    return Gathered(
        replace(merged, problems=[*unread, *merged.problems]),
        tuple(_source(path, library) for path, library, _ in read),
        is_table=len(read) == 1 and libraries[0].source == _TABLE,
    )


def _names(read: Sequence[tuple[Path, Library, bool]]) -> list[str]:
    """How problems call each library: by its kind, or by its file where two are of one kind."""
    kinds = Counter(library.source for _, library, _ in read)
    return [one.source if kinds[one.source] == 1 else path.name for path, one, _ in read]


def _source(path: Path, library: Library) -> Source:
    tracks, lists = len(library.tracks), len(library.playlists)
    return Source(str(path), library.source, tracks, lists, len(library.problems))


def _read(
    path: Path, options: ReadOptions, talk: ProgressReporter, failed: list[tuple[Path, DjlibError]]
) -> list[tuple[Path, Library, bool]]:
    """The libraries a path gives, and whether each is of the audio files themselves."""
    if is_table(path):
        return [(path, _table(path, talk), False)]
    if not path.is_dir() or is_one_library(path):
        return [(path, _library(path, options, talk), False)]
    found: list[tuple[Path, Library, bool]] = []
    inside = libraries_in(path)
    for library in inside:
        try:
            found.append((library, _library(library, options, talk), False))
        except DjlibError as error:
            failed.append((library, error))
    if not inside or holds_audio(path):
        found.append((path, _audio(path, options, talk), True))
    return found


def _table(path: Path, talk: ProgressReporter) -> Library:
    problems: list[Problem] = []
    with talk.step(f"Reading {path.name}"):
        tracks = read_library_table(path, problems)
    return Library(tracks, [], problems, _TABLE)


def _library(path: Path, options: ReadOptions, talk: ProgressReporter) -> Library:
    with talk.step(f"Reading {path.name or path}") as progress:
        return read_library(
            path,
            jobs=options.jobs,
            cache=options.cache,
            folder_names_as_playlists=options.folder_names_as_playlists,
            progress=progress,
        )


def _audio(path: Path, options: ReadOptions, talk: ProgressReporter) -> Library:
    """The audio files of a folder, whatever libraries lie beside them."""
    try:
        with talk.step(f"Reading {path.name or path}") as progress:
            return format_named("folder").read(path, replace(options, progress=progress))
    except OSError as error:
        raise NotFoundError(f"{path} cannot be read: {error.strerror}") from error


def gather_tracks(
    workspace: Workspace, sources: Sequence[Path], options: ScanOptions, talk: ProgressReporter
) -> tuple[pd.DataFrame, Choice | None, list[Problem], tuple[Source, ...]]:
    """Read tracks with buckets as their sources call them: what a scan keeps, since every rename
    is replayed over it each time. Gives the tracks, what became of the playlists (None for a
    table), the problems, and what each source gave."""
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
