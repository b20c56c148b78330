"""What a tag write was going to do and did, file by file: all that undoing it needs.

`planned.jsonl` says every file with the old and the new value, and is whole before the first file
is changed. `patches.jsonl` is only added to, a line a file, and `NUMBER.bytes` holds what the line
is about; both are on the disk before that file changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..formats.file_patch import Patch
from ..formats.tag_fields import Field
from ..tables.atomic import replace_file
from ..tables.events import append_events, read_events
from ..tables.plain_json import json_text
from .journal import Journal

PLANNED, PATCHES = "planned", "patches"


@dataclass(frozen=True)
class Planned:
    """A file, the number of its copy, the field's old values and its new one."""

    number: int
    path: str
    field: Field
    old: tuple[str, ...]
    new: str


def write_plan(folder: Path, planned: Sequence[Planned]) -> None:
    """Write down all that will be changed, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    with replace_file(folder / f"{PLANNED}.jsonl", "w", newline="\n") as handle:
        handle.writelines(f"{json_text(asdict(one))}\n" for one in planned)


def read_plan(folder: Path) -> list[Planned]:
    """What `write_plan` wrote down."""
    return [_planned(event) for event in read_events(folder, PLANNED)]


def keep_patch(folder: Path, number: int, patch: Patch) -> None:
    """Add the way back of one file, on the disk when this returns."""
    with replace_file(_bytes(folder, number)) as handle:
        handle.write(patch.kept)
    append_events(folder, PATCHES, [{"number": number, **patch.facts()}])


def read_patches(folder: Path) -> dict[int, dict[str, Any]]:
    """The way back of each file that was changed or about to be, by number, without the bytes."""
    return {event.pop("number"): event for event in read_events(folder, PATCHES)}


def whole_patch(folder: Path, number: int, facts: dict[str, Any]) -> Patch:
    """One way back with its bytes; a missing one leads nowhere, and is noticed when applied."""
    file = _bytes(folder, number)
    kept = file.read_bytes() if file.is_file() else b""
    pieces = tuple((start, length) for start, length in facts["pieces"])
    return Patch(facts["before"], facts["after"], pieces, kept)


def _bytes(folder: Path, number: int) -> Path:
    return folder / f"{number:06}.bytes"


def values_written(journal: Journal, field: Field) -> set[tuple[str, str]]:
    """Path and value of everything earlier tag writes put into a field."""
    entries = (entry for entry in journal.entries() if entry.what == "tags")
    plans: Iterable[Planned] = (one for e in entries for one in read_plan(journal.place(e)))
    return {(one.path, one.new) for one in plans if one.field == field}


def _planned(event: dict[str, Any]) -> Planned:
    names = ("number", "path", "field", "new")
    return Planned(**{name: event[name] for name in names}, old=tuple(event["old"]))
