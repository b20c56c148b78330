"""What a format is, which there are, and how others add theirs.

A format is one module with a `FORMAT`, and one line in `BUILT_IN`. Packages of other people name
theirs as an entry point of the group `djlib.formats`; one that does not load, or that takes the
name of another, is a problem to report and never the end of a run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pandas as pd

from ..errors import UsageError
from ..tables.problems import Problem
from .collection import Library, Playlist
from .drafts import Draft
from .options import ReadOptions, WriteOptions

GROUP = "djlib.formats"
"""The entry points under which other packages offer formats."""

HEAD_BYTES = 1 << 16
"""How much of a file `sniff` is shown."""

BUILT_IN = {
    "rekordbox": "dj.rekordbox",
    "traktor": "dj.traktor",
    "virtualdj": "dj.virtualdj",
    "serato4": "dj.serato4",
    "serato": "dj.serato",
    "mixxx": "dj.mixxx",
    "engine": "dj.engine",
    "m3u": "dj.m3u",
    "folder": "audio.folder",
}
"""Name of each of djlib's own formats and its module, in the order in which they are asked."""


Writer = Callable[[Path, pd.DataFrame, Sequence[Playlist], WriteOptions], Draft]


@dataclass(frozen=True)
class Format:
    """A kind of library.

    `name` is what commands call it and `about` what people do. `sniff` is given the path and the
    first bytes of the file (none for a folder) and says whether it is one; it should not open the
    file again. `read` raises `FormatError` where nothing can be read, and gives a `Problem` for
    each record that cannot. `write`, where there is one, says what a new file or folder of tracks
    and playlists would hold, and writes nothing itself.

    >>> Format("cue", "Cue sheet", lambda path, head: b"INDEX" in head, read=lambda *_: None).name
    'cue'
    """

    name: str
    about: str
    sniff: Callable[[Path, bytes], bool]
    read: Callable[[Path, ReadOptions], Library]
    write: Writer | None = None


def all_formats() -> tuple[list[Format], list[Problem]]:
    """Every format that can be used, djlib's own first, and what was wrong with the others."""
    theirs, problems = plugin_formats()
    return [*map(built_in, BUILT_IN), *theirs], problems


def built_in(name: str) -> Format:
    """The format of one of djlib's own modules, which is imported now."""
    found = import_module(f".{BUILT_IN[name]}", __package__).FORMAT
    assert isinstance(found, Format)
    return found


def format_named(name: str) -> Format:
    """The format that commands call `name`; raises `UsageError` naming those there are.

    >>> format_named("rekordbox").about
    'rekordbox XML'
    """
    known = {one.name: one for one in all_formats()[0]}
    if name not in known:
        raise UsageError(f"there is no format {name!r}; there are {', '.join(known)}")
    return known[name]


def head_of(path: Path) -> bytes:
    """The first bytes of a file as `sniff` is shown them; none for a folder."""
    if not path.is_file():
        return b""
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def plugin_formats() -> tuple[list[Format], list[Problem]]:
    """The formats of other packages, and what was wrong with those that cannot be used."""
    formats, problems = _plugins()
    return list(formats), list(problems)


@cache
def _plugins() -> tuple[tuple[Format, ...], tuple[Problem, ...]]:
    """Formats of other packages; looked up once, since nothing is installed during a run."""
    taken = set(BUILT_IN)
    found: list[Format] = []
    problems: list[Problem] = []
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: (entry.name, entry.value)):
        try:
            theirs = _loaded(entry, taken)
        except Exception as error:  # whatever a stranger's package does, djlib goes on
            reason = f"this format of another package cannot be used: {error}"
            problems.append(Problem(None, "format", f"{entry.name} = {entry.value}", reason))
        else:
            taken.add(theirs.name)
            found.append(theirs)
    return tuple(found), tuple(problems)


def _loaded(entry: EntryPoint, taken: set[str]) -> Format:
    theirs = entry.load()
    if not isinstance(theirs, Format):
        raise TypeError(f"it is a {type(theirs).__name__}, not a djlib.formats.format.Format")
    if theirs.name in taken:
        raise ValueError(f"the name {theirs.name!r} is taken")
    return theirs
