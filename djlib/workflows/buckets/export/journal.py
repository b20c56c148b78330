"""What exports and tag writes changed outside djlib's own tables, so that each can be undone.

One folder an entry in `data/history/`: `entry.json` says which files, with their hashes before and
after; beside it lie the files that were replaced. All of it is on the disk before the first file
is changed, so that a killed run can be undone too.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from ....errors import NotFoundError
from ....formats.drafts import NewFile, Owned, sha256_of
from ....tables.atomic import replace_file, write_json
from ....tables.events import utc_now

State = Literal["begun", "done", "undone"]
What = Literal["export", "tags"]

ENTRY = "entry.json"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Change:
    """A file before and after, by the hash of its content (None: it is not there); `kept` is the
    copy of what it was."""

    path: str
    before: str | None
    after: str
    kept: str | None = None


@dataclass(frozen=True)
class Entry:
    """One export or tag write: `to` is the kind of files, `target` where they lie, `folders` were
    made for them, `facts` what else is known. A `begun` one was killed before its end."""

    id: int
    at: str
    what: What
    to: str
    target: str
    state: State = "begun"
    tracks: int = 0
    changes: tuple[Change, ...] = ()
    folders: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return asdict(self)


class Journal:
    """The entries of a workspace; `folder` is made with the first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def entries(self) -> list[Entry]:
        """All that can be read, oldest first."""
        found = (self._read(file) for file in sorted(self.folder.glob(f"*/{ENTRY}")))
        return sorted((entry for entry in found if entry), key=lambda entry: entry.id)

    def entry(self, number: int) -> Entry:
        """The entry of that number; raises `NotFoundError` naming the newest ones."""
        entries = self.entries()
        for entry in entries:
            if entry.id == number:
                return entry
        known = ", ".join(str(entry.id) for entry in entries[-10:]) or "none yet"
        raise NotFoundError(f"there is no entry {number} in the history; there are {known}")

    def place(self, entry: Entry) -> Path:
        """The folder of an entry."""
        return self.folder / f"{entry.id:04}"

    def new(self, what: What, to: str, target: Path) -> Entry:
        """An entry with the next number, not written yet."""
        numbers = [int(p.name) for p in self.folder.glob("[0-9]*") if p.name.isdecimal()]
        return Entry(max(numbers, default=0) + 1, utc_now(), what, to, str(target))

    def begin(self, entry: Entry, files: Sequence[NewFile]) -> Entry:
        """Keep what `files` will replace, then write the entry; give it with the changes."""
        place = self.place(entry)
        place.mkdir(parents=True, exist_ok=True)
        changes = []
        for number, file in enumerate(files, start=1):
            kept = None
            if file.path.is_file():
                kept = f"{number:04}-before{file.path.suffix}"
                copy_file(file.path, place / kept)
            before = sha256_of(place / kept) if kept else None
            changes.append(Change(str(file.path), before, file.sha256, kept))
        folders = _missing_folders(file.path.parent for file in files)
        begun = replace(entry, changes=tuple(changes), folders=folders)
        self.save(begun)
        return begun

    def save(self, entry: Entry) -> None:
        """Write the entry as it is now."""
        write_json(self.place(entry) / ENTRY, entry.as_dict())

    def ours(self) -> Owned:
        """What tells whether a file is still what an export wrote there."""
        written = {(c.path, c.after) for entry in self.entries() for c in entry.changes}
        return lambda path: (str(path), sha256_of(path)) in written

    def _read(self, file: Path) -> Entry | None:
        try:
            read = json.loads(file.read_text(encoding="utf-8"))
            changes = tuple(Change(**change) for change in read.pop("changes"))
            return Entry(**{**read, "changes": changes, "folders": tuple(read["folders"])})
        except (OSError, ValueError, KeyError, TypeError) as error:
            _log.warning("%s cannot be read and is left out of the history: %s", file, error)
            return None


def copy_file(source: Path, target: Path) -> None:
    """Copy a file so that the copy is whole and on the disk."""
    with source.open("rb") as old, replace_file(target) as new:
        shutil.copyfileobj(old, new)


def _missing_folders(folders: Iterable[Path]) -> tuple[str, ...]:
    """Folders that will be made, the innermost first."""
    missing = {
        str(folder)
        for start in set(folders)
        for folder in (start, *start.parents)
        if not folder.exists()
    }
    return tuple(sorted(missing, key=lambda folder: (-len(folder), folder)))
