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

from ...errors import DjlibError, InputError, NotFoundError
from ...features.text import split_artist_title
from ...formats.collection import Library
from ...formats.format import format_named
from ...formats.library import holds_audio, is_one_library, libraries_in, read_library
from ...formats.merging import merge
from ...formats.options import ReadOptions
from ...tables.io import read_table
from ...tables.problems import Problem
from ...tables.schema import TRACKS
from ..core.progress import ProgressReporter

TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".parquet", ".csv.gz", ".tsv.gz", ".txt.gz")

_TABLE = "table"


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


def is_table(source: Path) -> bool:
    """Whether a path names a table rather than a library: by its suffix."""
    return source.name.lower().endswith(TABLE_SUFFIXES) and not source.is_dir()


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
        table = read_table(path, schema=TRACKS, problems=problems)
    _refuse_answers(path, table)
    return Library(table, [], problems, _TABLE)


def _refuse_answers(source: Path, table: pd.DataFrame) -> None:
    """A file of predictions has track ids too, but scanning it would replace the library."""
    answers = {"predicted_bucket", "correct_bucket"}.intersection(table.columns)
    if answers and "bucket" not in table:
        raise InputError(
            f"{source}: its column {min(answers)!r} says it holds predictions or corrections, "
            f"no library; 'djlib feedback {source}' takes corrections"
        )


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
