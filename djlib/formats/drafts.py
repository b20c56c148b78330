"""Files a format would write, before any is written: what is in them, and whose is there now.

A writer says what it would make and touches nothing. So a dry run and an export are one code, a
person's own file is met before anything changes, and whoever keeps old files knows which.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ..errors import UsageError
from ..tables.atomic import replace_file
from ..tables.problems import Problem
from .collection import UNNAMED, Playlist

Owned = Callable[[Path], bool]


def no_sign(path: Path) -> bool:
    """Where a format has no sign of its own, what exists counts as the person's."""
    return False


@dataclass(frozen=True)
class NewFile:
    """A file to be: `content` gives its bytes in parts, each time anew; `is_own` says by a sign in
    the file that is there now whether djlib wrote that."""

    path: Path
    content: Callable[[], Iterable[bytes]]
    is_own: Owned = no_sign

    @cached_property
    def sha256(self) -> str:
        """The hash that the file will have.

        >>> NewFile(Path("a"), lambda: [b"x"]).sha256[:8]
        '2d711642'
        """
        digest = hashlib.sha256()
        for part in self.content():
            digest.update(part)
        return digest.hexdigest()

    def write(self) -> None:
        """Write it whole or not at all."""
        with replace_file(self.path) as handle:
            for part in self.content():
                handle.write(part)


@dataclass(frozen=True)
class Draft:
    """Everything an export would write, and what it leaves out and why; `left_out` are the ids of
    tracks that no file can hold."""

    files: list[NewFile]
    problems: list[Problem] = field(default_factory=list)
    left_out: frozenset[str] = frozenset()

    @property
    def paths(self) -> list[Path]:
        """Where the files will be."""
        return [file.path for file in self.files]

    def refuse_strangers(self, is_ours: Owned = no_sign) -> None:
        """Raise `UsageError` where a file that djlib did not write would be replaced.

        `is_ours` knows of files without a sign in them.
        """
        for file in self.files:
            if not file.path.exists() and not file.path.is_symlink():
                continue
            if file.path.is_dir() or not (file.is_own(file.path) or is_ours(file.path)):
                changed = "" if file.is_own is not no_sign else ", or was changed since"
                raise UsageError(
                    f"{file.path} exists and was not written by djlib{changed}; "
                    "choose another name with --output"
                )

    def write(self) -> list[Path]:
        """Write all files, after looking at each that is there; give their paths."""
        self.refuse_strangers()
        for file in self.files:
            file.write()
        return self.paths


def sha256_of(path: Path) -> str | None:
    """The hash of a file's content; None where there is no file."""
    if not path.is_file():
        return None
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def in_parts(lines: Iterable[str], *, encoding: str = "utf-8", of: int = 1000) -> Iterable[bytes]:
    """Text in few larger parts, since a library has hundreds of thousands of lines.

    >>> list(in_parts(["a", "b", "c"], of=2))
    [b'ab', b'c']
    """
    waiting: list[str] = []
    for line in lines:
        waiting.append(line)
        if len(waiting) == of:
            yield "".join(waiting).encode(encoding)
            waiting.clear()
    if waiting:
        yield "".join(waiting).encode(encoding)


Taken = set[tuple[Path, str]]

_HOSTILE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)", re.IGNORECASE)
_LONGEST = 150  # bytes: leaves room for a number and the suffix under the usual limit of 255


def safe_name(name: str, longest: int = _LONGEST) -> str:
    """Make a file name of at most so many bytes that Windows, macOS and Linux all accept.

    >>> safe_name("Drum n Bass / Jungle?"), safe_name("con"), safe_name("...")
    ('Drum n Bass _ Jungle_', 'con_', '(no name)')
    """
    safe = _HOSTILE.sub("_", name.encode("utf-8", "replace").decode("utf-8"))
    safe = safe.encode("utf-8")[:longest].decode("utf-8", "ignore").strip(" .")
    reserved = _RESERVED.match(safe)
    return f"{safe[: reserved.end(1)]}_{safe[reserved.end(1) :]}" if reserved else safe or UNNAMED


def file_names(root: Path, playlists: Iterable[Playlist], suffix: str) -> list[Path]:
    """A file for each playlist, in folders as the playlists stand in theirs."""
    folders: dict[tuple[str, ...], Path] = {(): root}
    taken: Taken = set()
    files = []
    for playlist in playlists:
        *parents, name = playlist.path or (UNNAMED,)
        for depth in range(1, len(parents) + 1):
            inside = folders[tuple(parents[: depth - 1])]
            if tuple(parents[:depth]) not in folders:
                folder = untaken(inside, safe_name(parents[depth - 1]), "", taken)
                folders[tuple(parents[:depth])] = folder
        files.append(untaken(folders[tuple(parents)], safe_name(name), suffix, taken))
    return files


def untaken(folder: Path, stem: str, suffix: str, taken: Taken) -> Path:
    """A path that is not yet `taken`, and now is; names that some file system takes for one get
    a number."""
    candidate, number = stem + suffix, 1
    while (folder, _folded(candidate)) in taken:
        number += 1
        candidate = f"{stem} ({number}){suffix}"
    taken.add((folder, _folded(candidate)))
    return folder / candidate


def _folded(name: str) -> str:
    """Names that macOS or Windows would take for one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
