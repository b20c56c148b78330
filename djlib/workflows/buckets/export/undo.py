"""`history undo`: bring back what an export or a tag write replaced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from ....errors import DjlibError, FormatError, UsageError
from ....formats.audio.file_patch import Patch
from ....formats.audio.tag_fields import (
    Beside,
    bring_back,
    change_field,
    read_field,
    why_no_tags,
    why_not_writable,
)
from ....formats.drafts import sha256_of
from ....settings import Settings, Workspace
from ....tables.problems import Problem
from ...core.progress import ProgressReporter
from ...core.runs import run
from .journal import Change, Entry, Journal, copy_file
from .write_tags import Planned, read_patches, read_plan, whole_patch

CHANGED = "its {} was changed since; --force undoes all the same and keeps a copy"


@dataclass
class TagsBack:
    """Files brought back exactly, files of which only the field was (others had changed them
    since), copies kept, and what could not be undone."""

    exact: list[str] = field(default_factory=list)
    field_only: list[str] = field(default_factory=list)
    copies: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def undo_tags(
    entry: Entry, folder: Path, *, force: bool, dry_run: bool, talk: ProgressReporter
) -> TagsBack:
    """Undo every file of a tag write that still has what it wrote.

    A file nobody touched since becomes byte for byte what it was. Where another program wrote
    other tags since, only the field goes back, and what that program wrote stays. Where the field
    itself was changed, nothing happens without `force`.
    """
    found = TagsBack()
    patches, planned = read_patches(folder), read_plan(folder)
    beside = Beside(str(entry.facts.get("token", "")))
    with talk.step("Bringing tags back", len(planned)) as progress:
        for one in planned:
            beside.of(Path(one.path), one.number).unlink(missing_ok=True)  # left by a kill
            if one.number in patches:
                patch = whole_patch(folder, one.number, patches[one.number])
                try:
                    _Undoing(one, patch, folder, beside, force).run(found, dry_run)
                except FormatError as error:
                    found.problems.append(Problem(None, "path", one.path, str(error), "note"))
            progress(1)
    return found


@dataclass(frozen=True)
class _Undoing:
    one: Planned
    patch: Patch
    folder: Path
    beside: Beside
    force: bool

    def run(self, found: TagsBack, dry_run: bool) -> None:
        path = Path(self.one.path)
        now = sha256_of(path)
        if now == self.patch.before:
            return
        reason = why_not_writable(path)
        if reason:
            raise FormatError(reason)
        copy = self.beside.of(path, self.one.number)
        if now == self.patch.after:
            _unless(dry_run, partial(bring_back, path, copy, self.patch))
            found.exact.append(self.one.path)
            return
        missing = why_no_tags()
        if missing:
            raise FormatError(missing)
        values = read_field(path, self.one.field)
        if values == list(self.one.old):
            return
        if values != [self.one.new]:
            if not self.force:
                raise FormatError(CHANGED.format(self.one.field))
            kept = self.folder / f"changed-{self.one.number}{path.suffix}"
            _unless(dry_run, partial(copy_file, path, kept))
            found.copies.append(str(kept))
        _unless(dry_run, partial(self._set_back, path, copy))
        found.field_only.append(self.one.path)

    def _set_back(self, path: Path, copy: Path) -> None:
        change_field(path, copy, self.one.field, self.one.old, lambda patch: None)


def _unless(dry_run: bool, act: Callable[[], None]) -> None:
    if not dry_run:
        act()


@dataclass(frozen=True)
class UndoReport:
    """What was brought back: files restored and removed, copies kept of files that were changed
    since, and what could not be undone. Of `field_only` just the field was brought back, since
    another program had written other tags."""

    entry: Entry
    restored: list[str]
    removed: list[str]
    copies: list[str]
    problems: list[Problem]
    is_dry_run: bool = False
    field_only: list[str] = field(default_factory=list)


def entries(workspace: Workspace) -> list[Entry]:
    """Every export and tag write, oldest first."""
    return Journal(workspace.history).entries()


def undo_entry(
    workspace: Workspace,
    settings: Settings,
    number: int,
    *,
    force: bool = False,
    dry_run: bool = False,
    talk: ProgressReporter,
) -> UndoReport:
    """Bring back every file of entry `number` as it was before, and remove what was not there.

    Raises `UsageError`, before anything is changed, where a file was changed since; with `force`
    a copy of it is kept in the entry's folder. An entry that was killed in the middle can be
    undone like any other.
    """
    with run(workspace, settings, "history undo", talk):
        journal = Journal(workspace.history)
        entry = journal.entry(number)
        if entry.state == "undone":
            raise UsageError(f"entry {number} is undone already; 'djlib history list' shows all")
        place = journal.place(entry)
        if entry.what == "tags":
            back = undo_tags(entry, place, force=force, dry_run=dry_run, talk=talk)
            return _tags_undone(journal, entry, back, dry_run)
        changed = _changed_since(entry)
        if changed and not force:
            raise UsageError(_refusal(journal, entry, changed))
        _check_copies(entry, place)
        report = UndoReport(
            entry=entry,
            restored=[c.path for c in entry.changes if c.kept and _is_to_do(c)],
            removed=[c.path for c in entry.changes if not c.kept and _is_to_do(c)],
            copies=[str(_copy_of(place, path)) for path in changed],
            problems=[],
            is_dry_run=dry_run,
        )
        if dry_run:
            return report
        for path in changed:
            copy_file(Path(path), _copy_of(place, path))
        for change in entry.changes:
            _bring_back(change, place)
        _remove_folders(entry)
        undone = replace(entry, state="undone")
        journal.save(undone)
        return replace(report, entry=undone)


def _tags_undone(journal: Journal, entry: Entry, back: TagsBack, dry_run: bool) -> UndoReport:
    """An entry of which some files could not be undone stays open, for another try."""
    if not dry_run and not back.problems:
        entry = replace(entry, state="undone")
        journal.save(entry)
    restored = [*back.exact, *back.field_only]
    return UndoReport(entry, restored, [], back.copies, back.problems, dry_run, back.field_only)


def _is_to_do(change: Change) -> bool:
    return sha256_of(Path(change.path)) != change.before


def _changed_since(entry: Entry) -> list[str]:
    """Files that are neither what the export wrote nor what was there before."""
    found = []
    for change in entry.changes:
        now = sha256_of(Path(change.path))
        if now is not None and now not in (change.before, change.after):
            found.append(change.path)
    return found


def _refusal(journal: Journal, entry: Entry, changed: Sequence[str]) -> str:
    others = f" (and {len(changed) - 1} more)" if len(changed) > 1 else ""
    for later in reversed(journal.entries()):
        written = {change.path for change in later.changes}
        if later.id > entry.id and later.state != "undone" and changed[0] in written:
            return (
                f"{changed[0]}{others} was written again by entry {later.id}; "
                f"undo that first: djlib history undo {later.id}"
            )
    return f"{changed[0]}{others} was changed since; --force undoes all the same and keeps a copy"


def _check_copies(entry: Entry, place: Path) -> None:
    """Look at all copies before the first file is touched."""
    for change in entry.changes:
        if change.kept and _is_to_do(change) and sha256_of(place / change.kept) != change.before:
            raise DjlibError(
                f"{place / change.kept} is missing or damaged, so {change.path} cannot be brought "
                "back; nothing was changed"
            )


def _copy_of(place: Path, path: str) -> Path:
    """Where a file that was changed since is kept; a second undo keeps a second copy."""
    name, number = Path(path).name, 1
    while (place / f"changed-{number}-{name}").exists():
        number += 1
    return place / f"changed-{number}-{name}"


def _bring_back(change: Change, place: Path) -> None:
    target = Path(change.path)
    if not _is_to_do(change):
        return
    if change.kept:
        copy_file(place / change.kept, target)
    else:
        target.unlink(missing_ok=True)


def _remove_folders(entry: Entry) -> None:
    """Folders that the export made, if nothing lies in them now."""
    for folder in entry.folders:
        with suppress(OSError):
            Path(folder).rmdir()
