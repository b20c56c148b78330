"""A folder of audio files as a library: tags, remembered between scans, and folder names."""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import subprocess
import sys
import zlib
from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from operator import attrgetter
from pathlib import Path
from queue import SimpleQueue
from subprocess import PIPE

import tinytag

from ...errors import FormatError, UsageError
from ...tables.cache_file import CacheFile
from ...tables.problems import Problem
from ..collection import Library, Progress, SourcePlaylist, assemble
from ..format import Format
from ..locations import is_of_the_system
from ..options import ReadOptions
from . import audio_tags
from .audio_tags import FIELDS, READABLE_SUFFIXES, UNREADABLE_SUFFIXES, Tags, read_many, values_of

logger = logging.getLogger(__name__)

_VERSION = zlib.crc32("\n".join(("2", tinytag.__version__, *FIELDS)).encode()) & 0x7FFFFFFF
_CREATE = (
    "CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, size INTEGER, mtime_ns INTEGER,"
    " tags TEXT, reason TEXT) WITHOUT ROWID"
)
_FIND = "SELECT path, size, mtime_ns, tags, reason FROM files WHERE path >= ? AND path < ?"
_STORE = "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)"
_FORGET = "DELETE FROM files WHERE path = ? AND size = ? AND mtime_ns = ?"


AudioFile = tuple[str, int, int]
"""Path, size and time of change (ns): with another size or time it is another file."""


class ScanCache(CacheFile):
    """Remembers the tags of files between scans, so that a scan that was stopped goes on where it
    was; use as a context manager."""

    what = "scan cache"
    without = "scanning"

    def load(self, folder: str) -> dict[AudioFile, Tags]:
        """What is remembered of the files under `folder`."""
        start = folder.rstrip(os.sep) + os.sep
        end = start[:-1] + chr(ord(os.sep) + 1)
        rows = self._do(lambda db: db.execute(_FIND, (start, end)).fetchall()) or []
        return {row[:3]: row[3:] for row in rows}

    def store(self, files: Iterable[tuple[AudioFile, Tags]]) -> None:
        """Remember files, in place of what was remembered of their paths."""
        rows = [(*file, *tags) for file, tags in files]
        self._do(lambda db: db.executemany(_STORE, rows))

    def forget(self, files: Iterable[AudioFile]) -> None:
        """Drop files that are no longer there, or no longer in this state."""
        gone = list(files)
        self._do(lambda db: db.executemany(_FORGET, gone))

    def _prepare(self, db: sqlite3.Connection) -> None:
        if db.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
            db.execute("DROP TABLE IF EXISTS files")
            db.execute(f"PRAGMA user_version = {_VERSION}")
        db.execute(_CREATE)


NAME = "a folder of audio files"

_UNREAD: Tags = ("", "not read")
_CHUNK = 50
_WORTH_A_WORKER = 200  # fewer files are read before a process has started

# A worker is this interpreter running `audio_tags.py`. It starts in a few hundredths of a second
# and ends when its input closes, also when the parent was killed. A pool of `multiprocessing` would
# import the caller's main script in every worker, which takes longer than reading a thousand files.
_Worker = subprocess.Popen[str]
_COMMAND = [sys.executable, "-P", audio_tags.__file__]


def sniff(path: Path, head: bytes) -> bool:
    """Whether it is a folder."""
    return path.is_dir()


def read(path: Path, options: ReadOptions | None = None) -> Library:
    """Read the tags of every audio file under a folder, in the order of their paths.

    Files that cannot be read are left out, one problem each. Raises `FormatError` where there is
    no audio file at all.
    """
    options = options or ReadOptions()
    root = os.path.abspath(path)
    files, problems = find_audio_files(root)
    if not files and not problems:
        suffixes = ", ".join(sorted(READABLE_SUFFIXES))
        raise FormatError(
            f"{path}: no audio files in this folder; readable: {suffixes}; name tables one by one"
        )
    tags = scan(root, files, jobs=options.jobs, cache=options.cache, progress=options.progress)
    rows = []
    for (file, *_), (text, reason) in zip(files, tags, strict=True):
        if reason:
            problems.append(Problem(None, "path", file, reason))
        else:
            rows.append((*values_of(text), file, file))
    names = (*FIELDS, "path", "location")
    columns = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    by_name = options.folder_names_as_playlists
    playlists = _folders(root, columns["path"]) if by_name else []
    return assemble(NAME, columns, playlists, problems)


def find_audio_files(root: str) -> tuple[list[AudioFile], list[Problem]]:
    """Audio files under `root` in the order of their names, and what could not be looked at.

    Hidden files and folders are skipped (`._*` are macOS's shadows of real files). Links are
    followed, each folder once.
    """
    files: list[AudioFile] = []
    problems: list[Problem] = []
    _walk(root, set(), files, problems)
    return files, problems


def scan(
    root: str,
    files: Sequence[AudioFile],
    *,
    jobs: int = 1,
    cache: str | Path | None = None,
    progress: Progress | None = None,
) -> list[Tags]:
    """Read the tags of `files`, which lie under `root`; unchanged ones come from `cache`."""
    if jobs < 1:
        raise UsageError(f"jobs must be 1 or more, not {jobs}")
    with ScanCache(Path(cache) if cache is not None else None) as remembers:
        known = remembers.load(root)
        tags = [known.get(file, _UNREAD) for file in files]
        todo = [row for row, found in enumerate(tags) if found is _UNREAD]
        n_known = len(files) - len(todo)
        if progress is not None and n_known:
            progress(n_known)
        with closing(_read_in_chunks(files, todo, jobs)) as chunks:
            for rows, read in chunks:
                for row, found in zip(rows, read, strict=True):
                    tags[row] = found
                remembers.store((files[row], tags[row]) for row in rows)
                if progress is not None:
                    progress(len(rows))
        if len(known) > n_known:
            remembers.forget(known.keys() - set(files))
    return tags


def _read_in_chunks(
    files: Sequence[AudioFile], rows: Sequence[int], jobs: int
) -> Generator[tuple[Sequence[int], list[Tags]], None, None]:
    """Row numbers and their tags, some at a time; closing it ends the processes at once."""
    chunks = [rows[start : start + _CHUNK] for start in range(0, len(rows), _CHUNK)]
    paths = [[files[row][0] for row in chunk] for chunk in chunks]
    n_workers = min(jobs, len(rows) // _WORTH_A_WORKER)
    if n_workers < 2:
        yield from zip(chunks, map(read_many, paths), strict=True)
        return
    with closing(_read_in_processes(paths, n_workers)) as tags:
        yield from zip(chunks, tags, strict=True)


def _read_in_processes(
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


def _walk(
    folder: str, seen: set[tuple[int, int]], files: list[AudioFile], problems: list[Problem]
) -> None:
    try:
        state = os.stat(folder)
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=attrgetter("name"))
    except OSError as error:
        problems.append(Problem(None, "folder", _shown(folder), error.strerror or str(error)))
        return
    if (state.st_dev, state.st_ino) in seen:
        return
    seen.add((state.st_dev, state.st_ino))
    for entry in entries:
        name, path = entry.name, entry.path
        if name.startswith("."):
            continue
        suffix = name[name.rfind(".") :].lower()
        utf8 = path.isascii() or _shown(path) == path
        if suffix in READABLE_SUFFIXES and utf8 and entry.is_file():
            state = entry.stat()
            files.append((path, state.st_size, state.st_mtime_ns))
        elif entry.is_dir():
            if not is_of_the_system(name):
                _walk(path, seen, files, problems)
        elif suffix in READABLE_SUFFIXES or suffix in UNREADABLE_SUFFIXES:
            problems.append(Problem(None, "path", _shown(path), _why_not(entry, suffix)))


def _why_not(entry: os.DirEntry[str], suffix: str) -> str:
    if suffix in UNREADABLE_SUFFIXES:
        return f"tags of {suffix} files cannot be read"
    if not entry.is_file():
        return "not a file, or a link to nothing"
    return "its name is not UTF-8; rename the file"


def _shown(path: str) -> str:
    return os.fsencode(path).decode("utf-8", "replace")


def _folders(root: str, paths: Sequence[str]) -> list[SourcePlaylist]:
    """A playlist for each folder that holds files; those in the root itself are unsorted."""
    playlists: dict[str, SourcePlaylist] = {}
    for row, path in enumerate(paths):
        folder = os.path.dirname(path)
        if folder not in playlists:
            names = tuple(os.path.relpath(folder, root).split(os.sep))
            playlists[folder] = SourcePlaylist(names, kind="folder")
        playlists[folder].rows.append(row)
    playlists.pop(root, None)
    return list(playlists.values())


FORMAT = Format("folder", NAME, sniff, read)
