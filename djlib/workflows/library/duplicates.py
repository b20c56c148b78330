"""`duplicates`: songs that lie in several files or versions, and which file to keep."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from ...features.same_song import (
    Recording,
    groups_of_several,
    is_same_recording,
    same_songs,
    song_version,
)
from ...formats.locations import path_key
from ...settings import Settings, Workspace
from ...tables.io import is_table, read_table, write_table
from ...tables.problems import Problem
from ..buckets.train import training_source
from ..core.progress import ProgressReporter
from ..core.runs import run
from .tracks import read_tracks

if TYPE_CHECKING:
    from scipy.cluster.hierarchy import DisjointSet

LOSSLESS = frozenset((".flac", ".wav", ".aif", ".aiff", ".alac", ".ape", ".wv", ".tak", ".tta"))
_TAGS = ("artist", "title", "album", "label", "genres", "bpm", "key", "year")
_BEST_KBIT = 320
_RATE_STEP = 32


@dataclass(frozen=True)
class File:
    """What speaks for a file: whether it is there, its format, size, bits a second (estimated from
    size and length), and how many tags are filled."""

    path: str
    is_there: bool
    suffix: str
    size: int | None
    kbit: int | None
    tags: int

    @property
    def is_lossless(self) -> bool:
        """Whether its format keeps all of the sound."""
        return self.suffix in LOSSLESS


def look_at(row: Mapping[str, Any]) -> File:
    """What is known of a track's file; one on another machine is known by its name only."""
    path = str(row.get("path") or "")
    size = _file_size(path)
    seconds = row.get("duration_s")
    kbit = None
    if size and isinstance(seconds, float | int) and seconds > 0 and not math.isnan(seconds):
        kbit = round(size * 8 / 1000 / seconds)
    filled = sum(bool(_audio_text(row.get(name))) for name in _TAGS)
    suffix = PurePosixPath(path.replace("\\", "/")).suffix.lower()
    return File(path, size is not None, suffix, size, kbit, filled)


def best_of(files: Sequence[File]) -> tuple[int, str]:
    """The place of the best file, and what it has before the next best.

    >>> flac = File("a.flac", True, ".flac", 30_000_000, 900, 5)
    >>> mp3 = File("a.mp3", True, ".mp3", 9_000_000, 320, 8)
    >>> best_of([mp3, flac])
    (1, 'lossless (flac) beside mp3')
    """
    order = sorted(range(len(files)), key=lambda n: [key(files[n]) for key, _ in _RULES] + [n])
    best, second = files[order[0]], files[order[1]]
    for key, why in _RULES:
        if key(best) != key(second):
            return order[0], why(best, second)
    return order[0], "nothing tells them apart; the first"


def _file_size(path: str) -> int | None:
    try:
        return os.stat(path).st_size if path else None
    except (OSError, ValueError):
        return None


def _audio_text(value: Any) -> str:
    return "" if value is None or value != value else str(value).strip()


def _rate(file: File) -> int:
    """Bits a second in steps, since a picture in the tags counts too; lossless has no say here."""
    if file.is_lossless or file.kbit is None:
        return 0
    return min(file.kbit, _BEST_KBIT) // _RATE_STEP


_Rule = tuple[Callable[[File], int], Callable[[File, File], str]]
_RULES: tuple[_Rule, ...] = (
    (lambda f: -f.is_there, lambda a, b: "the file is there, of the other only the entry is"),
    (
        lambda f: -f.is_lossless,
        lambda a, b: f"lossless ({a.suffix[1:]}) beside {b.suffix[1:] or 'an unknown format'}",
    ),
    (lambda f: -_rate(f), lambda a, b: f"about {a.kbit} kbit/s beside {b.kbit or 'unknown'}"),
    (lambda f: -f.tags, lambda a, b: f"{a.tags} of {len(_TAGS)} tags filled beside {b.tags}"),
    (lambda f: -(f.size or 0), lambda a, b: "the larger file"),
)
"""What counts, the weightiest first: a number, lower is better, and how to say it."""


Kind = Literal["same file", "same recording", "other version"]

_COMPARED = ("artist", "title", "album", "label", "genres", "key", "path")


@dataclass(frozen=True)
class Copy:
    """One row of a song: what it is to the others, and whether it is the one to keep (`keep`),
    a copy that need not be (`copy`) or neither (""), with the reason."""

    song: int
    kind: Kind
    suggestion: Literal["keep", "copy", ""]
    why: str
    version: str
    track_id: str
    artist: str
    title: str
    duration_s: float | None
    path: str
    size: int | None
    kbit: int | None


@dataclass(frozen=True)
class DuplicatesReport:
    """Every song of several rows, the copies of each together; `copies` counts the rows that need
    not be kept and `bytes` their size as far as it is known."""

    source: str
    tracks: int
    songs: int
    copies: int
    versions: int
    bytes: int
    rows: list[Copy]
    problems: list[Problem]
    written: str | None


def list_duplicates(
    workspace: Workspace,
    settings: Settings,
    source: Path | None = None,
    output: Path | None = None,
    *,
    with_versions: bool = True,
    talk: ProgressReporter,
) -> DuplicatesReport:
    """Find songs that a table, a library or a folder holds more than once; by default in what was
    scanned. Nothing is changed; the list is written to `output` (data/duplicates.csv).
    """
    source = source or training_source(workspace)
    problems: list[Problem] = []
    with run(workspace, settings, "duplicates", talk):
        if is_table(source):
            tracks = read_table(source, schema="tracks", problems=problems, duplicates="keep")
        else:
            tracks, _, problems = read_tracks(workspace, source, talk, remember=False)
        with talk.step("Comparing songs", len(tracks)) as progress:
            rows = find_copies(tracks)
            progress(len(tracks))
        if not with_versions:
            rows = _copies_only(rows)
        target = output or workspace.duplicates
        write_table(_as_table(rows), target, defuse=True)
    copies = [row for row in rows if row.suggestion == "copy"]
    return DuplicatesReport(
        source=str(source),
        tracks=len(tracks),
        songs=len({row.song for row in rows}),
        copies=len(copies),
        versions=sum(row.kind == "other version" for row in rows),
        bytes=sum(row.size or 0 for row in copies),
        rows=rows,
        problems=problems,
        written=str(target),
    )


def find_copies(tracks: pd.DataFrame) -> list[Copy]:
    """All rows of songs that stand in more than one row, song by song, copies together."""
    from scipy.cluster.hierarchy import DisjointSet

    table = tracks.reset_index(drop=True)
    rows: list[dict[str, Any]] = [
        {str(k): v for k, v in r.items()} for r in table.to_dict("records")
    ]
    for row in rows:
        row.update({name: _text(row.get(name)) for name in _COMPARED})
    recordings = [
        Recording(song_version(row["artist"], row["title"]), _seconds(row)) for row in rows
    ]
    identical = _identical_files(rows)
    sets = DisjointSet(range(len(rows)))
    for group in (*same_songs(recordings), *groups_of_several(identical)):
        for other in group[1:]:
            sets.merge(group[0], other)
    found: list[Copy] = []
    for number, group in enumerate(groups_of_several(sets), start=1):
        found += _song(number, group, rows, recordings, identical)
    return found


def _song(
    number: int,
    group: Sequence[int],
    rows: Sequence[Mapping[str, Any]],
    recordings: Sequence[Recording],
    identical: DisjointSet,
) -> list[Copy]:
    """The rows of one song: each recording together, the one to keep first."""
    found: list[Copy] = []
    for members in _recordings(group, recordings, identical):
        files = [look_at(rows[row]) for row in members]
        best, why = best_of(files) if len(members) > 1 else (0, "")
        order = [best, *(n for n in range(len(members)) if n != best)]
        for place in order:
            row, file = members[place], files[place]
            kind: Kind = "other version"
            if len(members) > 1:
                is_one = any(identical.connected(row, o) for o in members if o != row)
                kind = "same file" if is_one else "same recording"
            found.append(
                Copy(
                    song=number,
                    kind=kind,
                    suggestion="" if len(members) == 1 else "keep" if place == best else "copy",
                    why=why if place == best else "",
                    version=recordings[row].version.version,
                    track_id=str(rows[row]["track_id"]),
                    artist=rows[row]["artist"],
                    title=rows[row]["title"],
                    duration_s=_known(recordings[row].seconds),
                    path=rows[row]["path"],
                    size=file.size,
                    kbit=file.kbit,
                )
            )
    return found


def _recordings(
    group: Sequence[int], recordings: Sequence[Recording], identical: DisjointSet
) -> list[list[int]]:
    """The rows of a song by recording: a row belongs where it is like the first."""
    found: list[list[int]] = []
    for row in group:
        for members in found:
            first = members[0]
            is_one = identical.connected(first, row)
            if is_one or is_same_recording(recordings[first], recordings[row]):
                members.append(row)
                break
        else:
            found.append([row])
    return found


def _identical_files(rows: Sequence[Mapping[str, Any]]) -> DisjointSet:
    """Rows of one path, and files of one content: only those of one size are read."""
    from scipy.cluster.hierarchy import DisjointSet

    sets = DisjointSet(range(len(rows)))
    by_path: dict[str, int] = {}
    by_size: dict[int, list[int]] = {}
    for number, row in enumerate(rows):
        if not row["path"]:
            continue
        first = by_path.setdefault(path_key(row["path"]), number)
        sets.merge(first, number)
        if first == number:
            size = _size(row["path"])
            by_size.setdefault(size, []).append(number)
    by_content: dict[str, int] = {}
    for size, numbers in by_size.items():
        if size > 0 and len(numbers) > 1:
            for number in numbers:
                digest = _digest(rows[number]["path"])
                if digest:
                    sets.merge(by_content.setdefault(digest, number), number)
    return sets


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except (OSError, ValueError):
        return -1


def _digest(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _copies_only(rows: Iterable[Copy]) -> list[Copy]:
    return [row for row in rows if row.suggestion]


def _seconds(row: Mapping[str, Any]) -> float:
    seconds = row.get("duration_s")
    return float(seconds) if isinstance(seconds, float | int) and seconds > 0 else float("nan")


def _known(number: float) -> float | None:
    return None if number != number else number


def _text(value: Any) -> str:
    return "" if value is None or value != value else str(value)


def _as_table(rows: Sequence[Copy]) -> pd.DataFrame:
    names = list(Copy.__dataclass_fields__)
    return pd.DataFrame([asdict(row) for row in rows], columns=names)
